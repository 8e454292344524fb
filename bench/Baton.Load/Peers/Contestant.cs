using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Baton.Load;

/// <summary>An engine in the comparison.</summary>
/// <param name="MeasureAsync">One round of a scenario on an empty database: figures by metric.</param>
internal sealed record Contestant(string Name, Func<Scenario, Task<IReadOnlyDictionary<string, double>>> MeasureAsync);

/// <summary>What all are measured by.</summary>
internal enum Scenario
{
    Steps,
    Map,
    Recovery,
}

/// <summary>Baton in this process, as an application would have it that uses one of the peers' libraries.</summary>
internal sealed class BatonContestant(BenchDatabases databases, DatabaseKind kind)
{
    private const string Subject = "csharp";

    /// <summary>As long as the others have.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(PeerContestant.WarmUpSeconds), Measured = TimeSpan.FromSeconds(PeerContestant.MeasuredSeconds);

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(Scenario scenario)
    {
        var database = await databases.NewAsync(kind);
        if (scenario == Scenario.Recovery)
        {
            var (seconds, repeated) = await RecoveryBench.OnceAsync(database, databases.NewFolder(), CancellationToken.None);
            return new Dictionary<string, double> { ["recovered_s"] = seconds, ["repeated_steps"] = repeated };
        }
        await using var bench = await EngineBench.StartAsync(database);
        if (scenario == Scenario.Map)
        {
            await bench.MapAsync(Subject);
            return new Dictionary<string, double> { ["items_per_s"] = await bench.MapAsync(Subject) };
        }
        await bench.StepsAsync(Subject, WarmUp);
        var figures = await bench.WeighedAsync(() => bench.StepsAsync(Subject, Measured));
        return new Dictionary<string, double> { ["steps_per_s"] = figures.PerSecond, ["p50_ms"] = figures.P50Ms, ["p99_ms"] = figures.P99Ms, ["bytes_per_step"] = figures.BytesPerStep };
    }
}

/// <summary>Another engine, by its driver.</summary>
/// <param name="kind">What it keeps its journal in; null when it has a store of its own.</param>
internal sealed class PeerContestant(PeerPackages packages, BenchDatabases databases, string script, DatabaseKind? kind)
{
    public const int WarmUpSeconds = 4, MeasuredSeconds = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(Scenario scenario)
    {
        var ask = new Dictionary<string, object>
        {
            ["payload"] = EngineSubjects.PayloadLength, ["steps"] = EngineSubjects.Steps, ["atOnce"] = EngineBench.AtOnce, ["items"] = EngineSubjects.Items,
            ["warmupSeconds"] = WarmUpSeconds, ["seconds"] = MeasuredSeconds, ["runs"] = RecoveryLog.Runs, ["holdAt"] = ServerSubjects.HoldAt,
        };
        if (kind is { } there) ask["database"] = (await databases.NewAsync(there)).Address;
        else (ask["folder"], ask["ports"]) = (databases.NewFolder(), FreePorts("ingress", "admin", "fabric", "service"));
        if (scenario == Scenario.Recovery) return await RecoverAsync(ask);
        using var driver = Start(scenario.ToString().ToLowerInvariant(), ask);
        return JsonSerializer.Deserialize<Dictionary<string, double>>(await driver.ExitAsync(Limit))!;
    }

    private async Task<IReadOnlyDictionary<string, double>> RecoverAsync(Dictionary<string, object> ask)
    {
        var log = new RecoveryLog(Path.Combine(databases.NewFolder(), "performed"));
        ask["recorder"] = log.Path;
        using (var held = Start("start", new Dictionary<string, object>(ask) { ["hold"] = true })) await held.WhileAliveAsync(log.HeldAsync);
        var spawned = Stopwatch.GetTimestamp();
        using var driver = Start("resume", ask);
        await driver.ExitAsync(Limit);
        return new Dictionary<string, double> { ["recovered_s"] = Stopwatch.GetElapsedTime(spawned).TotalSeconds, ["repeated_steps"] = log.Repeated() };
    }

    private PeerProcess Start(string command, Dictionary<string, object> ask) => PeerProcess.Start(packages.Folder, "node", [$"{script}.mjs", command, JsonSerializer.Serialize(ask)]);

    private static Dictionary<string, int> FreePorts(params string[] names)
    {
        var probes = names.Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var probe in probes) probe.Start();
        var ports = names.Zip(probes, (name, probe) => (name, ((IPEndPoint)probe.LocalEndpoint).Port)).ToDictionary();
        foreach (var probe in probes) probe.Dispose();
        return ports;
    }
}
