namespace Baton.Jq;

/// <summary>Dates and times, as the C library has them.</summary>
internal static class Dates
{
    public static void Define(NativeTable table)
    {
        table.Add("mktime/0", MakeTime);
        table.Add("gmtime/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Split(m, input, "gmtime", out output));
        table.Add("localtime/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Split(m, input, "localtime", out output));
        table.Add("strftime/1", (Machine m, JqValue input, JqValue format, JqValue b, JqValue c, out JqValue output) => Write(m, input, format, "strftime", out output));
        table.Add("strflocaltime/1", (Machine m, JqValue input, JqValue format, JqValue b, JqValue c, out JqValue output) => Write(m, input, format, "strflocaltime", out output));
        table.Add("strptime/1", Read);
    }

    private static Outcome MakeTime(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!input.TryGetArray(out var array)) return m.Fail("mktime requires array inputs");
        if (BrokenDownTime.FromArray(array) is not { } time) return m.Fail("mktime requires parsed datetime inputs");
        output = time.ToSeconds();
        return Outcome.Value;
    }

    private static Outcome Split(Machine m, JqValue input, string function, out JqValue output)
    {
        output = default;
        if (!input.TryGetDouble(out var seconds)) return m.Fail($"{function}() requires numeric inputs");
        if (At(m, seconds, function == "localtime") is not { } time) return m.Fail("error converting number of seconds since epoch to datetime");
        output = time.ToArray();
        return Outcome.Value;
    }

    private static Outcome Write(Machine m, JqValue input, JqValue format, string function, out JqValue output)
    {
        output = default;
        BrokenDownTime? time;
        if (input.TryGetDouble(out var seconds))
        {
            time = At(m, seconds, function == "strflocaltime");
            if (time is null) return m.Fail("error converting number of seconds since epoch to datetime");
        }
        else if (input.TryGetArray(out var array))
        {
            time = BrokenDownTime.FromArray(array);
            if (time is not null && function == "strflocaltime") time = InLocalZone(m, time.Value);
        }
        else
        {
            time = null;
        }
        if (time is null) return m.Fail($"{function}/1 requires parsed datetime inputs");
        if (!format.TryGetString(out var pattern)) return m.Fail($"{function}/1 requires a string format");
        m.Charge(20 + pattern.Length * 10L);
        output = TimeFormat.Write(time.Value, pattern);
        return Outcome.Value;
    }

    private static Outcome Read(Machine m, JqValue input, JqValue format, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!input.TryGetString(out var text) || !format.TryGetString(out var pattern)) return m.Fail("strptime/1 requires string inputs and arguments");
        m.ChargeText((long)text.Length + pattern.Length);
        var reader = new TimeReader(text);
        if (!reader.Read(pattern) || (!reader.Rest.IsEmpty && !char.IsWhiteSpace(reader.Rest[0])))
        {
            return m.Fail($"date \"{text}\" does not match format \"{pattern}\"");
        }
        output = reader.Time.ToArray();
        if (!reader.Rest.IsEmpty) output = output.AsArray().Add(reader.Rest.ToString());
        return Outcome.Value;
    }

    private static BrokenDownTime? At(Machine m, double seconds, bool local)
    {
        if (!local) return BrokenDownTime.FromSeconds(seconds, TimeSpan.Zero, "UTC");
        var zone = m.Options.Time.LocalTimeZone;
        // .NET knows the offsets of the years 1 to 9999 only.
        var known = Math.Clamp(seconds, -62_135_596_800, 253_402_300_799);
        var offset = zone.GetUtcOffset(DateTimeOffset.UnixEpoch.AddSeconds(double.IsNaN(known) ? 0 : known));
        return BrokenDownTime.FromSeconds(seconds, offset, ZoneName(offset));
    }

    private static BrokenDownTime InLocalZone(Machine m, BrokenDownTime time)
    {
        var local = At(m, time.ToSeconds(), local: true);
        return local is null ? time : time with { Offset = local.Value.Offset, Zone = local.Value.Zone };
    }

    /// <summary>.NET has no abbreviations of zones, so they are named as the time zone database names those without one: <c>+01</c>.</summary>
    private static string ZoneName(TimeSpan offset)
    {
        if (offset == TimeSpan.Zero) return "UTC";
        var sign = offset < TimeSpan.Zero ? '-' : '+';
        return offset.Minutes == 0 ? $"{sign}{offset:hh}" : $"{sign}{offset:hhmm}";
    }
}
