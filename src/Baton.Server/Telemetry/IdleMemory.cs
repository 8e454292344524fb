namespace Baton.Server.Telemetry;

/// <summary>
/// Gives memory back to the system when work is over. Left to itself the collector waits for the next allocation, which a server without work does not
/// make: what a burst has left would be held for good.
/// </summary>
internal sealed class IdleMemory(TimeProvider time) : BackgroundService
{
    /// <summary>Less than this between two looks is no work; more than that since the last collection is worth one.</summary>
    private const long Quiet = 2 * 1024 * 1024, Worthwhile = 32 * 1024 * 1024;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (before, collected) = (GC.GetTotalAllocatedBytes(), 0L);
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = GC.GetTotalAllocatedBytes();
            if (now - before < Quiet && now - collected > Worthwhile)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                collected = now;
            }
            before = now;
        }
    }
}
