using System.Collections.Frozen;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>The vocabularies of draft 2020-12: groups of keywords that a metaschema switches on.</summary>
[Flags]
internal enum Vocabularies
{
    None = 0,
    Core = 1,
    Applicator = 2,
    Unevaluated = 4,
    Validation = 8,
    MetaData = 16,
    Format = 32,
    Content = 64,
    All = 127,
}

/// <summary>Which keywords mean something in a resource: what its <c>$schema</c> says.</summary>
/// <param name="AssertsFormat">Whether the metaschema demands that <c>format</c> is checked.</param>
/// <param name="IsOlder">Whether the schema says that it was written for an earlier draft.</param>
internal sealed record Dialect(Vocabularies Vocabularies, bool AssertsFormat = false, bool IsOlder = false)
{
    public const string Uri202012 = "https://json-schema.org/draft/2020-12/schema";

    private const string VocabularyBase = "https://json-schema.org/draft/2020-12/vocab/";

    /// <summary>Draft 2020-12 as it stands.</summary>
    public static Dialect Standard { get; } = new(Vocabularies.All);

    private static readonly Dialect Older = new(Vocabularies.All, IsOlder: true);

    private static readonly FrozenSet<string> OlderUris = FrozenSet.Create(StringComparer.Ordinal,
        "http://json-schema.org/schema", "http://json-schema.org/draft-04/schema", "http://json-schema.org/draft-06/schema",
        "http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema", "https://json-schema.org/draft/2019-09/schema");

    /// <summary>
    /// The dialect of a metaschema that everybody knows, or null. Earlier drafts are read as 2020-12: most schemas mean the same, and a
    /// keyword that changed its meaning is refused with its new name.
    /// </summary>
    public static Dialect? Known(string uri) => uri == Uri202012 ? Standard : OlderUris.Contains(uri) ? Older : null;

    /// <summary>The dialect that a metaschema describes by its <c>$vocabulary</c>; adds the required vocabularies that nobody here knows.</summary>
    public static Dialect Of(in JqValue metaschema, List<string> unknown)
    {
        if (!metaschema.TryGetObject(out var members) || !members.TryGetValue("$vocabulary", out var listed) || !listed.TryGetObject(out var vocabularies))
        {
            return Standard;
        }
        var dialect = new Dialect(Vocabularies.Core);
        foreach (var (uri, required) in vocabularies)
        {
            var name = uri.StartsWith(VocabularyBase, StringComparison.Ordinal) ? uri[VocabularyBase.Length..] : "";
            var known = name switch
            {
                "core" => Vocabularies.Core,
                "applicator" => Vocabularies.Applicator,
                "unevaluated" => Vocabularies.Unevaluated,
                "validation" => Vocabularies.Validation,
                "meta-data" => Vocabularies.MetaData,
                "format-annotation" or "format-assertion" => Vocabularies.Format,
                "content" => Vocabularies.Content,
                _ => Vocabularies.None,
            };
            if (known == Vocabularies.None && required.IsTruthy) unknown.Add(uri);
            dialect = dialect with { Vocabularies = dialect.Vocabularies | known, AssertsFormat = dialect.AssertsFormat || name == "format-assertion" };
        }
        return dialect;
    }

    /// <summary>Whether a keyword belongs to a vocabulary that is switched on.</summary>
    public bool Includes(string keyword) => KeywordTable.VocabularyOf(keyword) is var vocabulary && (Vocabularies & vocabulary) != Vocabularies.None;
}
