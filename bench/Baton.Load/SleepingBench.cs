namespace Baton.Load;

/// <summary>What a hundred thousand sleeping runs hold of a server's memory.</summary>
internal static class SleepingBench
{
    private const int Runs = 100_000, AtOnce = 50;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5), Look = TimeSpan.FromMilliseconds(100);

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var rows = await EngineScenarios.OnEachAsync(options, "sleeping", async (databases, kind) =>
        {
            var database = await databases.NewAsync(kind);
            double idle, asleep;
            await using (var server = await ServerProcess.StartAsync(database))
            {
                idle = await SettledAsync(server);
                await server.StartRunsAsync($"bench/{ServerSubjects.Sleeper}", Runs, AtOnce);
                asleep = await SettledAsync(server);
            }
            await using var again = await ServerProcess.StartAsync(database);
            return
            [
                ("idle_mb", idle, "MB"), ("above_idle_mb", asleep - idle, "MB"), ("above_idle_after_restart_mb", await SettledAsync(again) - idle, "MB"),
                ("bytes_per_run", (double)await database.SizeAsync() / Runs, "B"),
            ];
        });
        return new BenchResult(rows, $"{Runs:N0} runs started by POST /api/v1/runs, {AtOnce} at once, each asleep for a day. Resident memory of the server, {Settling.TotalSeconds} s after the last began to sleep, above what it held before the first; and again in a new process on the same database.");
    }

    /// <summary>Its memory once nothing is under way any more.</summary>
    private static async Task<double> SettledAsync(ServerProcess server)
    {
        while (await server.HasAsync("running") || await server.HasAsync("queued")) await Task.Delay(Look, TimeProvider.System);
        await Task.Delay(Settling, TimeProvider.System);
        return server.RssMb;
    }
}
