namespace Baton.Engine.Schema;

/// <summary>Dates, times and durations of RFC 3339.</summary>
internal static class DateTimeFormats
{
    public static bool IsDateTime(ReadOnlySpan<char> text) =>
        text.Length > 11 && text[10] is 'T' or 't' && IsDate(text[..10]) && IsTime(text[11..]);

    public static bool IsDate(ReadOnlySpan<char> text) =>
        text.Length == 10 && text[4] == '-' && text[7] == '-'
        && TryRead(text[..4], out var year) && TryRead(text[5..7], out var month) && TryRead(text[8..], out var day)
        && month is >= 1 and <= 12 && day >= 1 && day <= DaysIn(year, month);

    public static bool IsTime(ReadOnlySpan<char> text)
    {
        if (text.Length < 9 || text[2] != ':' || text[5] != ':') return false;
        if (!TryRead(text[..2], out var hour) || !TryRead(text[3..5], out var minute) || !TryRead(text[6..8], out var second)) return false;
        if (hour > 23 || minute > 59 || second > 60) return false;
        text = text[8..];
        if (text[0] == '.')
        {
            var digits = text[1..].IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0) return false;
            text = text[(digits + 1)..];
        }
        if (!TryReadOffset(text, out var offset)) return false;
        // A leap second comes at the end of a day in UTC.
        return second < 60 || (hour * 60 + minute - offset + 2 * 1440) % 1440 == 1439;
    }

    /// <summary>RFC 3339, appendix A: the units in falling order without a gap, so that P1Y2M and P1DT2H are durations, but P1Y2D is none.</summary>
    public static bool IsDuration(ReadOnlySpan<char> text)
    {
        if (text.Length < 3 || text[0] != 'P') return false;
        text = text[1..];
        if (text[^1] == 'W') return TryRead(text[..^1], out _);
        var mark = text.IndexOf('T');
        if (mark < 0) return HasUnits(text, "YMD");
        return (mark == 0 || HasUnits(text[..mark], "YMD")) && HasUnits(text[(mark + 1)..], "HMS");
    }

    private static bool HasUnits(ReadOnlySpan<char> text, string units)
    {
        var last = -1;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0) return false;
            var unit = units.IndexOf(text[digits], StringComparison.Ordinal);
            if (unit < 0 || (last >= 0 && unit != last + 1)) return false;
            last = unit;
            text = text[(digits + 1)..];
        }
        return last >= 0;
    }

    private static bool TryReadOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is "Z" or "z") return true;
        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':') return false;
        if (!TryRead(text[1..3], out var hour) || !TryRead(text[4..], out var minute) || hour > 23 || minute > 59) return false;
        minutes = (hour * 60 + minute) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static int DaysIn(int year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    // Digits only; the value of long numbers is nobody's business here.
    private static bool TryRead(ReadOnlySpan<char> digits, out int value)
    {
        value = 0;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9')) return false;
        foreach (var digit in digits) value = unchecked(value * 10 + (digit - '0'));
        return true;
    }
}
