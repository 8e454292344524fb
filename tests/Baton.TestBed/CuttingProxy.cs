using System.Net;
using System.Net.Sockets;

namespace Baton.TestBed;

/// <summary>A TCP proxy on a free port of 127.0.0.1 that a test makes fail: it cuts, refuses and stalls, and counts what it did.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly HashSet<Connection> open = [];
    private readonly Task accepting;
    private volatile int target;
    private volatile bool refusing;
    private volatile TaskCompletionSource flowing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int accepted, cut, refused;
    private long forwarded;

    /// <param name="target">The port on 127.0.0.1 that it stands before.</param>
    public CuttingProxy(int target)
    {
        this.target = target;
        flowing.SetResult();
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Where new connections go.</summary>
    public int Target
    {
        get => target;
        set => target = value;
    }

    /// <summary>How many connections were let through so far.</summary>
    public int Accepted => accepted;

    /// <summary>How many connections were cut.</summary>
    public int Cuts => cut;

    /// <summary>How many connections were turned away, by order or because the target did not answer.</summary>
    public int Refused => refused;

    /// <summary>Bytes that went through, both ways.</summary>
    public long Forwarded => Interlocked.Read(ref forwarded);

    public int Open
    {
        get
        {
            lock (gate) return open.Count;
        }
    }

    /// <summary>Resets every open connection on both sides. What was on its way is lost.</summary>
    /// <returns>How many there were.</returns>
    public int Cut()
    {
        Connection[] all;
        lock (gate) all = [.. open];
        foreach (var connection in all) connection.Reset();
        Interlocked.Add(ref cut, all.Length);
        return all.Length;
    }

    /// <summary>From now on every new connection is reset at once; those that are open live on.</summary>
    public void Refuse() => refusing = true;

    /// <summary>From now on nothing passes, and nobody is told: the connections stay open.</summary>
    public void Stall()
    {
        if (flowing.Task.IsCompleted) flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Ends refusing and stalling; what had been held back goes on.</summary>
    public void Resume()
    {
        refusing = false;
        flowing.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        Resume();
        await accepting;
        Connection[] all;
        lock (gate) all = [.. open];
        foreach (var connection in all) connection.Reset();
        await Task.WhenAll(all.Select(connection => connection.Done));
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(stopping.Token);
                var connection = new Connection(client);
                lock (gate) open.Add(connection);
                connection.Done = ServeAsync(connection);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException || (e is InvalidOperationException && stopping.IsCancellationRequested))
        {
            // It stops; one that had stopped already says that it does not listen.
        }
    }

    private async Task ServeAsync(Connection connection)
    {
        try
        {
            if (refusing) throw new SocketException((int)SocketError.ConnectionRefused);
            await connection.Server.ConnectAsync(IPAddress.Loopback, target, stopping.Token);
            Interlocked.Increment(ref accepted);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            Interlocked.Increment(ref refused);
            connection.Reset();
            lock (gate) open.Remove(connection);
            return;
        }
        await Task.WhenAll(PumpAsync(connection, connection.Client, connection.Server), PumpAsync(connection, connection.Server, connection.Client));
        connection.Close();
        lock (gate) open.Remove(connection);
    }

    private async Task PumpAsync(Connection connection, Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer, SocketFlags.None, stopping.Token)) > 0;)
            {
                await flowing.Task.WaitAsync(stopping.Token);
                for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, stopping.Token);
                Interlocked.Add(ref forwarded, read);
            }
            to.Shutdown(SocketShutdown.Send);   // the other way may still have something to say
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            connection.Reset();
        }
    }

    private sealed class Connection(Socket client)
    {
        public Socket Client { get; } = client;

        public Socket Server { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public Task Done { get; set; } = Task.CompletedTask;

        public void Reset()
        {
            foreach (var side in (Socket[])[Client, Server])
            {
                try
                {
                    side.LingerState = new LingerOption(enable: true, seconds: 0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // Closed already.
                }
                side.Dispose();
            }
        }

        public void Close()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
