using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>anyOf</c>: at least one schema of a list.</summary>
internal sealed class AnyOf(SchemaLocation location, ImmutableArray<SchemaNode> schemas) : Alternatives(location, schemas)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Schemas("anyOf") is { } schemas) keywords.Add(new AnyOf(schema.At("anyOf"), schemas));
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var before = evaluation.Errors?.Save() ?? default;
        var holds = false;
        List<FailedAlternative>? failed = null;
        for (var i = 0; i < Schemas.Length; i++)
        {
            holds |= Fits(i, value, evaluation, seen, ref failed);
            if (holds && seen is null) break;   // the others could only add marks
        }
        if (evaluation.Errors is not { } errors) return holds;
        if (holds) errors.Restore(before);
        else FailAll(value, evaluation, before, seen, failed);
        return holds;
    }

    public override string Explain(in JqValue value, object? detail) => $"must fit at least one of {Wording.Count(Schemas.Length, "alternative")}, but fits none";
}
