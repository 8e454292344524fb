namespace Baton.Server.Outbound;

/// <summary>An answer on a <see cref="PlainConnection"/>, which is another's once it has been read to its end and is disposed; before its end, the connection is closed.</summary>
internal sealed class PlainAnswer(PlainPool pool, PlainConnection connection, AnswerHead head) : ForwardedAnswer
{
    private const int MostDrained = 4 << 10;

    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(1);

    private PlainConnection? connection = connection;
    private long left = head.Length;
    private ChunkedBody chunks;
    private bool isFinished, hasMore;
    private bool hasEnded = head is { End: BodyEnd.Length, Length: 0 };

    public override int Status => head.Status;

    public override long? ContentLength => head.End == BodyEnd.Length ? head.Length : null;

    public override void CopyTo(IHeaderDictionary to, Func<string, bool> wants) => head.CopyTo(to, wants);

    public override string? Header(string name)
    {
        Span<byte> bytes = stackalloc byte[name.Length];
        System.Text.Ascii.FromUtf16(name, bytes, out _);
        return head.Header(bytes);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> to, CancellationToken cancel)
    {
        while (!hasEnded && to.Length > 0)
        {
            var read = await connection!.ReadAsync(to, cancel);   // more than is due, should it be there: then the connection is not used again
            if (read == 0)
            {
                if (head.End != BodyEnd.Close) throw new HttpIOException(HttpRequestError.ResponseEnded);
                hasEnded = true;
                break;
            }
            switch (head.End)
            {
                case BodyEnd.Length:
                    hasMore |= read > left;
                    read = (int)Math.Min(read, left);
                    hasEnded = (left -= read) == 0;
                    return read;
                case BodyEnd.Close:
                    return read;
                default:
                    read = chunks.Decode(to.Span[..read]);
                    hasEnded = chunks.HasEnded;
                    if (read > 0) return read;
                    break;
            }
        }
        return 0;
    }

    public override void Finish() => isFinished = true;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref connection, null) is not { } held) return;
        if (isFinished && !hasEnded && head is { IsKept: true, End: BodyEnd.Chunks }) _ = new PlainAnswer(pool, held, head) { chunks = chunks }.DrainAsync();   // it ends itself, soon
        else if (hasEnded && head.IsKept && !hasMore && !chunks.HasMore && !held.HasLeftOver) pool.Return(held);
        else pool.Close(held);
    }

    /// <summary>Reads to the end, where that comes soon.</summary>
    private async Task DrainAsync()
    {
        using (this)
        {
            var rest = new byte[MostDrained];
            using var patience = pool.Patience(LongestDrain);
            try
            {
                for (int length = 0, read; length < MostDrained && (read = await ReadAsync(rest, patience.Token)) > 0;) length += read;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The connection is no good any more, and is closed.
            }
        }
    }
}
