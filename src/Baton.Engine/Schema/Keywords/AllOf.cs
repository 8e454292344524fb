using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>allOf</c>: every schema of a list.</summary>
internal sealed class AllOf(SchemaLocation location, ImmutableArray<SchemaNode> parts) : Keyword(location)
{
    public override IEnumerable<(SchemaLocation, SchemaNode)> InPlace => parts.Select(part => (part.Location, part));

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Schemas("allOf") is { } parts) keywords.Add(new AllOf(schema.At("allOf"), parts));
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var holds = true;
        foreach (var part in parts)
        {
            if (part.Holds(value, evaluation, seen)) continue;
            holds = false;
            if (evaluation.FailsFast) break;
        }
        return holds;
    }
}
