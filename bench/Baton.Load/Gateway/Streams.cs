using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Baton.Load;

/// <summary>A host that answers each request with a stream of chunks at a steady pace; each says when it was written.</summary>
internal sealed class StreamUpstream : IAsyncDisposable
{
    /// <summary>Stands before the time in each chunk.</summary>
    public const string Mark = "\"content\":\"t=";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly int chunks;
    private readonly TimeSpan pause;
    private readonly Task accepting;

    public StreamUpstream(int chunks, TimeSpan pause)
    {
        (this.chunks, this.pause) = (chunks, pause);
        listener.Start(1024);
        accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptSocketAsync(stopping.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It stops.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var owned = socket;
        socket.NoDelay = true;
        var buffer = new byte[64 << 10];
        try
        {
            while (await ReadRequestAsync(socket, buffer))
            {
                await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), SocketFlags.None, stopping.Token);
                using var timer = new PeriodicTimer(pause, TimeProvider.System);
                for (var i = 0; i < chunks; i++)
                {
                    await SendAsync(socket, $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{{{{Mark}}}{{{Stopwatch.GetTimestamp()}}};"},"finish_reason":null}]}""" + "\n\n");
                    await timer.WaitForNextTickAsync(stopping.Token);
                }
                await SendAsync(socket, """data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\ndata: [DONE]\n\n");
                await socket.SendAsync("0\r\n\r\n"u8.ToArray(), SocketFlags.None, stopping.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Whoever measures sees that chunks are missing.
        }
    }

    private async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes($"{text.Length:x}\r\n{text}\r\n"), SocketFlags.None, stopping.Token);

    /// <returns>False at the end of the connection.</returns>
    private async Task<bool> ReadRequestAsync(Socket socket, byte[] buffer)
    {
        for (var length = 0; ;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None, stopping.Token);
            if (read == 0) return false;
            length += read;
            if (buffer.AsSpan(0, length).EndsWith("}"u8)) return true;   // every request of the benches is one object
            if (buffer.AsSpan(0, length).EndsWith("}\r\n0\r\n\r\n"u8)) return true;
        }
    }
}

/// <summary>Reads such a stream.</summary>
internal static class StreamClient
{
    /// <returns>Until the first chunk came, from when the request was sent; and how long each chunk was on its way.</returns>
    public static async Task<(double FirstMs, List<double> DelaysUs)> ReadAsync(Uri address, byte[] request)
    {
        using var wire = await HttpWire.ConnectAsync(address);
        var (sent, first, delays) = (Stopwatch.GetTimestamp(), 0.0, new List<double>(StreamScenario.Chunks));
        await wire.StreamAsync(request, bytes =>
        {
            var now = Stopwatch.GetTimestamp();
            var rest = bytes.Span;
            for (int at; (at = rest.IndexOf("\"content\":\"t="u8)) >= 0;)
            {
                rest = rest[(at + StreamUpstream.Mark.Length)..];
                if (!Utf8Parser.TryParse(rest, out long written, out _)) throw new BenchException("a chunk was cut");
                if (first == 0) first = Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds;
                delays.Add(Stopwatch.GetElapsedTime(written, now).TotalMicroseconds);
            }
        });
        return (first, delays);
    }
}
