using Baton.Engine;
using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Keeps the table of routes up to date: with the file, which is looked at twice a second, and with the database, which is read when this or another node tells of a change, and
/// now and then in case that such news was lost. Requests read the table alone.
/// </summary>
internal sealed class RouteLoader(RouteTable table, RouteStore store, Wakeups wakeups, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RouteLoader> log) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500), BetweenReads = TimeSpan.FromSeconds(30), Again = TimeSpan.FromSeconds(1);

    private readonly string? path = options.Value.RoutesFile is { Length: > 0 } set ? set : null;
    private readonly Signal changed = new(time);
    private readonly SemaphoreSlim reading = new(1, 1);
    private volatile bool isStale;
    private long readAt;
    private string? inForce = table.FileAtStart, seen, refused;

    /// <summary>Puts all routes in force before the server listens.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        wakeups.ReroutedElsewhere += ReadAgain;
        wakeups.NewsMissed += ReadAgain;
        await ReadStoredAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        wakeups.ReroutedElsewhere -= ReadAgain;
        wakeups.NewsMissed -= ReadAgain;
        reading.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (StorageUnavailableException e)
            {
                log.RoutesNotRead(e.Message);
            }
            catch (Exception e)   // the edge of a background loop
            {
                log.RouteLoaderFailed(e);
            }
            try
            {
                await changed.WaitAsync(isStale ? Again : path is null ? BetweenReads : BetweenLooks, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
        }
    }

    /// <summary>Looks at the file, and reads the database when it is time.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        LookAtFile();
        if (!isStale && time.GetElapsedTime(Volatile.Read(ref readAt)) < BetweenReads) return;
        isStale = false;
        try
        {
            await ReadStoredAsync(cancel);
        }
        catch
        {
            isStale = true;
            throw;
        }
    }

    /// <summary>Puts in force what tenants' routes are now: a change is answered when this node knows it.</summary>
    public async Task ReadStoredAsync(CancellationToken cancel)
    {
        await reading.WaitAsync(cancel);   // what was read first must not be put in force last
        try
        {
            var routes = await store.AllAsync(cancel);
            Volatile.Write(ref readAt, time.GetTimestamp());
            if (!table.ReplaceStored(routes)) return;
            foreach (var route in table.Current.All.Where(route => route.Fault is not null)) log.OwnRouteUnusable(route.Tenant!.Value.Value, route.Name, route.Fault!);
        }
        finally
        {
            reading.Release();
        }
    }

    private void ReadAgain()
    {
        isStale = true;
        changed.Set();
    }

    /// <summary>A change is taken once two looks have found the same: a file that is being written is none yet. One that was refused is tried again: a key that was missing may be there.</summary>
    private void LookAtFile()
    {
        if (path is null) return;
        var (text, unreadable) = RoutesFile.ReadText(path);
        if (text is null)
        {
            Refuse(unreadable!);
            return;
        }
        var isSettled = text == seen;
        seen = text;
        if (!isSettled) return;
        if (text == inForce)
        {
            refused = null;
            return;
        }
        if (Apply(text) is { } reason)
        {
            Refuse(reason);
            return;
        }
        (inForce, refused) = (text, null);
        log.RoutesReplaced(path);
    }

    /// <returns>Why not; null when it is in force.</returns>
    private string? Apply(string text) => RoutesFile.Parse(path!, text) switch
    {
        RoutesReading.Models read => table.ReplaceFile(read.All) is { Count: > 0 } faults ? $"{path}: {string.Join(" ", faults)}" : null,
        RoutesReading.Refused refusal => refusal.Reason,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Says so once.</summary>
    private void Refuse(string reason)
    {
        if (refused == reason) return;
        refused = reason;
        log.RoutesRefused(reason);
    }
}
