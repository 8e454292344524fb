using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>format</c>, where it is to be checked: otherwise it only describes.</summary>
internal sealed class FormatKeyword(SchemaLocation location, Format format) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Text("format") is not { } name) return;
        if (!schema.Dialect.AssertsFormat && !schema.Compiler.Options.AssertFormats) return;
        if (Format.Find(name) is { } format) keywords.Add(new FormatKeyword(schema.At("format"), format));
        else if (schema.Dialect.AssertsFormat) schema.Report("format", $"is {Wording.Quote(name)}, which is not known, while the metaschema demands that formats are checked. Known are {string.Join(", ", Format.Names)}");
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.String;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var text = value.AsString();
        evaluation.Charge((long)text.Length * format.Cost >> 2);
        return format.Matches(text) || evaluation.Fail(this, value);
    }

    public override string Explain(in JqValue value, object? detail) => $"must be {format.Description} (format \"{format.Name}\")";
}
