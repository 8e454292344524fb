using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>propertyNames</c>: a schema for the names of all members.</summary>
internal sealed class PropertyNames(SchemaLocation location, SchemaNode names) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Schema("propertyNames") is { } names) keywords.Add(new PropertyNames(schema.At("propertyNames"), names));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Object;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var holds = true;
        foreach (var (name, _) in value.AsObject())
        {
            if (evaluation.HoldsForName(name, names)) continue;
            holds = false;
            if (evaluation.FailsFast) break;
        }
        return holds;
    }
}
