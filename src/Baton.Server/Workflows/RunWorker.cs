using System.Collections.Concurrent;
using Baton.Engine;
using Baton.Engine.Runs;
using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Claims runs and executes them in this process, as many as it has room for.</summary>
internal sealed partial class RunWorker(RunStore runs, TakenRuns taken, JournalStore journal, WorkflowCatalog catalog, RunWrites writes, Node node, NodeRegistry registry, LeaderLease lease, Tenure tenure, Wakeups wakeups, StepFeed steps, IOptions<WorkflowOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RunWorker> log)
    : BackgroundService
{
    /// <summary>Nobody knows when the next run is due: whoever parks one must say so.</summary>
    private const long Unknown = long.MaxValue;

    private readonly ConcurrentDictionary<RunId, RunExecution> live = new();
    private readonly Signal work = new(time);
    private readonly WorkflowOptions settings = options.Value;
    private readonly EngineOptions engine = new()
    {
        Time = time,
        Jitter = Random.Shared,
        BeforeAttempt = tenure.WaitAsync,
        OnStepStarted = steps.Publish,
        OnStorageFailure = (run, e) => log.StorageRefused(run, e.Message),
    };
    private long nextWake = Unknown;   // in ticks
    private long calls, ends;
    private volatile bool behind, draining;

    /// <summary>Runs in memory now.</summary>
    public int Count => live.Count;

    /// <summary>True when a new run may belong to this node from the start. False while others may wait in the queue, where they come first, and where tenants are limited: claims count, starts do not.</summary>
    public bool HasRoom => node.Is(NodeRoles.Worker) && !draining && !IsFull && settings.MaxRunsPerTenant is null;

    /// <summary>True when runs wait in the queue because all places here are taken.</summary>
    public bool IsFull => behind || live.Count >= settings.MaxRunsInMemory;

    /// <summary>What tells, once a run was stored as ours, whether it still is and whether a call of it was missed meanwhile.</summary>
    public Moment Now => new(Interlocked.Read(ref calls), tenure.Life);

    /// <summary>True once the server stops: nothing new is taken.</summary>
    public bool IsDraining => draining;

    /// <summary>Executes a run that was stored as this node's.</summary>
    /// <param name="before"><see cref="Now"/> from before it was stored.</param>
    public async ValueTask AdoptAsync(RunLease lease, WorkflowRef workflow, RunnableWorkflow body, ReadOnlyMemory<byte> input, DateTimeOffset startedAt, Moment before)
    {
        if (await ExecuteAsync(lease, new RunHistory([new JournalEntry.RunStarted(0, startedAt, input, writes.Behaviour)], []), body, before)) return;
        taken.Add(new Claim(lease, workflow, null, null, IsOpen: true));   // another has it, or this node's next life: the database tells
        LookForWork();
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        wakeups.RunQueued += LookForWork;
        wakeups.RunCalled += Call;
        wakeups.RunCalledElsewhere += CallFromElsewhere;
        wakeups.RunParked += Expect;
        wakeups.NewsMissed += CatchUp;
        registry.Lapsed += AbandonAll;
        lease.Acquired += LookForWork;
        await base.StartAsync(cancellationToken);
    }

    /// <summary>The drain has a limit of its own; the host's, which other services use up before, is not the one that people set.</summary>
    public override Task StopAsync(CancellationToken cancellationToken) => base.StopAsync(CancellationToken.None);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);   // while requests under way are still answered
        await TakeWorkAsync(stopping.Token);
        await DrainAsync();
    }

    private async Task TakeWorkAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RunOnceAsync(stoppingToken)) continue;
                await work.WaitAsync(Volatile.Read(ref nextWake) is var at && at != Unknown ? new DateTimeOffset(at, TimeSpan.Zero) : null, settings.PollInterval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (StorageUnavailableException e)
            {
                log.ClaimFailed(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
            catch (Exception e)   // the edge of a background loop: a fault of ours must not end all work
            {
                log.WorkerFailed(e);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
        }
    }

    /// <returns>False when the others have taken this node for dead since <paramref name="before"/>: what it read then may be another's now.</returns>
    private async ValueTask<bool> ExecuteAsync(RunLease lease, RunHistory history, RunnableWorkflow workflow, Moment before, Claim? claim = null)
    {
        if (tenure.Life != before.Life) return false;
        RunState? asked = claim?.Request switch
        {
            null => null,
            "cancel" => RunState.Cancelled,
            _ => RunState.Paused,
        };
        var execution = RunExecution.Start(lease, history, workflow.Body, journal, engine, asked, claim?.Reason, workflow.CompensatesOnCancel);
        live[lease.Run] = execution;
        if (tenure.Life != before.Life) execution.Abandon();   // whoever abandoned all did not see it
        if (draining) execution.RequestStop();
        _ = execution.Completion.ContinueWith(static (done, state) =>
        {
            var (worker, lease, execution) = ((RunWorker, RunLease, RunExecution))state!;
            worker.Forget(lease, execution, done.Result);
        }, (this, lease, execution), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (Now.Calls != before.Calls) await LookAgainAsync(lease, execution);
        return true;
    }

    /// <summary>Somebody was called between the moment when the run became ours and the one when it could hear: it may have been this run.</summary>
    private async ValueTask LookAgainAsync(RunLease lease, RunExecution execution)
    {
        execution.Notify();
        try
        {
            if (await runs.AskedAsync(lease) is ({ } request, var reason)) Forward(execution, request, reason);
        }
        catch (Exception e) when (e is StorageUnavailableException or InvalidOperationException)   // the storage is away, or the run is
        {
            // The run is told when it would wait: storage does not let it while something is asked of it.
        }
    }

    private void Forget(RunLease lease, RunExecution execution, RunOutcome outcome)
    {
        live.TryRemove(KeyValuePair.Create(lease.Run, execution));
        if (execution.Crash is { } crash) log.RunCrashed(lease.Run, crash);
        if (outcome is RunOutcome.LeaseLost) log.LeaseLost(lease.Run);
        Interlocked.Increment(ref ends);
        if (behind || settings.MaxRunsPerTenant is not null) LookForWork();
    }

    private static void Forward(RunExecution execution, string request, string? reason)
    {
        if (request == "cancel") execution.RequestCancel(reason);
        else execution.RequestPause(reason);
    }

    /// <summary>Anything may have happened unheard.</summary>
    private void CatchUp()
    {
        foreach (var run in live.Keys) CallFromElsewhere(run);
        LookForWork();
    }

    /// <summary>The runs in memory are others' from here on: nothing more is done for them here.</summary>
    private void AbandonAll()
    {
        foreach (var execution in live.Values) execution.Abandon();
    }

    private void LookForWork() => work.Set();

    private void Call(RunId run, string? request, string? reason)
    {
        Interlocked.Increment(ref calls);   // before the look at who is there: see LookAgainAsync
        if (!live.TryGetValue(run, out var execution)) return;
        if (request is null) execution.Notify();
        else Forward(execution, request, reason);
    }

    private void CallFromElsewhere(RunId run)
    {
        Interlocked.Increment(ref calls);
        if (live.TryGetValue(run, out var execution)) _ = LookAgainAsync(execution.Lease, execution).AsTask();
    }

    private void Expect(DateTimeOffset wakeAt)
    {
        if (wakeAt.UtcTicks < Volatile.Read(ref nextWake)) LookForWork();
    }

    /// <summary>Takes nothing new, lets running steps finish, and gives every run back.</summary>
    private async Task DrainAsync()
    {
        draining = true;
        foreach (var execution in live.Values) execution.RequestStop();
        var all = Task.WhenAll(live.Values.Select(execution => execution.Completion));
        if (await Task.WhenAny(all, Task.Delay(settings.DrainTimeout, time, CancellationToken.None)) == all) return;
        log.DrainTimedOut(live.Count, settings.DrainTimeout.TotalSeconds);
        AbandonAll();
    }
}

/// <param name="Calls">How often a run was called.</param>
/// <param name="Life">See <see cref="Tenure.Life"/>.</param>
internal sealed record Moment(long Calls, int Life);
