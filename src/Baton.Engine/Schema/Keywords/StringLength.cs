using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>minLength</c> and <c>maxLength</c>, counted in Unicode code points.</summary>
internal sealed class StringLength(SchemaLocation location, long bound, bool isLower) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Count("minLength") is { } least) keywords.Add(new StringLength(schema.At("minLength"), least, isLower: true));
        if (schema.Count("maxLength") is { } most) keywords.Add(new StringLength(schema.At("maxLength"), most, isLower: false));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.String;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var text = value.AsString();
        // A code point takes one or two units, so that most texts need no counting.
        if (isLower ? text.Length >= bound * 2.0 : text.Length <= bound) return true;
        evaluation.Charge(text.Length >> 5);
        var length = CodePoints(text);
        return (isLower ? length >= bound : length <= bound) || evaluation.Fail(this, value);
    }

    public override string Explain(in JqValue value, object? detail) =>
        $"must have at {(isLower ? "least" : "most")} {Wording.Count(bound, "character")}, but has {CodePoints(value.AsString())}";

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        var at = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        if (at < 0) return text.Length;
        var count = text.Length;
        for (at++; at < text.Length; at++)
        {
            if (!char.IsSurrogatePair(text[at - 1], text[at])) continue;
            count--;
            at++;
        }
        return count;
    }
}
