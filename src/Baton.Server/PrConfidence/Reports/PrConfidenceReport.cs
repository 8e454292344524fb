using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <summary>Everything that was found, with the evidence for each number. Times are in seconds.</summary>
internal sealed record PrConfidenceReport
{
    public const string Type = "pr_confidence_analysis";

    public required string WorkflowId { get; init; }
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>When the results of the steps were put together.</summary>
    public required DateTimeOffset AggregatedAt { get; init; }

    public required string AnalysisType { get; init; }
    public required DateTimeOffset StartTime { get; init; }
    public required DateTimeOffset EndTime { get; init; }
    public required FinalReport FinalReport { get; init; }
    public required CrossReferenceAnalysis CrossReferenceAnalysis { get; init; }
    public required ConfidenceAnalysis ConfidenceAnalysis { get; init; }
    public required GapAnalysis GapAnalysis { get; init; }
    public required ChangeSummary Changes { get; init; }

    /// <summary>Null if documents were not searched.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required StaleDocs? Documentation { get; init; }

    public required ImmutableArray<Correlation> Correlations { get; init; }
    public required ImmutableArray<DocumentUse> DocumentsUsed { get; init; }
    public required ImmutableArray<PromptUse> PromptsUsed { get; init; }
    public required ImmutableArray<AnalysisStep> AnalysisSteps { get; init; }
    public required ResultCategories ResultCategories { get; init; }
    public required SummaryMetrics SummaryMetrics { get; init; }
    public required PerformanceMetrics PerformanceMetrics { get; init; }

    /// <summary>What the reader must know about how the numbers came about.</summary>
    public required ImmutableArray<Note> Notes { get; init; }
}

internal sealed record FinalReport
{
    /// <summary>"PARCEL-142: Notify by webhook".</summary>
    public required string Title { get; init; }

    /// <summary>A paragraph for those who read nothing else.</summary>
    public required string Summary { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? TicketId { get; init; }

    public required string TicketSource { get; init; }
    public required CriteriaSource CriteriaSource { get; init; }
    public required VerdictCounts Criteria { get; init; }
}

internal sealed record VerdictCounts(int Total, int Met, int Partial, int Missing, int Unclear);

internal sealed record CrossReferenceAnalysis
{
    public required ImmutableArray<CriterionReport> Criteria { get; init; }
    public required ImmutableArray<string> UnclaimedFiles { get; init; }
    public required int PassagesCompared { get; init; }
    public required string Method { get; init; }

    /// <summary>"ticket", "commits", "diff", "tests", "documents", "model".</summary>
    public required ImmutableArray<string> DataSources { get; init; }
}

internal sealed record CriterionReport
{
    public required string Id { get; init; }
    public required string Text { get; init; }

    /// <summary>In the ticket.</summary>
    public required int Line { get; init; }

    public required CriterionVerdict Verdict { get; init; }
    public required double Score { get; init; }
    public required double Coverage { get; init; }
    public required ImmutableArray<string> MatchedWords { get; init; }
    public required ImmutableArray<string> MissingWords { get; init; }
    public required ImmutableArray<Evidence> Evidence { get; init; }
}

internal sealed record ConfidenceAnalysis
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? OverallScore { get; init; }

    public required ScoreLevel Level { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? LevelCappedBy { get; init; }

    /// <summary>Always "weighted_average".</summary>
    public required string ScoringMethodology { get; init; }

    public required ImmutableArray<Factor> ConfidenceFactors { get; init; }
    public required ImmutableArray<FactorLeftOut> FactorsLeftOut { get; init; }

    /// <summary>How far the score itself is to be believed.</summary>
    public required double ScoreConfidence { get; init; }

    public required ImmutableArray<ConfidenceInput> ScoreConfidenceInputs { get; init; }
}

internal sealed record GapAnalysis
{
    public required ImmutableArray<Gap> DetectedGaps { get; init; }

    /// <summary>Of the worst gap.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Severity? GapSeverity { get; init; }

    /// <summary>Worst gap first, each action once.</summary>
    public required ImmutableArray<string> RecommendedActions { get; init; }
}

/// <summary>The range without its diff.</summary>
internal sealed record ChangeSummary
{
    public required string Repo { get; init; }
    public required Revision Base { get; init; }
    public required Revision Head { get; init; }
    public required string MergeBase { get; init; }
    public required ChangeTotals Totals { get; init; }

    /// <summary>At most 200.</summary>
    public required ImmutableArray<Commit> Commits { get; init; }

    /// <summary>At most 500.</summary>
    public required ImmutableArray<FileSummary> Files { get; init; }

    public required ImmutableArray<DirectoryChurn> Directories { get; init; }

