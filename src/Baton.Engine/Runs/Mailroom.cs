using Baton.Engine.Waits;

namespace Baton.Engine.Runs;

/// <summary>
/// A run's inbox in memory: gives each message to the operation that waits for it, and keeps signals that nobody waits for yet.
/// </summary>
internal sealed class Mailroom(RunExecution run, IReadOnlyList<InboxMessage> first)
{
    private List<InboxMessage>? unopened = [.. first];   // null once the run is live
    private readonly Dictionary<string, PriorityQueue<InboxMessage, long>> signals = new(StringComparer.Ordinal);   // by number: the order in which they were sent
    private readonly Dictionary<string, string> leftWaiters = new(StringComparer.Ordinal);   // names of the signals, by key
    private readonly HashSet<long> takenAgain = [];
    private readonly Dictionary<string, Queue<SignalOperation>> signalWaiters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Listener> listeners = new(StringComparer.Ordinal);
    private readonly List<long> discarded = [];
    private bool reading, again;

    /// <summary>The newest message that was seen.</summary>
    public long LastNo { get; private set; } = first.Count > 0 ? first[^1].No : 0;

    /// <summary>Messages that nobody wanted, to be removed when the run is next given back.</summary>
    public IReadOnlyList<long> Discarded => [.. discarded];

    /// <summary>The run is live: what waited in its inbox is given out.</summary>
    public void Open()
    {
        var messages = unopened!;
        unopened = null;
        foreach (var message in messages) Dispatch(message);
    }

    /// <summary>Fetches what is new. A call during a fetch leads to one more.</summary>
    public void Read()
    {
        again = true;
        if (!reading && !run.HasEnded) run.Own(ReadAsync());
    }

    private async Task ReadAsync()
    {
        reading = true;
        run.Enter();
        try
        {
            while (again && !run.HasEnded)
            {
                again = false;
                foreach (var message in await run.ReadInboxAsync(LastNo))
                {
                    LastNo = message.No;
                    if (unopened is null) Dispatch(message);
                    else unopened.Add(message);
                }
            }
        }
        catch (StorageUnavailableException)
        {
            // The next notification, or the next life of the run, reads again.
        }
        finally
        {
            reading = false;
            run.Leave();
        }
    }

    public void Add(SignalOperation waiter)
    {
        while (signals.TryGetValue(waiter.Name, out var kept) && kept.TryDequeue(out var message, out var no))
        {
            if (takenAgain.Contains(no)) continue;
            waiter.Accept(message);
            return;
        }
        Queue(signalWaiters, waiter.Name).Enqueue(waiter);
    }

    /// <summary>The waiter was cancelled. A signal that was being recorded for it meanwhile comes back by <see cref="Return"/>.</summary>
    public void Leave(SignalOperation waiter) => leftWaiters[waiter.Key] = waiter.Name;

    /// <summary>A signal was recorded for a waiter that was cancelled before it was given to it: it is for the next one.</summary>
    public void Return(JournalEntry.SignalReceived signal)
    {
        if (signal.InboxNo == 0 || !leftWaiters.Remove(signal.Key, out var name)) return;   // 0: recorded by a version that lost it, and replays so
        var message = new InboxMessage(signal.InboxNo, InboxKind.Signal, name, signal.Payload);
        if (unopened is null) Dispatch(message);
        else Keep(message);
    }

    /// <summary>A replay has come to where the signal was given to a waiter: if it was returned before, it is not for anybody else.</summary>
    public void Took(JournalEntry.SignalReceived signal)
    {
        if (unopened is not null && signal.InboxNo != 0) takenAgain.Add(signal.InboxNo);
    }

    public void Add(Listener listener) => listeners.Add(listener.Key, listener);

    public void Remove(Listener listener)
    {
        listeners.Remove(listener.Key);
        foreach (var message in listener.Unread) discarded.Add(message.No);
    }

    public void Discard(InboxMessage message) => discarded.Add(message.No);

    private void Dispatch(InboxMessage message)
    {
        switch (message.Kind)
        {
            case InboxKind.Signal:
                while (Queue(signalWaiters, message.Name).TryDequeue(out var waiter))
                {
                    if (run.Find(waiter.Key) != waiter) continue;   // cancelled meanwhile
                    waiter.Accept(message);
                    return;
                }
                Keep(message);
                break;
            case InboxKind.Event when listeners.TryGetValue(message.Name, out var listener):
                listener.Offer(message);
                break;
            case InboxKind.Event when run.Find(message.Name) is ApprovalOperation approval:
                approval.Accept(message);
                break;
            case InboxKind.ChildEnded when run.Find(message.Name) is ChildOperation child:
                child.Accept(message);
                break;
            default:
                Discard(message);
                break;
        }
    }

    private void Keep(InboxMessage message)
    {
        if (!signals.TryGetValue(message.Name, out var kept)) signals.Add(message.Name, kept = new PriorityQueue<InboxMessage, long>());
        kept.Enqueue(message, message.No);
    }

    private static Queue<T> Queue<T>(Dictionary<string, Queue<T>> queues, string name)
    {
        if (!queues.TryGetValue(name, out var queue)) queues.Add(name, queue = new Queue<T>());
        return queue;
    }
}
