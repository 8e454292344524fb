using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Baton.Engine;
using Baton.Server.Workflows;

namespace Baton.Server.PrConfidence;

/// <summary>Tells a report which steps led to it, how long they took and what models were asked, from the run's own journal.</summary>
internal sealed class ReportSteps(RunQueries runs)
{
    private const int PageSize = 500;

    // By the names of the tasks in flows/pr-confidence.yaml; what is not listed analyses.
    private static readonly FrozenDictionary<string, StepType> Types = new Dictionary<string, StepType>(StringComparer.Ordinal)
    {
        ["collect_range"] = StepType.ServiceIntegration,
        ["ask_model"] = StepType.ServiceIntegration,
        ["read_ticket"] = StepType.DocumentProcessing,
        ["find_stale_docs"] = StepType.DocumentProcessing,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public async Task<(DateTimeOffset Started, ImmutableArray<AnalysisStep> Steps, ImmutableArray<PromptUse> Prompts)> ReadAsync(StepContext step, ReportParts parts)
    {
        var run = await runs.FindAsync(step.Tenant, step.Run, step.Cancel) ?? throw new InvalidOperationException($"Run {step.Run} is not stored.");
        var (taken, calls) = (ImmutableArray.CreateBuilder<AnalysisStep>(), new List<ModelCall>());
        for (long after = -1; ;)
        {
            var (page, hasMore) = await runs.JournalAsync(step.Tenant, run, after, PageSize, step.Cancel);
            foreach (var entry in page.Select(row => JournalRows.ToEntry(row)))
            {
                if (Taken(entry, parts) is { } one) taken.Add(one);
                if (entry is JournalEntry.StepCompleted completed && ModelCall.Of(completed) is { } call) calls.Add(call);
            }
            if (!hasMore) break;
            after = page[^1].Seq;
        }
        var prompts = calls.GroupBy(call => call.Model, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new PromptUse("pr_confidence_criterion", null, group.Key, group.Count(), group.Sum(call => call.PromptTokens), group.Sum(call => call.CompletionTokens)));
        return (DateTimeOffset.FromUnixTimeMilliseconds(run.CreatedAtMs), taken.ToImmutable(), [.. prompts]);
    }

    private static AnalysisStep? Taken(JournalEntry entry, ReportParts parts) => entry switch
    {
        _ when IsInsideItem(entry.Key) => null,    // the item's own row tells of the whole
        JournalEntry.StepCompleted completed => Step(entry.Key, completed.At - completed.Started, null, parts),
        JournalEntry.StepFailed { RetryAt: null } failed => Step(entry.Key, failed.At - failed.Started, failed.Error, parts),
        _ => null,
    };

    private static AnalysisStep Step(string key, TimeSpan took, WorkflowError? error, ReportParts parts)
    {
        var name = NameOf(key);
        return new AnalysisStep(key, Types.GetValueOrDefault(name, StepType.Analysis), name, took.TotalSeconds, error is null, error is null ? ConfidenceOf(name, parts) : null, error?.ToString());
    }

    /// <summary>The task's name: of <c>/do/3/read_ticket</c>, and of <c>/do/6/ask_model[2]</c>, an item of a map.</summary>
    private static string NameOf(string key)
    {
        var end = key.IndexOf('[', StringComparison.Ordinal) is var bracket and >= 0 ? bracket : key.Length;
        return key[(key.LastIndexOf('/', end - 1) + 1)..end];
    }

    private static bool IsInsideItem(string key) => key.Contains("]/", StringComparison.Ordinal);

    private static double? ConfidenceOf(string name, ReportParts parts) => name switch
    {
        "cross_reference" when !parts.CrossReference.Criteria.IsEmpty => Math.Round(parts.CrossReference.Criteria.Average(match => match.Coverage), 4),
        "decide_verdicts" when !parts.Verdicts.Criteria.IsEmpty => Math.Round(parts.Verdicts.Criteria.Average(verdict => verdict.Confidence), 4),
        "score" => parts.Score.Confidence,
        _ => null,
    };

    /// <summary>What a step that called a model says of it beside its output.</summary>
    private sealed record ModelCall(string Model, long PromptTokens, long CompletionTokens)
    {
        public static ModelCall? Of(JournalEntry.StepCompleted step)
        {
            if (step.Meta.IsEmpty) return null;
            using var document = JsonDocument.Parse(step.Meta);
            var said = document.RootElement;
            if (said.ValueKind != JsonValueKind.Object || !said.TryGetProperty("model", out var model) || model.ValueKind != JsonValueKind.String) return null;
            return new ModelCall(model.GetString()!, Tokens(said, "prompt_tokens"), Tokens(said, "completion_tokens"));
        }

        private static long Tokens(JsonElement said, string name) =>
            said.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty(name, out var count) && count.TryGetInt64(out var tokens) ? tokens : 0;
    }
}
