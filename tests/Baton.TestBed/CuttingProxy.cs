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
    private volatile Func<int>? cutAfter;
    private int accepted, cut, refused, held, ended;
    private long forwarded, left;

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

    /// <summary>How many connections that were let through have come to their end, on both sides.</summary>
    public int Ended => ended;

    /// <summary>Bytes that clients have sent on connections that are held, and that wait.</summary>
    public int Held => held;

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
        Interlocked.Add(ref cut, all.Length);   // before anybody can find it out
        foreach (var connection in all) connection.Reset();
        return all.Length;
    }

    /// <summary>From now on cuts every time that so many bytes have passed, both ways together: in the middle of a message, and however fast the machine is. Null to end it.</summary>
    public void CutAfter(Func<int>? bytes)
    {
        lock (gate) (cutAfter, left) = (bytes, bytes?.Invoke() ?? 0);
    }

    /// <summary>What clients send on the connections that are open now waits until <see cref="Release"/>. New connections are not held.</summary>
    public void Hold()
    {
        lock (gate)
        {
            foreach (var connection in open) connection.Held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Resets the clients' side of held connections. The target does not know of it: it is still to get what they sent.</summary>
    public void LoseClients()
    {
        lock (gate)
        {
            foreach (var connection in open.Where(connection => connection.Held is not null)) connection.LoseClient();
        }
    }

    /// <summary>What was held reaches the target, and where the client is lost, so does the end.</summary>
    public void Release()
    {
        lock (gate)
        {
            foreach (var connection in open) connection.Held?.TrySetResult();
        }
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
        Interlocked.Increment(ref ended);
        lock (gate) open.Remove(connection);
    }

    private async Task PumpAsync(Connection connection, Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await ReceiveAsync(connection, from, buffer)) > 0;)
            {
                await flowing.Task.WaitAsync(stopping.Token);
                if (from == connection.Client) await HoldAsync(connection, read);
                var (passing, isCut) = Passing(connection, read);
                Interlocked.Add(ref forwarded, passing);
                await SendAsync(connection, to, buffer.AsMemory(0, passing));
                if (isCut) Cut();
            }
            to.Shutdown(SocketShutdown.Send);   // the other way may still have something to say
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            connection.Reset();
        }
    }

    private async Task<int> ReceiveAsync(Connection connection, Socket from, byte[] buffer)
    {
        try
        {
            return await from.ReceiveAsync(buffer, SocketFlags.None, stopping.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException && connection.IsLost && from == connection.Client)
        {
            return 0;   // to the target it has only come to its end
        }
    }

    private async Task HoldAsync(Connection connection, int bytes)
    {
        if (connection.Held is not { Task: var released }) return;
        Interlocked.Add(ref held, bytes);
        await released.WaitAsync(stopping.Token);
        Interlocked.Add(ref held, -bytes);
    }

    private async Task SendAsync(Connection connection, Socket to, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes, SocketFlags.None, stopping.Token)..];
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException && connection.IsLost && to == connection.Client)
        {
            // Nobody is there to hear it.
        }
    }

    /// <returns>How many bytes pass, and whether everything is cut then.</returns>
    private (int Bytes, bool IsCut) Passing(Connection connection, int bytes)
    {
        lock (gate)
        {
            if (connection.IsSevered) return (0, false);
            if (cutAfter is null || (left -= bytes) > 0) return (bytes, false);
            var passing = bytes + (int)left;
            left = cutAfter();
            foreach (var each in open) each.IsSevered = true;
            return (passing, true);
        }
    }

    private sealed class Connection(Socket client)
    {
        public Socket Client { get; } = client;

        public Socket Server { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public Task Done { get; set; } = Task.CompletedTask;

        public TaskCompletionSource? Held { get; set; }

        /// <summary>It is about to be reset, once the last bytes that were to pass have been sent: an answer to them is not to slip through.</summary>
        public bool IsSevered { get; set; }

        /// <summary>The client is gone, and the target is not to know.</summary>
        public bool IsLost { get; private set; }

        public void Reset()
        {
            Reset(Client);
            Reset(Server);
        }

        public void LoseClient()
        {
            IsLost = true;
            Reset(Client);
        }

        private static void Reset(Socket side)
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

        public void Close()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
