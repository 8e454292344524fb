using System.Collections.Immutable;
using Baton.Server.Workflows;

namespace Baton.Server.PrConfidence;

/// <summary>Sums over the steps of an analysis, by the category of their results.</summary>
internal static class Aggregates
{
    public static ResultCategories ByCategory(ImmutableArray<AnalysisStep> steps, ImmutableArray<DocumentUse> documents, ImmutableArray<PromptUse> prompts)
    {
        var analyses = steps.Where(step => step.StepType == StepType.Analysis).ToArray();
        var reading = steps.Where(step => step.StepType == StepType.DocumentProcessing).ToArray();
        var services = steps.Where(step => step.StepType == StepType.ServiceIntegration).ToArray();
        var scores = analyses.Select(step => step.ConfidenceScore).OfType<double>().ToImmutableArray();
        return new()
        {
            Analysis = new(analyses.Length, ByName(analyses), scores, scores.IsEmpty ? null : Math.Round(scores.Average(), 4), Metrics(analyses)),
            Documents = new(documents.Length, documents.GroupBy(document => document.Role, StringComparer.Ordinal)
                .ToImmutableSortedDictionary(role => role.Key, role => role.Count(), StringComparer.Ordinal), ByName(reading), Metrics(reading)),
            Integrations = new(services.Length, ByName(services), prompts.Sum(prompt => prompt.Calls), Metrics(services)),
        };
    }

    public static SummaryMetrics Summarise(ImmutableArray<AnalysisStep> steps)
    {
        var succeeded = steps.Count(step => step.Success);
        var metrics = Metrics(steps);
        return new(steps.Length, succeeded, steps.Length - succeeded, metrics.TotalTime, metrics.AverageTime, metrics.SuccessRate);
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<StepOutcome>> ByName(IEnumerable<AnalysisStep> steps) => steps
        .GroupBy(step => step.Name, StringComparer.Ordinal)
        .ToImmutableSortedDictionary(
            group => group.Key,
            group => group.Select(step => new StepOutcome(step.StepId, step.ConfidenceScore, step.ExecutionTime, step.Success)).ToImmutableArray(),
            StringComparer.Ordinal);

    private static StepMetrics Metrics(IReadOnlyCollection<AnalysisStep> steps)
    {
        var sums = StepSums.Of([.. steps.Select(step => (step.ExecutionTime, step.Success))]);
        return new(sums.TotalTime, sums.AverageTime, sums.SuccessRate);
    }
}
