namespace Baton.Client;

/// <summary>What the steps of a run came to, summed up.</summary>
/// <param name="WorkflowId">The run's id.</param>
/// <param name="LastSeq">The newest entry that was looked at.</param>
/// <param name="ResultCategories">By category: <c>analysis</c> (model calls), <c>documents</c>, <c>integrations</c> (calls to services and processes), <c>steps</c> (all others).</param>
/// <param name="Correlations">Steps whose outcomes move together over the items of a map, and over the newest ended runs of the workflow.</param>
public sealed record ResultsView(
    string WorkflowId, DateTimeOffset AggregatedAt, long LastSeq, IReadOnlyDictionary<string, CategoryView> ResultCategories, SummaryView SummaryMetrics, IReadOnlyList<CorrelationView> Correlations, CorrelationNote CorrelationNote);

/// <param name="Total">Steps with an outcome.</param>
/// <param name="Types">How many, by the step's name.</param>
/// <param name="ConfidenceScores">Numbers that outputs call <c>confidence</c> or <c>confidence_score</c>; at most 1,000.</param>
public sealed record CategoryView(int Total, IReadOnlyDictionary<string, int> Types, IReadOnlyList<double> ConfidenceScores, double? AverageConfidence, MetricsView PerformanceMetrics);

/// <summary>Times in seconds.</summary>
/// <param name="SuccessRate">0 to 1.</param>
public sealed record MetricsView(double TotalTime, double AverageTime, double SuccessRate);

/// <summary>Times in seconds, summed over the steps: steps that ran side by side count each.</summary>
public sealed record SummaryView(int TotalSteps, int SuccessfulSteps, int FailedSteps, double TotalExecutionTime, double AverageStepTime, double OverallSuccessRate);

/// <param name="Method">phi (success against success: Fisher's exact test) or spearman (number against number: normal approximation).</param>
/// <param name="Over">The map whose items were compared, or <c>runs</c>.</param>
/// <param name="Coefficient">-1 to 1.</param>
/// <param name="N">Items or runs in which both have an outcome.</param>
/// <param name="PValue">Of this pair alone.</param>
/// <param name="AdjustedPValue">Holm's, over all pairs that were compared.</param>
public sealed record CorrelationView(string Method, string Over, string First, string Second, double Coefficient, int N, double PValue, double AdjustedPValue);

/// <summary>What was compared, so that silence can be read.</summary>
/// <param name="MinimumN">Pairs with fewer are not judged.</param>
/// <param name="Compared">Pairs that were judged.</param>
/// <param name="TooFew">Pairs that were not, for want of items or runs.</param>
/// <param name="Runs">Runs of the workflow that were looked at.</param>
public sealed record CorrelationNote(int MinimumN, double MaximumAdjustedPValue, int Compared, int TooFew, int Runs);
