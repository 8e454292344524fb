using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <param name="Ticket">The criteria.</param>
/// <param name="Changes">Where quotes are looked up.</param>
/// <param name="CrossReference">What relevance says.</param>
internal sealed record VerdictRequest(
    [property: JsonRequired] Ticket Ticket, [property: JsonRequired] ChangeSet Changes, [property: JsonRequired] CrossReference CrossReference)
{
    /// <summary>At most one for each criterion; none at all is in order.</summary>
    public ImmutableArray<ModelAnswer> Answers { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Why a model did not answer, for each question that it did not.</summary>
    public ImmutableArray<string> Failures { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>One verdict for each criterion, in the order of the ticket.</summary>
internal sealed record VerdictReport
{
    public required ImmutableArray<CriterionVerdict> Criteria { get; init; }

    /// <summary>Models that answered.</summary>
    public required ImmutableArray<string> Models { get; init; }

    public ImmutableArray<Note> Notes { get; init => field = value.IsDefault ? [] : value; } = [];
}

[JsonConverter(typeof(SnakeCaseEnum<Decider>))]
internal enum Decider
{
    /// <summary>The share of the criterion's words that stands in the best passages.</summary>
    Relevance,
    Model,

    /// <summary>Both say the same.</summary>
    Both,

    /// <summary>They say the opposite of each other, and neither is sure enough.</summary>
    Neither,
}

internal sealed record CriterionVerdict
{
    public required string CriterionId { get; init; }
    public required Verdict Verdict { get; init; }

    /// <summary>How sure the verdict is, in [0,1].</summary>
    public required double Confidence { get; init; }

    public required Decider DecidedBy { get; init; }

    /// <summary>The rule that applied, in a sentence.</summary>
    public required string Reason { get; init; }

    public required Verdict ByRelevance { get; init; }
    public required double RelevanceConfidence { get; init; }
    public Verdict? ByModel { get; init; }

    /// <summary>As the model gave it.</summary>
    public double? ModelConfidence { get; init; }

    /// <summary>After its quotes were looked up.</summary>
    public double? CheckedModelConfidence { get; init; }

    /// <summary>True when the model only found words, and judged nothing.</summary>
    public bool IsExtract { get; init; }

    public string? Model { get; init; }
    public string? Reasoning { get; init; }
    public required ImmutableArray<CheckedQuote> Quotes { get; init; }

    /// <summary>A test that the range touches speaks of this criterion.</summary>
    public required bool IsTested { get; init; }
}
