using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Baton.Engine.Dsl;

/// <summary>
/// A cron schedule of five fields (minute, hour, day of month, month, day of week), in UTC. Lists, ranges, steps, names, and
/// <c>@hourly @daily @weekly @monthly @yearly</c>. When both day fields are restricted either may match, as in POSIX and Vixie cron.
/// </summary>
public sealed class CronExpression
{
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly ImmutableArray<bool> minutes, hours, daysOfMonth, months, daysOfWeek;
    private readonly bool anyDayOfMonth, anyDayOfWeek;

    private CronExpression(string source, string[] fields)
    {
        Source = source;
        minutes = Field(fields[0], 0, 59, []);
        hours = Field(fields[1], 0, 23, []);
        daysOfMonth = Field(fields[2], 1, 31, []);
        months = Field(fields[3], 1, 12, Months);
        var week = Field(fields[4], 0, 7, Days);
        daysOfWeek = week.SetItem(0, week[0] || week[7]);
        anyDayOfMonth = fields[2] is "*" or "?";
        anyDayOfWeek = fields[4] is "*" or "?";
    }

    public string Source { get; }

    public static bool TryParse(string source, [NotNullWhen(true)] out CronExpression? cron, [NotNullWhen(false)] out string? fault)
    {
        cron = null;
        fault = null;
        var text = source.Trim() switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            var other => other,
        };
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5) fault = $"'{source}' has {fields.Length} fields; a cron expression has five: minute hour day-of-month month day-of-week.";
        try
        {
            if (fault is null) cron = new CronExpression(source, fields);
            if (cron?.Next(DateTimeOffset.UnixEpoch) is null) fault ??= $"'{source}' never comes: no such day exists.";
        }
        catch (FormatException e)
        {
            fault = e.Message;
        }
        if (fault is not null) cron = null;
        return cron is not null;
    }

    /// <summary>The first time after <paramref name="after"/> at which the schedule is due; null when there is none within eight years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var time = new DateTimeOffset(after.UtcDateTime.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero).AddMinutes(1);
        var last = time.AddYears(8);
        while (time < last)
        {
            if (!months[time.Month]) time = new DateTimeOffset(time.Year, time.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
            else if (!DayMatches(time)) time = new DateTimeOffset(time.Date, TimeSpan.Zero).AddDays(1);
            else if (!hours[time.Hour]) time = time.AddMinutes(60 - time.Minute);
            else if (!minutes[time.Minute]) time = time.AddMinutes(1);
            else return time;
        }
        return null;
    }

    private bool DayMatches(DateTimeOffset time)
    {
        var (byMonth, byWeek) = (daysOfMonth[time.Day], daysOfWeek[(int)time.DayOfWeek]);
        return anyDayOfMonth || anyDayOfWeek ? byMonth && byWeek : byMonth || byWeek;
    }

    private static ImmutableArray<bool> Field(string field, int least, int most, string[] names)
    {
        var set = new bool[most + 1];
        foreach (var part in field.Split(','))
        {
            var (range, step) = part.Split('/') switch
            {
                [var all] => (all, 1),
                [var all, var every] when int.TryParse(every, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 => (all, n),
                _ => throw Fault(part),
            };
            var (from, to) = range is "*" or "?" ? (least, most == 7 ? 6 : most) : range.Split('-') switch
            {
                [var one] => (Number(one), part.Contains('/') ? most : Number(one)),
                [var first, var second] => (Number(first), Number(second)),
                _ => throw Fault(part),
            };
            if (from > to) throw Fault(part);
            for (var value = from; value <= to; value += step) set[value] = true;
        }
        return [.. set];

        int Number(string text)
        {
            var index = Array.IndexOf(names, text.ToLowerInvariant());
            if (index >= 0) return index + (least == 1 ? 1 : 0);
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : throw Fault(text);
        }

        FormatException Fault(string text) => new($"'{text}' is no part of a cron field that goes from {least} to {most}.");
    }
}
