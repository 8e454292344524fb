using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

[JsonConverter(typeof(SnakeCaseEnum<EvidenceKind>))]
internal enum EvidenceKind
{
    Code,
    Test,
    Docs,
    Config,
    Other,
    Commit,
}

/// <param name="Ticket">Whose criteria are looked for.</param>
/// <param name="Changes">Where they are looked for.</param>
/// <param name="MaxEvidence">Passages kept for each criterion.</param>
/// <param name="MaxEvidenceTextChars">Of the text that goes to a language model, for each criterion.</param>
internal sealed record CrossReferenceRequest(
    [property: JsonRequired] Ticket Ticket, [property: JsonRequired] ChangeSet Changes, int MaxEvidence = 8, int MaxEvidenceTextChars = 6_000);

/// <summary>Which changes speak of which criterion.</summary>
internal sealed record CrossReference
{
    public required ImmutableArray<CriterionMatch> Criteria { get; init; }

    /// <summary>Changed code that is evidence for no criterion: the range does more than was asked, or says it in other words.</summary>
    public required ImmutableArray<string> UnclaimedFiles { get; init; }

    /// <summary>Passages that were compared with each criterion.</summary>
    public required int Passages { get; init; }

    public required string Method { get; init; }
}

internal sealed record CriterionMatch
{
    public required string CriterionId { get; init; }

    /// <summary>
    /// Normalised BM25F score of the best passage of code, configuration or tests, in [0,1): high only where many of the criterion's terms stand
    /// close together.
    /// </summary>
    public required double Score { get; init; }

    /// <summary>Which share of the criterion's terms, weighed by rarity, stands in the best passages of code, configuration and tests; in [0,1].</summary>
    public required double Coverage { get; init; }

    /// <summary>Words of the criterion that were found in these passages, and those that were not.</summary>
    public required ImmutableArray<string> MatchedWords { get; init; }

    public required ImmutableArray<string> MissingWords { get; init; }

    /// <summary>Best first.</summary>
    public required ImmutableArray<Evidence> Evidence { get; init; }

    /// <summary>The criterion itself asks for documentation, so that documents are its implementation.</summary>
    public required bool IsAboutDocs { get; init; }

    /// <summary>The evidence as text, for a language model to judge.</summary>
    public required string EvidenceText { get; init; }
}

internal sealed record Evidence
{
    public required EvidenceKind Kind { get; init; }

    /// <summary>Path at head; null of a commit message.</summary>
    public string? File { get; init; }

    /// <summary>Lines at head; 0 of a commit message.</summary>
    public required int StartLine { get; init; }

    public required int EndLine { get; init; }

    /// <summary>The commit that wrote most of these lines.</summary>
    public string? Commit { get; init; }

    public required double Score { get; init; }
    public required ImmutableArray<string> Words { get; init; }

    /// <summary>The telling lines, as in a patch; at most 600 characters.</summary>
    public required string Excerpt { get; init; }

    /// <summary>"src/a.py:12-20", or "commit 1a2b3c4d5e".</summary>
    [JsonIgnore]
    public string Where => File is null ? $"commit {Short}" : StartLine == EndLine ? $"{File}:{StartLine}" : $"{File}:{StartLine}-{EndLine}";

    [JsonIgnore]
    public string Short => Commit is null ? "" : Commit[..Math.Min(10, Commit.Length)];
}
