using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <param name="Ticket">What was asked.</param>
/// <param name="Changes">What was done.</param>
/// <param name="CrossReference">Which change speaks of which criterion.</param>
/// <param name="Verdicts">Of the criteria.</param>
/// <param name="StaleDocs">Null if documents were not searched.</param>
internal sealed record ScoreRequest(
    [property: JsonRequired] Ticket Ticket,
    [property: JsonRequired] ChangeSet Changes,
    [property: JsonRequired] CrossReference CrossReference,
    [property: JsonRequired] VerdictReport Verdicts,
    StaleDocs? StaleDocs = null);

internal sealed record ScoreReport
{
    /// <summary>Weighted average of the factors that could be judged, in [0,1]; null if none could.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? Overall { get; init; }

    public required ScoreLevel Level { get; init; }

    /// <summary>Why the level is below what the number alone would give; null if it is not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? LevelCappedBy { get; init; }

    /// <summary>How far the score itself is to be believed, in [0,1]: the product of <see cref="ConfidenceInputs"/>.</summary>
    public required double Confidence { get; init; }

    public required ImmutableArray<ConfidenceInput> ConfidenceInputs { get; init; }
    public required ImmutableArray<Factor> Factors { get; init; }
    public required ImmutableArray<FactorLeftOut> LeftOut { get; init; }

    /// <summary>Worst first.</summary>
    public required ImmutableArray<Gap> Gaps { get; init; }

    /// <summary>Of the worst gap; null if there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Severity? WorstGap { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnum<ScoreLevel>))]
internal enum ScoreLevel
{
    NotJudged,
    VeryLow,
    Low,
    Moderate,
    High,
}

/// <param name="Name">Stable, snake_case.</param>
/// <param name="Title">For readers.</param>
/// <param name="Weight">Before those left out are shared among the others; all weights sum to 1.</param>
/// <param name="Value">In [0,1].</param>
/// <param name="Contribution">Weight times value over the sum of the weights that were judged: the contributions sum to the overall score.</param>
/// <param name="Explanation">How the value came about, with the numbers in it.</param>
/// <param name="Evidence">At most ten places.</param>
internal sealed record Factor(string Name, string Title, double Weight, double Value, double Contribution, string Explanation, ImmutableArray<string> Evidence);

/// <summary>A factor that could not be judged, and why. It counts neither as zero nor as one.</summary>
internal sealed record FactorLeftOut(string Name, string Title, double Weight, string Reason);

internal sealed record ConfidenceInput(string Name, double Value, string Reason);

[JsonConverter(typeof(SnakeCaseEnum<Severity>))]
internal enum Severity
{
    Low,
    Medium,
    High,
    Critical,
}

internal sealed record Gap
{
    /// <summary>"GAP-1", in the order of severity.</summary>
    public required string Id { get; init; }

    /// <summary>Stable, snake_case: "criterion_missing", "stale_doc", ...</summary>
    public required string Kind { get; init; }

    public required Severity Severity { get; init; }
    public required string Title { get; init; }
    public required string Detail { get; init; }
    public required string Action { get; init; }

    /// <summary>"path:line", "commit ..."; at most ten.</summary>
    public required ImmutableArray<string> Where { get; init; }

    public string? CriterionId { get; init; }
}
