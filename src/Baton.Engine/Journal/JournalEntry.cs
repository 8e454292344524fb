namespace Baton.Engine;

/// <summary>
/// One fact of a run, in the order in which it became durable. A closed set: storage writes each kind as a row, replay reads it back.
/// Payloads are UTF-8 JSON. An entry that consumes an inbox message names it, so that both happen in one transaction.
/// </summary>
/// <param name="Seq">Position in the run's journal, from 0; increases, but may skip.</param>
/// <param name="At">When it was recorded. The workflow's own clock reads the latest of these.</param>
/// <param name="Key">The step that it belongs to; empty for facts of the whole run.</param>
public abstract record JournalEntry(long Seq, DateTimeOffset At, string Key)
{
    private JournalEntry(long seq, DateTimeOffset at) : this(seq, at, "") { }

    /// <summary>An entry that settles its key: replay hands it to the workflow in the order of <see cref="Seq"/>.</summary>
    public virtual bool IsOutcome => false;

    /// <summary>The first entry: what the run was started with. <paramref name="Behaviour"/> pins the engine's behaviour for its whole life.</summary>
    public sealed record RunStarted(long Seq, DateTimeOffset At, ReadOnlyMemory<byte> Input, EngineBehaviour Behaviour) : JournalEntry(Seq, At);

    /// <param name="Started">When the attempt that succeeded began.</param>
    /// <param name="Attempt">1 for the first attempt.</param>
    /// <param name="Meta">What the step says of itself besides its output (a model call: model, tokens, price), as JSON; empty for nothing.</param>
    public sealed record StepCompleted(long Seq, DateTimeOffset At, string Key, ReadOnlyMemory<byte> Output, DateTimeOffset Started, int Attempt, ReadOnlyMemory<byte> Meta)
        : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    /// <summary>An attempt failed. With <paramref name="RetryAt"/> another follows then; without, the failure is the step's outcome.</summary>
    public sealed record StepFailed(long Seq, DateTimeOffset At, string Key, WorkflowError Error, DateTimeOffset Started, int Attempt, DateTimeOffset? RetryAt)
        : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => RetryAt is null;

        /// <summary>The decision of an error policy by which another attempt follows, or by which the item of a map fails; null where none decided.</summary>
        public PolicyDecision? Decision { get; init; }
    }

    /// <summary>What an error policy decided about an error that no retry of the step itself mended.</summary>
    public sealed record PolicyDecided(long Seq, DateTimeOffset At, string Key, PolicyDecision Decision) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    /// <summary>A person is asked: the open approval is stored together with this entry.</summary>
    public sealed record ApprovalAsked(long Seq, DateTimeOffset At, string Key, Approval Approval) : JournalEntry(Seq, At, Key);

    /// <summary>The deadline has passed: storage closes the approval if it is still open, and tells the run by a message, or the answer is there already.</summary>
    public sealed record ApprovalLapsed(long Seq, DateTimeOffset At, string Key, string Approval) : JournalEntry(Seq, At, Key);

    /// <param name="Answer"><c>{ choice, comment, by, at, value }</c>, or <c>{ expired: true }</c>.</param>
    public sealed record ApprovalSettled(long Seq, DateTimeOffset At, string Key, ReadOnlyMemory<byte> Answer, long InboxNo) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    /// <summary>
    /// From here on, the run only undoes what its finished tasks did; then it ends as <paramref name="Ends"/>. With it, storage takes a request to cancel
    /// as heard: it is this entry now that says how the run ends.
    /// </summary>
    /// <param name="Reason">Why a run was cancelled.</param>
    public sealed record CompensationStarted(long Seq, DateTimeOffset At, string Key, RunState Ends, string? Reason) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    /// <param name="Task">What was undone.</param>
    /// <param name="Error">Why it could not be undone; null when it was.</param>
    public sealed record Compensated(long Seq, DateTimeOffset At, string Key, string Task, WorkflowError? Error) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    public sealed record TimerSet(long Seq, DateTimeOffset At, string Key, DateTimeOffset Due) : JournalEntry(Seq, At, Key);

    public sealed record TimerFired(long Seq, DateTimeOffset At, string Key) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    /// <summary>From here on, matching events are kept for this key, whether the run is in memory or not.</summary>
    public sealed record ListeningStarted(long Seq, DateTimeOffset At, string Key, EquatableList<EventSubscription> Subscriptions) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    public sealed record ListeningStopped(long Seq, DateTimeOffset At, string Key, string Listener) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    public sealed record EventReceived(long Seq, DateTimeOffset At, string Key, ReadOnlyMemory<byte> Event, long InboxNo) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    public sealed record SignalReceived(long Seq, DateTimeOffset At, string Key, ReadOnlyMemory<byte> Payload, long InboxNo) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    public sealed record EventEmitted(long Seq, DateTimeOffset At, string Key, ReadOnlyMemory<byte> Event) : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    /// <summary>A child run is stored together with this entry. A detached child is never awaited: the entry is then the outcome.</summary>
    public sealed record ChildStarted(long Seq, DateTimeOffset At, string Key, RunId Child, WorkflowRef Workflow, ReadOnlyMemory<byte> Input, bool Detached)
        : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => Detached;
    }

    /// <summary>How the child ended: <paramref name="Output"/> when it completed, else <paramref name="Error"/>.</summary>
    public sealed record ChildEnded(long Seq, DateTimeOffset At, string Key, RunState State, ReadOnlyMemory<byte> Output, WorkflowError? Error, long InboxNo)
        : JournalEntry(Seq, At, Key)
    {
        public override bool IsOutcome => true;
    }

    /// <summary>A map begins; its items settle under <c>Key[0]</c> to <c>Key[Count-1]</c>.</summary>
    public sealed record MapStarted(long Seq, DateTimeOffset At, string Key, int Count) : JournalEntry(Seq, At, Key);

    /// <summary>The run ends, or is paused until it is resumed. <paramref name="Error"/> says why it failed or was paused.</summary>
    public sealed record StateChanged(long Seq, DateTimeOffset At, RunState State, ReadOnlyMemory<byte> Output, WorkflowError? Error) : JournalEntry(Seq, At)
    {
        /// <summary>The decision of an error policy that let the run fail; null where none decided.</summary>
        public PolicyDecision? Decision { get; init; }
    }

    /// <summary>
    /// A run that had ended goes on. Failures recorded from <paramref name="From"/> to here count no longer: they are performed again. So do outcomes
    /// from there on that the workflow comes to only by such a failure (its handling of it): they count where it asks for them before it comes to here.
    /// </summary>
    public sealed record RunRetried(long Seq, DateTimeOffset At, long From) : JournalEntry(Seq, At);

    /// <summary>What stands before is a copy of another run's journal, of its entries before <paramref name="From"/>.</summary>
    public sealed record RunForked(long Seq, DateTimeOffset At, RunId Source, long From) : JournalEntry(Seq, At);

    /// <summary>True when it says that something did not succeed, for good: what a retry performs again.</summary>
    internal bool IsFailure => this is StepFailed { RetryAt: null } or ChildEnded { State: not RunState.Completed };
}

/// <summary>What an event must look like to be kept for a listener. Null matches anything; the run itself checks the rest of its filter.</summary>
public sealed record EventSubscription(string? Type, string? Source);

/// <summary>Behaviour of the engine that a run was started under and keeps, so that yesterday's runs replay as yesterday.</summary>
[Flags]
public enum EngineBehaviour
{
    None = 0,

    /// <summary>Effects are under the server's error policy where their document names none.</summary>
    ServerPolicy = 1,

    /// <summary>What this version starts new runs with.</summary>
    Current = None,
}
