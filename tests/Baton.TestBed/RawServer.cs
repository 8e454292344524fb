using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Baton.TestBed;

/// <summary>A TCP server that speaks no protocol: a test says for each connection what bytes go over it and how it ends.</summary>
public sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> open = [];
    private readonly Task accepting;
    private int connections;

    public RawServer(Func<RawConnection, Task> serve)
    {
        listener.Start();
        accepting = AcceptAsync(serve);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}/");

    public int Connections => connections;

    /// <summary>A port that nothing listens on.</summary>
    public static int ClosedPort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        Task[] all;
        lock (open) all = [.. open];
        await Task.WhenAll(all);
        stopping.Dispose();
    }

    private async Task AcceptAsync(Func<RawConnection, Task> serve)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stopping.Token);
                Interlocked.Increment(ref connections);
                lock (open) open.Add(ServeAsync(client, serve));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client, Func<RawConnection, Task> serve)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await serve(new RawConnection(client, stopping.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
            }
        }
    }
}

public sealed class RawConnection(TcpClient client, CancellationToken stopping)
{
    private readonly NetworkStream stream = client.GetStream();

    public CancellationToken Stopping => stopping;

    /// <summary>Reads one request: its head, and as many bytes of body as Content-Length says.</summary>
    public async Task<string> ReadRequestAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(buffer, stopping) == 0) return text.ToString();
            text.Append((char)buffer[0]);
        }
        var head = text.ToString();
        var at = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        if (at < 0) return head;
        var length = int.Parse(head.AsSpan(at + 16, head.IndexOf('\r', at) - at - 16));
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, stopping);
        return head + Encoding.UTF8.GetString(body);
    }

    /// <returns>What has come, at least a byte; nothing at the end.</returns>
    public async Task<byte[]> ReadSomeAsync()
    {
        var buffer = new byte[1024];
        return buffer[..await stream.ReadAsync(buffer, stopping)];
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    public Task WriteAsync(byte[] bytes) => stream.WriteAsync(bytes, stopping).AsTask();

    /// <summary>Ends the connection with a reset instead of an orderly close.</summary>
    public void Reset()
    {
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Client.Dispose();   // the stream's own end would close in order first
    }

    /// <summary>Keeps the connection open and silent until the test is over or the other side has closed it.</summary>
    public async Task StallAsync()
    {
        var buffer = new byte[1024];
        while (await stream.ReadAsync(buffer, stopping) > 0)
        {
        }
    }
}
