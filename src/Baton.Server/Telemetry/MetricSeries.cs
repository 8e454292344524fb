using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

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
            for (var i = bounds.Length - 1; i >= 0 && value <= bounds[i]; i--) buckets[i]++;
        }
    }

    /// <summary>The sum of all, the newest, how many, and how many were at most each bound.</summary>
    public (double Sum, double Last, long Count, long[] Buckets) Read()
    {
        lock (gate) return (sum, last, count, [.. buckets]);
    }
}

/// <summary>One instrument and its series.</summary>
internal sealed class MetricFamily(Instrument instrument, double[] bounds)
{
    /// <summary>Sets of tags that are told apart; beyond them all go into one. A name that somebody makes up must not fill the memory.</summary>
    private const int MaxSeries = 5_000;

    private readonly ConcurrentDictionary<string, MetricSeries> series = new(StringComparer.Ordinal);

    public Instrument Instrument => instrument;

    public double[] Bounds => bounds;

    public IEnumerable<MetricSeries> Series => series.Values;

    public void Add(double value, ReadOnlySpan<char> labels)
    {
        if (!series.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(labels, out var found)) found = series.GetOrAdd(series.Count < MaxSeries ? labels.ToString() : "overflow=\"true\"", key => new MetricSeries(key, bounds));
        found.Add(value);
    }
}
