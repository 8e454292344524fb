using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Baton.Server.Sockets;

/// <summary>
/// One direction of a <see cref="LoopSocket"/>: transfers bytes when it can, and otherwise waits for the loop to say so. One transfer at a time.
/// </summary>
/// <remarks>
/// What is known of the socket is forgotten before it is asked, so that an event which comes meanwhile is not lost. A transfer that leaves room has emptied (or filled) the socket, and the next one waits for an event at once:
/// edge-triggered, the kernel tells of whatever comes later (<c>epoll(7)</c>, questions 9 and 10).
/// </remarks>
internal sealed class LoopWait(LoopSocket socket, bool isReceive) : IValueTaskSource<int>
{
    /// <summary>The result of a wait that was ended by <see cref="Interrupt"/>.</summary>
    public const int WasInterrupted = -1;

    private const int Idle = 0, Ready = 1, Waiting = 2;

    private ManualResetValueTaskSourceCore<int> core;
    private int state = Ready;   // nobody knows yet
    private Memory<byte> bytes;
    private Func<Memory<byte>>? room;
    private bool isForReadiness;
    private int done;
    private volatile bool isInterrupted;
    private CancellationToken cancel;
    private CancellationTokenRegistration registration;

    /// <summary>Receives something, or sends everything.</summary>
    /// <exception cref="InvalidOperationException">Another transfer in this direction is waiting.</exception>
    public ValueTask<int> TransferAsync(Memory<byte> bytes, Func<Memory<byte>>? room, CancellationToken cancel)
    {
        if (Volatile.Read(ref state) == Waiting) throw new InvalidOperationException("Another transfer is waiting.");
        (this.bytes, this.room, isForReadiness, done, isInterrupted) = (bytes, room, false, 0, false);
        return StartAsync(cancel);
    }

    /// <summary>Whether it may be usable: it has not been found to be otherwise since the last event.</summary>
    public bool IsReady => Volatile.Read(ref state) == Ready;

    /// <summary>It is known that it cannot be used now: before its socket is watched.</summary>
    public void Expect() => state = Idle;

    /// <summary>Waits until it can be used.</summary>
    public ValueTask<int> ReadyAsync(CancellationToken cancel)
    {
        isForReadiness = true;
        return StartAsync(cancel);
    }

    /// <summary>The loop has seen that it can be used. On the loop's thread.</summary>
    public void BecomeReady()
    {
        if (Interlocked.Exchange(ref state, Ready) != Waiting) return;
        var (isDone, result, failure) = (true, 0, (Exception?)null);
        try
        {
            isDone = TryTransfer(out result);
            if (isDone && result < 0) failure = Failure(result);
        }
        catch (Exception e)   // no memory for a buffer, say: that is for who waits, and not for all whose sockets are on this loop
        {
            failure = e;
        }
        if (!isDone)
        {
            Volatile.Write(ref state, Waiting);
            EndIfOver();
            return;
        }
        registration.Dispose();
        if (failure is null) core.SetResult(result);
        else core.SetException(failure);
    }

    /// <summary>Ends a wait, also one that is about to begin.</summary>
    public void Interrupt()
    {
        isInterrupted = true;
        if (TryTake()) core.SetResult(WasInterrupted);
    }

    /// <summary>Ends a wait with an error.</summary>
    public void Fail(Exception why)
    {
        if (TryTake()) core.SetException(why);
    }

    /// <summary>Bytes of what is to be sent that have gone.</summary>
    public int Done => done;

    public short Version => core.Version;

    public int GetResult(short token) => core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => core.OnCompleted(continuation, state, token, flags);

    private ValueTask<int> StartAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<int>(cancel);
            if (socket.IsDisposed) return ValueTask.FromException<int>(new SocketException((int)SocketError.OperationAborted));
            var canGoOn = IsReady || socket.HasEnded;
            var isLater = canGoOn && EventLoop.Current is { } here && !here.MayGoOn();
            if (canGoOn && !isLater && TryTransfer(out var result)) return result >= 0 ? ValueTask.FromResult(result) : ValueTask.FromException<int>(Failure(result));
            core.Reset();
            core.RunContinuationsAsynchronously = false;
            this.cancel = cancel;
            registration = cancel.UnsafeRegister(static wait => ((LoopWait)wait!).Cancel(), this);
            var known = isLater ? Volatile.Read(ref state) : Idle;
            if (Interlocked.CompareExchange(ref state, Waiting, known) == known)
            {
                var waiting = new ValueTask<int>(this, core.Version);
                if (isLater) socket.GoOnLater(this);
                EndIfOver();
                return waiting;
            }
            registration.Dispose();   // it became ready meanwhile
        }
    }

    /// <summary>What came while it was not waiting was told to nobody.</summary>
    private void EndIfOver()
    {
        if (cancel.IsCancellationRequested) Cancel();
        else if (socket.IsDisposed) Fail(new SocketException((int)SocketError.OperationAborted));
        else if (isInterrupted) Interrupt();
    }

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref state, Idle, Waiting) != Waiting) return;
        core.RunContinuationsAsynchronously = true;
        core.SetException(new OperationCanceledException(cancel));
    }

    private bool TryTake()
    {
        if (Interlocked.CompareExchange(ref state, Idle, Waiting) != Waiting) return false;
        registration.Dispose();
        core.RunContinuationsAsynchronously = true;
        return true;
    }

    /// <returns>Whether that is the end of it: with the number of bytes, or minus the number of an error.</returns>
    private bool TryTransfer(out int result)
    {
        result = 0;
        if (isForReadiness) return true;
        var to = room is null ? bytes : room();
        Volatile.Write(ref state, Idle);
        if (isReceive)
        {
            result = socket.Receive(to.Span);
            if (result == to.Length) Volatile.Write(ref state, Ready);
            return result != -Errors.WouldBlock;
        }
        while (true)
        {
            result = socket.Send(bytes.Span[done..]);
            if (result == -Errors.WouldBlock) return false;
            if (result < 0) return true;
            if ((done += result) < bytes.Length) continue;
            Volatile.Write(ref state, Ready);
            result = done;
            return true;
        }
    }

    private static SocketException Failure(int result) => new(Errors.Of(-result));
}
