namespace Baton.Server.Workflows;

/// <summary>How two series move together, and how likely that is by chance.</summary>
internal static class Association
{
    /// <summary>The phi coefficient of two series of successes: Pearson's correlation of the fourfold table.</summary>
    /// <returns>The coefficient and the two-sided p-value of Fisher's exact test; null where one of them never changes.</returns>
    public static (double Coefficient, double P)? Phi(IReadOnlyList<(bool First, bool Second)> pairs)
    {
        var (both, first, second, neither) = (0, 0, 0, 0);
        foreach (var pair in pairs)
        {
            if (pair is (true, true)) both++;
            else if (pair.First) first++;
            else if (pair.Second) second++;
            else neither++;
        }
        var margins = (double)(both + first) * (second + neither) * (both + second) * (first + neither);
        return margins == 0 ? null : ((((double)both * neither) - ((double)first * second)) / Math.Sqrt(margins), FisherExact(both, first, second, neither));
    }

    /// <summary>Spearman's rank correlation; values that are equal share the mean of their ranks.</summary>
    /// <returns>The coefficient and its two-sided p-value by the normal approximation (r times the root of n - 1); null where one series never changes.</returns>
    /// <remarks>M. G. Kendall, "Rank Correlation Methods", 1948. Fair from about ten pairs on.</remarks>
    public static (double Coefficient, double P)? Spearman(IReadOnlyList<(double First, double Second)> pairs)
    {
        var (x, y) = (Ranks([.. pairs.Select(pair => pair.First)]), Ranks([.. pairs.Select(pair => pair.Second)]));
        var mean = (pairs.Count + 1) / 2.0;
        var (xy, xx, yy) = (0.0, 0.0, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            xy += (x[i] - mean) * (y[i] - mean);
            xx += (x[i] - mean) * (x[i] - mean);
            yy += (y[i] - mean) * (y[i] - mean);
        }
        if (xx == 0 || yy == 0) return null;
        var r = xy / Math.Sqrt(xx * yy);
        return (r, TwoSided(r * Math.Sqrt(pairs.Count - 1)));
    }

    /// <summary>Holm's adjustment for many comparisons, in the order in which the p-values came.</summary>
    /// <remarks>S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.</remarks>
    public static double[] Holm(IReadOnlyList<double> values)
    {
        var adjusted = new double[values.Count];
        var highest = 0.0;
        foreach (var (index, rank) in Enumerable.Range(0, values.Count).OrderBy(i => values[i]).Select((index, rank) => (index, rank)))
        {
            highest = Math.Max(highest, Math.Min(1, values[index] * (values.Count - rank)));
            adjusted[index] = highest;
        }
        return adjusted;
    }

    /// <summary>The chance of a fourfold table with these margins that is as unlikely as this one, or more.</summary>
    private static double FisherExact(int both, int first, int second, int neither)
    {
        var (row, column, n) = (both + first, both + second, both + first + second + neither);
        var logs = new double[n + 1];
        for (var i = 2; i <= n; i++) logs[i] = logs[i - 1] + Math.Log(i);
        double Log(int a) => logs[row] + logs[n - row] + logs[column] + logs[n - column] - logs[n] - logs[a] - logs[row - a] - logs[column - a] - logs[n - row - column + a];
        var observed = Log(both) + 1e-7;   // tables alike but for rounding count as alike
        var sum = 0.0;
        for (var a = Math.Max(0, row + column - n); a <= Math.Min(row, column); a++)
        {
            var log = Log(a);
            if (log <= observed) sum += Math.Exp(log);
        }
        return Math.Min(1, sum);
    }

    /// <summary>The chance of a standard normal value at least this far from 0.</summary>
    /// <remarks>M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions", 7.1.26: error below 1.5e-7.</remarks>
    private static double TwoSided(double z)
    {
        var x = Math.Abs(z) / Math.Sqrt(2);
        var t = 1 / (1 + (0.3275911 * x));
        return Math.Clamp(t * (0.254829592 + (t * (-0.284496736 + (t * (1.421413741 + (t * (-1.453152027 + (t * 1.061405429)))))))) * Math.Exp(-x * x), 0, 1);
    }

    private static double[] Ranks(double[] values)
    {
        var order = Enumerable.Range(0, values.Length).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Length];
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            while (end + 1 < order.Length && values[order[end + 1]] == values[order[start]]) end++;
            for (var i = start; i <= end; i++) ranks[order[i]] = ((start + end) / 2.0) + 1;
            start = end + 1;
        }
        return ranks;
    }
}
