using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Baton.Server.Sockets;

/// <summary>
/// What goes out on a socket, as a pipe: one flush is one call of the system, and ends when the system has taken all of it. Where nobody takes it any more, flushes say so (<see cref="FlushResult.IsCompleted"/>),
/// and what is written is dropped: whoever writes has nothing to mend, and hears of the end as the connection's.
/// </summary>
internal sealed class LoopWriter(LoopSocket socket) : PipeWriter, IValueTaskSource<FlushResult>
{
    private const int First = 2 << 10, Growth = 2;

    private byte[] buffer = [];
    private int length;
    private volatile bool isInterrupted, isFlushing;
    private bool isCompleted, isOver;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsMemory(length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsSpan(length);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, buffer.Length - length);
        length += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (isInterrupted)
        {
            isInterrupted = false;
            return ValueTask.FromResult(new FlushResult(isCanceled: true, isCompleted: false));
        }
        if (isOver) return ValueTask.FromResult(Over());
        if (length == 0) return ValueTask.FromResult(default(FlushResult));
        var sending = socket.SendAsync(buffer.AsMemory(0, length), cancellationToken);
        if (sending.IsCompletedSuccessfully) return ValueTask.FromResult(Sent(sending.Result));
        if (sending.IsCompleted) return OverAsync(sending);
        isFlushing = true;
        if (isInterrupted) socket.Sending.Interrupt();
        return new ValueTask<FlushResult>(this, socket.Sending.Version);
    }

    public override void CancelPendingFlush()
    {
        isInterrupted = true;
        socket.Sending.Interrupt();
    }

    public override void Complete(Exception? exception = null)
    {
        if (isCompleted) return;
        isCompleted = true;
        if (!isFlushing && exception is null && length > 0 && !socket.IsDisposed && !IsDone(FlushAsync())) isFlushing = true;
        if (!isFlushing && buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);   // else it is still being sent
        (buffer, length) = ([], 0);
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (!isCompleted && !isFlushing && exception is null && length > 0 && !socket.IsDisposed) await FlushAsync();
        Complete(exception);
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        isFlushing = false;
        try
        {
            return Sent(socket.Sending.GetResult(token));
        }
        catch (OperationCanceledException)
        {
            TakeOut(socket.Sending.Done);
            throw;
        }
        catch (SocketException)
        {
            return Over();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => socket.Sending.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => socket.Sending.OnCompleted(continuation, state, token, flags);

    private async ValueTask<FlushResult> OverAsync(ValueTask<int> sending)
    {
        try
        {
            return Sent(await sending);
        }
        catch (SocketException)
        {
            return Over();
        }
    }

    private FlushResult Over()
    {
        isOver = true;
        GiveBack();
        return new FlushResult(isCanceled: false, isCompleted: true);
    }

    private FlushResult Sent(int count)
    {
        if (count == LoopWait.WasInterrupted)
        {
            isInterrupted = false;
            TakeOut(socket.Sending.Done);
            return new FlushResult(isCanceled: true, isCompleted: false);
        }
        GiveBack();
        return default;
    }

    private void GiveBack()
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);   // none, where it was completed meanwhile
        (buffer, length) = ([], 0);
    }

    private static bool IsDone(ValueTask<FlushResult> flushing) => flushing.IsCompleted;

    /// <summary>What has gone already, of a flush that was given up.</summary>
    private void TakeOut(int count)
    {
        if (isCompleted) return;
        buffer.AsSpan(count, length - count).CopyTo(buffer);
        length -= count;
    }

    private void Reserve(int wanted)
    {
        ObjectDisposedException.ThrowIf(isCompleted, this);
        if (buffer.Length > 0 && buffer.Length - length >= Math.Max(wanted, 1)) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(First, buffer.Length * Growth), length + wanted));
        buffer.AsSpan(0, length).CopyTo(larger);
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
