using System.Data.Common;
using Baton.Engine;
using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Removes conversations of stored responses that have been kept for long enough: in small commits, by the node that leads.</summary>
internal sealed class ResponseRetention(ResponseStore store, LeaderLease lease, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ResponseRetention> log) : BackgroundService
{
    private const int BatchSize = 100;   // each with all its turns

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
    /// <returns>How many conversations were removed.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var (before, removed, some) = (time.GetUtcNow() - options.Value.Responses.KeepFor, 0, 0);
        do removed += some = await store.RemoveOldAsync(before, BatchSize);
        while (some == BatchSize && !cancel.IsCancellationRequested);
        return removed;
    }

    private async Task PassAsync(CancellationToken stopping)
    {
        try
        {
            if (await RunOnceAsync(stopping) is > 0 and var removed) log.ResponsesRemoved(removed);
        }
        catch (Exception e) when (e is StorageUnavailableException or DbException)
        {
            log.ResponsesStay(e.Message);
        }
    }
}
