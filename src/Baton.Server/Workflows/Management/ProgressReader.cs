using System.Globalization;
using Baton.Client;
using Baton.Engine;

namespace Baton.Server.Workflows;

/// <summary>How far a run has come, by what is recorded and by the tasks of its document.</summary>
internal sealed class ProgressReader(RunQueries queries, WorkflowCatalog catalog)
{
    /// <summary>Where the keys of a document's own tasks begin: <c>/do/2/collect</c>.</summary>
    private const string Tasks = "/do/";

    public async ValueTask<ProgressView> ReadAsync(TenantId tenant, RunRow run, CancellationToken cancel)
    {
        var recorded = await queries.ProgressAsync(tenant, run, cancel);
        var (definition, _) = await catalog.ReadAsync(tenant, new WorkflowRef(run.Namespace, run.Workflow, run.Version), cancel);
        IReadOnlyList<string> tasks = definition is null ? [] : [.. definition.Source["do"].AsArray().Select(task => task.AsObject().First().Key)];
        var (percent, phase) = Measure(run.State == "completed", tasks, recorded);
        return new ProgressView(recorded.StepsCompleted, recorded.StepsFailed, recorded.Maps.Count == 0 ? null : recorded.Maps.Sum(map => map.Done), recorded.Maps.Count == 0 ? null : recorded.Maps.Sum(map => map.Total), percent, phase);
    }

    /// <summary>
    /// Each task of the document counts alike, whatever it takes; a map inside the current one counts by its items. A document may go back, and then so
    /// does this. Without a document, maps alone are measured.
    /// </summary>
    public static (double? Percent, string? Phase) Measure(bool isCompleted, IReadOnlyList<string> tasks, RecordedProgress recorded)
    {
        if (isCompleted) return (100, null);
        if (tasks.Count == 0)
        {
            var map = recorded.Maps.LastOrDefault(map => map.Done < map.Total) ?? (recorded.Maps.Count > 0 ? recorded.Maps[^1] : null);
            return map is null ? (null, null) : (Round(Share(recorded.Maps)), map.Key);
        }
        var index = IndexOf(recorded.LastKey);
        if (index >= tasks.Count) return (null, null);   // the journal is another document's
        var inside = recorded.Maps.Where(map => IndexOf(map.Key) == index).ToList();
        return (Round((index + Share(inside)) / tasks.Count), tasks[index]);
    }

    private static double Share(IReadOnlyList<MapProgress> maps) => maps.Sum(map => map.Total) is > 0 and var total ? (double)maps.Sum(map => map.Done) / total : 0;

    private static double Round(double share) => Math.Round(Math.Min(share, 1) * 100, 1);

    private static int IndexOf(string? key)
    {
        if (key is null || !key.StartsWith(Tasks, StringComparison.Ordinal)) return 0;
        var end = key.IndexOf('/', Tasks.Length);
        return int.TryParse(key.AsSpan(Tasks.Length, (end < 0 ? key.Length : end) - Tasks.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : 0;
    }
}
