using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>not</c>: a schema that the value must fail. What the schema looked at does not count as evaluated.</summary>
internal sealed class Not(SchemaLocation location, SchemaNode unwanted) : Keyword(location)
{
    public override IEnumerable<(SchemaLocation, SchemaNode)> InPlace => [(Location, unwanted)];

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Schema("not") is { } unwanted) keywords.Add(new Not(schema.At("not"), unwanted));
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        return !evaluation.HoldsSilently(unwanted, value, null) || evaluation.Fail(this, value);
    }

    public override string Explain(in JqValue value, object? detail) => $"must not fit {Wording.Excerpt(Location.Value)}";
}
