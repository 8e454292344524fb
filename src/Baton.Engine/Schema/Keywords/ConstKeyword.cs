using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>const</c>: the one value that fits.</summary>
internal sealed class ConstKeyword(SchemaLocation location, JqValue expected) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.TryGet("const", out var value)) keywords.Add(new ConstKeyword(schema.At("const"), value));
    }

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen) =>
        Equality.AreEqual(value, expected, evaluation) || evaluation.Fail(this, value);

    public override string Explain(in JqValue value, object? detail) => $"must be {Wording.Excerpt(expected)}, but is {EnumKeyword.Found(value)}";
}
