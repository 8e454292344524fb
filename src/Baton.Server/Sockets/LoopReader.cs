using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;

namespace Baton.Server.Sockets;

/// <summary>What comes on a socket, as a pipe: in one block, which is rented when something comes and goes back when all of it was taken.</summary>
internal sealed class LoopReader : PipeReader, IValueTaskSource<ReadResult>
{
    private const int First = 4 << 10, Growth = 4, Kept = 64 << 10, Least = 1 << 10;

    private readonly LoopSocket socket;
    private readonly Func<Memory<byte>> room;
    private readonly Block block = new();
    private byte[] buffer = [];
    private int start, examined, end;
    private int next = First;
    private volatile bool isInterrupted;
    private bool hasEnded, isCompleted;
    private volatile bool isReading;

    public LoopReader(LoopSocket socket)
    {
        this.socket = socket;
        room = Room;
    }

    public override bool TryRead(out ReadResult result)
    {
        ObjectDisposedException.ThrowIf(isCompleted, this);
        if (isInterrupted || hasEnded || examined < end)
        {
            result = Result(isInterrupted);
            isInterrupted = false;
            return true;
        }
        result = default;
        return false;
    }

    /// <exception cref="ConnectionResetException">The connection broke.</exception>
    /// <exception cref="ConnectionAbortedException">It was closed here.</exception>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var result)) return ValueTask.FromResult(result);
        var receiving = socket.ReceiveAsync(room, cancellationToken);
        if (receiving.IsCompletedSuccessfully) return ValueTask.FromResult(Received(receiving.Result));
        if (receiving.IsCompleted) return FailedAsync(receiving);
        isReading = true;
        if (isInterrupted) socket.Receiving.Interrupt();
        return new ValueTask<ReadResult>(this, socket.Receiving.Version);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        (start, this.examined) = (consumed.GetInteger(), Math.Max(consumed.GetInteger(), examined.GetInteger()));
        if (start == end) GiveBack();
    }

    public override void CancelPendingRead()
    {
        isInterrupted = true;
        socket.Receiving.Interrupt();
    }

    public override void Complete(Exception? exception = null)
    {
        if (isCompleted) return;
        isCompleted = true;
        if (!isReading) GiveBack();   // else the loop may be filling it
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        isReading = false;
        try
        {
            return Received(socket.Receiving.GetResult(token));
        }
        catch (SocketException e)
        {
            throw Broken(e);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => socket.Receiving.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => socket.Receiving.OnCompleted(continuation, state, token, flags);

    /// <summary>How the server knows a connection that broke, or that it has closed itself.</summary>
    private static Exception Broken(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionReset or SocketError.Shutdown => new ConnectionResetException(e.Message, e),
        SocketError.OperationAborted => new ConnectionAbortedException(e.Message, e),
        _ => new IOException(e.Message, e),
    };

    private async ValueTask<ReadResult> FailedAsync(ValueTask<int> receiving)
    {
        try
        {
            return Received(await receiving);
        }
        catch (SocketException e)
        {
            throw Broken(e);
        }
    }

    private ReadResult Received(int count)
    {
        if (count == LoopWait.WasInterrupted)
        {
            isInterrupted = false;
            return Result(isCanceled: true);
        }
        if (count == 0) hasEnded = true;
        end += count;
        if (end == buffer.Length) next = Math.Min(Math.Max(next, buffer.Length) * Growth, Kept);
        return Result(isCanceled: false);
    }

    private ReadResult Result(bool isCanceled) => new(start == end ? default : new ReadOnlySequence<byte>(block, start, block, end), isCanceled, hasEnded);

    private Memory<byte> Room()
    {
        if (buffer.Length - end < Least) MakeRoom();
        return buffer.AsMemory(end);
    }

    private void MakeRoom()
    {
        var held = end - start;
        if (buffer.Length - held >= Math.Max(Least, held)) buffer.AsSpan(start, held).CopyTo(buffer);
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(held == 0 ? next : buffer.Length * Growth);
            buffer.AsSpan(start, held).CopyTo(larger);
            if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
            block.Set(buffer);
        }
        (start, examined, end) = (0, examined - start, held);
    }

    private void GiveBack()
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        (buffer, start, examined, end) = ([], 0, 0, 0);
        block.Set(buffer);
    }

    /// <summary>The one block, as sequences have them: their positions are its indices then.</summary>
    private sealed class Block : ReadOnlySequenceSegment<byte>
    {
        public void Set(byte[] bytes) => Memory = bytes;
    }
}
