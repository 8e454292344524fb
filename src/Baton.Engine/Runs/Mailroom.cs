using Baton.Engine.Waits;

namespace Baton.Engine.Runs;

/// <summary>
/// A run's inbox in memory: gives each message to the operation that waits for it, and keeps signals that nobody waits for yet.
/// </summary>
internal sealed class Mailroom(RunExecution run, IReadOnlyList<InboxMessage> first)
{
    private List<InboxMessage>? unopened = [.. first];   // null once the run is live
    private readonly Dictionary<string, Queue<InboxMessage>> signals = new(StringComparer.Ordinal);
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
        if (signals.TryGetValue(waiter.Name, out var kept) && kept.TryDequeue(out var message)) waiter.Accept(message);
        else Queue(signalWaiters, waiter.Name).Enqueue(waiter);
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
                Queue(signals, message.Name).Enqueue(message);
                break;
            case InboxKind.Event when listeners.TryGetValue(message.Name, out var listener):
                listener.Offer(message);
                break;
            case InboxKind.ChildEnded when run.Find(message.Name) is ChildOperation child:
                child.Accept(message);
                break;
            default:
                Discard(message);
                break;
        }
    }

    private static Queue<T> Queue<T>(Dictionary<string, Queue<T>> queues, string name)
    {
        if (!queues.TryGetValue(name, out var queue)) queues.Add(name, queue = new Queue<T>());
        return queue;
    }
}
