using Baton.Client;

namespace Baton.Load;

/// <summary>What the engine bench can measure: the usual, or by its name one of the others.</summary>
internal static class EngineScenarios
{
    public const string Bench = "engine";

    private static readonly Dictionary<string, Func<BenchOptions, Task<BenchResult>>> Named = new(StringComparer.Ordinal)
    {
        ["recovery"] = RecoveryBench.RunAsync,
        ["flat"] = FlatBench.RunAsync,
        ["sleeping"] = SleepingBench.RunAsync,
        ["idle"] = IdleBench.RunAsync,
        ["submit"] = SubmitBench.RunAsync,
    };

    public static IEnumerable<string> Names => Named.Keys;

    public static Task<BenchResult> RunAsync(BenchOptions options)
    {
        if (options.Peers && options.Scenario is not null) throw new UsageException($"{BenchOptions.PeersName} has scenarios of its own; leave {BenchOptions.ScenarioName} out.");
        if (options.Peers) return PeersBench.RunAsync(options);
        if (options.Scenario is null) return EngineBench.RunAsync(options);
        return Named.TryGetValue(options.Scenario, out var scenario) ? scenario(options) : throw new UsageException($"{BenchOptions.ScenarioName}: '{options.Scenario}' is none of {string.Join(", ", Names)}.");
    }

    /// <summary>Measures on each of the databases. One on which it fails has a row that says why, and the others are measured all the same.</summary>
    public static async Task<IReadOnlyList<Row>> OnEachAsync(BenchOptions options, string scenario, Func<BenchDatabases, DatabaseKind, Task<(string Metric, double Value, string Unit)[]>> measure)
    {
        var rows = new List<Row>();
        await using var databases = new BenchDatabases();
        foreach (var kind in options.Databases)
        {
            var subject = SubjectOn("csharp", kind);
            await Console.Error.WriteLineAsync($"engine: {scenario}, {subject}...");
            try
            {
                rows.AddRange((await measure(databases, kind)).Select(figure => new Row(Bench, scenario, subject, figure.Metric, figure.Value, figure.Unit)));
            }
            catch (Exception e) when (e is BenchException or BatonException)
            {
                rows.Add(new Row(Bench, scenario, subject, "failed", 1, e.Message.ReplaceLineEndings(" ")));
            }
        }
        return rows;
    }

    /// <summary>A subject's name in the rows: with its database, where that is not the usual one.</summary>
    public static string SubjectOn(string subject, DatabaseKind kind) => kind == DatabaseKind.Sqlite ? subject : $"{subject} {kind.ToString().ToLowerInvariant()}";
}
