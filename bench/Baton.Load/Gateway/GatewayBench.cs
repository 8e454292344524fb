using System.Diagnostics;

namespace Baton.Load;

/// <summary>
/// The gateway beside a call without it and beside nginx, each in the same run: the subject has one processor for itself, load and upstream share another.
/// </summary>
internal static class GatewayBench
{
    private const string Name = "gateway";

    private const int Rounds = 3;

    private static readonly GatewayScenario[] All =
    [
        new SaturationScenario("sat-1k", PromptBytes: 1 << 10), new SaturationScenario("sat-32k", PromptBytes: 32 << 10),
        new RateScenario("rate-300", PerSecond: 300), new RateScenario("rate-3000", PerSecond: 3_000),
        new StreamScenario("stream-32", Streams: 32), new StreamScenario("stream-256", Streams: 256),
    ];

    public static IEnumerable<string> Names => All.Select(scenario => scenario.Name).Append(FaultsBench.Scenario).Append(BreakerBench.Scenario).Append(UsageBench.Scenario);

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        if (options.Scenario == FaultsBench.Scenario) return await FaultsBench.RunAsync();
        if (options.Scenario == BreakerBench.Scenario) return await BreakerBench.RunAsync();
        if (options.Scenario == UsageBench.Scenario) return await UsageBench.RunAsync(options);
        if (options.Databases is not [DatabaseKind.Sqlite]) throw new UsageException($"{BenchOptions.DatabaseName} is for the scenario {UsageBench.Scenario}; all others of the gateway are measured on SQLite.");
        if (!OperatingSystem.IsLinux()) throw new BenchException("this bench needs Linux: processors are assigned and counted there.");
        var chosen = options.Scenario is not { } wanted ? All : Array.FindAll(All, scenario => scenario.Name == wanted);
        if (chosen.Length == 0) throw new UsageException($"there is no scenario '{options.Scenario}'; there are {string.Join(", ", Names)}.");
        NginxProcess.Require();
        // What is measured has the first processor; this process, and what it starts for the load, the second.
        if (Environment.ProcessorCount > 1 && OperatingSystem.IsLinux()) Process.GetCurrentProcess().ProcessorAffinity = 2;
        await using var databases = new BenchDatabases();
        var figures = new Dictionary<(string Scenario, string Subject, string Metric), List<double>>();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var scenario in chosen)
            {
                await Console.Error.WriteLineAsync($"gateway: {scenario.Name}, round {round + 1} of {Rounds}...");
                await using var upstream = await scenario.StartUpstreamAsync();
                IReadOnlyList<(string Metric, double Value)> direct = [];
                foreach (var start in Subjects(databases, upstream.Address))
                {
                    await using var subject = await start();
                    var seen = await scenario.MeasureAsync(subject);
                    if (subject.Name == "direct") direct = seen;
                    foreach (var (metric, value) in seen.Concat(scenario.Added(seen, direct, subject))) figures.GetOrAdd((scenario.Name, subject.Name, metric)).Add(value);
                }
            }
        }
        return new BenchResult([.. figures.Select(entry => new Row(Name, entry.Key.Scenario, entry.Key.Subject, entry.Key.Metric, Statistics.Median(entry.Value), UnitOf(entry.Key.Metric)))],
            $"Medians of {Rounds} rounds, subjects in turns. The subject has a processor for itself, load and upstream share another. sat: 64 connections, as fast as they are answered, Baton after half a minute of that. rate: timed from when a request was due, prompts of 1 KB, Baton after half a minute of sat. "
            + $"stream: {StreamScenario.Chunks} chunks, one each {StreamScenario.Pause.TotalMilliseconds:0} ms, Baton after half a minute of them; delays between the upstream's write and the client's read. baton: a process of the role gateway alone; baton-full: a key with limits and a budget, accounting on.");
    }

    private static Func<Task<GatewaySubject>>[] Subjects(BenchDatabases databases, Uri upstream) =>
    [
        () => Task.FromResult(GatewaySubject.Direct(upstream)),
        () => GatewaySubject.NginxAsync(upstream),
        () => GatewaySubject.BatonAsync(databases, upstream, isFull: false),
        () => GatewaySubject.BatonAsync(databases, upstream, isFull: true),
    ];

    private static string UnitOf(string metric) => metric switch
    {
        "requests_per_s" => "1/s",
        _ when metric.Contains("_us", StringComparison.Ordinal) => "us",
        _ when metric.EndsWith("_ms", StringComparison.Ordinal) => "ms",
        _ when metric.EndsWith("_mb", StringComparison.Ordinal) => "MB",
        _ => "",
    };

    private static List<double> GetOrAdd(this Dictionary<(string, string, string), List<double>> all, (string, string, string) key)
    {
        if (!all.TryGetValue(key, out var list)) all[key] = list = [];
        return list;
    }
}
