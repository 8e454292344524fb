using System.Collections.Concurrent;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Identity;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Sums up what the steps of a run came to, from its journal. Kept as long as nothing is recorded since.</summary>
internal sealed class ResultsReader(Database database, JournalStore journal, RunQueries queries, WorkflowCatalog catalog, TimeProvider time)
{
    /// <summary>Sums that are kept: small ones, of runs that people look at.</summary>
    private const int MaxKept = 500;

    /// <summary>Entries of one run that are looked at, and runs of its workflow, with entries of each.</summary>
    private const int MaxEntries = 200_000, MaxRuns = 200, MaxEntriesOfOther = 500;

    private const int MaxScores = 1_000;

    private readonly ConcurrentDictionary<(TenantId, string), ResultsView> kept = new();

    public async ValueTask<ResultsView> ReadAsync(TenantId tenant, RunRow run, CancellationToken cancel)
    {
        var last = await queries.LastSeqAsync(tenant, run, cancel);
        if (kept.TryGetValue((tenant, run.Id), out var known) && known.LastSeq == last) return known;
        var view = await ComputeAsync(tenant, run, last, cancel);
        if (kept.Count >= MaxKept) kept.Clear();
        return kept[(tenant, run.Id)] = view;
    }

    private async Task<ResultsView> ComputeAsync(TenantId tenant, RunRow run, long last, CancellationToken cancel)
    {
        var (definition, _) = await catalog.ReadAsync(tenant, new WorkflowRef(run.Namespace, run.Workflow, run.Version), cancel);
        var steps = await StepsAsync(tenant, run.No, MaxEntries, cancel);
        var all = OverItems(steps).ToList();
        var (overRuns, runs) = await OverRunsAsync(tenant, run, cancel);
        all.Add(overRuns);
        var compared = all.Select(one => one.Compare()).ToList();
        var judged = compared.SelectMany(one => one.Judged).ToList();
        var categories = new StepCategories(definition);
        var sums = Sum(steps);
        return new ResultsView(run.Id, time.GetUtcNow(), last,
            steps.GroupBy(categories.Of, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => Category([.. group]), StringComparer.Ordinal),
            new SummaryView(steps.Count, steps.Count(step => step.Success), steps.Count(step => !step.Success), sums.TotalTime, sums.AverageTime, sums.SuccessRate),
            Observations.Significant(judged), new CorrelationNote(Observations.MinimumN, Observations.MaxAdjustedP, judged.Count, compared.Sum(one => one.TooFew), runs));
    }

    private static CategoryView Category(IReadOnlyList<StepResult> steps)
    {
        var scores = steps.Select(step => step.Confidence).OfType<double>().ToList();
        var sums = Sum(steps);
        return new CategoryView(steps.Count, steps.GroupBy(step => step.Name, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal),
            [.. scores.Take(MaxScores)], scores.Count == 0 ? null : Math.Round(scores.Average(), 4), new MetricsView(sums.TotalTime, sums.AverageTime, sums.SuccessRate));
    }

    private static StepSums Sum(IReadOnlyList<StepResult> steps) => StepSums.Of([.. steps.Select(step => (step.Seconds, step.Success))]);

    /// <summary>Each map by itself: its items are the subjects.</summary>
    private static IEnumerable<Observations> OverItems(IEnumerable<StepResult> steps)
    {
        foreach (var map in steps.Where(step => step.Place is not null).GroupBy(step => step.Place!.Value.Map, StringComparer.Ordinal))
        {
            var seen = new Observations(map.Key);
            foreach (var step in map)
            {
                var (_, item, rest) = step.Place!.Value;
                Observe(seen, item, rest.Length == 0 ? "item" : rest, step);
            }
            yield return seen;
        }
    }

    /// <summary>The newest ended runs of the workflow are the subjects: steps outside maps, which every run has once.</summary>
    private async Task<(Observations Seen, int Runs)> OverRunsAsync(TenantId tenant, RunRow run, CancellationToken cancel)
    {
        var seen = new Observations("runs");
        var page = await queries.FindAllAsync(tenant, new RunFilter(null, run.Namespace, run.Workflow, null, null, null, null, null, null, MaxRuns), cancel);
        var ended = page.Rows.Where(row => row.IsTerminal).ToList();
        for (var i = 0; i < ended.Count; i++)
        {
            foreach (var step in (await StepsAsync(tenant, ended[i].No, MaxEntriesOfOther, cancel)).Where(step => step.Place is null)) Observe(seen, i, step.Key, step);
        }
        return (seen, ended.Count);
    }

    private static void Observe(Observations seen, int subject, string name, StepResult step)
    {
        seen.Add(subject, name, step.Success);
        foreach (var (field, number) in step.Numbers) seen.Add(subject, field.Length == 0 ? name : $"{name} .{field}", number);
    }

    /// <summary>The last outcome of each step: what a retry made void is followed by another.</summary>
    private async Task<List<StepResult>> StepsAsync(TenantId tenant, long runNo, int most, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var steps = new Dictionary<string, StepResult>(StringComparer.Ordinal);
        await foreach (var row in journal.ReadRowsAsync(connection, tenant, runNo, after: -1, most, cancel))
        {
            if (StepResult.Read(row) is { } step) steps[step.Key] = step;
        }
        return [.. steps.Values];
    }
}

/// <summary>The sums of a run, for the API.</summary>
internal static class ResultsEndpoints
{
    public static Task<IResult> Get(HttpContext http, string id, RunQueries queries, ResultsReader results, CancellationToken cancel) =>
        RunEndpoints.WithRunAsync(http, id, queries, async row => TypedResults.Json(await results.ReadAsync(http.Tenant, row, cancel), WireJson.Web.ResultsView), cancel);
}
