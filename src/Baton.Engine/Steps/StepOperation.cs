using Baton.Engine.Replay;
using Baton.Engine.Runs;

namespace Baton.Engine.Steps;

/// <summary>An effect with a recorded outcome: it happens at least once, its outcome is recorded exactly once.</summary>
internal abstract class StepOperation(RunExecution run, string key, CancelScope scope, StepOptions options) : Operation(run, key, scope)
{
    private int attempt;
    private DateTimeOffset? retryAt;

    public override string Kind => "step";

    /// <summary>True to begin on the thread pool: items of a map must not wait for each other's synchronous part.</summary>
    public bool Offload { get; init; }

    public override bool Restore(Recorded recorded)
    {
        if (recorded.Opening is not null || recorded.Outcome is not (null or JournalEntry.StepCompleted or JournalEntry.StepFailed)) return false;
        attempt = recorded.LastFailure?.Attempt ?? 0;
        retryAt = recorded.LastFailure?.RetryAt;
        return true;
    }

    public override void Start()
    {
        if (retryAt is { } at)
        {
            retryAt = null;
            Run.Wait(this, at);
            return;
        }
        OnDue();
    }

    public override void OnDue()
    {
        Run.Enter();
        attempt++;
        Run.Observe(Key, options.Label ?? Key, attempt);
        var cancel = Scope.Token;
        if (Offload) ThreadPool.UnsafeQueueUserWorkItem(static state => state.Step.Run.Own(state.Step.AttemptAsync(state.Cancel)), (Step: this, Cancel: cancel), preferLocal: false);
        else
        {
            // The effect is not workflow code: its continuations belong on the pool, not on the run's loop.
            var loop = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(null);
            try
            {
                Run.Own(AttemptAsync(cancel));
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(loop);
            }
        }
    }

    /// <summary>Performs the effect and encodes its output as JSON.</summary>
    protected abstract ValueTask<ReadOnlyMemory<byte>> PerformAsync(StepContext step);

    /// <summary>One attempt and its record, outside the loop.</summary>
    private async Task AttemptAsync(CancellationToken cancel)
    {
        if (!await Run.MayAttemptAsync(cancel))
        {
            Run.OnLoop(Run.Leave);
            return;
        }
        var started = Run.Time.GetUtcNow();
        ReadOnlyMemory<byte> output = default;
        Exception? thrown = null;
        using var deadline = options.Timeout is { } limit ? new CancellationTokenSource(limit, Run.Time) : null;
        using var linked = deadline is null ? null : CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        var step = new StepContext(Run.Tenant, Run.Run, Key, attempt, linked?.Token ?? cancel);
        for (var failures = 0; ; failures++)
        {
            try
            {
                output = await PerformAsync(step);
            }
            catch (StorageUnavailableException e) when (!step.Cancel.IsCancellationRequested)
            {
                // What our own storage refuses to tell is no outcome of a step: it waits, as a write does.
                if (await Run.PauseForStorageAsync(e, failures)) continue;
                thrown = e;
            }
            catch (Exception e)   // the edge of step execution: whatever an effect throws becomes its recorded failure
            {
                thrown = e;
            }
            break;
        }
        if (Scope.IsCancelled) Run.OnLoop(Run.Leave);
        else if (thrown is null) Run.Record(this, (seq, at) => new JournalEntry.StepCompleted(seq, at, Key, output, started, attempt, step.Meta));
        else RecordFailure(deadline is { IsCancellationRequested: true } && thrown is OperationCanceledException ? PastDeadline() : thrown, started);
    }

    private void RecordFailure(Exception thrown, DateTimeOffset started)
    {
        var (error, errorClass) = FailureClassifier.Describe(thrown, Key);
        var retryAfter = (thrown as WorkflowException)?.RetryAfter;
        PolicyDecision? decision = null;
        if (options.Policy is { } policy)
        {
            errorClass = policy.Classify(error, errorClass);
            error = error with { Class = errorClass.ToName() };
            decision = policy.Retry(error, errorClass, attempt, retryAfter, Run.Jitter);
        }
        var delay = options.Policy is null ? options.Retry.NextDelay(attempt, errorClass, retryAfter, Run.Jitter) : decision?.Delay;
        if (delay is null)
        {
            Run.Record(this, (seq, at) => new JournalEntry.StepFailed(seq, at, Key, error, started, attempt, null));
            return;
        }
        var next = Run.Time.GetUtcNow() + delay.Value;
        Run.Append((seq, at) => new JournalEntry.StepFailed(seq, at, Key, error, started, attempt, next) { Decision = decision is null ? null : decision with { Delay = null } }, _ =>
        {
            Run.Leave();
            if (Run.Find(Key) == this) Run.Wait(this, next);
        });
    }

    private TimeoutException PastDeadline() => new($"The step did not finish within {options.Timeout!.Value.TotalSeconds:0.###} s.");
}
