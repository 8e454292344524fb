namespace Baton.Engine;

/// <summary>
/// The seam between a run and its storage. An implementation makes every append durable (fsync) before it completes, in the order of the
/// calls for one run, and refuses a call under a lease that is no longer the run's.
/// </summary>
/// <remarks>
/// Continuations may run on the thread that commits: callers hand over at once and never block it.
/// A call throws <see cref="StorageUnavailableException"/> when nothing was stored and it may be tried again.
/// </remarks>
public interface IJournal
{
    /// <summary>Everything recorded of the run, in order, and the messages that wait for it. Null when the lease is lost.</summary>
    ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel);

    /// <summary>Messages that arrived after number <paramref name="after"/>, in order.</summary>
    ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel);

    /// <summary>Stores the entry and what follows from it (a child run, a subscription, the run's end) in one transaction.</summary>
    /// <returns>False when the lease is lost: nothing was stored.</returns>
    ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry);

    /// <summary>Gives the run back: to wait until a time or a message, or to be claimed again at once.</summary>
    ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request);
}

/// <summary>The right to write to a run. A claim raises <paramref name="Fencing"/>, so an owner that lost the run is refused by the database.</summary>
public sealed record RunLease(TenantId Tenant, RunId Run, long Fencing);

/// <param name="Entries">In the order of <see cref="JournalEntry.Seq"/>; the first is <see cref="JournalEntry.RunStarted"/>.</param>
public sealed record RunHistory(IReadOnlyList<JournalEntry> Entries, IReadOnlyList<InboxMessage> Inbox);

/// <summary>Something sent to a run, kept until the run's journal consumes it.</summary>
/// <param name="No">Rises with each message of the run.</param>
/// <param name="Name">A signal's name, or the key of the listener, approval or child that the message is for. An approval's answer is an event to it alone.</param>
/// <param name="Body">UTF-8 JSON.</param>
public sealed record InboxMessage(long No, InboxKind Kind, string Name, ReadOnlyMemory<byte> Body, RunState? ChildState = null, WorkflowError? ChildError = null);

public enum InboxKind
{
    Signal,
    Event,
    ChildEnded,
}

/// <param name="WakeAt">When to wake at the latest; null for a message only.</param>
/// <param name="LastInboxNo">The newest message that the run has seen: a newer one keeps it from parking.</param>
/// <param name="Discard">Messages that no listener wanted: they are removed.</param>
/// <param name="Requeue">True to be claimed again at once (a node that stops), false to wait.</param>
public sealed record ParkRequest(DateTimeOffset? WakeAt, long LastInboxNo, IReadOnlyList<long> Discard, bool Requeue);

public enum ParkResult
{
    Parked,

    /// <summary>A message arrived meanwhile: read the inbox and go on.</summary>
    HasMail,

    /// <summary>The run has another owner.</summary>
    LeaseLost,
}
