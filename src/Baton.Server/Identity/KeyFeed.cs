using System.Data.Common;
using Baton.Engine;
using Baton.Server.Cluster;

namespace Baton.Server.Identity;

/// <summary>
/// Keeps the snapshot of keys like the database: at the start, after each change here, when another node tells of one, and every now and then should that have been missed. Tells the database when keys were used.
/// </summary>
internal sealed class KeyFeed : BackgroundService
{
    /// <summary>How soon a change is seen that nobody told of, and how coarse the last use is.</summary>
    private static readonly TimeSpan Pass = TimeSpan.FromSeconds(30), AfterFailure = TimeSpan.FromSeconds(1);

    private readonly KeyStore store;
    private readonly KeyTable table;
    private readonly Credentials credentials;
    private readonly Wakeups wakeups;
    private readonly ILogger<KeyFeed> log;
    private readonly SemaphoreSlim one = new(1);   // two at once could leave the older of two readings behind
    private readonly Signal changed;

    public KeyFeed(KeyStore store, KeyTable table, Credentials credentials, Wakeups wakeups, TimeProvider time, ILogger<KeyFeed> log)
    {
        (this.store, this.table, this.credentials, this.wakeups, this.log) = (store, table, credentials, wakeups, log);
        changed = new Signal(time);
    }

    /// <summary>No request is taken before the keys are known.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (credentials.OpenFile is { } open) log.KeysFileIsOpen(open);
        wakeups.KeysChangedElsewhere += changed.Set;
        wakeups.NewsMissed += changed.Set;
        await ReloadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        wakeups.KeysChangedElsewhere -= changed.Set;
        wakeups.NewsMissed -= changed.Set;
        try
        {
            await TellUsesAsync();
        }
        catch (Exception e) when (e is StorageUnavailableException or DbException)
        {
            log.KeysNotRead(e.Message);
        }
    }

    public override void Dispose()
    {
        one.Dispose();
        base.Dispose();
    }

    /// <summary>Reads all keys anew; what was committed before the call is seen by every request after it.</summary>
    public async Task ReloadAsync(CancellationToken cancel)
    {
        await one.WaitAsync(cancel);
        try
        {
            table.Replace(await store.AllAsync(cancel));
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Writes down when keys were used since the last time.</summary>
    public async Task TellUsesAsync()
    {
        var uses = new List<(VirtualKey Key, long AtMs)>();
        foreach (var key in table.Keys)
        {
            if (key.Use.TakeUntold() is { } at) uses.Add((key, at));
        }
        if (uses.Count == 0) return;
        try
        {
            await store.UsedAsync(uses);
        }
        catch
        {
            foreach (var (key, _) in uses) key.Use.Untell();
            throw;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = Pass;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var isTold = await changed.WaitAsync(wait, stoppingToken);
                await ReloadAsync(stoppingToken);
                if (!isTold) await TellUsesAsync();
                wait = Pass;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StorageUnavailableException or DbException)
            {
                log.KeysNotRead(e.Message);   // those in memory stay good
                wait = AfterFailure;
            }
            catch (Exception e)   // the edge of a background loop
            {
                log.KeysFailed(e);
                wait = AfterFailure;
            }
        }
    }
}
