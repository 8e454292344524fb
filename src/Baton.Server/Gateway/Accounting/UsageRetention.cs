using System.Data.Common;
using Baton.Engine;
using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Removes calls and sums that have been kept for long enough: in small commits, by the node that leads.</summary>
internal sealed class UsageRetention(UsageStore store, LeaderLease lease, IOptions<UsageOptions> options, TimeProvider time, ILogger<UsageRetention> log) : BackgroundService
{
    private const int BatchSize = 1_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
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

    /// <summary>One pass over all that is overdue.</summary>
    /// <returns>How many rows were removed.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var (settings, now, removed) = (options.Value, time.GetUtcNow(), 0);
        foreach (var tenant in await store.TenantsAsync(cancel))
        {
            int some;
            do removed += some = await store.RemoveRecordsAsync(tenant, now - settings.KeepRequests, BatchSize);
            while (some == BatchSize && !cancel.IsCancellationRequested);
            removed += await store.RemoveHoursAsync(tenant, now - settings.KeepHours);
            if (settings.KeepDays is { } days) removed += await store.RemoveDaysAsync(tenant, now - days);
        }
        return removed;
    }

    private async Task PassAsync(CancellationToken stopping)
    {
        try
        {
            if (await RunOnceAsync(stopping) is > 0 and var removed) log.UsageRemoved(removed);
        }
        catch (Exception e) when (e is StorageUnavailableException or DbException)
        {
            log.UsageWaits(e.Message);
        }
    }
}
