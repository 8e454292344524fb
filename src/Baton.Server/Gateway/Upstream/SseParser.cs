using System.Buffers;
using System.Text;

namespace Baton.Server.Gateway;

/// <param name="Type">"message" unless the stream says otherwise.</param>
/// <param name="Data">Its data lines, joined with line feeds.</param>
internal readonly record struct SseEvent(string Type, string Data);

/// <summary>Reads server-sent events from bytes that arrive in pieces of any size. Ids and retry times are skipped: a model's answer cannot be resumed.</summary>
/// <remarks>WHATWG, HTML Living Standard, section 9.2.6, "Interpreting an event stream". An event that the stream's end cuts off is dropped, as there.</remarks>
internal sealed class SseParser
{
    private const string Message = "message";

    private readonly ArrayBufferWriter<byte> line = new();
    private readonly ArrayBufferWriter<byte> data = new();
    private string type = "";
    private bool isFirstLine = true;
    private bool hasData;
    private bool skipsLineFeed;

    /// <summary>Takes bytes from the front until an event is complete or none are left.</summary>
    /// <returns>True with an event; there may be more in <paramref name="bytes"/>.</returns>
    public bool TryTake(ref ReadOnlyMemory<byte> bytes, out SseEvent found)
    {
        while (!bytes.IsEmpty)
        {
            // A carriage return ended the line already; the line feed that belongs to it may come in a later piece.
            if (skipsLineFeed && bytes.Span[0] == (byte)'\n') bytes = bytes[1..];
            skipsLineFeed = false;
            var end = bytes.Span.IndexOfAny((byte)'\r', (byte)'\n');
            line.Write((end < 0 ? bytes : bytes[..end]).Span);
            if (end < 0) break;
            skipsLineFeed = bytes.Span[end] == (byte)'\r';
            bytes = bytes[(end + 1)..];
            if (EndLine(out found)) return true;
        }
        bytes = ReadOnlyMemory<byte>.Empty;
        found = default;
        return false;
    }

    private bool EndLine(out SseEvent found)
    {
        var text = line.WrittenSpan;
        if (isFirstLine && text.StartsWith("\uFEFF"u8)) text = text[3..];
        isFirstLine = false;
        var isBlank = text.IsEmpty;
        if (!isBlank) Field(text);
        line.ResetWrittenCount();
        return End(isBlank, out found);
    }

    private bool End(bool isBlank, out SseEvent found)
    {
        found = default;
        if (!isBlank) return false;
        var complete = hasData;
        if (complete) found = new SseEvent(type.Length == 0 ? Message : type, Encoding.UTF8.GetString(data.WrittenSpan));
        data.ResetWrittenCount();
        (type, hasData) = ("", false);
        return complete;
    }

    private void Field(ReadOnlySpan<byte> text)
    {
        var colon = text.IndexOf((byte)':');
        var name = colon < 0 ? text : text[..colon];   // a colon in front makes a comment: a field without a name
        var value = colon < 0 ? default : text[(colon + 1)..];
        if (!value.IsEmpty && value[0] == (byte)' ') value = value[1..];
        if (name.SequenceEqual("data"u8))
        {
            if (hasData) data.Write("\n"u8);
            data.Write(value);
            hasData = true;
        }
        else if (name.SequenceEqual("event"u8))
        {
            type = Encoding.UTF8.GetString(value);
        }
    }
}
