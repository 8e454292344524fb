namespace Baton.Engine.Runs;

/// <summary>Operations that wait for a time, and one timer for the earliest of them. Used on the run's loop only.</summary>
internal sealed class WaitingRoom
{
    private readonly PriorityQueue<Operation, (DateTimeOffset Due, int Order)> queue = new();
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private int order;

    /// <param name="onDue">Called from a timer's thread when the earliest time has come.</param>
    public WaitingRoom(TimeProvider time, Action onDue)
    {
        this.time = time;
        timer = time.CreateTimer(static callback => ((Action)callback!)(), onDue, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The earliest time that somebody still waits for.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            DropStale();
            return queue.TryPeek(out _, out var key) ? key.Due : null;
        }
    }

    public void Add(Operation operation)
    {
        queue.Enqueue(operation, (operation.Due!.Value, order++));
        Arm();
    }

    /// <summary>Removes and returns those whose time has come, earliest first.</summary>
    public List<Operation> TakeDue()
    {
        var now = time.GetUtcNow();
        var due = new List<Operation>();
        while (NextDue <= now) due.Add(queue.Dequeue());
        Arm();
        return due;
    }

    public void Close() => timer.Dispose();

    /// <summary>An operation that was settled or cancelled, or waits for another time now, leaves its old place behind.</summary>
    private void DropStale()
    {
        while (queue.TryPeek(out var operation, out var key) && operation.Due != key.Due) queue.Dequeue();
    }

    private void Arm()
    {
        // Timers count at most 49 days; a later due time is looked at again then.
        var wait = NextDue is { } due ? Clamp(due - time.GetUtcNow()) : Timeout.InfiniteTimeSpan;
        timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan Clamp(TimeSpan wait) => wait < TimeSpan.Zero ? TimeSpan.Zero : wait > TimeSpan.FromDays(40) ? TimeSpan.FromDays(40) : wait;
}
