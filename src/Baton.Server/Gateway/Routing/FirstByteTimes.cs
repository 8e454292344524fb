using System.Collections.Immutable;

namespace Baton.Server.Gateway;

/// <summary>How soon a target began to answer, the last thousand or so times. One writer at a time; readers need not wait for it.</summary>
/// <remarks>
/// Counts in buckets whose bounds grow by a fifth, so that a quantile is right within a tenth: C. Masson, J. E. Rim and H. K. Lee, "DDSketch", 2019. All counts are halved now and then, so that what was
/// long ago weighs less.
/// </remarks>
internal sealed class FirstByteTimes
{
    private const double Growth = 1.2;

    /// <summary>From 1 ms to about half an hour.</summary>
    private const int Buckets = 80;

    private const int Most = 1000;

    private readonly int[] counts = new int[Buckets];
    private int total;

    public void Add(TimeSpan took)
    {
        counts[BucketOf(took.TotalMilliseconds)]++;
        if (++total < Most) return;
        total = 0;
        for (var i = 0; i < Buckets; i++) total += counts[i] /= 2;
    }

    /// <summary>The time within which a share of all answers of some targets began.</summary>
    /// <param name="fewest">As many must have been seen.</param>
    /// <returns>Null where too few have been seen.</returns>
    public static TimeSpan? Quantile(ImmutableArray<ModelTarget> targets, double share, int fewest)
    {
        Span<int> sums = stackalloc int[Buckets];
        sums.Clear();
        var seen = 0;
        foreach (var target in targets)
        {
            var own = target.Health.FirstBytes.counts;
            for (var i = 0; i < Buckets; i++)
            {
                sums[i] += own[i];
                seen += own[i];
            }
        }
        if (seen < fewest) return null;
        var rank = share * (seen - 1);
        var bucket = 0;
        for (double below = sums[0]; below <= rank && bucket < Buckets - 1;) below += sums[++bucket];
        return TimeSpan.FromMilliseconds(2 * Math.Pow(Growth, bucket) / (Growth + 1));   // the middle of it, by relative error
    }

    /// <summary>Bucket n holds what is above Growth^(n-1) and not above Growth^n, in ms.</summary>
    private static int BucketOf(double ms) => ms <= 1 ? 0 : Math.Min(Buckets - 1, (int)Math.Ceiling(Math.Log(ms) / Math.Log(Growth)));
}
