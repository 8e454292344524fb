using System.Text.RegularExpressions;

namespace Baton.Engine.Schema;

/// <summary>The keywords that name schemas and hold definitions: they are used when documents are scanned, here only their form is checked.</summary>
internal static partial class CoreKeywords
{
    public static void Check(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Text("$id") is { } id && UriReference.Parse(id).Fragment is { Length: > 0 })
        {
            schema.Report("$id", $"must not have a fragment, but is {Wording.Quote(id)}. To name a schema inside of a document, write \"$anchor\"");
        }
        CheckAnchor(schema, "$anchor");
        CheckAnchor(schema, "$dynamicAnchor");
        if (schema.Text("$schema") is { } dialect && UriReference.Parse(dialect).Scheme is null)
        {
            schema.Report("$schema", $"must be an absolute URI, such as \"{Dialect.Uri202012}\", but is {Wording.Quote(dialect)}");
        }
        foreach (var (uri, required) in schema.Object("$vocabulary") ?? [])
        {
            if (!required.IsBoolean) schema.Report("$vocabulary", $"must say true or false for {Wording.Quote(uri)}, but says {Wording.Excerpt(required)}");
        }
        schema.Text("$comment");
        schema.SchemaMap("$defs");
        schema.SchemaMap("definitions");
    }

    private static void CheckAnchor(SchemaReader schema, string keyword)
    {
        if (schema.Text(keyword) is { } name && !Anchor.IsMatch(name))
        {
            schema.Report(keyword, $"must be a name of letters, digits, hyphens, underscores and periods that starts with a letter or an underscore, but is {Wording.Quote(name)}");
        }
    }

    [GeneratedRegex(@"^[A-Za-z_][-A-Za-z0-9._]*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Anchor { get; }
}
