using System.Collections.Concurrent;

namespace Baton.Engine.Runs;

/// <summary>
/// Runs one run's workflow code, one callback at a time: so workflow code needs no locks, and sees outcomes in one order.
/// </summary>
/// <remarks>
/// Two queues: continuations of workflow code, and outcomes to hand over. An outcome is handed over only when no continuation is left:
/// replay does the same, and therefore reaches the same states in the same order (a race between two steps has the same winner).
/// </remarks>
internal sealed class RunLoop(Func<bool> onIdle, Action<Exception> onCrash) : SynchronizationContext, IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> continuations = new();
    private readonly ConcurrentQueue<(Action<object> Callback, object State)> deliveries = new();
    private int scheduled;
    private volatile bool stopped;

    /// <summary>True on the thread that runs this loop now.</summary>
    public bool IsCurrent => ReferenceEquals(Current, this);

    public override void Post(SendOrPostCallback d, object? state)
    {
        continuations.Enqueue((d, state));
        Schedule();
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!IsCurrent) throw new NotSupportedException("Workflow code is never waited for synchronously.");
        d(state);
    }

    /// <summary>Queues the hand-over of an outcome, from any thread.</summary>
    public void Deliver(Action<object> callback, object state)
    {
        deliveries.Enqueue((callback, state));
        Schedule();
    }

    /// <summary>From now on nothing runs: continuations of a run that has ended in this process are dropped.</summary>
    public void Stop() => stopped = true;

    public override SynchronizationContext CreateCopy() => this;

    void IThreadPoolWorkItem.Execute()
    {
        var outer = Current;
        var hasCrashed = false;
        SetSynchronizationContext(this);
        try
        {
            while (RunNext()) { }
        }
        catch (Exception e)   // a broken invariant of ours or an async void of theirs: the run must not hang silently
        {
            onCrash(e);
            hasCrashed = true;   // what it left is settled in the next turn, even if nothing else would begin one
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
        Volatile.Write(ref scheduled, 0);
        if (!stopped && (hasCrashed || !continuations.IsEmpty || !deliveries.IsEmpty)) Schedule();
    }

    private bool RunNext()
    {
        if (stopped) return false;
        if (continuations.TryDequeue(out var continuation))
        {
            continuation.Callback(continuation.State);
            return true;
        }
        if (deliveries.TryDequeue(out var delivery))
        {
            delivery.Callback(delivery.State);
            return true;
        }
        return onIdle();
    }

    private void Schedule()
    {
        if (!stopped && Interlocked.Exchange(ref scheduled, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
