namespace Baton.Server.Cluster;

/// <summary>
/// Whether this node may act on the runs that it has in memory: from each heartbeat until shortly before the others could take it for dead. Nothing that was
/// recorded is at risk without it, since an old owner's writes are refused; what it keeps back are effects that another node may be performing by now.
/// </summary>
internal sealed class Tenure(TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource renewed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long since;
    private TimeSpan? length = TimeSpan.Zero;   // null for good
    private int life;

    /// <summary>Which life of this node it is: another each time when the others took it for dead. What was begun in an earlier one is not its own.</summary>
    public int Life => Volatile.Read(ref life);

    private bool IsSure
    {
        get
        {
            lock (gate) return length is not { } most || time.GetElapsedTime(since) < most;
        }
    }

    /// <summary>There is nobody who could take it for dead.</summary>
    public void HoldForGood() => Renew(0, null);

    /// <param name="sent">When the heartbeat was sent that was heard, as a timestamp.</param>
    public void Renew(long sent, TimeSpan? length)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            (since, this.length) = (sent, length);
            (waiting, renewed) = (renewed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        waiting.SetResult();
    }

    /// <summary>The others have taken this node for dead.</summary>
    public void Lose()
    {
        lock (gate)
        {
            length = TimeSpan.Zero;
            life++;
        }
    }

    /// <summary>Waits until it may act.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public ValueTask WaitAsync(CancellationToken cancel) => IsSure ? default : new ValueTask(RenewedAsync(cancel));

    private async Task RenewedAsync(CancellationToken cancel)
    {
        while (true)
        {
            var next = Volatile.Read(ref renewed).Task;   // before the look: what comes after it is heard
            if (IsSure) return;
            await next.WaitAsync(cancel);
        }
    }
}
