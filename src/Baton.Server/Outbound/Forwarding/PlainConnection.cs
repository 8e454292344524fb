using System.Buffers;
using System.Net.Sockets;
using Baton.Server.Sockets;

namespace Baton.Server.Outbound;

/// <summary>A connection that speaks HTTP/1.1 without TLS: one request, then its answer, then the next. One user at a time.</summary>
/// <param name="opened">When, as a timestamp.</param>
internal sealed class PlainConnection(Wire wire, PlainHost host, long opened) : IDisposable
{
    /// <summary>As much as the framework's client takes.</summary>
    private const int MostOfHead = 64 << 10;

    /// <summary>A body up to this size goes out with its head, in one piece: copying it costs less than another call of the system.</summary>
    private const int MostTogether = 64 << 10;

    /// <summary>Heads before that of the answer which only say that one will come.</summary>
    private const int MostPromises = 32;

    private byte[] buffer = new byte[1 << 10];   // a head, and behind it what came with it
    private int at, end, promises;

    public PlainHost Host => host;

    public long Opened => opened;

    /// <summary>When its last answer ended, as a timestamp.</summary>
    public long Freed { get; set; }

    /// <summary>Whether something lies there that no answer asked for: the other side's goodbye, for the most part.</summary>
    public bool HasLeftOver => at < end;

    /// <summary>Looks whether the other side has said something, or has closed: neither leaves a connection for a request.</summary>
    public bool IsSpent()
    {
        try
        {
            return wire.IsReadable();
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Reads the head of the answer to a request that has not gone whole: some hosts answer before they have read all of it, and then read no more of it. That is the answer, and the connection's last.</summary>
    /// <exception cref="IOException">As <see cref="Received"/> and <see cref="TryReadHead"/>.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async ValueTask<AnswerHead> ReadHeadWhileAsync(Task sending, CancellationToken cancel)
    {
        var reading = ReadHeadAsync(cancel);
        if (await Task.WhenAny(sending, reading) == sending && sending.IsCompletedSuccessfully) return await reading;
        _ = sending.ContinueWith(static sending => sending.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);   // it ends with the connection
        try
        {
            return await reading with { IsKept = false };
        }
        catch (Exception) when (sending.IsFaulted)
        {
            await sending;   // says why
            throw;
        }
    }

    /// <summary>Waits for more of a head, for <see cref="Received"/>.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public ValueTask<int> ReceiveHeadAsync(CancellationToken cancel)
    {
        if (end == buffer.Length) MakeRoom();
        return wire.ReceiveAsync(buffer.AsMemory(end), cancel);
    }

    /// <exception cref="IOException">The connection ended before the head did.</exception>
    public void Received(int count)
    {
        if (count == 0) throw new HttpIOException(HttpRequestError.ResponseEnded);
        end += count;
    }

    /// <summary>Sends a request. Its buffer goes back before the answer is waited for: that may take minutes.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async ValueTask SendAsync(ForwardMessage message, Uri uri, CancellationToken cancel)
    {
        var body = message.Json ?? default;
        var isTogether = body.Length <= MostTogether;
        var bytes = ArrayPool<byte>.Shared.Rent(MostOf(message, uri) + (isTogether ? body.Length : 0));
        try
        {
            var length = Write(message, uri, bytes);
            if (isTogether)
            {
                body.Span.CopyTo(bytes.AsSpan(length));
                length += body.Length;
            }
            await wire.SendAsync(bytes.AsMemory(0, length), cancel);
            if (!isTogether) await wire.SendAsync(body, cancel);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>The head of an answer; those that only say that one will come (1xx) are passed over.</summary>
    /// <returns>Null while it has not come whole.</returns>
    /// <exception cref="IOException">What comes is not HTTP.</exception>
    public AnswerHead? TryReadHead()
    {
        while (AnswerHead.EndOf(buffer.AsSpan(at, end - at)) is >= 0 and var length)
        {
            var head = AnswerHead.Parse(buffer.AsMemory(at, length)) ?? throw new HttpIOException(HttpRequestError.InvalidResponse);
            at += length;
            if (head.Status >= 200) return head;
            if (++promises > MostPromises) throw new HttpIOException(HttpRequestError.InvalidResponse, "It promises an answer again and again.");
            if (head.Status == 101) throw new HttpIOException(HttpRequestError.InvalidResponse, "It changes to a protocol that nobody asked for.");
        }
        return null;
    }

    /// <summary>What comes behind the head, as it comes.</summary>
    /// <returns>0 when the other side has closed.</returns>
    public ValueTask<int> ReadAsync(Memory<byte> to, CancellationToken cancel)
    {
        if (at == end) return ReceiveAsync(to, cancel);
        var length = Math.Min(to.Length, end - at);
        buffer.AsSpan(at, length).CopyTo(to.Span);
        at += length;
        return ValueTask.FromResult(length);
    }

    /// <summary>Makes it ready for the next request: the head that was read last is gone.</summary>
    public void Reset() => (at, end, promises) = (0, 0, 0);

    public void Dispose() => wire.Dispose();

    private async ValueTask<int> ReceiveAsync(Memory<byte> to, CancellationToken cancel)
    {
        try
        {
            return await wire.ReceiveAsync(to, cancel);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private async Task<AnswerHead> ReadHeadAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (TryReadHead() is { } head) return head;
            Received(await ReceiveHeadAsync(cancel));
        }
    }

    private void MakeRoom()
    {
        if (end - at >= MostOfHead) throw new HttpIOException(HttpRequestError.ConfigurationLimitExceeded, $"The head of the answer has more than {MostOfHead} bytes.");
        var larger = at > 0 ? buffer : new byte[buffer.Length * 2];
        buffer.AsSpan(at, end - at).CopyTo(larger);
        (buffer, at, end) = (larger, 0, end - at);
    }

    private static int MostOf(ForwardMessage message, Uri uri)
    {
        const int Fixed = 128;
        var most = Fixed + HeadWriter.MostOf(message.Method) + HeadWriter.MostOf(uri.OriginalString) + HeadWriter.MostOf(uri.IdnHost);
        foreach (var (name, value) in message.Headers) most += HeadWriter.MostOf(name, value);
        return most;
    }

    private static int Write(ForwardMessage message, Uri uri, Span<byte> to)
    {
        var head = new HeadWriter(to);
        head.Add(message.Method);
        head.Add(" "u8);
        head.Add(uri.PathAndQuery);
        head.Add(" HTTP/1.1\r\n"u8);
        if (!message.Has("Host"))
        {
            head.Add(uri.HostNameType == UriHostNameType.IPv6 ? "Host: ["u8 : "Host: "u8);
            head.Add(uri.IdnHost);
            if (uri.HostNameType == UriHostNameType.IPv6) head.Add("]"u8);
            if (!uri.IsDefaultPort)
            {
                head.Add(":"u8);
                head.Add(uri.Port);
            }
            head.Add("\r\n"u8);
        }
        foreach (var (name, value) in message.Headers) head.AddHeader(name, value);
        if (message.Json is { } body)
        {
            head.Add("Content-Type: application/json\r\nContent-Length: "u8);
            head.Add(body.Length);
            head.Add("\r\n"u8);
        }
        head.Add("\r\n"u8);
        return head.Length;
    }
}
