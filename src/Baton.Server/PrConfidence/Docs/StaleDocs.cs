using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <param name="Repo">A folder on this machine.</param>
/// <param name="Changes">What the range did to names and documents.</param>
/// <param name="Folder">Where the documents are: relative, a folder at head; absolute, a folder on this machine. Left out: the whole repository.</param>
/// <param name="Limits">Left out: the defaults.</param>
internal sealed record StaleDocsRequest([property: JsonRequired] string Repo, [property: JsonRequired] ChangeSet Changes, string? Folder = null, StaleDocsLimits? Limits = null);

/// <param name="MaxDocs">Documents read.</param>
/// <param name="MaxDocBytes">A larger document is not read.</param>
/// <param name="MaxBytesTogether">Of all documents.</param>
/// <param name="MaxFindings">Listed; certain ones first.</param>
/// <param name="TimeoutSeconds">For each git command.</param>
internal sealed record StaleDocsLimits(int MaxDocs = 2_000, int MaxDocBytes = 512 << 10, int MaxBytesTogether = 32 << 20, int MaxFindings = 200,
    double TimeoutSeconds = 60);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "outcome")]
[JsonDerivedType(typeof(Found), "found")]
[JsonDerivedType(typeof(Failed), "failed")]
internal abstract record StaleDocsResult
{
    private StaleDocsResult() { }

    public sealed record Found(StaleDocs Docs) : StaleDocsResult;

    public sealed record Failed(GitError Error, string Message) : StaleDocsResult
    {
        public Failed(GitError error)
            : this(error, error.Message)
        {
        }
    }
}

/// <summary>What the documents at head still say about names that the range changed.</summary>
internal sealed record StaleDocs
{
    public required ImmutableArray<StaleMention> Mentions { get; init; }

    /// <summary>Documents at head that were searched.</summary>
    public required int DocsSearched { get; init; }

    /// <summary>Those of them that mention a name the range touched, stale or not; at most 200.</summary>
    public required ImmutableArray<string> DocsMentioning { get; init; }

    /// <summary>Names that were removed, renamed or altered, and so could be stale somewhere.</summary>
    public required int NamesSearched { get; init; }

    public required ImmutableArray<Note> Notes { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnum<Certainty>))]
internal enum Certainty
{
    /// <summary>The document names something that does not exist at head.</summary>
    Definite,

    /// <summary>The document names something that works otherwise than before, and was not touched.</summary>
    Possible,
}

internal sealed record StaleMention
{
    public required string File { get; init; }
    public required int Line { get; init; }
    public required string Name { get; init; }
    public required NameKind Kind { get; init; }
    public required NameChange Change { get; init; }
    public required Certainty Certainty { get; init; }
    public string? RenamedTo { get; init; }

    /// <summary>What changed, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The line of the document, at most 200 characters.</summary>
    public required string Excerpt { get; init; }

    /// <summary>"path:line" of the change.</summary>
    public required string ChangedAt { get; init; }

    public string? Commit { get; init; }

    [JsonIgnore]
    public string Where => $"{File}:{Line}";
}
