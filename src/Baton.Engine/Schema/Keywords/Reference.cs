using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>$ref</c>: another schema applies to the same value. Also <c>$dynamicRef</c> where nothing dynamic comes of it.</summary>
internal sealed class Reference(SchemaLocation location, SchemaNode target) : Keyword(location)
{
    public override IEnumerable<(SchemaLocation, SchemaNode)> InPlace => [(Location, target)];

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Text("$ref") is not { } reference) return;
        var place = schema.At("$ref");
        if (schema.Compiler.Resolve(place, reference, out _) is { } target && schema.Compiler.NodeAt(target) is { } node) keywords.Add(new Reference(place, node));
    }

    /// <summary>Applies a schema that a reference leads to.</summary>
    public static bool Follow(SchemaLocation keyword, SchemaNode target, in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        if (evaluation.Errors is not { } errors) return target.Holds(value, evaluation, seen);
        var route = errors.Route;
        errors.Route = new ReferencePath(route, keyword, target.Location);
        var holds = target.Holds(value, evaluation, seen);
        errors.Route = route;
        return holds;
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen) => Follow(Location, target, value, evaluation, seen);
}
