using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Baton.Server.Sockets;

/// <summary>A connection of a client as the server takes it, without a task and a pipe for each direction between it and its socket.</summary>
internal sealed class LoopConnection : DefaultConnectionContext, IDuplexPipe
{
    private readonly LoopSocket socket;
    private readonly LoopReader input;
    private readonly LoopWriter output;
    private readonly CancellationTokenSource closed = new();
    private int hasClosed;

    public LoopConnection(Socket socket, EventLoop loop)
    {
        this.socket = new LoopSocket(socket, loop);
        (input, output) = (new LoopReader(this.socket), new LoopWriter(this.socket));
        (Transport, Application) = (this, this);
        (LocalEndPoint, RemoteEndPoint, ConnectionClosed) = (socket.LocalEndPoint, socket.RemoteEndPoint, closed.Token);
    }

    public PipeReader Input => input;

    public PipeWriter Output => output;

    /// <summary>Begins to be told of what happens.</summary>
    public void Watch() => socket.Watch(TellClosed);

    public override void Abort(ConnectionAbortedException abortReason)
    {
        socket.Close(isAbort: true);
        TellClosed();
    }

    public override ValueTask DisposeAsync()
    {
        output.Complete();
        socket.Close(isAbort: false);
        input.Complete();
        TellClosed();
        return base.DisposeAsync();
    }

    /// <summary>On another thread: who hears of it may have much to do.</summary>
    private void TellClosed()
    {
        if (Interlocked.Exchange(ref hasClosed, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), closed, preferLocal: false);
    }
}
