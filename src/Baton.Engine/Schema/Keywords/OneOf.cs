using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>oneOf</c>: exactly one schema of a list.</summary>
internal sealed class OneOf(SchemaLocation location, ImmutableArray<SchemaNode> schemas) : Alternatives(location, schemas)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Schemas("oneOf") is { } schemas) keywords.Add(new OneOf(schema.At("oneOf"), schemas));
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var before = evaluation.Errors?.Save() ?? default;
        var fitting = -1;
        List<FailedAlternative>? failed = null;
        for (var i = 0; i < Schemas.Length; i++)
        {
            if (!Fits(i, value, evaluation, seen, ref failed)) continue;
            if (fitting >= 0)
            {
                evaluation.Errors?.Restore(before);
                return evaluation.Errors is not null && evaluation.Fail(this, value, new Fitting(fitting + 1, i + 1));
            }
            fitting = i;
        }
        if (evaluation.Errors is not { } errors) return fitting >= 0;
        if (fitting >= 0) errors.Restore(before);
        else FailAll(value, evaluation, before, seen, failed);
        return fitting >= 0;
    }

    public override string Explain(in JqValue value, object? detail) =>
        $"must fit exactly one of {Wording.Count(Schemas.Length, "alternative")}, but fits {(detail is Fitting(var first, var second) ? $"both number {first} and number {second}" : "none")}";

    private sealed record Fitting(int First, int Second);
}
