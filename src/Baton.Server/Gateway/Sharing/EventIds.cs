using System.Buffers;
using System.Globalization;
using System.Text;

namespace Baton.Server.Gateway;

/// <summary>
/// Gives each event of a stream an id, by which a client can say what it has seen: the request's name, and the bytes of the answer, as the target sent it, up to the event's end. It is the last
/// line of its event, and so counts more than one that the target may have written. Events without data get none.
/// </summary>
/// <param name="request">The request whose answer it is.</param>
/// <param name="position">Where in the answer the first piece begins: at the beginning of an event.</param>
internal sealed class EventIds(string request, long position)
{
    private readonly ArrayBufferWriter<byte> written = new();
    private long start = position;   // of the next piece
    private int lineLength;
    private int matched;          // bytes of the line that are those of "data:"
    private bool hasData;
    private bool skipsLineFeed;   // a carriage return ended the line already

    private static ReadOnlySpan<byte> Data => "data:"u8;

    /// <summary>The piece with its ids, wherever it was cut; good until the next one.</summary>
    public ReadOnlyMemory<byte> AddTo(ReadOnlyMemory<byte> piece)
    {
        written.ResetWrittenCount();
        var bytes = piece.Span;
        var from = 0;
        for (var at = 0; at < bytes.Length;)
        {
            if (skipsLineFeed && bytes[at] == '\n') at++;
            skipsLineFeed = false;
            var length = bytes[at..].IndexOfAny((byte)'\n', (byte)'\r');
            See(length < 0 ? bytes[at..] : bytes.Slice(at, length));
            if (length < 0) break;
            at += length;
            if (lineLength == 0)
            {
                if (hasData)
                {
                    written.Write(bytes[from..at]);
                    from = at;
                    var isPair = bytes[at] == '\r' && at + 1 < bytes.Length && bytes[at + 1] == '\n';
                    Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {request}:{start + at + (isPair ? 2 : 1)}\n"), written);
                }
                hasData = false;
            }
            (lineLength, matched) = (0, 0);
            skipsLineFeed = bytes[at++] == '\r';
        }
        written.Write(bytes[from..]);
        start += bytes.Length;
        return written.WrittenMemory;
    }

    /// <summary>Reads an id.</summary>
    public static bool TryRead(string text, out string request, out long position)
    {
        var colon = text.LastIndexOf(':');
        request = colon < 0 ? "" : text[..colon];
        position = 0;
        return request.StartsWith(RequestId.Prefix, StringComparison.Ordinal) && long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out position);
    }

    private void See(ReadOnlySpan<byte> part)
    {
        if (matched == lineLength && matched < Data.Length)
        {
            matched += part[..Math.Min(part.Length, Data.Length - matched)].CommonPrefixLength(Data[matched..]);
            hasData |= matched == Data.Length;
        }
        lineLength += part.Length;
    }
}
