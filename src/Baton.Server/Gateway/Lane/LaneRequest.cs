using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>What the lane makes of what has come on a connection.</summary>
internal enum LaneReading
{
    /// <summary>The beginning of a request that it takes.</summary>
    Incomplete,

    /// <summary>A request, whole.</summary>
    Whole,

    /// <summary>Anything else: the server's.</summary>
    Other,
}

/// <summary>
/// A request in HTTP/1.1 (RFC 9112) as the lane takes it: a POST to one of the gateway's addresses, of a known length, in plain ASCII and by the letter of the grammar. Whatever is not that, down to a
/// second space, is not refused here but left for the server, byte for byte: what is not understood cannot be misunderstood. One request at a time.
/// </summary>
/// <param name="mostOfBody">The largest body that is taken here, in bytes.</param>
internal sealed class LaneRequest(int mostOfBody)
{
    /// <summary>The connection's buffer holds twice as much: a larger body would never be whole in it.</summary>
    public const int MostBytes = 512 << 10;

    private const int MostOfHead = 8 << 10, MostHeaders = 64;

    private static readonly SearchValues<byte> HostBytes = SearchValues.Create("-._:[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>What changes how a request is read, or asks for more than an answer.</summary>
    private static readonly FrozenSet<string> ForTheServer = new[] { "Content-Encoding", "Expect", "HTTP2-Settings", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly List<Header> before = [];
    private byte[]? straddling;
    private bool isBegun;

    public Surface Surface { get; private set; } = Surface.ChatCompletions;

    /// <summary>Cleared when the next request is read.</summary>
    public IHeaderDictionary Headers { get; } = new HeaderDictionary();

    /// <summary>Of the head and the body together, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Of the body, in bytes.</summary>
    public int BodyLength { get; private set; }

    /// <param name="bytes">From the request's beginning on: all that has come.</param>
    public LaneReading Read(ReadOnlySequence<byte> bytes)
    {
        if (!isBegun)
        {
            var head = HeadOf(bytes);
            if (head.IsEmpty || !TryRead(head) || BodyLength > mostOfBody || head.Length + BodyLength > MostBytes) return LaneReading.Other;
            Length = head.Length + BodyLength;
        }
        isBegun = bytes.Length < Length;
        return isBegun ? LaneReading.Incomplete : LaneReading.Whole;
    }

    /// <returns>The bytes up to and with the empty line; nothing where there is none in the first <see cref="MostOfHead"/> bytes.</returns>
    private ReadOnlySpan<byte> HeadOf(ReadOnlySequence<byte> bytes)
    {
        var first = bytes.FirstSpan;
        var end = first.IndexOf("\r\n\r\n"u8);
        if (end < 0 && !bytes.IsSingleSegment)   // it may stand in two blocks
        {
            straddling ??= new byte[MostOfHead];
            var length = (int)Math.Min(straddling.Length, bytes.Length);
            bytes.Slice(0, length).CopyTo(straddling);
            first = straddling.AsSpan(0, length);
            end = first.IndexOf("\r\n\r\n"u8);
        }
        return end is < 0 or > MostOfHead - 4 ? default : first[..(end + 4)];
    }

    private bool TryRead(ReadOnlySpan<byte> head)
    {
        if (!TryReadLine(head, out var at)) return false;
        Headers.Clear();
        int? length = null;
        for (var count = 0; ; count++)
        {
            var line = head[at..];
            line = line[..line.IndexOf("\r\n"u8)];
            at += line.Length + 2;
            if (line.IsEmpty) break;
            if (count == MostHeaders || Read(line, count) is not { } header || !Headers.TryAdd(header.Name, header.Value)) return false;
            length = header.Length ?? length;
        }
        BodyLength = length ?? 0;
        return length is not null && Headers.Host.Count == 1;
    }

    /// <returns>Null for what is no header in plain ASCII, or the server's.</returns>
    private Header? Read(ReadOnlySpan<byte> line, int number)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0) return null;
        var written = line[..colon];
        var value = line[(colon + 1)..].Trim((byte)' ');
        // Most lines say what they said in the request before, and need neither be checked nor become texts again.
        if (number < before.Count && before[number] is var known && Ascii.EqualsIgnoreCase(written, known.Name) && Ascii.Equals(value, known.Value)) return known;
        if (!HeaderRules.IsToken(written) || value.ContainsAnyExceptInRange((byte)' ', (byte)'~')) return null;
        var name = HeaderNames.Of(written);
        int? length = null;
        if (!IsPlain(name, value, ref length)) return null;
        var header = new Header(name, Encoding.ASCII.GetString(value), length);
        if (number < before.Count) before[number] = header;
        else before.Add(header);
        return header;
    }

    /// <summary>Reads <c>POST /v1/… HTTP/1.1</c>.</summary>
    private bool TryReadLine(ReadOnlySpan<byte> head, out int end)
    {
        end = head.IndexOf("\r\n"u8) + 2;
        var line = head[..(end - 2)];
        if (!line.StartsWith("POST /v1/"u8) || !line.EndsWith(" HTTP/1.1"u8)) return false;
        var path = line["POST /v1".Length..^" HTTP/1.1".Length];
        foreach (var (written, surface) in Addresses)
        {
            if (!path.SequenceEqual(written)) continue;
            Surface = surface;
            return true;
        }
        return false;
    }

    private static readonly (byte[] Path, Surface Surface)[] Addresses = [.. Surface.All.Select(static surface => (Encoding.ASCII.GetBytes(surface.Path), surface))];

    private static bool IsPlain(string name, ReadOnlySpan<byte> value, ref int? length)
    {
        if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
        {
            if (value.Length is 0 or > 9 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9') || !Utf8Parser.TryParse(value, out int said, out _)) return false;
            length = said;
            return true;
        }
        if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) return value.Length > 0 && !value.ContainsAnyExcept(HostBytes);
        if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase)) return Ascii.EqualsIgnoreCase(value, "keep-alive"u8);
        return !ForTheServer.Contains(name);
    }

    /// <param name="Length">Of the body, where it is the header that says it.</param>
    private sealed record Header(string Name, string Value, int? Length);
}
