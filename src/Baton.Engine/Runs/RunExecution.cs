using Baton.Engine.Replay;
using Baton.Engine.Steps;

namespace Baton.Engine.Runs;

/// <summary>
/// One life of a run in memory: replays what is recorded, then runs what is new, until the run ends, parks or is lost.
/// </summary>
/// <remarks>
/// All state belongs to the run's loop (see <see cref="RunLoop"/>), except the append gate. Determinism rests on three rules: outcomes reach
/// the workflow in the order in which they became durable; one at a time, when its code is idle; and nothing new starts before all that is
/// recorded has been handed over.
/// </remarks>
public sealed class RunExecution
{
    private readonly RunLease lease;
    private readonly IJournal journal;
    private readonly EngineOptions options;
    private readonly RunLoop loop;
    private readonly CancelScope root = new(null);
    private readonly TaskCompletionSource<RunOutcome> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AppendQueue appends;
    private readonly ReplayCursor cursor;
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Operation> active = new(StringComparer.Ordinal);
    private readonly List<Operation> blocked = [];
    private readonly WaitingRoom waiting;
    private readonly Mailroom mail;
    private readonly bool compensatesOnCancel;
    private Task<ReadOnlyMemory<byte>>? main;
    private ReplayMismatchException? mismatch;
    private Request request;
    private string? requestReason;
    private int busy, ids;
    private bool live, settling, cancelled, deaf;
    private volatile bool ended;

    private enum Request { None, Stop, Pause, Cancel }

    private RunExecution(RunLease lease, RunHistory history, IJournal journal, EngineOptions options, bool compensatesOnCancel)
    {
        this.lease = lease;
        this.compensatesOnCancel = compensatesOnCancel;
        Behaviour = ((JournalEntry.RunStarted)history.Entries[0]).Behaviour;
        Compensations = new Compensations(this);
        this.journal = journal;
        this.options = options;
        loop = new RunLoop(OnIdle, OnCrash);
        cursor = new ReplayCursor(history.Entries);
        appends = new AppendQueue(lease, journal, options.Time, loop, history.Entries[^1], PauseForStorageAsync, () => OnLoop(() => End(new RunOutcome.LeaseLost())));
        Now = history.Entries[0].At;
        StartedAt = Now;
        waiting = new WaitingRoom(options.Time, () => loop.Deliver(static run => ((RunExecution)run).FireDue(), this));
        mail = new Mailroom(this, history.Inbox);
    }

    /// <summary>How this life ended. Never faults.</summary>
    public Task<RunOutcome> Completion => completion.Task;

    /// <summary>What broke the loop itself, if anything did: for the host's log.</summary>
    public Exception? Crash { get; private set; }

    /// <summary>The right by which this life writes.</summary>
    public RunLease Lease => lease;

    internal RunId Run => lease.Run;

    internal TenantId Tenant => lease.Tenant;

    internal Mailroom Mail => mail;

    internal TimeProvider Time => options.Time;

    internal CancelScope Root => root;

    internal Compensations Compensations { get; }

    /// <summary>What the run was started under.</summary>
    internal EngineBehaviour Behaviour { get; }

    internal Random Jitter => options.Jitter;

    /// <summary>The run's own clock: when the newest outcome that the workflow has seen became durable. The same in every replay.</summary>
    internal DateTimeOffset Now { get; private set; }

    internal DateTimeOffset StartedAt { get; }

    /// <summary>Counts the ids that the workflow made: its code runs in one order, so a replay counts alike.</summary>
    internal int NextId() => ids++;

