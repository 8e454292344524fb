namespace Baton.Jq;

/// <summary><c>strptime</c> in the C locale, as the GNU C library has it.</summary>
internal ref struct TimeReader(string text)
{
    private ReadOnlySpan<char> rest = text;
    private BrokenDownTime time = new() { Year = 1900, Zone = "UTC" };
    private long? century;
    private int? yearDay;
    private bool hasMonth, hasDay, hasYear, isAfternoon, hasHour12, hasWeekDay;

    /// <summary>What follows the part that was read.</summary>
    public readonly ReadOnlySpan<char> Rest => rest;

    /// <summary>The time, its days of the week and of the year computed from the date.</summary>
    public readonly BrokenDownTime Time
    {
        get
        {
            var result = time;
            if (hasHour12) result = result with { Hour = result.Hour % 12 + (isAfternoon ? 12 : 0) };
            if (century is { } hundreds) result = result with { Year = hundreds * 100 + (hasYear ? (result.Year % 100 + 100) % 100 : 0) };
            if (yearDay is { } day && !(hasMonth && hasDay)) result = result.WithYearDay(day);
            if (result.Day == 0) return hasWeekDay ? result : result with { WeekDay = 0 };
            var weekDay = result.WeekDay;
            result = result.WithDays();
            return hasWeekDay && !(hasMonth && hasDay) && yearDay is null ? result with { WeekDay = weekDay } : result;
        }
    }

    public bool Read(ReadOnlySpan<char> format)
    {
        for (var at = 0; at < format.Length; at++)
        {
            if (char.IsWhiteSpace(format[at]))
            {
                rest = rest.TrimStart();
                continue;
            }
            if (format[at] != '%')
            {
                if (!Literal(format[at])) return false;
                continue;
            }
            at++;
            while (at < format.Length && format[at] is '-' or '_' or '0' or '^' or '#' or 'E' or 'O') at++;
            if (at == format.Length || !Field(format[at])) return false;
        }
        return true;
    }

    private bool Field(char letter)
    {
        switch (letter)
        {
            case '%':
                return Literal('%');
            case 'n' or 't':
                rest = rest.TrimStart();
                return true;
            case 'a' or 'A':
                if (!Name(TimeFormat.Days, out var index)) return false;
                time = time with { WeekDay = index };
                return hasWeekDay = true;
            case 'b' or 'B' or 'h':
                if (!Name(TimeFormat.Months, out index)) return false;
                time = time with { Month = index };
                return hasMonth = true;
            case 'c':
                return Read("%a %b %e %H:%M:%S %Y");
            case 'D' or 'x':
                return Read("%m/%d/%y");
            case 'F':
                return Read("%Y-%m-%d");
            case 'r':
                return Read("%I:%M:%S %p");
            case 'R':
                return Read("%H:%M");
            case 'T' or 'X':
                return Read("%H:%M:%S");
            case 'p' or 'P':
                return HalfDay();
            case 'Z':
                rest = rest.TrimStart();
                while (!rest.IsEmpty && !char.IsWhiteSpace(rest[0])) rest = rest[1..];
                return true;
            case 'z':
                return Offset();
            case 's':
                if (!Number(long.MinValue, long.MaxValue, 19, out var seconds)) return false;
                if (BrokenDownTime.FromSeconds(seconds, TimeSpan.Zero, "UTC") is not { } at) return false;
                time = at;
                return hasYear = hasMonth = hasDay = true;
            default:
                return NumericField(letter);
        }
    }

    private bool NumericField(char letter)
    {
        long number;
        switch (letter)
        {
            case 'Y':
                if (!Number(-9999, 9999, 4, out number)) return false;
                time = time with { Year = number };
                century = null;
                return hasYear = true;
            case 'y':
                if (!Number(0, 99, 2, out number)) return false;
                time = time with { Year = number >= 69 ? 1900 + number : 2000 + number };
                return hasYear = true;
            case 'C':
                if (!Number(0, 99, 2, out number)) return false;
                century = number;
                return true;
            case 'm':
                if (!Number(1, 12, 2, out number)) return false;
                time = time with { Month = (int)number - 1 };
                return hasMonth = true;
            case 'd' or 'e':
                if (!Number(1, 31, 2, out number)) return false;
                time = time with { Day = (int)number };
                return hasDay = true;
            case 'j':
                if (!Number(1, 366, 3, out number)) return false;
                yearDay = (int)number - 1;
                time = time with { YearDay = (int)number - 1 };
                return true;
            case 'H' or 'k':
                if (!Number(0, 23, 2, out number)) return false;
                time = time with { Hour = (int)number };
                hasHour12 = false;
                return true;
            case 'I' or 'l':
                if (!Number(1, 12, 2, out number)) return false;
                time = time with { Hour = (int)number % 12 };
                return hasHour12 = true;
            case 'M':
                if (!Number(0, 59, 2, out number)) return false;
                time = time with { Minute = (int)number };
                return true;
            case 'S':
                if (!Number(0, 61, 2, out number)) return false;
                time = time with { Second = number };
                return true;
            case 'u':
                if (!Number(1, 7, 1, out number)) return false;
                time = time with { WeekDay = (int)number % 7 };
                return hasWeekDay = true;
            case 'w':
                if (!Number(0, 6, 1, out number)) return false;
                time = time with { WeekDay = (int)number };
                return hasWeekDay = true;
            case 'U' or 'W' or 'V':
                return Number(0, 53, 2, out _);
            case 'g':
                return Number(0, 99, 2, out _);
            case 'G':
                return Number(0, 9999, 4, out _);
            default:
                return false;
        }
    }

    private bool Literal(char expected)
    {
        if (rest.IsEmpty || rest[0] != expected) return false;
        rest = rest[1..];
        return true;
    }

    private bool Number(long least, long most, int digits, out long number)
    {
        number = 0;
        rest = rest.TrimStart(' ');
        var negative = least < 0 && !rest.IsEmpty && rest[0] == '-';
        var at = negative ? 1 : 0;
        var first = at;
        for (; at < rest.Length && at - first < digits && char.IsAsciiDigit(rest[at]); at++)
        {
            if (number > (long.MaxValue - 9) / 10) return false;
            number = number * 10 + rest[at] - '0';
        }
        if (at == first) return false;
        if (negative) number = -number;
        rest = rest[at..];
        return number >= least && number <= most;
    }

    private bool Name(string[] names, out int index)
    {
        for (index = 0; index < names.Length; index++)
        {
            foreach (var name in (ReadOnlySpan<string>)[names[index], names[index][..3]])
            {
                if (!rest.StartsWith(name, StringComparison.OrdinalIgnoreCase)) continue;
                rest = rest[name.Length..];
                return true;
            }
        }
        return false;
    }

    private bool HalfDay()
    {
        isAfternoon = rest.StartsWith("PM", StringComparison.OrdinalIgnoreCase);
        if (!isAfternoon && !rest.StartsWith("AM", StringComparison.OrdinalIgnoreCase)) return false;
        rest = rest[2..];
        return true;
    }

    // Read and dropped, as jq does: its times know no offset.
    private bool Offset()
    {
        rest = rest.TrimStart();
        if (rest.StartsWith("Z"))
        {
            rest = rest[1..];
            return true;
        }
        if (rest.IsEmpty || rest[0] is not ('+' or '-')) return false;
        rest = rest[1..];
        if (!Number(0, 99, 2, out _)) return false;
        if (rest.StartsWith(":")) rest = rest[1..];
        if (rest.IsEmpty || !char.IsAsciiDigit(rest[0])) return true;
        return Number(0, 59, 2, out _);
    }
}
