namespace Baton.Jq;

/// <summary>A time taken apart as in C: the months from 0, the days of the week from Sunday, in the proleptic Gregorian calendar.</summary>
internal readonly record struct BrokenDownTime
{
    private const long SecondsPerDay = 86_400;
    private const double MaxSeconds = 67_768_036_191_676_799;   // the end of year 2^31 - 1

    private static ReadOnlySpan<int> DaysBeforeMonth => [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

    public long Year { get; init; }

    public int Month { get; init; }

    public int Day { get; init; }

    public int Hour { get; init; }

    public int Minute { get; init; }

    /// <summary>With a fraction.</summary>
    public double Second { get; init; }

    public int WeekDay { get; init; }

    public int YearDay { get; init; }

    /// <summary>East of UTC.</summary>
    public TimeSpan Offset { get; init; }

    public string Zone { get; init; }

    /// <summary>The time so many seconds after 1970, in UTC or shifted by an offset; null when the year would be beyond 32 bits.</summary>
    public static BrokenDownTime? FromSeconds(double seconds, TimeSpan offset, string zone)
    {
        if (!(Math.Abs(seconds) <= MaxSeconds)) return null;
        var whole = Math.Floor(seconds);
        var shifted = (long)whole + (long)offset.TotalSeconds;
        var days = Math.DivRem(shifted, SecondsPerDay, out var rest);
        if (rest < 0) (days, rest) = (days - 1, rest + SecondsPerDay);
        var (year, month, day) = FromDays(days);
        return new BrokenDownTime
        {
            Year = year, Month = month, Day = day,
            Hour = (int)(rest / 3600), Minute = (int)(rest / 60 % 60), Second = rest % 60 + (seconds - whole),
            WeekDay = WeekDayOf(days), YearDay = YearDayOf(year, month, day),
            Offset = offset, Zone = zone,
        };
    }

    /// <summary>The time of an array as jq represents it; missing fields are 0, and the days follow from the date if missing.</summary>
    public static BrokenDownTime? FromArray(JqArray array)
    {
        Span<double> fields = stackalloc double[8];
        for (var i = 0; i < Math.Min(array.Count, fields.Length); i++)
        {
            if (!array[i].TryGetDouble(out fields[i]) || !(Math.Abs(fields[i]) <= int.MaxValue)) return null;
        }
        var time = new BrokenDownTime
        {
            Year = (long)fields[0], Month = (int)fields[1], Day = (int)fields[2], Hour = (int)fields[3], Minute = (int)fields[4],
            Second = Math.Truncate(fields[5]), WeekDay = (int)fields[6], YearDay = (int)fields[7], Zone = "UTC",
        };
        return array.Count < 8 ? time.WithDays() : time;
    }

    public JqValue ToArray() => JqValue.Array(Year, Month, Day, Hour, Minute, Second, WeekDay, YearDay);

    /// <summary>Whole seconds after 1970, the fields taken as UTC; those out of range carry over.</summary>
    public long ToSeconds()
    {
        var months = Year * 12 + Month;
        var year = Math.DivRem(months, 12, out var month);
        if (month < 0) (year, month) = (year - 1, month + 12);
        var days = ToDays(year, (int)month) + Day - 1;
        return days * SecondsPerDay + Hour * 3600L + Minute * 60L + (long)Second;
    }

    /// <summary>The same date with the days of the week and of the year that belong to it.</summary>
    public BrokenDownTime WithDays()
    {
        if (Month is < 0 or > 11) return this;
        var days = ToDays(Year, Month) + Day - 1;
        return this with { WeekDay = WeekDayOf(days), YearDay = YearDayOf(Year, Month, Day) };
    }

    /// <summary>The date of a day of the year, counted from 0.</summary>
    public BrokenDownTime WithYearDay(int yearDay)
    {
        var (_, month, day) = FromDays(ToDays(Year, 0) + yearDay);
        return this with { Month = month, Day = day, YearDay = yearDay };
    }

    public static bool IsLeap(long year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    private static int YearDayOf(long year, int month, int day) => DaysBeforeMonth[month] + day - 1 + (month > 1 && IsLeap(year) ? 1 : 0);

    private static int WeekDayOf(long days) => (int)(((days + 4) % 7 + 7) % 7);   // 1970 began on a Thursday

    // H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": years from March, so that the leap day is the last one.
    private static long ToDays(long year, int month)
    {
        if (month < 2) year--;
        var era = (year >= 0 ? year : year - 399) / 400;
        var yearOfEra = year - era * 400;
        var dayOfYear = (153 * ((month + 10) % 12) + 2) / 5;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }

    private static (long Year, int Month, int Day) FromDays(long days)
    {
        days += 719_468;
        var era = (days >= 0 ? days : days - 146_096) / 146_097;
        var dayOfEra = days - era * 146_097;
        var yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var shifted = (int)((5 * dayOfYear + 2) / 153);
        var day = (int)(dayOfYear - (153 * shifted + 2) / 5 + 1);
        var month = (shifted + 2) % 12;
        return (yearOfEra + era * 400 + (month < 2 ? 1 : 0), month, day);
    }
}
