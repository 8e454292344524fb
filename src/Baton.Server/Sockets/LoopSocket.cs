using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Baton.Server.Sockets;

/// <summary>
/// A connected socket whose events an <see cref="EventLoop"/> sees. What is known to have nothing is not asked: a call that has to wait costs one call of the system and not two. One reader and one writer at a time;
/// what waits goes on on the loop's thread, or on the pool's where it was cancelled.
/// </summary>
internal sealed partial class LoopSocket : Wire
{
    private const int NoSignal = 0x4000;   // MSG_NOSIGNAL

    private readonly Socket socket;
    private readonly EventLoop loop;
    private readonly int descriptor;
    private int isDisposed;
    private Action? ended;

    /// <param name="socket">Owned from here on.</param>
    public LoopSocket(Socket socket, EventLoop loop)
    {
        (this.socket, this.loop) = (socket, loop);
        socket.Blocking = false;
        descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        (Receiving, Sending) = (new LoopWait(this, isReceive: true), new LoopWait(this, isReceive: false));
    }

    /// <summary>By which the loop knows it.</summary>
    public uint Turn { get; set; }

    /// <summary>Whether the other side has stopped sending, or all is over.</summary>
    public bool HasEnded { get; private set; }

    public bool IsDisposed => Volatile.Read(ref isDisposed) != 0;

    /// <summary>Begins to be told of events.</summary>
    /// <param name="ended">Called on the loop's thread, once, when <see cref="HasEnded"/>.</param>
    public void Watch(Action? ended = null)
    {
        this.ended = ended;
        loop.Watch(this, descriptor);
    }

    /// <summary>Connects it.</summary>
    /// <exception cref="SocketException">Nobody there, or nobody reachable.</exception>
    public async ValueTask ConnectAsync(EndPoint to, CancellationToken cancel)
    {
        try
        {
            socket.Connect(to);
            Watch();
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            Sending.Expect();
            Watch();
        }
        await Sending.ReadyAsync(cancel);
        if ((SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! is not SocketError.Success and var error) throw new SocketException((int)error);
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> to, CancellationToken cancel) => Receiving.TransferAsync(to, null, cancel);

    /// <summary>Receives into a buffer that is asked for when there is something to receive.</summary>
    /// <param name="room">Called by one thread at a time.</param>
    public ValueTask<int> ReceiveAsync(Func<Memory<byte>> room, CancellationToken cancel) => Receiving.TransferAsync(default, room, cancel);

    /// <summary>The wait of a <see cref="ReceiveAsync(Func{Memory{byte}}, CancellationToken)"/>, for who gives it another form.</summary>
    public LoopWait Receiving { get; }

    /// <summary>As <see cref="Receiving"/>, of sending.</summary>
    public LoopWait Sending { get; }

    public override ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => Sending.TransferAsync(MemoryMarshal.AsMemory(bytes), null, cancel);

    /// <summary>Asks the system only where the loop has seen something since all was read: another call of it for each request would cost more than anything else that is done for it here.</summary>
    public override bool IsReadable() => HasEnded || (Receiving.IsReady && socket.Poll(0, SelectMode.SelectRead));

    /// <summary>Lets a transfer go on when others have had their turn.</summary>
    internal void GoOnLater(LoopWait wait) => loop.GoOnLater(wait);

    /// <param name="isAbort">Whether the other side is to see that it was cut, and not ended.</param>
    public void Close(bool isAbort)
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0) return;
        loop.Forget(this, descriptor);
        try
        {
            if (isAbort) socket.LingerState = new LingerOption(enable: true, seconds: 0);
            else socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // It is over already.
        }
        socket.Dispose();
        Receiving.Fail(new SocketException((int)SocketError.OperationAborted));
        Sending.Fail(new SocketException((int)SocketError.OperationAborted));
    }

    public override void Dispose() => Close(isAbort: false);

    /// <summary>On the loop's thread.</summary>
    internal void Happened(bool canRead, bool canWrite, bool hasEnded)
    {
        var isNews = hasEnded && !HasEnded;
        if (isNews) HasEnded = true;
        if (canWrite) Sending.BecomeReady();
        if (canRead) Receiving.BecomeReady();
        if (isNews) ended?.Invoke();
    }

    /// <summary>One call of the system.</summary>
    /// <returns>The number of bytes, or minus the number of the error.</returns>
    internal unsafe int Receive(Span<byte> to)
    {
        fixed (byte* bytes = to) return Call(isReceive: true, bytes, to.Length);
    }

    /// <inheritdoc cref="Receive(Span{byte})"/>
    internal unsafe int Send(ReadOnlySpan<byte> from)
    {
        fixed (byte* bytes = from) return Call(isReceive: false, bytes, from.Length);
    }

    private unsafe int Call(bool isReceive, byte* bytes, int length)
    {
        try
        {
            while (true)
            {
                var count = isReceive ? Receive(socket.SafeHandle, bytes, length, 0) : Send(socket.SafeHandle, bytes, length, NoSignal);
                if (count >= 0) return (int)count;
                if (Marshal.GetLastPInvokeError() is not Errors.Interrupted and var error) return -error;
            }
        }
        catch (ObjectDisposedException)   // at this moment, by another thread
        {
            return -Errors.Closed;
        }
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static unsafe partial nint Receive(SafeSocketHandle socket, byte* bytes, nint most, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static unsafe partial nint Send(SafeSocketHandle socket, byte* bytes, nint count, int flags);
}
