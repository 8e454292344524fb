using System.Data.Common;
using Baton.Engine;

namespace Baton.Server.Cluster;

/// <summary>Removes what has been kept for long enough, every ten minutes, by the node that leads. Storage that is away is no failure: the next pass finds the same.</summary>
internal abstract class TimedRemoval(LeaderLease lease, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected TimeProvider Time { get; } = time;

    /// <summary>One pass over all that is overdue, in small commits.</summary>
    /// <returns>How much was removed.</returns>
    public abstract Task<int> RunOnceAsync(CancellationToken cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (lease.IsHeld) await PassAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    protected abstract void Removed(int count);

    protected abstract void Waits(string reason);

    private async Task PassAsync(CancellationToken stopping)
    {
        try
        {
            if (await RunOnceAsync(stopping) is > 0 and var removed) Removed(removed);
        }
        catch (Exception e) when (e is StorageUnavailableException or DbException)
        {
            Waits(e.Message);
        }
    }
}
