using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Baton.Load;

/// <summary>A connection that sends one request at a time and reads its answer: as little of HTTP/1.1 as a meter needs, so that it measures little of itself.</summary>
internal sealed class HttpWire : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] buffer = new byte[64 << 10];

    public static async Task<HttpWire> ConnectAsync(Uri address)
    {
        var wire = new HttpWire();
        await wire.socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return wire;
    }

    /// <summary>Sends, and reads an answer with a Content-Length to its end.</summary>
    /// <exception cref="BenchException">It is none, or no success.</exception>
    public async ValueTask AskAsync(byte[] request)
    {
        await socket.SendAsync(request, SocketFlags.None);
        var length = 0;
        while (true)
        {
            length += await ReadAsync(length);
            var head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (head < 0) continue;
            if (!buffer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8)) throw new BenchException($"answered {Encoding.UTF8.GetString(buffer, 0, length)}");
            var whole = head + 4 + ContentLength(buffer.AsSpan(0, head));
            while (length < whole) length += await ReadAsync(length);
            return;
        }
    }

    /// <summary>Sends, and hands over what comes until the mark of a stream's end, piece by piece.</summary>
    public async Task StreamAsync(byte[] request, Action<ReadOnlyMemory<byte>> take)
    {
        await socket.SendAsync(request, SocketFlags.None);
        while (true)
        {
            var read = await ReadAsync(0);
            take(buffer.AsMemory(0, read));
            if (buffer.AsSpan(0, read).StartsWith("0\r\n\r\n"u8) || buffer.AsSpan(0, read).IndexOf("\r\n0\r\n\r\n"u8) >= 0) return;   // the last chunk of the body, and no header that ends with a 0
        }
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<int> ReadAsync(int from)
    {
        var read = await socket.ReceiveAsync(buffer.AsMemory(from), SocketFlags.None);
        return read > 0 ? read : throw new BenchException($"the connection ended: {Encoding.UTF8.GetString(buffer, 0, from)}");
    }

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        var text = Encoding.ASCII.GetString(head);
        var at = text.IndexOf("content-length:", StringComparison.OrdinalIgnoreCase);
        if (at < 0) throw new BenchException($"an answer without Content-Length: {text}");
        return int.Parse(text.AsSpan(at + "content-length:".Length).Trim().ToString().Split('\r')[0], CultureInfo.InvariantCulture);
    }
}

/// <summary>Connections for requests that come whenever they come: as many as are under way at once.</summary>
internal sealed class HttpWires(Uri address) : IDisposable
{
    private readonly ConcurrentStack<HttpWire> idle = new();

    public async Task AskAsync(byte[] request)
    {
        if (!idle.TryPop(out var wire)) wire = await HttpWire.ConnectAsync(address);
        await wire.AskAsync(request);
        idle.Push(wire);
    }

    public void Dispose()
    {
        while (idle.TryPop(out var wire)) wire.Dispose();
    }
}
