using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>
/// <c>$dynamicRef</c>: the schema with that dynamic anchor in the outermost resource on the way here that has one, so that a schema
/// that is extended calls its extension. If what it names at first is no dynamic anchor, it is a plain reference.
/// </summary>
internal sealed class DynamicReference(SchemaLocation location, SchemaNode initial, string anchor) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Text("$dynamicRef") is not { } reference) return;
        var place = schema.At("$dynamicRef");
        if (schema.Compiler.Resolve(place, reference, out var anchor) is not { } target || schema.Compiler.NodeAt(target) is not { } node) return;
        if (anchor is not null) schema.Compiler.UseDynamicAnchor(anchor);
        keywords.Add(anchor is null ? new Reference(place, node) : new DynamicReference(place, node, anchor));
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var scope = evaluation.Scope!;
        evaluation.Charge(scope.Depth >> 3);
        return Reference.Follow(Location, scope.Find(anchor) ?? initial, value, evaluation, seen);
    }
}
