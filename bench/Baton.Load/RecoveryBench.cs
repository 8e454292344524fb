using System.Diagnostics;

namespace Baton.Load;

/// <summary>A thousand runs under way, the server killed (SIGKILL) and started again: how long until all have ended, and whether anything was done twice.</summary>
internal static class RecoveryBench
{
    private const int Rounds = 3, AtOnce = 50;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var rows = await EngineScenarios.OnEachAsync(options, "recovery", async (databases, kind) =>
        {
            List<(double Seconds, int Repeated)> rounds = [];
            for (var round = 0; round < Rounds; round++) rounds.Add(await OnceAsync(await databases.NewAsync(kind), databases.NewFolder(), CancellationToken.None));
            return [("recovered_s", Statistics.Median(rounds.Select(round => round.Seconds)), "s"), ("repeated_steps", rounds.Sum(round => round.Repeated), "")];
        });
        return new BenchResult(rows, $"{RecoveryLog.Runs:N0} runs of {EngineSubjects.Steps} steps stand in the middle of step {ServerSubjects.HoldAt + 1}; kill -9; from the spawn of the next process until every run is completed. Repeated: recorded steps that were performed again, by a file outside. Median of {Rounds} rounds.");
    }

    /// <returns>Seconds from the restart's spawn until all runs had ended, and how often a recorded step was performed again.</returns>
    public static async Task<(double Seconds, int Repeated)> OnceAsync(BenchDatabase database, string folder, CancellationToken cancel)
    {
        var log = new RecoveryLog(Path.Combine(folder, "performed"));
        await using (var held = await ServerProcess.StartAsync(database, (ServerSubjects.Recorder, log.Path), (ServerSubjects.Hold, "1")))
        {
            await held.StartRunsAsync($"bench/{ServerSubjects.Watched}", RecoveryLog.Runs, AtOnce);
            await log.HeldAsync(cancel);
        }
        var spawned = Stopwatch.GetTimestamp();
        await using var server = await ServerProcess.StartAsync(database, (ServerSubjects.Recorder, log.Path));
        await Task.WhenAll(log.FinishedAsync(cancel), server.HasAsync("running"));   // a first look while they run, as anybody would: it is slower than those that follow
        while (await server.HasAsync("running") || await server.HasAsync("queued") || await server.HasAsync("waiting")) await Task.Delay(Look, TimeProvider.System, cancel);
        var seconds = Stopwatch.GetElapsedTime(spawned).TotalSeconds;
        if (await server.HasAsync("failed") || await server.HasAsync("paused")) throw new BenchException("runs failed or were paused");
        return (seconds, log.Repeated());
    }
}
