using Baton.Client;

namespace Baton.Server.Workflows;

/// <summary>What was seen of several variables over many subjects (the items of a map, or runs), to find which of them move together.</summary>
/// <param name="over">What the subjects are.</param>
internal sealed class Observations(string over)
{
    /// <summary>Variables of one kind that are compared: the pairs grow with the square.</summary>
    private const int MaxVariables = 40;

    /// <summary>Pairs with fewer subjects are not judged.</summary>
    public const int MinimumN = 10;

    /// <summary>Pairs that may be chance by more than this, after adjustment for all that were compared, are not shown.</summary>
    public const double MaxAdjustedP = 0.05;

    private const int MaxShown = 50;

    private readonly Dictionary<string, Dictionary<int, bool>> successes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<int, double>> numbers = new(StringComparer.Ordinal);

    /// <summary>A pair that was judged.</summary>
    public sealed record Pair(string Method, string Over, string First, string Second, double Coefficient, int N, double P);

    public void Add(int subject, string step, bool success) => Put(successes, step, subject, success);

    public void Add(int subject, string variable, double number) => Put(numbers, variable, subject, number);

    /// <returns>Pairs that were judged, and how many were not for want of subjects.</returns>
    public (List<Pair> Judged, int TooFew) Compare()
    {
        var (phi, few) = Compare("phi", successes, Association.Phi);
        var (spearman, fewer) = Compare("spearman", numbers, Association.Spearman);
        return ([.. phi, .. spearman], few + fewer);
    }

    /// <summary>The pairs that are not likely to be chance, the strongest first.</summary>
    public static IReadOnlyList<CorrelationView> Significant(IReadOnlyList<Pair> judged)
    {
        var adjusted = Association.Holm([.. judged.Select(pair => pair.P)]);
        return [.. judged.Select((pair, i) => new CorrelationView(pair.Method, pair.Over, pair.First, pair.Second, Math.Round(pair.Coefficient, 4), pair.N, pair.P, adjusted[i]))
            .Where(pair => pair.AdjustedPValue <= MaxAdjustedP).OrderByDescending(pair => Math.Abs(pair.Coefficient)).ThenBy(pair => pair.First, StringComparer.Ordinal).ThenBy(pair => pair.Second, StringComparer.Ordinal).Take(MaxShown)];
    }

    private (List<Pair> Judged, int TooFew) Compare<T>(string method, Dictionary<string, Dictionary<int, T>> variables, Func<IReadOnlyList<(T First, T Second)>, (double Coefficient, double P)?> measure)
    {
        var (judged, few) = (new List<Pair>(), 0);
        var names = variables.Keys.Order(StringComparer.Ordinal).ToList();
        for (var i = 0; i < names.Count; i++)
        {
            for (var j = i + 1; j < names.Count; j++)
            {
                if (StepOf(names[i]) == StepOf(names[j])) continue;   // two numbers of one output: no two results
                var other = variables[names[j]];
                var pairs = variables[names[i]].OrderBy(one => one.Key).Where(one => other.ContainsKey(one.Key)).Select(one => (one.Value, other[one.Key])).ToList();
                if (pairs.Count < MinimumN) few++;
                else if (measure(pairs) is { } found) judged.Add(new Pair(method, over, names[i], names[j], found.Coefficient, pairs.Count, found.P));
            }
        }
        return (judged, few);
    }

    private static string StepOf(string variable) => variable.Split(" .")[0];

    private static void Put<T>(Dictionary<string, Dictionary<int, T>> all, string variable, int subject, T value)
    {
        if (!all.TryGetValue(variable, out var values))
        {
            if (all.Count == MaxVariables) return;
            all.Add(variable, values = []);
        }
        values[subject] = value;
    }
}
