using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Baton.Server.Outbound;

/// <summary>How the end of a body is known (RFC 9112, section 6).</summary>
internal enum BodyEnd
{
    Length,
    Chunks,
    Close,
}

/// <summary>The head of an answer in HTTP/1.1 (RFC 9112): what of it says how to go on, and its lines as they came.</summary>
/// <param name="Lines">The header lines, up to the empty one.</param>
/// <param name="Length">Of the body where that is <see cref="BodyEnd.Length"/>.</param>
/// <param name="IsKept">Whether the connection stays open behind the body.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AnswerHead(int Status, ReadOnlyMemory<byte> Lines, BodyEnd End, long Length, bool IsKept)
{
    private const int MostLines = 256;

    /// <summary>Where a head ends: behind its empty line; -1 where it has not come whole. A line may end without its carriage return.</summary>
    public static int EndOf(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; bytes[at..].IndexOf((byte)'\n') is >= 0 and var line;)
        {
            at += line + 1;
            if (bytes[at..].StartsWith("\r\n"u8)) return at + 2;
            if (bytes[at..].StartsWith("\n"u8)) return at + 1;
        }
        return -1;
    }

    /// <param name="bytes">Up to what <see cref="EndOf"/> has found.</param>
    /// <returns>Null for what is not HTTP, or has more header lines than any host needs.</returns>
    public static AnswerHead? Parse(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        // HTTP/1.x SSS
        if (span.Length < 13 || !span.StartsWith("HTTP/1."u8) || span[7] is not ((byte)'0' or (byte)'1') || span[8] != ' ' || !Utf8Parser.TryParse(span.Slice(9, 3), out int status, out var digits) || digits != 3 || status < 100 || span[12] is not ((byte)' ' or (byte)'\r' or (byte)'\n')) return null;
        var lines = bytes[(span.IndexOf((byte)'\n') + 1)..];
        var (staysOpen, closes, length, isChunked, count) = (span[7] == '1', false, (long?)null, false, 0);
        foreach (var (name, value) in new HeaderLines(lines.Span))
        {
            if (name.IsEmpty || name.ContainsAny(" \t"u8) || ++count > MostLines) return null;   // no header, or one that is folded
            if (Is(name, "Content-Length"u8))
            {
                if (value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9') || !Utf8Parser.TryParse(value, out long said, out _) || (length is { } before && before != said)) return null;
                length = said;
            }
            else if (Is(name, "Transfer-Encoding"u8))
            {
                if (isChunked || !Is(value, "chunked"u8)) return null;
                isChunked = true;
            }
            else if (Is(name, "Connection"u8))
            {
                closes |= Names(value, "close"u8);
                staysOpen |= Names(value, "keep-alive"u8);
            }
        }
        var isKept = staysOpen && !closes;
        if (status is < 200 or 204 or 304) return new AnswerHead(status, lines, BodyEnd.Length, 0, isKept);
        if (isChunked) return new AnswerHead(status, lines, BodyEnd.Chunks, 0, isKept && length is null);   // both is how requests are smuggled
        return length is { } known ? new AnswerHead(status, lines, BodyEnd.Length, known, isKept) : new AnswerHead(status, lines, BodyEnd.Close, 0, IsKept: false);
    }

    /// <summary>What a header says, several of one name joined by commas; null where it is not there.</summary>
    public string? Header(ReadOnlySpan<byte> wanted)
    {
        string? found = null;
        foreach (var (name, value) in new HeaderLines(Lines.Span))
        {
            if (Is(name, wanted)) found = found is null ? Encoding.UTF8.GetString(value) : $"{found}, {Encoding.UTF8.GetString(value)}";
        }
        return found;
    }

    /// <summary>Sets the headers that are wanted in a dictionary, as far as they are plain; several lines of one name become several values.</summary>
    public void CopyTo(IHeaderDictionary to, Func<string, bool> wants)
    {
        var line = 0;
        foreach (var (bytes, text) in new HeaderLines(Lines.Span))
        {
            var name = HeaderNames.Of(bytes);
            if (wants(name) && HeaderRules.IsPlain(bytes, text)) to[name] = Stands(bytes, before: line) ? StringValues.Concat(to[name], Encoding.UTF8.GetString(text)) : Encoding.UTF8.GetString(text);
            line++;
        }
    }

    /// <summary>Whether a name stands in one of the first lines.</summary>
    private bool Stands(ReadOnlySpan<byte> name, int before)
    {
        foreach (var (other, _) in new HeaderLines(Lines.Span))
        {
            if (before-- == 0) return false;
            if (Is(other, name)) return true;
        }
        return false;
    }

    internal static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted) => Ascii.EqualsIgnoreCase(name, wanted);

    /// <summary>Whether a list with commas names something.</summary>
    private static bool Names(ReadOnlySpan<byte> list, ReadOnlySpan<byte> wanted)
    {
        foreach (var part in list.Split((byte)','))
        {
            if (Is(list[part].Trim(" \t"u8), wanted)) return true;
        }
        return false;
    }
}

/// <summary>The lines of a head, up to the empty one: names and values without the white space around them. A line without a colon has an empty name.</summary>
internal ref struct HeaderLines(ReadOnlySpan<byte> lines)
{
    private ReadOnlySpan<byte> rest = lines;

    public Line Current { get; private set; }

    public readonly HeaderLines GetEnumerator() => this;

    public bool MoveNext()
    {
        var end = rest.IndexOf((byte)'\n');
        if (end < 0) return false;
        var line = rest[..end];
        if (line.EndsWith("\r"u8)) line = line[..^1];
        rest = rest[(end + 1)..];
        if (line.IsEmpty) return false;
        var colon = line.IndexOf((byte)':');
        Current = colon < 0 ? default : new Line(line[..colon], line[(colon + 1)..].Trim(" \t"u8));
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    public readonly ref struct Line(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        private readonly ReadOnlySpan<byte> name = name, value = value;

        public void Deconstruct(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            name = this.name;
            value = this.value;
        }
    }
}
