using Baton.Engine;
using Baton.Server.Storage;
using Microsoft.Extensions.Options;

namespace Baton.Server.Cluster;

/// <summary>What a feature takes over from a node that is gone, inside the transaction that declares it gone.</summary>
/// <param name="TakeOver">From the statements and the node's name (null for whatever any node had) to how much it was.</param>
internal sealed record Inheritance(Func<SqlStatements, string?, int> TakeOver)
{
    /// <summary>The same for a node that comes back, of what an earlier life of it had.</summary>
    public Func<SqlStatements, string?, TakenBack> TakeBack { get; init; } = (statements, node) => new TakenBack(TakeOver(statements, node), static () => { });
}

/// <summary>What a node has taken back of an earlier life.</summary>
/// <param name="Keep">To be called once the transaction is committed.</param>
internal sealed record TakenBack(int Count, Action Keep);

/// <summary>
/// Puts this node among the others, says at every heartbeat that it lives, renews the lease, and takes over from nodes that are silent. On SQLite it is
/// the only one, and says nothing.
/// </summary>
internal sealed class NodeRegistry(Node node, NodeStore store, LeaderLease lease, Tenure tenure, Wakeups wakeups, IEnumerable<Inheritance> inheritances, NewsListener listener, Database database, IOptions<ClusterOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<NodeRegistry> log)
    : BackgroundService
{
    private readonly ClusterOptions settings = options.Value;
    private long started;
    private volatile int gateways = 1;

    /// <summary>Raised when the others have taken this node for dead: what it has in memory is no longer its own.</summary>
    public event Action? Lapsed;

    /// <summary>How many nodes serve models, as the last heartbeat found it; at least 1.</summary>
    public int Gateways => gateways;

    /// <summary>How long a heartbeat is good for: not as long as the others wait, so that what begins in time has begun before they act.</summary>
    private TimeSpan Tenancy => settings.LapseAfter * 0.8;

    private bool IsAlone => database.Dialect == Dialect.Sqlite;

    /// <summary>Takes back what an earlier life of this node had, before this one takes anything.</summary>
    /// <exception cref="StartupException">Another process goes by this node's name.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!IsAlone && !await listener.ConnectAsync(settings.LapseAfter, cancellationToken))
            throw new StartupException($"Another process runs as node '{node.Id}' on {database.Name}. Stop it, or give this one a name of its own with --node.");
        await RegisterAsync();
        if (IsAlone && node.Is(NodeRoles.Scheduler)) lease.HoldForGood();
        else if (!IsAlone) await RunOnceAsync(CancellationToken.None);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(CancellationToken.None);
        try
        {
            await store.RemoveAsync(node.Id, statements => inheritances.Sum(one => one.TakeOver(statements, node.Id)), () => [NodeNews.Queued]);   // what did not end in time
        }
        catch (StorageUnavailableException)
        {
            // Its row lapses.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (IsAlone) return;
        await using var drain = lifetime.ApplicationStopping.Register(() => _ = GiveUpLeaseAsync());
        using var timer = new PeriodicTimer(settings.HeartbeatInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await RunOnceAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>One heartbeat, and what it gives reason to do.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        try
        {
            var sent = time.GetTimestamp();
            var isDraining = lifetime.ApplicationStopping.IsCancellationRequested;
            var heard = await store.BeatAsync(node, started, isDraining, settings.LapseAfter, cancel);
            if (!heard.IsKnown)
            {
                await ComeBackAsync(cancel);
                return;
            }
            tenure.Renew(sent, Tenancy);
            gateways = Math.Max(1, heard.Gateways);
            if (heard.IsLeader) lease.Hold(sent, Tenancy);
            else lease.Release();
            foreach (var silent in heard.Silent) await TakeOverAsync(silent);
        }
        catch (StorageUnavailableException e)
        {
            log.HeartbeatFailed(e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)   // the edge of a background loop
        {
            log.RegistryFailed(e);
        }
    }

    private async Task RegisterAsync()
    {
        var sent = time.GetTimestamp();
        (started, var taken) = await store.RegisterAsync<List<TakenBack>>(node, statements => [.. inheritances.Select(one => one.TakeBack(statements, IsAlone ? null : node.Id))]);
        foreach (var one in taken) one.Keep();
        if (IsAlone) tenure.HoldForGood();
        else tenure.Renew(sent, Tenancy);
        if (taken.Sum(one => one.Count) is > 0 and var count) log.TakenBack(count);
    }

    /// <summary>The others took this node for dead: what it had is theirs. It begins anew, unless another process has its name now.</summary>
    private async Task ComeBackAsync(CancellationToken cancel)
    {
        lease.Release();
        tenure.Lose();
        Lapsed?.Invoke();
        if (await store.IsCurrentAsync(node.Id, started, cancel))
        {
            log.Lapsed(node.Id);
            await RegisterAsync();
            wakeups.Queued();
        }
        else
        {
            log.Replaced(node.Id);
            lifetime.StopApplication();
        }
    }

    private async Task TakeOverAsync(string silent)
    {
        var taken = await store.TakeOverAsync(silent, settings.LapseAfter, statements => inheritances.Sum(one => one.TakeOver(statements, silent)), () => [NodeNews.Queued]);
        if (taken is not { } count) return;
        log.TakenOver(silent, count);
        wakeups.Queued();
    }

    /// <summary>A node that stops leaves the lease to another at once.</summary>
    private async Task GiveUpLeaseAsync()
    {
        try
        {
            lease.Release();
            await store.ReleaseLeaseAsync(node.Id);
        }
        catch (StorageUnavailableException)
        {
            // It lapses.
        }
    }
}
