using System.Runtime.InteropServices;

namespace Baton.Server.Gateway;

/// <summary>How often a budget begins anew. By the calendar of UTC; weeks begin on Monday.</summary>
internal enum BudgetPeriod
{
    Hour,
    Day,
    Week,
    Month,

    /// <summary>Never.</summary>
    Total,
}

/// <summary>One period of a budget.</summary>
/// <param name="Start">Its first moment; the Unix epoch for what never begins anew.</param>
/// <param name="End">The first moment of the next; null for none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BudgetSpan(DateTimeOffset Start, DateTimeOffset? End)
{
    public static BudgetSpan Of(BudgetPeriod period, DateTimeOffset now)
    {
        var day = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        switch (period)
        {
            case BudgetPeriod.Hour:
                var hour = day.AddHours(now.UtcDateTime.Hour);
                return new BudgetSpan(hour, hour.AddHours(1));
            case BudgetPeriod.Day:
                return new BudgetSpan(day, day.AddDays(1));
            case BudgetPeriod.Week:
                var monday = day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
                return new BudgetSpan(monday, monday.AddDays(7));
            case BudgetPeriod.Month:
                var month = day.AddDays(1 - day.Day);
                return new BudgetSpan(month, month.AddMonths(1));
            default:
                return new BudgetSpan(DateTimeOffset.UnixEpoch, null);
        }
    }

    public bool IsOver(DateTimeOffset now) => End is { } end && now >= end;
}

internal static class BudgetPeriods
{
    public static string ToName(this BudgetPeriod period) => period.ToString().ToLowerInvariant();

    public static BudgetPeriod? Parse(string name) => name switch
    {
        "hour" => BudgetPeriod.Hour,
        "day" => BudgetPeriod.Day,
        "week" => BudgetPeriod.Week,
        "month" => BudgetPeriod.Month,
        "total" => BudgetPeriod.Total,
        _ => null,
    };
}