    /// <summary>Begins to execute a claimed run.</summary>
    /// <param name="body">The workflow, from input to output. It may await only what its context offers.</param>
    /// <param name="asked">What was asked of the run before it was claimed, <see cref="RunState.Paused"/> or <see cref="RunState.Cancelled"/>: then none of its code runs.</param>
    /// <param name="reason">Why that was asked.</param>
    /// <param name="compensatesOnCancel">True when a cancelled run, too, undoes what its finished tasks did: then its code is replayed for that, whatever was asked.</param>
    public static RunExecution Start(RunLease lease, RunHistory history, WorkflowBody body, IJournal journal, EngineOptions options, RunState? asked = null, string? reason = null, bool compensatesOnCancel = false)
    {
        var started = history.Entries.Count > 0 ? history.Entries[0] as JournalEntry.RunStarted : null;
        if (started is null) throw new ArgumentException($"The history of {lease.Run} does not begin with its start.", nameof(history));
        var compensates = compensatesOnCancel || history.Entries.Any(entry => entry is JournalEntry.CompensationStarted);   // once begun, it is finished
        var run = new RunExecution(lease, history, journal, options, compensates);
        if (asked == RunState.Cancelled && compensates) (run.request, run.requestReason) = (Request.Cancel, reason);
        else if (asked is { } state) run.Ask(state == RunState.Cancelled ? Request.Cancel : Request.Pause, reason);
        if (asked is null || run.request == Request.Cancel) run.loop.Post(_ => run.Begin(body, started.Input), null);
        return run;
    }

    /// <summary>Tells the run that its inbox has news.</summary>
    public void Notify() => loop.Deliver(static run => ((RunExecution)run).mail.Read(), this);

    /// <summary>Ends the run as cancelled: its effects are told, and its outcome is no longer what its code returns.</summary>
    public void RequestCancel(string? reason) => Ask(Request.Cancel, reason);

    /// <summary>Lets running steps finish, starts no new ones, and pauses.</summary>
    public void RequestPause(string? reason) => Ask(Request.Pause, reason);

    /// <summary>Lets running steps finish, starts no new ones, and gives the run back to be claimed by another life.</summary>
    public void RequestStop() => Ask(Request.Stop, null);

    /// <summary>Leaves the run as it stands, without a word to storage: what a kill would do.</summary>
    public void Abandon() => loop.Deliver(static run => ((RunExecution)run).End(new RunOutcome.LeaseLost()), this);

    private void Begin(WorkflowBody body, ReadOnlyMemory<byte> input)
    {
        if (cursor.IsEmpty) GoLive();   // a new run has nothing to replay
        main = Guarded(body, new RunContext(this, "", root), input);
    }

    private void GoLive()
    {
        live = true;
        mail.Open();
    }

    /// <summary>A body that throws before its first await fails its task, as one that throws later.</summary>
    private static async Task<ReadOnlyMemory<byte>> Guarded(WorkflowBody body, RunContext context, ReadOnlyMemory<byte> input) => await body(context, input);

    // --- What operations use -------------------------------------------------------------------------------------------------------

    /// <summary>Takes an operation that workflow code asks for: hands over what is recorded, or starts it once the run is live.</summary>
    internal void Ask(Operation operation)
    {
        if (!loop.IsCurrent) throw new InvalidOperationException($"{operation.Kind} '{operation.Key}' was asked for outside the workflow's own flow. Do not use ConfigureAwait(false), threads or timers in workflow code: put such work into a step.");
        if (ended) return;
        if (operation.Scope.IsCancelled)
        {
            operation.Cancel();
            return;
        }
        if (operation.Key.Length is 0 or > StepKey.MaxLength) throw new InvalidOperationException($"A step key has 1 to {StepKey.MaxLength} characters, not {operation.Key.Length}: '{operation.Key}'.");
        if (!asked.Add(operation.Key)) throw new InvalidOperationException($"The step key '{operation.Key}' is used twice in one run. Give every step its own key, for example with the item's id: \"charge/{{id}}\".");
        active.Add(operation.Key, operation);
        Resume(operation, cursor.Take(operation.Key));
    }

    internal bool IsRecorded(string key) => cursor.IsUntaken(key);

    /// <summary>Continues an operation from what is recorded of it, if anything is.</summary>
    private void Resume(Operation operation, Recorded? recorded)
    {
        if (recorded is not null && !operation.Restore(recorded))
        {
            active.Remove(operation.Key);
            throw mismatch = Mismatch.OfKind(operation, recorded.Latest);
        }
        if (recorded?.Outcome is { } outcome)
        {
            if (!ReferenceEquals(cursor.Head, outcome)) return;
            cursor.Advance();
            Settle(operation, outcome);
        }
        else if (operation.StartsInReplay) operation.Start();
        else StartOrBlock(operation);
    }

