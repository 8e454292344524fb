using System.Collections.Concurrent;
using System.Threading.Channels;
using Baton.Engine;
using Baton.Engine.Runs;
using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Claims runs and executes them in this process, as many as it has room for.</summary>
internal sealed class RunWorker(RunStore runs, JournalStore journal, WorkflowCatalog catalog, Node node, Wakeups wakeups, StepFeed steps, IOptions<WorkflowOptions> options, TimeProvider time, ILogger<RunWorker> log)
    : BackgroundService
{
    private readonly ConcurrentDictionary<RunId, RunExecution> live = new();
    private readonly Channel<bool> work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly WorkflowOptions settings = options.Value;
    private readonly EngineOptions engine = new()
    {
        Time = time,
        Jitter = Random.Shared,
        OnStepStarted = steps.Publish,
        OnStorageFailure = (run, e) => log.StorageRefused(run, e.Message),
    };
    private DateTimeOffset? nextWake;
    private volatile bool draining;

    /// <summary>Runs in memory now.</summary>
    public int Count => live.Count;

    /// <summary>True when a new run may belong to this node from the start.</summary>
    public bool HasRoom => !draining && live.Count < settings.MaxRunsInMemory;

    /// <summary>True once the server stops: nothing new is taken.</summary>
    public bool IsDraining => draining;

    /// <summary>Executes a run that was stored as this node's.</summary>
    public void Adopt(RunLease lease, WorkflowBody body, ReadOnlyMemory<byte> input, DateTimeOffset startedAt) =>
        Execute(lease, new RunHistory([new JournalEntry.RunStarted(0, startedAt, input, EngineBehaviour.Current)], []), body);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        wakeups.RunQueued += LookForWork;
        wakeups.RunCalled += Call;
        wakeups.RunParked += Expect;
        if (await runs.RescueAsync() is > 0 and var rescued) log.Rescued(rescued);
        using var timer = time.CreateTimer(_ => LookForWork(), null, settings.PollInterval, settings.PollInterval);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RunOnceAsync(stoppingToken)) continue;
                using var soon = WakeTimer();
                await work.Reader.ReadAsync(stoppingToken);
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
        }
        await DrainAsync();
    }

    /// <summary>One look at the database: wakes what is due and takes what is queued.</summary>
    /// <returns>True when there may be more.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken cancel)
    {
        var room = settings.MaxRunsInMemory - live.Count;
        (_, nextWake) = await runs.WakeAsync();
        if (room <= 0) return false;
        var claims = await runs.ClaimAsync(node.Id, Math.Min(room, 500));
        foreach (var claim in claims) await TakeAsync(claim, cancel);
        return claims.Count > 0;
    }

    private async Task TakeAsync(Claim claim, CancellationToken cancel)
    {
        var history = await journal.ReadAsync(claim.Lease, CancellationToken.None);
        if (history is null) return;
        var body = await catalog.FindAsync(claim.Lease.Tenant, claim.Workflow, cancel) ?? Missing(claim.Workflow);
        var execution = Execute(claim.Lease, history, body);
        if (claim.Request is not null) Forward(execution, claim.Request, claim.Reason);
    }

    private RunExecution Execute(RunLease lease, RunHistory history, WorkflowBody body)
    {
        var execution = RunExecution.Start(lease, history, body, journal, engine);
        live[lease.Run] = execution;
        if (draining) execution.RequestStop();
        _ = execution.Completion.ContinueWith(static (done, state) =>
        {
            var (worker, lease, execution) = ((RunWorker, RunLease, RunExecution))state!;
            worker.Forget(lease, execution, done.Result);
        }, (this, lease, execution), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return execution;
    }

    private void Forget(RunLease lease, RunExecution execution, RunOutcome outcome)
    {
        live.TryRemove(KeyValuePair.Create(lease.Run, execution));
        if (execution.Crash is { } crash) log.RunCrashed(lease.Run, crash);
        if (outcome is RunOutcome.LeaseLost) log.LeaseLost(lease.Run);
        if (live.Count == settings.MaxRunsInMemory - 1) LookForWork();
    }

    private static WorkflowBody Missing(WorkflowRef workflow) => (_, _) =>
        throw new ReplayMismatchException($"This server does not have the workflow {workflow}, by which the run was started. Register it, or start a server whose code has it, then resume the run.");

    private static void Forward(RunExecution execution, string request, string? reason)
    {
        if (request == "cancel") execution.RequestCancel(reason);
        else execution.RequestPause(reason);
    }

    private void LookForWork() => work.Writer.TryWrite(true);

    private void Call(RunId run, string? request, string? reason)
    {
        if (!live.TryGetValue(run, out var execution)) return;
        if (request is null) execution.Notify();
        else Forward(execution, request, reason);
    }

    private void Expect(DateTimeOffset wakeAt)
    {
        if (nextWake is { } next && next <= wakeAt) return;
        LookForWork();
    }

    private ITimer? WakeTimer()
    {
        if (nextWake is not { } at) return null;
        var wait = at - time.GetUtcNow();
        return time.CreateTimer(_ => LookForWork(), null, wait < TimeSpan.Zero ? TimeSpan.Zero : wait > settings.PollInterval ? settings.PollInterval : wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes nothing new, lets running steps finish, and gives every run back.</summary>
    private async Task DrainAsync()
    {
        draining = true;
        foreach (var execution in live.Values) execution.RequestStop();
        var all = Task.WhenAll(live.Values.Select(execution => execution.Completion));
        if (await Task.WhenAny(all, Task.Delay(settings.DrainTimeout, time, CancellationToken.None)) == all) return;
        log.DrainTimedOut(live.Count, settings.DrainTimeout.TotalSeconds);
        foreach (var execution in live.Values) execution.Abandon();
    }
}
