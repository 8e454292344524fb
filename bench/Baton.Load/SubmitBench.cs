using Baton.Client;

namespace Baton.Load;

/// <summary>
/// <c>POST /api/v1/runs</c> at a fixed rate, whatever the answers take (an open loop). Each answer is timed from the moment at which its request was due,
/// so that a server that falls behind cannot hide it.
/// </summary>
internal static class SubmitBench
{
    private const int PerSecond = 500;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5), Measured = TimeSpan.FromSeconds(20), Look = TimeSpan.FromMilliseconds(20);

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var rows = await EngineScenarios.OnEachAsync(options, "submit", async (databases, kind) =>
        {
            await using var server = await ServerProcess.StartAsync(await databases.NewAsync(kind));
            await SubmitAsync(server, WarmUp);
            var (latencies, refused) = await SubmitAsync(server, Measured);
            while (await server.HasAsync("running") || await server.HasAsync("queued")) await Task.Delay(Look, TimeProvider.System);
            if (await server.HasAsync("failed") || await server.HasAsync("paused")) throw new BenchException("runs failed or were paused");
            return [("p50_ms", Statistics.Median(latencies), "ms"), ("p99_ms", Statistics.Percentile(latencies, 0.99), "ms"), ("max_ms", latencies.Max(), "ms"), ("refused", refused, "")];
        });
        return new BenchResult(rows, $"{PerSecond} requests/s for {Measured.TotalSeconds} s after {WarmUp.TotalSeconds} s to warm up; each starts a run of one step and is answered when the run is durably stored. Timed from when the request was due; the load is on the same machine.");
    }

    private static async Task<(IReadOnlyCollection<double> Latencies, int Refused)> SubmitAsync(ServerProcess server, TimeSpan span)
    {
        var refused = 0;
        var latencies = await OpenLoop.RunAsync(PerSecond, span, async _ =>
        {
            await Task.Yield();
            try
            {
                await server.Client.Runs.StartAsync(new StartRun($"csharp/{EngineSubjects.One}"), null, CancellationToken.None);
            }
            catch (BatonException)
            {
                Interlocked.Increment(ref refused);
            }
        });
        return ([.. latencies.Select(latency => latency.TotalMilliseconds)], refused);
    }
}