    /// <summary>At most 200.</summary>
    public required ImmutableArray<TouchedTest> Tests { get; init; }

    /// <summary>At most 200; removed, renamed and altered ones first.</summary>
    public required ImmutableArray<ChangedName> Names { get; init; }
}

internal sealed record FileSummary(string Path, string? OldPath, FileStatus Status, int? Similarity, FileKind Kind, int Added, int Deleted, bool IsTruncated);

/// <summary>Two findings that belong together.</summary>
/// <param name="Kind">Stable, snake_case.</param>
/// <param name="Strength">In [0,1]: the share of one finding that the other explains.</param>
/// <param name="Description">A sentence.</param>
/// <param name="Between">Their names: criteria, files, commits.</param>
internal sealed record Correlation(string Kind, double Strength, string Description, ImmutableArray<string> Between);

/// <param name="Path">Of the ticket or document.</param>
/// <param name="Role">"ticket", "changed_document", "mentions_changed_name".</param>
/// <param name="Version">Object id of the content, where there is one.</param>
internal sealed record DocumentUse(string Path, string Role, string? Version);

/// <summary>A prompt that was sent to a model in this analysis.</summary>
internal sealed record PromptUse(string Name, string? Version, string Model, int Calls, long PromptTokens = 0, long CompletionTokens = 0);

[JsonConverter(typeof(SnakeCaseEnum<StepType>))]
internal enum StepType
{
    Analysis,
    DocumentProcessing,
    ServiceIntegration,
}

/// <param name="StepId">Its key in the workflow.</param>
/// <param name="StepType">Which category its result belongs to.</param>
/// <param name="Name">What it does: "cross_reference".</param>
/// <param name="ExecutionTime">Seconds.</param>
/// <param name="Success">It gave a result.</param>
/// <param name="ConfidenceScore">Of its result, in [0,1], where it has one.</param>
/// <param name="Detail">For readers: what came out, or why nothing did.</param>
internal sealed record AnalysisStep(string StepId, StepType StepType, string Name, double ExecutionTime, bool Success, double? ConfidenceScore = null,
    string? Detail = null);

internal sealed record ResultCategories
{
    public required AnalysisAggregate Analysis { get; init; }
    public required DocumentAggregate Documents { get; init; }
    public required IntegrationAggregate Integrations { get; init; }
}

internal sealed record AnalysisAggregate(
    int TotalAnalyses, ImmutableSortedDictionary<string, ImmutableArray<StepOutcome>> AnalysisTypes, ImmutableArray<double> ConfidenceScores,
    double? AverageConfidence, StepMetrics PerformanceMetrics);

internal sealed record DocumentAggregate(
    int TotalDocuments, ImmutableSortedDictionary<string, int> DocumentRoles, ImmutableSortedDictionary<string, ImmutableArray<StepOutcome>> StepTypes,
    StepMetrics PerformanceMetrics);

internal sealed record IntegrationAggregate(
    int TotalIntegrations, ImmutableSortedDictionary<string, ImmutableArray<StepOutcome>> Services, int ModelCalls, StepMetrics PerformanceMetrics);

internal sealed record StepOutcome(string StepId, double? ConfidenceScore, double ExecutionTime, bool Success);

/// <param name="TotalTime">Seconds.</param>
/// <param name="AverageTime">Seconds.</param>
/// <param name="SuccessRate">In [0,1]; 0 if there is no step.</param>
internal sealed record StepMetrics(double TotalTime, double AverageTime, double SuccessRate);

internal sealed record SummaryMetrics(int TotalSteps, int SuccessfulSteps, int FailedSteps, double TotalExecutionTime, double AverageStepTime,
    double OverallSuccessRate);

/// <param name="TotalAnalysisTime">Seconds from start to end; steps may have waited in between.</param>
/// <param name="StepsCompleted">Steps that gave a result.</param>
/// <param name="DataSourcesUsed">How many of the data sources had something to say.</param>
/// <param name="FilesAnalysed">Changed files, also those whose lines were not kept.</param>
/// <param name="CommitsAnalysed">Commits of the range.</param>
/// <param name="PassagesCompared">With each criterion.</param>
/// <param name="DocumentsSearched">For stale names.</param>
/// <param name="CriteriaJudged">Criteria with a verdict.</param>
/// <param name="ModelCalls">Over all prompts.</param>
internal sealed record PerformanceMetrics(
    double TotalAnalysisTime, int StepsCompleted, int DataSourcesUsed, int FilesAnalysed, int CommitsAnalysed, int PassagesCompared,
    int DocumentsSearched, int CriteriaJudged, int ModelCalls);
