using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Removes calls and sums that have been kept for long enough: in small commits, by the node that leads.</summary>
internal sealed class UsageRetention(UsageStore store, LeaderLease lease, IOptions<UsageOptions> options, TimeProvider time, ILogger<UsageRetention> log) : TimedRemoval(lease, time)
{
    private const int BatchSize = 1_000;

    /// <summary>One pass over all that is overdue.</summary>
    /// <returns>How many rows were removed.</returns>
    public override async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var (settings, now, removed) = (options.Value, Time.GetUtcNow(), 0);
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

    protected override void Removed(int count) => log.UsageRemoved(count);

    protected override void Waits(string reason) => log.UsageWaits(reason);
}
