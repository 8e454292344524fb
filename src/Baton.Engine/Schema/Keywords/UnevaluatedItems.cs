using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>unevaluatedItems</c>: a schema for the items that nothing else in this schema looked at. Applied last.</summary>
internal sealed class UnevaluatedItems(SchemaLocation location, SchemaNode rest) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Schema("unevaluatedItems") is { } rest) keywords.Add(new UnevaluatedItems(schema.At("unevaluatedItems"), rest));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Array;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var items = value.AsArray().AsSpan();
        evaluation.Charge(items.Length >> 3);
        var holds = true;
        for (var i = 0; i < items.Length; i++)
        {
            if (seen!.Contains(i)) continue;
            seen.Add(i);
            if (evaluation.HoldsAt(i, rest, items[i])) continue;
            holds = false;
            if (evaluation.FailsFast) break;
        }
        return holds;
    }
}
