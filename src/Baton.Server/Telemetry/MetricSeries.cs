using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Baton.Server.Telemetry;

/// <summary>What was measured of one instrument under one set of tags. Thread-safe.</summary>
internal sealed class MetricSeries(string labels, double[] bounds)
{
    private readonly Lock gate = new();
    private readonly long[] buckets = new long[bounds.Length];
    private double sum, last;
    private long count;

    /// <summary>As they are written: <c>model="a",tenant_id="b"</c>.</summary>
    public string Labels => labels;

    public void Add(double value)
    {
        lock (gate)
        {
            sum += value;
            last = value;
            count++;
            var at = 0;
            while (at < bounds.Length && value > bounds[at]) at++;
            if (at < bounds.Length) buckets[at]++;
        }
    }

    /// <summary>The sum of all, the newest, how many, and how many were at most each bound.</summary>
    public (double Sum, double Last, long Count, long[] Buckets) Read()
    {
        lock (gate)
        {
            long[] upTo = [.. buckets];
            for (var i = 1; i < upTo.Length; i++) upTo[i] += upTo[i - 1];
            return (sum, last, count, upTo);
        }
    }
}

/// <summary>One instrument and its series.</summary>
internal sealed class MetricFamily(Instrument instrument, double[] bounds)
{
    /// <summary>Sets of tags that are told apart; beyond them all go into one. A name that somebody makes up must not fill the memory.</summary>
    private const int MaxSeries = 5_000;

    /// <summary>Tags that were met lately, by the very texts that they are made of: most measurements are of the same few. A power of two.</summary>
    private const int MaxRecent = 64;

    private readonly ConcurrentDictionary<string, MetricSeries> series = new(StringComparer.Ordinal);
    private readonly Recent?[] recent = new Recent?[MaxRecent];

    public Instrument Instrument => instrument;

    public double[] Bounds => bounds;

    public IEnumerable<MetricSeries> Series => series.Values;

    /// <summary>On the path of every call of a model, ten times.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        ref var place = ref recent[PlaceOf(tags)];
        if (place is not { } known || !known.IsOf(tags)) place = known = new Recent([.. tags], Find(tags));
        known.Series.Add(value);
    }

    /// <summary>Forgets all that was measured: an instrument that is observed tells everything anew, and what it tells no more is not there any more.</summary>
    public void Clear()
    {
        series.Clear();
        Array.Clear(recent);
    }

    private static int PlaceOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = 0;
        foreach (var (_, value) in tags) hash = (hash * 31) + RuntimeHelpers.GetHashCode(value);
        return hash & (MaxRecent - 1);
    }

    private MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[512]);
        for (var i = 0; i < tags.Length; i++)
        {
            text.AppendLiteral(i == 0 ? "" : ",");
            text.AppendLiteral(tags[i].Key.Replace('.', '_'));
            text.AppendLiteral("=\"");
            text.AppendLiteral(MetricsPage.Escape(tags[i].Value?.ToString() ?? ""));
            text.AppendLiteral("\"");
        }
        var labels = text.ToStringAndClear();
        return series.TryGetValue(labels, out var found) ? found : series.GetOrAdd(series.Count < MaxSeries ? labels : "overflow=\"true\"", key => new MetricSeries(key, bounds));
    }

    private sealed record Recent(KeyValuePair<string, object?>[] Tags, MetricSeries Series)
    {
        public bool IsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.Length != Tags.Length) return false;
            for (var i = 0; i < tags.Length; i++)
            {
                if (!ReferenceEquals(tags[i].Value, Tags[i].Value) || !ReferenceEquals(tags[i].Key, Tags[i].Key)) return false;
            }
            return true;
        }
    }
}
