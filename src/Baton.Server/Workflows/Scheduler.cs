using System.Collections.Concurrent;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Starts the runs that are due by time: on the node that leads. A due time that passed while no server ran counts once.</summary>
internal sealed class Scheduler(Database database, ScheduleStore store, ScheduleTable table, WorkflowCatalog catalog, RunWrites writes, Wakeups wakeups, LeaderLease lease, TimeProvider time, ILogger<Scheduler> log) : BackgroundService
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly ScheduleSql sql = writes.Sql.Schedules;
    private readonly ConcurrentQueue<(TenantId Tenant, string Namespace, string Workflow)> ended = new();   // runs after which another may be due
    private readonly Signal changed = new(time);

    private volatile bool stale;

    /// <summary>Puts the schedules in force before the server listens, and before a run goes on: an event that comes at once must find them.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        table.Changed += changed.Set;
        wakeups.RunEnded += OnRunEnded;
        wakeups.RegisteredElsewhere += LoadAgain;
        wakeups.NewsMissed += LoadAgain;
        lease.Acquired += LoadAgain;   // when they are due next, only the one that led has known
        await LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync();
                await changed.WaitAsync(lease.IsHeld ? table.All.Min(active => active.Due) : null, LongestWait, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (StorageUnavailableException e)
            {
                log.ScheduleFailed(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
            catch (Exception e)   // the edge of a background loop
            {
                log.SchedulerFailed(e);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
        }
    }

    /// <summary>Starts everything that is due now.</summary>
    public async Task RunOnceAsync()
    {
        if (stale)
        {
            stale = false;
            await LoadAsync(CancellationToken.None);
        }
        if (!lease.IsHeld)
        {
            ended.Clear();
            return;
        }
        for (; ended.TryPeek(out var run); ended.TryDequeue(out _)) await FollowAsync(run.Tenant, run.Namespace, run.Workflow);
        var now = time.GetUtcNow();
        foreach (var active in table.All.Where(active => active.Due <= now).ToList())
        {
            var next = NextDue(active, now);
            if (await FireAsync(active, next)) log.ScheduleFired(active.Workflow);
            table.Move(active, next);
        }
    }

    private void LoadAgain()
    {
        stale = true;
        changed.Set();
    }

    /// <summary>The schedule is moved on and the run stored in one transaction: a crash loses neither, and doubles neither.</summary>
    private async Task<bool> FireAsync(ActiveSchedule active, DateTimeOffset? next)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var run = new NewRun(RunId.New(time), active.Workflow, "{}"u8.ToArray()) { Priority = active.Priority, Labels = EventTriggers.ScheduledLabel };
        return await writes.CommitAsync((statements, notices) =>
        {
            if (Advance(statements, active, next) == 0) return false;
            new StoredEffects(statements, writes, notices, active.Tenant, nowMs).Start(run, owner: null);
            return true;
        });
    }

    private int Advance(SqlStatements statements, ActiveSchedule active, DateTimeOffset? next) =>
        statements[sql.Advance].Bind(1, active.Tenant.Value).Bind(2, active.Workflow.Namespace).Bind(3, active.Workflow.Name).Bind(4, active.Due?.ToUnixTimeMilliseconds()).Bind(5, next?.ToUnixTimeMilliseconds()).Execute();

    /// <summary>For 'after', the end of the run decides; for the others, the first time that has not passed.</summary>
    private static DateTimeOffset? NextDue(ActiveSchedule active, DateTimeOffset now)
    {
        if (active.Schedule.Kind == "after") return null;
        var next = active.Schedule.Next(active.Due!.Value);
        return next > now ? next : active.Schedule.Next(now);
    }

    /// <summary>Left to the loop: the run may have ended before the schedule that started it is known to have moved on.</summary>
    private void OnRunEnded(TenantId tenant, RunId run, string space, string workflow)
    {
        if (table.Find(tenant, space, workflow) is not { Schedule.Kind: "after" }) return;
        ended.Enqueue((tenant, space, workflow));
        changed.Set();
    }

    private async Task FollowAsync(TenantId tenant, string space, string workflow)
    {
        if (table.Find(tenant, space, workflow) is not { Schedule.Kind: "after", Due: null } active) return;
        var due = active.Schedule.Next(time.GetUtcNow());
        await database.WriteAsync(statements => Advance(statements, active, due));
        table.Move(active, due);
    }

    private async Task LoadAsync(CancellationToken cancel)
    {
        var all = new List<ActiveSchedule>();
        foreach (var row in await store.AllAsync(cancel))
        {
            var tenant = new TenantId(row.TenantId);
            var (definition, fault) = await catalog.ReadAsync(tenant, row.Ref, cancel);
            if (fault is not null) log.ScheduleFailed($"{row.Ref}: {fault}");
            if (definition?.Schedule is not { } schedule) continue;
            DateTimeOffset? due = row.DueAtMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;
            var active = new ActiveSchedule(tenant, row.Ref, schedule, definition.Priority, due);
            // The server died between a run's end and its follower's due time; or a run is under way, and its end comes later anyway.
            if (lease.IsHeld && schedule.Kind == "after" && due is null && !await store.HasActiveRunAsync(tenant, row.Ref, cancel))
            {
                active = active with { Due = schedule.Next(time.GetUtcNow()) };
                await database.WriteAsync(statements => Advance(statements, active with { Due = null }, active.Due));
            }
            all.Add(active);
        }
        table.Replace(all);
    }
}
