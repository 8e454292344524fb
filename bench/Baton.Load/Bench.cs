namespace Baton.Load;

/// <summary>Something to measure.</summary>
/// <param name="Name">As it is asked for: <c>baton bench NAME</c>.</param>
/// <param name="Options">Names of the options that it takes beside <c>--json</c>.</param>
/// <param name="RunAsync">Measures. Progress goes to standard error, so that standard output is the result alone.</param>
internal sealed record Bench(string Name, string Summary, IReadOnlyList<string> Options, Func<BenchOptions, Task<BenchResult>> RunAsync);

/// <param name="Rows">What was measured.</param>
/// <param name="Conditions">How, in a sentence: sizes, rounds, what was left out.</param>
internal sealed record BenchResult(IReadOnlyList<Row> Rows, string Conditions);

/// <summary>One figure. Where a subject could not be measured, the metric is <c>failed</c> and the unit says why.</summary>
internal sealed record Row(string Bench, string Scenario, string Subject, string Metric, double Value, string Unit);

/// <summary>Rounds into figures.</summary>
internal static class Statistics
{
    /// <summary>Of an even number of values, the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <param name="share">0 to 1; the value that this share of all values does not exceed (nearest rank).</param>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
