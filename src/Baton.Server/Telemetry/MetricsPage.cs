using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Baton.Engine;

namespace Baton.Server.Telemetry;

/// <summary>What the meters of this server measure, as Prometheus reads it. Meters are told by their factory: another server in the process has another.</summary>
/// <remarks>Prometheus, "Exposition formats", text format 0.0.4.</remarks>
internal sealed class MetricsPage : IHostedService, IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>In seconds: where an instrument gives no advice.</summary>
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricFamily> families = new();
    private readonly IMeterFactory factory;
    private readonly Lock gate = new();   // what one reader has cleared is not told to another

    public MetricsPage(IMeterFactory factory)
    {
        this.factory = factory;
        listener.InstrumentPublished = Listen;
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricFamily)state!).Add(value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricFamily)state!).Add(value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricFamily)state!).Add(value, tags));
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => listener.Dispose();

    /// <param name="reader">Whoever reads it. Only the default tenant, which is the server's own, sees series of other tenants.</param>
    public string Write(TenantId reader)
    {
        var own = reader == TenantId.Default ? null : $"tenant_id=\"{Escape(reader.Value)}\"";
        var text = new StringBuilder();
        lock (gate)
        {
            foreach (var family in families.Values.Where(family => family.Instrument.IsObservable)) family.Clear();
            listener.RecordObservableInstruments();
            foreach (var family in families.Values.OrderBy(family => NameOf(family.Instrument), StringComparer.Ordinal)) Write(text, family, own);
        }
        return text.ToString();
    }

    private void Listen(Instrument instrument, MeterListener to)
    {
        if ((instrument.Meter.Scope is { } scope && scope != factory) || !instrument.Meter.Name.StartsWith("Baton.", StringComparison.Ordinal)) return;
        var bounds = !IsHistogram(instrument) ? [] : (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? (instrument as Histogram<long>)?.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray() ?? Seconds;
        to.EnableMeasurementEvents(instrument, families.GetOrAdd(instrument, new MetricFamily(instrument, bounds)));
    }

    private static void Write(StringBuilder text, MetricFamily family, string? own)
    {
        var (name, kind) = (NameOf(family.Instrument), IsHistogram(family.Instrument) ? "histogram" : IsCounter(family.Instrument) ? "counter" : "gauge");
        if (family.Instrument.Description is { Length: > 0 } description) text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {description}\n");
        text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {kind}\n");
        foreach (var series in family.Series.OrderBy(series => series.Labels, StringComparer.Ordinal))
        {
            if (own is not null && !series.Labels.Contains(own, StringComparison.Ordinal)) continue;
            var (sum, last, count, buckets) = series.Read();
            if (kind != "histogram")
            {
                Line(text, name, series.Labels, kind == "gauge" || family.Instrument.IsObservable ? last : sum);
                continue;
            }
            var more = series.Labels.Length == 0 ? "" : ",";
            for (var i = 0; i < buckets.Length; i++) Line(text, $"{name}_bucket", $"{series.Labels}{more}le=\"{family.Bounds[i].ToString("R", CultureInfo.InvariantCulture)}\"", buckets[i]);
            Line(text, $"{name}_bucket", $"{series.Labels}{more}le=\"+Inf\"", count);
            Line(text, $"{name}_sum", series.Labels, sum);
            Line(text, $"{name}_count", series.Labels, count);
        }
    }

    private static void Line(StringBuilder text, string name, string labels, double value) =>
        text.Append(name).Append(labels.Length == 0 ? "" : "{").Append(labels).Append(labels.Length == 0 ? " " : "} ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');

    private static bool IsHistogram(Instrument instrument) => instrument is Histogram<double> or Histogram<long> or Histogram<int>;

    private static bool IsCounter(Instrument instrument) => instrument is Counter<long> or Counter<double> or ObservableCounter<long> or ObservableCounter<double>;

    /// <summary>Dots become underlines; a unit of seconds stands in the name.</summary>
    private static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        return instrument.Unit == "s" && !name.EndsWith("_seconds", StringComparison.Ordinal) ? $"{name}_seconds" : name;
    }

    internal static string Escape(string value) => !value.AsSpan().ContainsAny('\\', '"', '\n') ? value : value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
