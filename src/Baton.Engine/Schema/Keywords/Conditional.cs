using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>if</c>, <c>then</c> and <c>else</c>: which schema applies depends on whether another one fits.</summary>
internal sealed class Conditional(SchemaLocation location, SchemaNode condition, SchemaNode? then, SchemaNode? otherwise) : Keyword(location)
{
    public override IEnumerable<(SchemaLocation, SchemaNode)> InPlace =>
        new[] { condition, then, otherwise }.OfType<SchemaNode>().Select(schema => (schema.Location, schema));

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        var (then, otherwise) = (schema.Schema("then"), schema.Schema("else"));   // without if they mean nothing, but must be schemas
        if (schema.Schema("if") is { } condition) keywords.Add(new Conditional(schema.At("if"), condition, then, otherwise));
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var marked = seen?.Mark ?? 0;
        if (evaluation.HoldsSilently(condition, value, seen)) return then is null || then.Holds(value, evaluation, seen);
        seen?.GoBack(marked);
        return otherwise is null || otherwise.Holds(value, evaluation, seen);
    }
}
