using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>pattern</c>: a regular expression that a text must match somewhere.</summary>
internal sealed class PatternKeyword(SchemaLocation location, Pattern pattern) : Keyword(location)
{
    private const int PatternLength = 200;   // a pattern cut short helps nobody

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Text("pattern") is { } text && schema.Compiler.PatternAt(schema.At("pattern"), text) is { } pattern)
        {
            keywords.Add(new PatternKeyword(schema.At("pattern"), pattern));
        }
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.String;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen) =>
        pattern.IsMatch(value.AsString(), evaluation) || evaluation.Fail(this, value);

    public override string Explain(in JqValue value, object? detail) => $"must match the pattern `{Wording.Plain(pattern.Source, PatternLength)}`";
}
