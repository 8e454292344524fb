using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Baton.Server.Outbound;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.WebUtilities;

namespace Baton.Server.Gateway;

/// <summary>An application at the other end of a connection that the lane serves: answers in HTTP/1.1, one after the other.</summary>
internal sealed class LaneAnswer(ConnectionContext connection, LaneClock clock) : IAnswerSink
{
    private const int MostOfChunkHead = 10;

    private readonly PipeWriter output = connection.Transport.Output;
    private readonly HeaderDictionary headers = new();
    private int status;
    private long? left;
    private bool hasBody, isLast;
    private long written, began;

    public IHeaderDictionary Headers => headers;

    public bool HasBegun { get; private set; }

    /// <summary>Whether the connection is fit for another request.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Until when the client has to take what was written, as a timestamp; 0 while it is not waited for.</summary>
    public long WrittenUntil => Volatile.Read(ref writtenUntil);

    private long writtenUntil;

    /// <summary>Whether its end is told when it has come, as nobody knows its length before.</summary>
    private bool IsChunked => left is null;

    /// <summary>Makes it ready for the answer to the next request.</summary>
    /// <param name="isLast">Whether the connection is closed behind it.</param>
    public void Reset(bool isLast)
    {
        headers.Clear();
        (status, left, this.isLast, HasBegun, IsWhole) = (0, null, isLast, false, false);
    }

    public void Begin(int status, long? length)
    {
        hasBody = status is not (204 or 304);
        (this.status, left) = (status, hasBody ? length : 0);
        headers.ContentLength = hasBody ? length : null;
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (!HasBegun) WriteHead();
        if (bytes.IsEmpty || !hasBody)
        {
            // An empty chunk would be the last.
        }
        else if (!IsChunked)
        {
            if ((left -= bytes.Length) < 0) throw new InvalidOperationException("An answer is longer than it said.");
            output.Write(bytes.Span);
        }
        else
        {
            var to = output.GetSpan(MostOfChunkHead);
            bytes.Length.TryFormat(to, out var length, "x", CultureInfo.InvariantCulture);
            "\r\n"u8.CopyTo(to[length..]);
            output.Advance(length + 2);
            output.Write(bytes.Span);
            output.Write("\r\n"u8);
        }
        await FlushAsync(bytes.Length);
    }

    /// <summary>Nothing more comes. What is shorter than it said is not whole.</summary>
    public async ValueTask EndAsync()
    {
        if (status == 0) return;
        if (!HasBegun)
        {
            if (IsChunked) headers.ContentLength = left = 0;   // nothing at all was said
            WriteHead();
            await FlushAsync(0);
        }
        else if (IsChunked)
        {
            output.Write("0\r\n\r\n"u8);
            await FlushAsync(0);
        }
        IsWhole = left is null or 0 && !isLast;
    }

    public void Abort()
    {
        status = 0;   // half of it must not look like a whole one
        connection.Abort(new ConnectionAbortedException("The answer broke off."));
    }

    private ValueTask FlushAsync(int length)
    {
        written += length;
        var flushing = output.FlushAsync();
        if (!flushing.IsCompletedSuccessfully) return WaitAsync(flushing, length);
        _ = flushing.Result;
        return ValueTask.CompletedTask;
    }

    /// <summary>The client is slow to take what is there already.</summary>
    private async ValueTask WaitAsync(ValueTask<FlushResult> flushing, int length)
    {
        Volatile.Write(ref writtenUntil, clock.PatienceWith(length, written, began));
        try
        {
            await flushing;
        }
        finally
        {
            Volatile.Write(ref writtenUntil, 0);
        }
    }

    private void WriteHead()
    {
        const int Fixed = 256;
        (HasBegun, written, began) = (true, 0, clock.Now);
        var reason = ReasonPhrases.GetReasonPhrase(status);
        var most = Fixed + HeadWriter.MostOf(reason);
        foreach (var (name, values) in headers)
        {
            for (var i = 0; i < values.Count; i++) most += HeadWriter.MostOf(name, values[i] ?? "");
        }
        var head = new HeadWriter(output.GetSpan(most));
        head.Add("HTTP/1.1 "u8);
        head.Add(status);
        head.Add(" "u8);
        head.Add(reason);
        head.Add("\r\nDate: "u8);
        head.Add(clock.Date);
        head.Add("\r\n"u8);
        if (isLast) head.Add("Connection: close\r\n"u8);
        if (IsChunked) head.Add("Transfer-Encoding: chunked\r\n"u8);
        foreach (var (name, values) in headers)
        {
            for (var i = 0; i < values.Count; i++)
            {
                if (HeaderRules.IsOne(name, values[i] ?? "")) head.AddHeader(name, values[i] ?? "");
            }
        }
        head.Add("\r\n"u8);
        output.Advance(head.Length);
    }
}
