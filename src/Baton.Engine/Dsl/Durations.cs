using System.Globalization;
using System.Text.RegularExpressions;
using Baton.Jq;

namespace Baton.Engine.Dsl;

/// <summary>Durations of the language: <c>{ minutes: 5 }</c> or ISO 8601, <c>PT5M</c>. A month counts 30 days, a year 365.</summary>
public static partial class Durations
{
    private static readonly string[] Units = ["days", "hours", "minutes", "seconds", "milliseconds"];

    /// <summary>Longest duration: ten years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>Reads a duration, or says what is wrong with it.</summary>
    public static bool TryRead(JqValue value, out TimeSpan duration, out string? fault)
    {
        fault = value.TryGetString(out var text) ? ReadText(text, out duration) : ReadObject(value, out duration);
        if (fault is null && (duration < TimeSpan.Zero || duration > Longest)) fault = $"A duration lies between 0 and {Longest.TotalDays:N0} days.";
        return fault is null;
    }

    private static string? ReadObject(JqValue value, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (!value.TryGetObject(out var members) || members.Count == 0) return "A duration is an object such as { seconds: 10 }, or an ISO 8601 text such as PT10S.";
        foreach (var (unit, amount) in members)
        {
            if (!Units.Contains(unit, StringComparer.Ordinal)) return $"'{unit}' is no unit of time: use {string.Join(", ", Units)}.";
            if (!amount.TryGetInt64(out var number) || number is < 0 or > 400_000_000_000) return $"'{unit}' is a whole number of 0 or more.";
            duration += TimeSpan.FromMilliseconds(number * unit switch { "days" => 86_400_000.0, "hours" => 3_600_000, "minutes" => 60_000, "seconds" => 1_000, _ => 1 });
        }
        return null;
    }

    private static string? ReadText(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var match = Iso().Match(text);
        if (!match.Success || text.Length < 3 || text.EndsWith('T')) return $"'{text}' is no ISO 8601 duration such as P1DT2H30M or PT0.5S.";
        double days = Part("y") * 365 + Part("mo") * 30 + Part("w") * 7 + Part("d");
        var seconds = Part("h") * 3_600 + Part("m") * 60 + Part("s") + days * 86_400;
        duration = TimeSpan.FromSeconds(Math.Min(seconds, Longest.TotalSeconds + 1));
        return null;

        double Part(string group) => match.Groups[group].Success ? double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"^P((?<y>\d+(\.\d+)?)Y)?((?<mo>\d+(\.\d+)?)M)?((?<w>\d+(\.\d+)?)W)?((?<d>\d+(\.\d+)?)D)?(T((?<h>\d+(\.\d+)?)H)?((?<m>\d+(\.\d+)?)M)?((?<s>\d+(\.\d+)?)S)?)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Iso();
}
