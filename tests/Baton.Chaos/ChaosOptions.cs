using System.Globalization;

namespace Baton.Chaos;

/// <summary>What to do, as the command line says it.</summary>
/// <param name="Scenarios">By name; all if empty.</param>
/// <param name="Seed">Decides the faults and the work.</param>
/// <param name="Duration">How long faults come; the check afterwards takes as long as it takes.</param>
/// <param name="Rate">Runs started in a second, at most.</param>
/// <param name="Keep">Leaves the folder with all logs although nothing was wrong.</param>
internal sealed record ChaosOptions(IReadOnlyList<string> Scenarios, int Seed, TimeSpan Duration, int Nodes, double Rate, bool Keep)
{
    public const string Usage = """
        Usage: baton chaos [SCENARIO...] [--seed N] [--duration 10m] [--nodes 3] [--rate 8] [--keep]

        Runs real servers, breaks them and what they stand on, and checks from outside: what was acknowledged ended as it should, nothing was done again
        after its outcome had been seen. Ends with 0 if so, else with 1. A seed brings the same faults at the same times.

        """;

    /// <returns>The options, or what is wrong with them.</returns>
    public static (ChaosOptions? Options, string? Fault) Parse(IReadOnlyList<string> args, IReadOnlyCollection<string> known)
    {
        var options = new ChaosOptions([], Random.Shared.Next(1, 1_000_000), TimeSpan.FromMinutes(10), 3, 8, false);
        for (var i = 0; i < args.Count; i++)
        {
            var value = i + 1 < args.Count ? args[i + 1] : "";
            switch (args[i])
            {
                case "--keep": options = options with { Keep = true }; continue;
                case "--seed" when int.TryParse(value, out var seed): options = options with { Seed = seed }; break;
                case "--duration" when TryDuration(value, out var duration): options = options with { Duration = duration }; break;
                case "--nodes" when int.TryParse(value, out var nodes) && nodes is >= 1 and <= 9: options = options with { Nodes = nodes }; break;
                case "--rate" when double.TryParse(value, CultureInfo.InvariantCulture, out var rate) && rate is > 0 and <= 1_000: options = options with { Rate = rate }; break;
                case "--seed" or "--duration" or "--nodes" or "--rate": return (null, $"{args[i]} cannot be '{value}'.");
                case ['-', ..]: return (null, $"'{args[i]}' is no option of this command.");
                case var name when known.Contains(name): options = options with { Scenarios = [.. options.Scenarios, name] }; continue;
                default: return (null, $"there is no scenario '{args[i]}'.");
            }
            i++;
        }
        return (options, null);
    }

    /// <summary>As it is typed: <c>10m</c>, <c>40s</c>.</summary>
    public static string Text(TimeSpan duration) => duration.Seconds == 0 && duration.TotalMinutes >= 1 ? $"{duration.TotalMinutes:0}m" : $"{duration.TotalSeconds:0}s";

    private static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), out var count) || count <= 0 || text[^1] is not ('s' or 'm' or 'h')) return false;
        duration = text[^1] switch { 's' => TimeSpan.FromSeconds(count), 'm' => TimeSpan.FromMinutes(count), _ => TimeSpan.FromHours(count) };
        return true;
    }
}
