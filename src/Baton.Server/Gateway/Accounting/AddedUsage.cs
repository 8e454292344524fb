namespace Baton.Server.Gateway;

/// <summary>
/// Takes out of a stream what is there only because the gateway asked for usage and the client did not: the chunk that tells it and chooses nothing, and <c>"usage":null</c> in the others.
/// </summary>
internal static class AddedUsage
{
    /// <param name="events">Whole events; what is left of them is moved to the front.</param>
    /// <returns>How many bytes are left.</returns>
    public static int TakeOut(Span<byte> events)
    {
        if (events.IndexOf("\"usage\""u8) < 0) return events.Length;
        var kept = 0;
        for (var rest = events; !rest.IsEmpty;)
        {
            var length = Frames.FirstLength(rest);
            var one = rest[..length];
            rest = rest[length..];
            if (IsUsageAlone(one)) continue;
            var (from, to) = NullIn(one);
            one[..from].CopyTo(events[kept..]);
            one[to..].CopyTo(events[(kept + from)..]);
            kept += one.Length - (to - from);
        }
        return kept;
    }

    private static bool IsUsageAlone(ReadOnlySpan<byte> one) =>
        (one.IndexOf("\"choices\":[]"u8) >= 0 || one.IndexOf("\"choices\": []"u8) >= 0) && ValueOf(one) is { Start: >= 0, IsNull: false };

    /// <summary>Where the member with null stands, with a comma.</summary>
    private static (int From, int To) NullIn(ReadOnlySpan<byte> one)
    {
        var (start, end, isNull) = ValueOf(one);
        if (start < 0 || !isNull) return (0, 0);
        var before = one[..start].TrimEnd(" \t"u8);
        if (before.Length > 0 && before[^1] == (byte)',') return (before.Length - 1, end);
        var after = one[end..].TrimStart(" \t"u8);
        return !after.IsEmpty && after[0] == (byte)',' ? (start, one.Length - after.Length + 1) : (0, 0);
    }

    /// <summary>The first place where the word is the name of a member: start of the name, end of a null, or -1.</summary>
    private static (int Start, int End, bool IsNull) ValueOf(ReadOnlySpan<byte> one)
    {
        for (var from = 0; one[from..].IndexOf("\"usage\""u8) is >= 0 and var at;)
        {
            var start = from + at;
            from = start + "\"usage\"".Length;
            var value = one[from..].TrimStart(" \t"u8);
            if (value.IsEmpty || value[0] != (byte)':') continue;
            value = value[1..].TrimStart(" \t"u8);
            return value.StartsWith("null"u8) ? (start, one.Length - value.Length + 4, true) : (start, -1, false);
        }
        return (-1, -1, false);
    }
}
