using System.Diagnostics;

namespace Baton.Load;

/// <summary>Baton and other engines at the same work in the same run, in turns, and how many times better Baton is at each.</summary>
internal sealed class PeersBench
{
    /// <summary>Rounds are made while they fit in here.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromMinutes(6);
    private const int MostRounds = 3;

    /// <summary>What is measured, and whether more of it is better; null for what has no ratio.</summary>
    private static readonly (string Name, string Unit, bool? MoreIsBetter)[] Metrics =
    [
        ("steps_per_s", "1/s", true), ("p50_ms", "ms", false), ("p99_ms", "ms", false), ("bytes_per_step", "B", false),
        ("items_per_s", "1/s", true), ("recovered_s", "s", false), ("repeated_steps", "", null),
    ];

    private static readonly string[] Packages =
        ["@dbos-inc/dbos-sdk", "@langchain/langgraph", "@langchain/langgraph-checkpoint-sqlite", "@langchain/langgraph-checkpoint-postgres", "better-sqlite3", "@restatedev/restate-server", "@restatedev/restate-sdk"];

    private readonly IReadOnlyList<Contestant> batons, peers;
    private readonly Dictionary<(Scenario, string Name), List<IReadOnlyDictionary<string, double>>> rounds = [];
    private readonly Dictionary<(Scenario, string Name), string> failures = [];

    private PeersBench(IReadOnlyList<Contestant> batons, IReadOnlyList<Contestant> peers) => (this.batons, this.peers) = (batons, peers);

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var packages = await PeerPackages.InstallAsync();
        await using var databases = new BenchDatabases();
        var bench = new PeersBench(
            [.. options.Databases.Select(kind => new Contestant($"baton {kind.ToString().ToLowerInvariant()}", new BatonContestant(databases, kind).MeasureAsync))],
            [
                Peer("dbos postgres", "dbos", DatabaseKind.Postgres), Peer("langgraph sqlite", "langgraph", DatabaseKind.Sqlite),
                Peer("langgraph postgres", "langgraph", DatabaseKind.Postgres), Peer("restate", "restate", null),
            ]);
        var made = await bench.MeasureAsync();
        return new BenchResult([.. bench.Figures(), .. bench.Ratios()],
            $"Steps: {EngineSubjects.Steps} in sequence, {EngineSubjects.PayloadLength + 2} bytes each, {EngineBench.AtOnce} workflows at once. Map: {EngineSubjects.Items:N0} items in one workflow. "
            + $"Recovery: {RecoveryLog.Runs:N0} runs under way, kill -9, from the next spawn until all have ended; repeated steps are counted outside, of those whose outcome was recorded. "
            + $"Ratios: how many times better Baton is. Medians of {string.Join(", ", made.Select(rounds => $"{rounds.Value} ({rounds.Key.ToString().ToLowerInvariant()})"))} rounds in turns; {Environment.ProcessorCount} cores. "
            + $"Versions: {string.Join(", ", Packages.Select(package => $"{package} {packages.Version(package) ?? "(not installed)"}"))}.");

        Contestant Peer(string name, string script, DatabaseKind? kind) => new(name, new PeerContestant(packages, databases, script, kind).MeasureAsync);
    }

    /// <returns>How many rounds there were of each scenario.</returns>
    private async Task<Dictionary<Scenario, int>> MeasureAsync()
    {
        var (started, took, made) = (Stopwatch.GetTimestamp(), new Dictionary<Scenario, TimeSpan>(), new Dictionary<Scenario, int>());
        for (var round = 1; round <= MostRounds; round++)
        {
            foreach (var scenario in Enum.GetValues<Scenario>())
            {
                var begun = Stopwatch.GetTimestamp();
                if (Stopwatch.GetElapsedTime(started) + took.GetValueOrDefault(scenario) > Budget) continue;
                foreach (var contestant in (IEnumerable<Contestant>)[.. batons, .. peers])
                {
                    if (round == 1 && Stopwatch.GetElapsedTime(started) > Budget) failures[(scenario, contestant.Name)] = $"no time was left: the others took {Budget.TotalMinutes} minutes";
                    else await MeasureAsync(scenario, contestant, round);
                }
                (took[scenario], made[scenario]) = (Stopwatch.GetElapsedTime(begun), round);
            }
        }
        return made;
    }

    /// <summary>One that fails has a row that says why, and is not tried again; the others go on.</summary>
    private async Task MeasureAsync(Scenario scenario, Contestant contestant, int round)
    {
        if (failures.ContainsKey((scenario, contestant.Name))) return;
        await Console.Error.WriteLineAsync($"engine: {scenario.ToString().ToLowerInvariant()}, round {round}, {contestant.Name}...");
        try
        {
            var figures = await contestant.MeasureAsync(scenario);
            if (!rounds.TryGetValue((scenario, contestant.Name), out var before)) rounds[(scenario, contestant.Name)] = before = [];
            before.Add(figures);
        }
        catch (Exception e) when (e is BenchException or InvalidOperationException or IOException or Baton.Client.BatonException or Baton.Server.StartupException)   // the edge of one engine: the others are still to be measured
        {
            failures[(scenario, contestant.Name)] = e.Message.ReplaceLineEndings(" ");
        }
    }

    private IEnumerable<Row> Figures() =>
        from scenario in Enum.GetValues<Scenario>()
        from contestant in batons.Concat(peers)
        from row in failures.TryGetValue((scenario, contestant.Name), out var reason)
            ? [new Row(EngineScenarios.Bench, Name(scenario), contestant.Name, "failed", 1, reason)]
            : from metric in Metrics
              where Median(scenario, contestant, metric.Name) is not null
              select new Row(EngineScenarios.Bench, Name(scenario), contestant.Name, metric.Name, Median(scenario, contestant, metric.Name)!.Value, metric.Unit)
        select row;

    private IEnumerable<Row> Ratios() =>
        from scenario in Enum.GetValues<Scenario>()
        from metric in Metrics
        where metric.MoreIsBetter is not null
        from baton in batons
        from peer in peers
        let ours = Median(scenario, baton, metric.Name) ?? 0
        let theirs = Median(scenario, peer, metric.Name) ?? 0
        where ours > 0 && theirs > 0
        select new Row(EngineScenarios.Bench, $"{Name(scenario)} ratio", $"{baton.Name} : {peer.Name}", metric.Name, metric.MoreIsBetter is true ? ours / theirs : theirs / ours, "times better");

    private double? Median(Scenario scenario, Contestant contestant, string metric) =>
        rounds.TryGetValue((scenario, contestant.Name), out var all) && all[0].ContainsKey(metric) ? Statistics.Median(all.Select(figures => figures[metric])) : null;

    private static string Name(Scenario scenario) => scenario.ToString().ToLowerInvariant();
}
