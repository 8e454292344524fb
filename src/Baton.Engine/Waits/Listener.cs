using System.Diagnostics;
using Baton.Engine.Replay;
using Baton.Engine.Runs;

namespace Baton.Engine.Waits;

/// <summary>
/// An open subscription of a run: matching events are kept for it, in or out of memory, from when it is open until it is closed.
/// Used in the workflow's flow only; one <see cref="NextAsync"/> at a time.
/// </summary>
public sealed class Listener
{
    private readonly RunExecution run;
    private readonly CancelScope scope;
    private readonly Queue<InboxMessage> unread = new();
    private EventOperation? next;
    private int turn;

    internal Listener(RunExecution run, CancelScope scope, string key)
    {
        this.run = run;
        this.scope = scope;
        Key = key;
    }

    internal string Key { get; }

    internal IEnumerable<InboxMessage> Unread => unread;

    /// <summary>The next event that <paramref name="filter"/> accepts, as CloudEvents JSON. Events that it refuses are dropped.</summary>
    public Task<ReadOnlyMemory<byte>> NextAsync(Func<ReadOnlyMemory<byte>, bool> filter)
    {
        next = new EventOperation(run, $"{Key}~{turn++}", scope, this, filter);
        run.Ask(next);
        return next.Result;
    }

    /// <summary>Ends the subscription.</summary>
    public Task CloseAsync()
    {
        var close = new FactOperation<JournalEntry.ListeningStopped>(run, $"{Key}~close", scope, "listener", (seq, at, key) => new(seq, at, key, Key));
        run.Mail.Remove(this);
        run.Ask(close);
        return close.Result;
    }

    internal void Offer(InboxMessage message)
    {
        unread.Enqueue(message);
        Match();
    }

    /// <summary>Gives the waiting operation the first event that it accepts.</summary>
    internal void Match()
    {
        while (next is { IsOpen: true } waiter && unread.TryDequeue(out var message))
        {
            if (waiter.TryAccept(message)) return;
            run.Mail.Discard(message);
        }
    }

    private sealed class EventOperation(RunExecution run, string key, CancelScope scope, Listener listener, Func<ReadOnlyMemory<byte>, bool> filter) : Operation(run, key, scope)
    {
        private readonly TaskCompletionSource<ReadOnlyMemory<byte>> result = new();

        public override string Kind => "event";

        public Task<ReadOnlyMemory<byte>> Result => result.Task;

        /// <summary>Started, and not given an event yet.</summary>
        public bool IsOpen { get; private set; }

        public override bool Restore(Recorded recorded) => recorded.Outcome is JournalEntry.EventReceived;

        public override void Start()
        {
            IsOpen = true;
            listener.Match();
        }

        public bool TryAccept(InboxMessage message)
        {
            if (!filter(message.Body)) return false;
            IsOpen = false;
            Run.Enter();
            Run.Record(this, (seq, at) => new JournalEntry.EventReceived(seq, at, Key, message.Body, message.No));
            return true;
        }

        public override void Settle(JournalEntry outcome) => result.SetResult(outcome is JournalEntry.EventReceived received ? received.Event : throw new UnreachableException());

        public override void Cancel()
        {
            IsOpen = false;
            result.TrySetCanceled();
        }
    }
}
