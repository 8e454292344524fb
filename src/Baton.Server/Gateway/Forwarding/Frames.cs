namespace Baton.Server.Gateway;

/// <summary>Where server-sent events end: at an empty line, whatever the ends of lines are (WHATWG HTML, section 9.2.6).</summary>
internal static class Frames
{
    /// <returns>How many of the bytes belong to events that are complete.</returns>
    public static int CompleteLength(ReadOnlySpan<byte> bytes)
    {
        for (var end = bytes.Length; end > 1;)
        {
            var last = bytes[..end].LastIndexOfAny((byte)'\n', (byte)'\r');
            if (last < 1) return 0;
            var line = last;   // the first byte of this line's end
            if (bytes[last] == '\n' && bytes[last - 1] == '\r') line--;
            if (line > 0 && bytes[line - 1] is (byte)'\n' or (byte)'\r') return last + 1;
            end = line;
        }
        return 0;
    }

    /// <returns>The length of the first event, with the empty line behind it; all of the bytes where there is none.</returns>
    public static int FirstLength(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; bytes[at..].IndexOfAny((byte)'\n', (byte)'\r') is >= 0 and var length;)
        {
            var end = at + length;
            var next = end + (bytes[end] == '\r' && end + 1 < bytes.Length && bytes[end + 1] == '\n' ? 2 : 1);
            if (length == 0) return next;
            at = next;
        }
        return bytes.Length;
    }

    /// <summary>Whether one of the events carries data: others only keep the connection alive.</summary>
    public static bool HaveData(ReadOnlySpan<byte> events) => events.StartsWith("data:"u8) || events.IndexOf("\ndata:"u8) >= 0 || events.IndexOf("\rdata:"u8) >= 0;
}
