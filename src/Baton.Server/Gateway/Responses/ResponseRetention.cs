using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Removes conversations of stored responses that have been kept for long enough: in small commits, by the node that leads.</summary>
internal sealed class ResponseRetention(ResponseStore store, LeaderLease lease, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ResponseRetention> log) : TimedRemoval(lease, time)
{
    private const int BatchSize = 100;   // each with all its turns

    /// <summary>One pass over all that is overdue.</summary>
    /// <returns>How many conversations were removed.</returns>
    public override async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var (before, removed, some) = (Time.GetUtcNow() - options.Value.Responses.KeepFor, 0, 0);
        do removed += some = await store.RemoveOldAsync(before, BatchSize);
        while (some == BatchSize && !cancel.IsCancellationRequested);
        return removed;
    }

    protected override void Removed(int count) => log.ResponsesRemoved(count);

    protected override void Waits(string reason) => log.ResponsesStay(reason);
}