    /// <summary>Starts the operation now, or once everything recorded has been handed over.</summary>
    internal void StartOrBlock(Operation operation)
    {
        if (live && request == Request.None) operation.Start();
        else blocked.Add(operation);
    }

    /// <summary>Adds the item of a map that is asked for itself: its key is the map's and its index.</summary>
    internal void Adopt(Operation item)
    {
        active.Add(item.Key, item);
        Resume(item, cursor.TakeItem(item.Key));
    }

    /// <summary>An operation without an outcome of its own is done.</summary>
    internal void Complete(Operation operation) => active.Remove(operation.Key);

    internal Operation? Find(string key) => active.GetValueOrDefault(key);

    /// <summary>Counts work that must finish before the run may park, pause or stop.</summary>
    internal void Enter() => busy++;

    internal void Leave() => busy--;

    /// <summary>Watches work that nobody awaits: if it breaks, so does the run, and not in silence.</summary>
    internal void Own(Task work)
    {
        if (work.IsCompletedSuccessfully) return;
        _ = work.ContinueWith(static (work, run) => ((RunExecution)run!).loop.Post(static state => throw (Exception)state!, work.Exception!.InnerException), this,
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    internal void Wait(Operation operation, DateTimeOffset due)
    {
        operation.Due = due;
        waiting.Add(operation);
    }

    /// <summary>Records an entry durably, from any thread; <paramref name="onStored"/> runs on the loop.</summary>
    /// <param name="isFoundation">See <see cref="AppendQueue.AppendAsync"/>.</param>
    internal void Append(Func<long, DateTimeOffset, JournalEntry> create, Action<JournalEntry> onStored, bool isFoundation = false) => Own(appends.AppendAsync(create, onStored, isFoundation));

    /// <summary>Records the outcome of an operation and hands it over. From any thread; ends what <see cref="Enter"/> began.</summary>
    internal void Record(Operation operation, Func<long, DateTimeOffset, JournalEntry> create) =>
        Append(create, outcome =>
        {
            busy--;
            if (active.ContainsKey(operation.Key)) Settle(operation, outcome);
            else Pass(outcome);
        });

    /// <summary>Runs a callback on the loop when the workflow is idle, from any thread.</summary>
    internal void OnLoop(Action callback) => loop.Deliver(static state => ((Action)state)(), callback);

    internal void Cancel(CancelScope scope)
    {
        scope.Cancel();
        foreach (var operation in active.Values.Where(operation => operation.Scope.IsWithin(scope)).ToList()) Drop(operation);
    }

    /// <summary>Cancels one operation: nobody waits for its outcome any more.</summary>
    internal void Drop(Operation operation)
    {
        if (!active.Remove(operation.Key)) return;
        blocked.Remove(operation);
        operation.Due = null;
        operation.Cancel();
    }

    internal void Observe(string key, string kind, int attempt) => options.OnStepStarted?.Invoke(lease, new StepStarted(key, kind, attempt, Time.GetUtcNow()));

    internal void ObserveTask(string pointer, string name)
    {
        if (live) options.OnTaskStarted?.Invoke(lease, pointer, name);
    }

    internal ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(long after) => journal.ReadInboxAsync(lease, after, CancellationToken.None);

    internal bool HasEnded => ended;

    /// <summary>True once all that is recorded has been handed over.</summary>
    internal bool IsLive => live;

    // --- The loop ------------------------------------------------------------------------------------------------------------------

    private void Settle(Operation operation, JournalEntry outcome)
    {
        active.Remove(operation.Key);
        if (outcome.At > Now) Now = outcome.At;
        operation.Settle(outcome);
    }

    /// <summary>An outcome whose operation was cancelled while it was recorded: nobody is given it. What was sent to the run is not lost with it.</summary>
    private void Pass(JournalEntry outcome)
    {
        if (outcome is JournalEntry.SignalReceived signal) mail.Return(signal);
    }

    /// <summary>Called when no continuation and no delivery is left. True when it gave the loop something to do.</summary>
    private bool OnIdle()
    {
        if (ended || settling) return false;
        if (main is null) return request is Request.Pause or Request.Cancel && Settle();
        if (request == Request.Cancel && !compensatesOnCancel) return Settle();
        if (mismatch is null && ReplayNext()) return true;
        mismatch ??= (main.Exception?.InnerException ?? Compensations.Fault) as ReplayMismatchException;
        if (mismatch is not null || Compensations.IsDone) return Settle();
        if (!Compensations.HasBegun && (main.IsCompleted || request == Request.Cancel))
        {
            var thrown = request == Request.Cancel ? null : Thrown;
            return (request == Request.Cancel || thrown is not null) && Compensations.AreDue(thrown) ? StartCompensations() : Settle();
        }
        if (request != Request.None) return busy == 0 && (request == Request.Stop ? Park(requeue: true) : Settle());
        if (blocked.Count > 0) return StartBlocked();
        return busy == 0 && active.Count > 0 && IsLongWait && !deaf && Park(requeue: false);   // storage lets no run wait of which something is asked
    }

    private bool ReplayNext()
    {
        while (cursor.Head is { } head)
        {
            if (head is JournalEntry.CompensationStarted started)
            {
                if (started.Ends == RunState.Failed && Thrown is null)
                {
                    mismatch = Mismatch.OfMissing(started, blocked, main!.IsCompleted ? main : null);
                    return true;
                }
                cursor.Take(head.Key);
                cursor.Advance();
                Compensate(started);
                return true;
            }
            if (active.TryGetValue(head.Key, out var operation))
            {
                cursor.Advance();
                blocked.Remove(operation);
                Settle(operation, head);
                return true;
            }
            if (cursor.IsUntaken(head.Key))
            {
                if (!cursor.Forget(head)) break;
                continue;
            }
            cursor.Advance();   // its operation was cancelled, or lies below a map item that has its result
            Pass(head);
        }
        if (live) return false;
        if (cursor.Head is null && cursor.PassRetry()) return true;
        if (cursor.Untaken.FirstOrDefault() is { } untaken)
        {
            mismatch = main!.Exception?.InnerException as ReplayMismatchException ?? Mismatch.OfMissing(untaken, blocked, main.IsCompleted ? main : null);
            return true;
        }
        GoLive();
        return true;
    }

    /// <summary>Records that only compensations follow: this fixes for every replay which tasks had finished.</summary>
    private bool StartCompensations()
    {
        settling = true;
        var (ends, reason) = request == Request.Cancel ? (RunState.Cancelled, requestReason) : (RunState.Failed, null);
        Append((seq, at) => new JournalEntry.CompensationStarted(seq, at, Compensations.Key, ends, reason), entry =>
        {
            settling = false;
            Compensate((JournalEntry.CompensationStarted)entry);
        });
        return false;
    }

    private void Compensate(JournalEntry.CompensationStarted started)
    {
        (cancelled, requestReason) = (started.Ends == RunState.Cancelled, started.Reason);
        if (request == Request.Cancel)
        {
            request = Request.None;   // it is heard: what undoes the run may now be paused or stopped as any work
            deaf = !live;   // it was asked after that again
        }
        if (started.At > Now) Now = started.At;
        Cancel(root);
        Compensations.Begin(cancelled ? null : Thrown);
    }

    /// <summary>What the workflow's code failed with, if it has.</summary>
    private Exception? Thrown => main is { IsCanceled: true } ? new TaskCanceledException(main) : main?.Exception?.InnerException;

    private bool StartBlocked()
    {
        var ready = blocked.ToList();
        blocked.Clear();
        foreach (var operation in ready.Where(operation => active.ContainsKey(operation.Key))) operation.Start();
        return true;
    }

    private void FireDue()
    {
        if (ended || request is Request.Pause or Request.Stop) return;
        foreach (var operation in waiting.TakeDue())
        {
            operation.Due = null;
            operation.OnDue();
        }
    }

    private void Ask(Request asked, string? reason) =>
        loop.Deliver(static state =>
        {
            var (run, asked, reason) = ((RunExecution, Request, string?))state;
            if (run.ended || run.request >= asked) return;
            if (asked == Request.Cancel && run.Compensations.HasBegun)
            {
                run.deaf = true;   // it ends as soon as it is undone
                return;
            }
            run.request = asked;
            run.requestReason = reason;
            if (asked == Request.Cancel && !run.compensatesOnCancel) run.Cancel(run.root);
        }, (this, asked, reason));

    private bool IsLongWait => waiting.NextDue is not { } next || next - Time.GetUtcNow() > options.ParkAfter;

    /// <summary>Waits until an attempt may begin. False when nobody wants it any more.</summary>
    internal async ValueTask<bool> MayAttemptAsync(CancellationToken cancel)
    {
        if (options.BeforeAttempt is not { } ready) return true;
        try
        {
            await ready(cancel);
            return !cancel.IsCancellationRequested;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Waits before a refused write is tried again. False when this life is over.</summary>
    internal async Task<bool> PauseForStorageAsync(StorageUnavailableException e, int failures)
    {
        options.OnStorageFailure?.Invoke(lease.Run, e);
        await Task.Delay(Backoff.Storage(failures), Time, CancellationToken.None);
        return !ended;
    }

    private void OnCrash(Exception e)
    {
        if (Crash is null) main = Task.FromException<ReadOnlyMemory<byte>>(e);
        else End(new RunOutcome.LeaseLost());
        Crash = e;
    }

    private void End(RunOutcome outcome)
    {
        if (ended) return;
        ended = true;
        loop.Stop();
        waiting.Close();
        root.Cancel();
        Compensations.Scope.Cancel();
        completion.TrySetResult(outcome);
    }

    // --- The end -------------------------------------------------------------------------------------------------------------------

    /// <summary>Records how the run ends, and ends this life.</summary>
    private bool Settle()
    {
        settling = true;
        var (state, output, error) = Verdict();
        var decision = state == RunState.Failed ? (main?.Exception?.InnerException as WorkflowException)?.Decision : null;
        Append((seq, at) => new JournalEntry.StateChanged(seq, at, state, output, error) { Decision = decision }, _ => End(new RunOutcome.Settled(state, output, error)));
        return false;
    }

    private (RunState State, ReadOnlyMemory<byte> Output, WorkflowError? Error) Verdict()
    {
        if (request == Request.Cancel) return (RunState.Cancelled, default, mismatch is null ? Reason("Cancelled") : NotCompensated());
        if (mismatch is not null) return (RunState.Paused, default, new WorkflowError(ErrorTypes.Runtime, 409, "Replay mismatch", mismatch.Message));
        if (request == Request.Pause && (main is not { IsCompleted: true } || Compensations is { HasBegun: true, IsDone: false })) return (RunState.Paused, default, Reason("Paused"));
        if (cancelled) return (RunState.Cancelled, default, Reason("Cancelled"));
        if (main!.IsCompletedSuccessfully) return (RunState.Completed, main.Result, null);
        if (main.IsCanceled) return (RunState.Failed, default, new WorkflowError(ErrorTypes.Runtime, 500, "Runtime Error", "The workflow cancelled itself: it ended with an OperationCanceledException."));
        var (error, _) = FailureClassifier.Describe(main.Exception!.InnerException!, "/");
        return (RunState.Failed, default, error);
    }

    private WorkflowError NotCompensated() => new(ErrorTypes.Runtime, 409, "Cancelled, and not compensated", $"What the run's finished tasks did was not undone. {mismatch!.Message}");

    private WorkflowError? Reason(string title) => requestReason is null ? null : new WorkflowError(ErrorTypes.Runtime, 409, title, requestReason);

    private bool Park(bool requeue)
    {
        settling = true;
        Own(ParkAsync(requeue));
        return false;
    }

    /// <summary>Gives the run back to storage, unless a message arrived meanwhile.</summary>
    private async Task ParkAsync(bool requeue)
    {
        var due = waiting.NextDue;
        try
        {
            switch (await journal.ParkAsync(lease, new ParkRequest(due, mail.LastNo, mail.Discarded, requeue)))
            {
                case ParkResult.Parked: End(requeue ? new RunOutcome.Released() : new RunOutcome.Parked(due)); return;
                case ParkResult.LeaseLost: End(new RunOutcome.LeaseLost()); return;
                default: mail.Read(); break;
            }
        }
        catch (StorageUnavailableException e)
        {
            await PauseForStorageAsync(e, 0);
        }
        settling = false;
    }
}
