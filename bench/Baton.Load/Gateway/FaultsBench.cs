using Baton.Client;
using Baton.TestBed;

namespace Baton.Load;

/// <summary>What a server holds after many requests that went wrong in every way: memory, connections and files must not grow with their number.</summary>
internal static class FaultsBench
{
    public const string Scenario = "faults";

    private const int Each = 2_000, Requests = 10_000;

    private const long Plenty = 1_000_000_000_000;

    /// <summary>Longer than a server without work waits before it gives memory back, and than a connection without use stays open on either side.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5), Look = TimeSpan.FromMilliseconds(50);

    public static async Task<BenchResult> RunAsync()
    {
        if (!OperatingSystem.IsLinux()) throw new BenchException("this scenario needs Linux: open files are counted there.");
        await using var databases = new BenchDatabases();
        await using var host = new FaultyHost();
        await using var server = await ServerProcess.StartAsync(await databases.NewAsync(DatabaseKind.Sqlite), [.. Settings(host)]);
        var key = await server.Client.Keys.CreateAsync(new CreateKey("faults", Limits: [new KeyLimit(Requests: Plenty, Tokens: Plenty, Concurrency: 10_000)]), CancellationToken.None);
        await server.Client.Budgets.PutAsync("faults", new PutBudget(Plenty, "day", Key: "faults"), CancellationToken.None);
        var rows = new List<Row>();
        for (var sent = 0; sent < Requests; sent += Each)
        {
            await Console.Error.WriteLineAsync($"gateway: faults, request {sent + Each:N0} of {Requests:N0}...");
            await FaultyTraffic.SendAsync(server.Address, key.Secret, sent, Each, CancellationToken.None);
            await Task.Delay(Settling, TimeProvider.System);
            Add("rss_mb", server.RssMb, "MB");
            Add("heap_mb", await HeapAsync(server) / 1e6, "MB");
            Add("open_files", Directory.GetFiles($"/proc/{server.Pid}/fd").Length, "");
            Add("reserved", (await server.Client.Budgets.GetAsync("faults", CancellationToken.None)).ReservedMicro, "micro-dollars");

            void Add(string metric, double value, string unit) => rows.Add(new Row("gateway", Scenario, "baton-full", $"{metric} after {sent + Each:N0}", value, unit));
        }
        return new BenchResult(rows, $"{Requests:N0} requests, whole and streamed by turns, to models that {string.Join(", ", FaultyHost.Models)}; every fifth client leaves. One round; {Settling.TotalSeconds:0} s of silence before each look. heap_mb: managed memory after a full collection. baton-full: a key with limits and a budget, accounting on.");
    }

    private static IEnumerable<(string, string)> Settings(FaultyHost host)
    {
        foreach (var (name, value) in host.Settings) yield return (Variable(name), value);
        foreach (var model in FaultyHost.Models)
        {
            foreach (var (name, value) in new[] { ("Strategy", "priority"), ("Retries", "0"), ("FirstByteTimeout", "00:00:01"), ("IdleTimeout", "00:00:01"), ("Cache:Coalesce", "true") }) yield return (Variable($"Models:{model}:{name}"), value);
        }
        yield return (Variable("BreakerFailures"), "1000");
        yield return (Variable("BreakerPause"), "00:00:00.1");
    }

    private static string Variable(string setting) => $"BATON_GATEWAY__{setting.Replace(":", "__", StringComparison.Ordinal)}";

    private static async Task<double> HeapAsync(ServerProcess server)
    {
        var run = await server.Client.Runs.StartAsync(new StartRun($"bench/{ServerSubjects.Heap}"), null, CancellationToken.None);
        while ((await server.Client.Runs.GetAsync(run.Id, CancellationToken.None)).State != "completed") await Task.Delay(Look, TimeProvider.System);
        return (await server.Client.Runs.ResultAsync(run.Id, CancellationToken.None)).Output!.Value.GetDouble();
    }
}
