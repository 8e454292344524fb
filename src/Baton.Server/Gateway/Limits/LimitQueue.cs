namespace Baton.Server.Gateway;

/// <summary>A call that waits for its turn.</summary>
internal sealed class Waiter(Limiter limiter, (string, string) caller, Meter[] meters, long tokens, long since)
{
    private readonly TaskCompletionSource<AdmissionResult> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public (string, string) Caller => caller;

    public Meter[] Meters => meters;

    public long Tokens => tokens;

    public long Since => since;

    public Task<AdmissionResult> Task => outcome.Task;

    /// <summary>Its place in the queue; null once it has none.</summary>
    public LinkedListNode<Waiter>? Place { get; set; }

    public void Set(AdmissionResult result) => outcome.SetResult(result);

    public void Cancel(CancellationToken cancel) => outcome.SetCanceled(cancel);

    public void Leave(CancellationToken cancel) => limiter.Leave(this, cancel);
}

/// <summary>Those who wait, by key: the keys in the order of their turns, in each the oldest first. Not thread-safe.</summary>
internal sealed class LimitQueue
{
    private readonly LinkedList<LinkedList<Waiter>> flows = new();
    private readonly Dictionary<(string, string), LinkedListNode<LinkedList<Waiter>>> byCaller = [];

    public int Count { get; private set; }

    /// <summary>The key whose turn it is.</summary>
    public LinkedListNode<LinkedList<Waiter>>? First => flows.First;

    public void Add(Waiter waiter)
    {
        if (!byCaller.TryGetValue(waiter.Caller, out var flow)) byCaller.Add(waiter.Caller, flow = flows.AddLast(new LinkedList<Waiter>()));
        waiter.Place = flow.Value.AddLast(waiter);
        Count++;
    }

    /// <returns>False for one that has no place any more.</returns>
    public bool Remove(Waiter waiter)
    {
        if (waiter.Place is not { } place) return false;
        waiter.Place = null;
        var flow = byCaller[waiter.Caller];
        flow.Value.Remove(place);
        Count--;
        if (flow.Value.Count > 0) return true;
        flows.Remove(flow);
        byCaller.Remove(waiter.Caller);
        return true;
    }

    /// <summary>A key has had its turn.</summary>
    /// <returns>False when nobody of it waits any more.</returns>
    public bool MoveToEnd(LinkedListNode<LinkedList<Waiter>> flow)
    {
        if (flow.List is null) return false;
        flows.Remove(flow);
        flows.AddLast(flow);
        return true;
    }
}
