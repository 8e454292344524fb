using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>How many items an array, or how many members an object may have.</summary>
internal sealed class CountBound(SchemaLocation location, long bound, bool isLower, bool ofItems) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        Add("minItems", isLower: true, ofItems: true);
        Add("maxItems", isLower: false, ofItems: true);
        Add("minProperties", isLower: true, ofItems: false);
        Add("maxProperties", isLower: false, ofItems: false);

        void Add(string keyword, bool isLower, bool ofItems)
        {
            if (schema.Count(keyword) is { } bound) keywords.Add(new CountBound(schema.At(keyword), bound, isLower, ofItems));
        }
    }

    public override bool Concerns(JqKind kind) => kind == (ofItems ? JqKind.Array : JqKind.Object);

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var count = Count(value);
        return (isLower ? count >= bound : count <= bound) || evaluation.Fail(this, value);
    }

    public override string Explain(in JqValue value, object? detail) =>
        $"must have at {(isLower ? "least" : "most")} {Wording.Count(bound, ofItems ? "item" : "property")}, but has {Count(value)}";

    private int Count(in JqValue value) => ofItems ? value.AsArray().Count : value.AsObject().Count;
}
