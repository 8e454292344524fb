using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>unevaluatedProperties</c>: a schema for the members that nothing else in this schema looked at. Applied last.</summary>
internal sealed class UnevaluatedProperties(SchemaLocation location, SchemaNode rest) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Schema("unevaluatedProperties") is { } rest) keywords.Add(new UnevaluatedProperties(schema.At("unevaluatedProperties"), rest));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Object;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var members = value.AsObject();
        evaluation.Charge(members.Count >> 3);
        var holds = true;
        var index = -1;
        foreach (var (name, member) in members)
        {
            if (seen!.Contains(++index)) continue;
            seen.Add(index);
            if (evaluation.HoldsAt(name, rest, member)) continue;
            holds = false;
            if (evaluation.FailsFast) break;
        }
        return holds;
    }
}
