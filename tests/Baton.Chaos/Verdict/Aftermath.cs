using System.Text.Json;
using Baton.Chaos.World;
using Baton.TestBed;

namespace Baton.Chaos.Verdict;

/// <summary>At the end nobody holds what nobody needs, nothing was started that was not asked for, and every journal is whole.</summary>
internal static class Aftermath
{
    private const int Page = 500;

    /// <summary>Ended runs whose entries, packed or not, are not there once each, from the first to a change of state. Numbers may be missing: an entry that storage refused gets another.</summary>
    private const string Broken = """
        SELECT r.id, e.entries FROM baton.runs r CROSS JOIN LATERAL (
            SELECT count(*) AS entries, count(DISTINCT seq) AS seqs, min(seq) AS first, (array_agg(kind ORDER BY seq DESC))[1] AS kind FROM baton.entries WHERE tenant_id = r.tenant_id AND run_no = r.no) e
        WHERE r.ended_at_ms IS NOT NULL AND NOT (e.entries > 0 AND e.seqs = e.entries AND e.first = 0 AND e.kind = 14)
        """;

    /// <summary>Steps that have an outcome, as <c>run|key</c>.</summary>
    private const string Outcomes = "SELECT r.id, e.key FROM baton.entries e JOIN baton.runs r ON r.tenant_id = e.tenant_id AND r.no = e.run_no WHERE e.kind = 2";

    public static async Task<IReadOnlyList<string>> CheckAsync(Stage stage, int acknowledged, int seed, CancellationToken cancel)
    {
        var random = new Random(seed);
        return [.. await RunsAsync(stage, random, acknowledged, seed, cancel), .. stage.Primary is { } database ? [.. await NodesAsync(stage, random, cancel), .. await RowsAsync(database, stage.Recorder.Log, cancel)] : Array.Empty<string>()];
    }

    /// <summary>Every start made one run, and none is open.</summary>
    private static async Task<IReadOnlyList<string>> RunsAsync(Stage stage, Random random, int acknowledged, int seed, CancellationToken cancel)
    {
        var (numbers, open) = (new Dictionary<string, int>(StringComparer.Ordinal), new List<string>());
        string? cursor = null;
        do
        {
            KeyValuePair<string, string>[] query = [new("label", $"chaos={seed}"), new("limit", $"{Page}"), .. cursor is null ? Array.Empty<KeyValuePair<string, string>>() : [new("cursor", cursor)]];
            var page = await stage.AskAsync(random, (node, cancel) => node.Client.Runs.ListAsync(query, cancel), cancel);
            foreach (var run in page.Items)
            {
                numbers[run.Labels["no"]] = numbers.GetValueOrDefault(run.Labels["no"]) + 1;
                if (!run.IsTerminal) open.Add($"{run.Id} ({run.Workflow}) is still {run.State}");
            }
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return
        [
            .. open,
            .. numbers.Where(number => number.Value > 1).Select(number => $"start no. {number.Key} made {number.Value} runs"),
            .. numbers.Count == acknowledged ? Array.Empty<string>() : [$"{acknowledged} runs were acknowledged, and there are {numbers.Count}"],
        ];
    }

    /// <summary>Nodes that are up are alive, the others are not, and none has a run.</summary>
    private static async Task<IReadOnlyList<string>> NodesAsync(Stage stage, Random random, CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse(await stage.AskAsync(random, (node, cancel) => node.Http.GetStringAsync(new Uri("/api/v1/nodes", UriKind.Relative), cancel), cancel));
        var listed = answer.RootElement.GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("id").GetString()!, item => (State: item.GetProperty("state").GetString(), Runs: item.GetProperty("runs").GetInt64()));
        return
        [
            .. from node in stage.Nodes where node.IsUp && listed.GetValueOrDefault(node.Name).State != "alive" select $"{node.Name} is up, and is listed as {listed.GetValueOrDefault(node.Name).State ?? "nothing"}",
            .. from node in stage.Nodes where !node.IsUp && listed.GetValueOrDefault(node.Name).State == "alive" select $"{node.Name} is dead, and is listed as alive",
            .. from item in listed where item.Value.Runs > 0 select $"{item.Key} ({item.Value.State}) still owns {item.Value.Runs} runs",
        ];
    }

    private static async Task<IReadOnlyList<string>> RowsAsync(PostgresCluster database, IEnumerable<Seen> log, CancellationToken cancel) =>
    [
        .. (await database.QueryAsync("SELECT owner, state, count(*) FROM baton.runs WHERE owner IS NOT NULL GROUP BY owner, state", cancel: cancel)).Select(row => $"the database still names an owner: {row} runs"),
        .. (await database.QueryAsync(Broken, cancel: cancel)).Select(row => $"the journal of an ended run is not whole: {row}"),
        .. log.Where(seen => seen.Kind == SeenKind.Reported).Select(seen => $"{seen.Run}|{seen.Key}").Except(await database.QueryAsync(Outcomes, cancel: cancel), StringComparer.Ordinal).Select(step => $"an outcome that was seen is in no journal: {step}"),
    ];
}
