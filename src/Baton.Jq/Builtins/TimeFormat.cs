using System.Globalization;
using System.Text;

namespace Baton.Jq;

/// <summary><c>strftime</c> in the C locale, with the flags and widths of the GNU C library.</summary>
internal static class TimeFormat
{
    public static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    public static readonly string[] Months =
    [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ];

    private const int MaxWidth = 1000;

    public static string Write(BrokenDownTime time, string format)
    {
        var text = new StringBuilder();
        Write(time, format, text);
        return text.ToString();
    }

    private static void Write(BrokenDownTime time, ReadOnlySpan<char> format, StringBuilder text)
    {
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                text.Append(format[at]);
                continue;
            }
            var start = at++;
            char pad = '\0', letters = '\0';
            while (at < format.Length && format[at] is '_' or '-' or '0' or '^' or '#')
            {
                if (format[at] is '^' or '#') letters = format[at];
                else pad = format[at];
                at++;
            }
            var width = 0;
            for (; at < format.Length && char.IsAsciiDigit(format[at]); at++) width = Math.Min(width * 10 + format[at] - '0', MaxWidth);
            while (at < format.Length && format[at] is 'E' or 'O') at++;
            if (at == format.Length)
            {
                text.Append(format[start..]);
                return;
            }
            if (!Field(time, format[at], new Padding(pad, width), out var field)) field = format[start..(at + 1)].ToString();
            text.Append(letters switch
            {
                '^' => field.ToUpperInvariant(),
                '#' => format[at] is 'p' or 'Z' ? field.ToLowerInvariant() : field.ToUpperInvariant(),
                _ => field,
            });
        }
    }

    private static bool Field(BrokenDownTime time, char letter, Padding padding, out string field)
    {
        var hour12 = (time.Hour + 11) % 12 + 1;
        var second = (int)time.Second;
        var (isoYear, isoWeek) = IsoWeek(time);
        field = letter switch
        {
            'a' => padding.Text(Name(Days, time.WeekDay, 3)),
            'A' => padding.Text(Name(Days, time.WeekDay, 9)),
            'b' or 'h' => padding.Text(Name(Months, time.Month, 3)),
            'B' => padding.Text(Name(Months, time.Month, 9)),
            'c' => padding.Text(Compound(time, "%a %b %e %H:%M:%S %Y")),
            'C' => padding.Number(Math.DivRem(time.Year, 100).Quotient, 2),
            'd' => padding.Number(time.Day, 2),
            'D' or 'x' => padding.Text(Compound(time, "%m/%d/%y")),
            'e' => padding.Number(time.Day, 2, ' '),
            'F' => padding.Text(Compound(time, "%Y-%m-%d")),
            'g' => padding.Number((isoYear % 100 + 100) % 100, 2),
            'G' => padding.Number(isoYear, 1),
            'H' => padding.Number(time.Hour, 2),
            'I' => padding.Number(hour12, 2),
            'j' => padding.Number(time.YearDay + 1, 3),
            'k' => padding.Number(time.Hour, 2, ' '),
            'l' => padding.Number(hour12, 2, ' '),
            'm' => padding.Number(time.Month + 1, 2),
            'M' => padding.Number(time.Minute, 2),
            'n' => "\n",
            'p' => padding.Text(time.Hour < 12 ? "AM" : "PM"),
            'P' => padding.Text(time.Hour < 12 ? "am" : "pm"),
            'r' => padding.Text(Compound(time, "%I:%M:%S %p")),
            'R' => padding.Text(Compound(time, "%H:%M")),
            's' => padding.Number(time.ToSeconds() - (long)time.Offset.TotalSeconds, 1),
            'S' => padding.Number(second, 2),
            't' => "\t",
            'T' or 'X' => padding.Text(Compound(time, "%H:%M:%S")),
            'u' => padding.Number((time.WeekDay + 6) % 7 + 1, 1),
            'U' => padding.Number((time.YearDay + 7 - time.WeekDay) / 7, 2),
            'V' => padding.Number(isoWeek, 2),
            'w' => padding.Number(time.WeekDay, 1),
            'W' => padding.Number((time.YearDay + 7 - (time.WeekDay + 6) % 7) / 7, 2),
            'y' => padding.Number((time.Year % 100 + 100) % 100, 2),
            'Y' => padding.Number(time.Year, 1),
            'z' => (time.Offset < TimeSpan.Zero ? "-" : "+") + time.Offset.ToString("hhmm", CultureInfo.InvariantCulture),
            'Z' => padding.Text(time.Zone),
            '%' => "%",
            _ => "",
        };
        return field.Length > 0;
    }

    private static string Compound(BrokenDownTime time, string format) => Write(time, format);

    private static string Name(string[] names, int index, int length) =>
        (uint)index < (uint)names.Length ? names[index][..Math.Min(length, names[index].Length)] : "?";

    /// <summary>The week by ISO 8601: it begins on Monday and belongs to the year that has its Thursday.</summary>
    private static (long Year, int Week) IsoWeek(BrokenDownTime time)
    {
        var monday = (time.WeekDay + 6) % 7;
        var week = (time.YearDay - monday + 10) / 7;
        if (week < 1) return (time.Year - 1, WeeksIn(time.Year - 1, (monday - time.YearDay + 371) % 7));
        if (week == 53 && WeeksIn(time.Year, ((monday - time.YearDay) % 7 + 7) % 7) == 52) return (time.Year + 1, 1);
        return (time.Year, week);

        int WeeksIn(long year, int firstDay)
        {
            // firstDay: on which day (Monday is 0) the year of the given date begins; the year before began 1 or 2 days earlier in the week.
            var begins = year == time.Year ? firstDay : (firstDay - (BrokenDownTime.IsLeap(year) ? 2 : 1) + 7) % 7;
            return begins == 3 || (begins == 2 && BrokenDownTime.IsLeap(year)) ? 53 : 52;
        }
    }

    private readonly record struct Padding(char Flag, int Width)
    {
        public string Number(long number, int digits, char usual = '0')
        {
            var text = Math.Abs(number).ToString(CultureInfo.InvariantCulture);
            var sign = number < 0 ? "-" : "";
            var width = Math.Max(Width, digits);
            return Flag switch
            {
                '-' => sign + text,
                '_' => (sign + text).PadLeft(width),
                '0' => sign + text.PadLeft(width - sign.Length, '0'),
                _ => usual == ' ' ? (sign + text).PadLeft(width) : sign + text.PadLeft(width - sign.Length, '0'),
            };
        }

        public string Text(string text) => Flag == '0' ? text.PadLeft(Width, '0') : text.PadLeft(Width);
    }
}
