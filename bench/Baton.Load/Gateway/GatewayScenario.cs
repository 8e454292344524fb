namespace Baton.Load;

/// <summary>A way to load what stands before a model.</summary>
internal abstract record GatewayScenario(string Name)
{
    /// <summary>What stands in for the model's host.</summary>
    public abstract Task<GatewayUpstream> StartUpstreamAsync();

    public abstract Task<IReadOnlyList<(string Metric, double Value)>> MeasureAsync(GatewaySubject subject);

    /// <summary>What a subject costs beside a call without it.</summary>
    public abstract IEnumerable<(string Metric, double Value)> Added(IReadOnlyList<(string Metric, double Value)> seen, IReadOnlyList<(string Metric, double Value)> direct, GatewaySubject subject);

    protected static double Value(IReadOnlyList<(string Metric, double Value)> figures, string metric) => figures.First(figure => figure.Metric == metric).Value;

    /// <summary>A chat request with a prompt of so many bytes.</summary>
    protected static byte[] Body(int promptBytes, bool isStream) =>
        System.Text.Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{"role":"user","content":"{{new string('x', promptBytes)}}"}],"max_tokens":100{{(isStream ? ",\"stream\":true" : "")}}}""");
}

/// <summary>A host for models, on this machine.</summary>
internal sealed record GatewayUpstream(Uri Address, IAsyncDisposable Owner) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Owner.DisposeAsync();
}

/// <summary>As many requests as are answered, over 64 connections.</summary>
internal sealed record SaturationScenario(string Name, int PromptBytes) : GatewayScenario(Name)
{
    private const int Connections = 64;
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(4);

    public override async Task<GatewayUpstream> StartUpstreamAsync() => await NginxProcess.UpstreamAsync();

    public override async Task<IReadOnlyList<(string Metric, double Value)>> MeasureAsync(GatewaySubject subject)
    {
        var body = Body(PromptBytes, isStream: false);
        await Wrk.RunAsync(subject, body, Connections, subject.WarmUp);
        var before = subject.CpuMicroseconds;
        var (requests, seconds, p50, p99) = await Wrk.RunAsync(subject, body, Connections, Measured);
        var cpu = (subject.CpuMicroseconds - before) / requests;
        return [("requests_per_s", requests / seconds), ("p50_us", p50), ("p99_us", p99), .. subject.HasProcess ? [("cpu_us_per_request", cpu), ("rss_mb", subject.RssMb)] : Array.Empty<(string, double)>()];
    }

    public override IEnumerable<(string Metric, double Value)> Added(IReadOnlyList<(string Metric, double Value)> seen, IReadOnlyList<(string Metric, double Value)> direct, GatewaySubject subject) => [];
}

/// <summary>Requests at fixed times, whatever the answers take.</summary>
internal sealed record RateScenario(string Name, int PerSecond) : GatewayScenario(Name)
{
    private const int WarmUpConnections = 64;

    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(5);

    public override async Task<GatewayUpstream> StartUpstreamAsync() => await NginxProcess.UpstreamAsync();

    public override async Task<IReadOnlyList<(string Metric, double Value)>> MeasureAsync(GatewaySubject subject)
    {
        var body = Body(1 << 10, isStream: false);
        var request = subject.Request(body);
        using var wires = new HttpWires(subject.Address);
        await Wrk.RunAsync(subject, body, WarmUpConnections, subject.WarmUp);   // an open loop would overrun what is not compiled yet
        var before = subject.CpuMicroseconds;
        double[] latencies = [.. (await OpenLoop.RunAsync(PerSecond, Measured, _ => wires.AskAsync(request))).Select(latency => latency.TotalMicroseconds)];
        var cpu = (subject.CpuMicroseconds - before) / latencies.Length;
        return [("p50_us", Statistics.Median(latencies)), ("p99_us", Statistics.Percentile(latencies, 0.99)), .. subject.HasProcess ? [("cpu_us_per_request", cpu), ("rss_mb", subject.RssMb)] : Array.Empty<(string, double)>()];
    }

    public override IEnumerable<(string Metric, double Value)> Added(IReadOnlyList<(string Metric, double Value)> seen, IReadOnlyList<(string Metric, double Value)> direct, GatewaySubject subject) =>
        subject.HasProcess ? [("added_p50_us", Value(seen, "p50_us") - Value(direct, "p50_us")), ("added_p99_us", Value(seen, "p99_us") - Value(direct, "p99_us"))] : [];
}

/// <summary>Streams side by side, of chunks that tell when they were written.</summary>
internal sealed record StreamScenario(string Name, int Streams) : GatewayScenario(Name)
{
    public const int Chunks = 50;

    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    private const int Times = 2;

    public override Task<GatewayUpstream> StartUpstreamAsync()
    {
        var upstream = new StreamUpstream(Chunks, Pause);
        return Task.FromResult(new GatewayUpstream(upstream.Address, upstream));
    }

    public override async Task<IReadOnlyList<(string Metric, double Value)>> MeasureAsync(GatewaySubject subject)
    {
        var request = subject.Request(Body(1 << 10, isStream: true));
        var (firsts, delays, before) = (new List<double>(), new List<double>(), 0.0);
        var warmUps = (int)Math.Ceiling(subject.WarmUp / (Pause * Chunks));
        for (var time = -warmUps; time < Times; time++)
        {
            if (time == 0) before = subject.CpuMicroseconds;
            var streams = await Task.WhenAll(Enumerable.Range(0, Streams).Select(async i =>
            {
                await Task.Delay(Pause * i / Streams, TimeProvider.System);   // not all in one moment
                return await StreamClient.ReadAsync(subject.Address, request);
            }));
            if (time < 0) continue;
            firsts.AddRange(streams.Select(stream => stream.FirstMs));
            delays.AddRange(streams.SelectMany(stream => stream.DelaysUs));
        }
        var chunks = Times * Streams * Chunks;
        if (delays.Count != chunks) throw new BenchException($"{subject.Name}: {delays.Count} of {chunks} chunks came.");
        var cpu = (subject.CpuMicroseconds - before) / chunks;
        return [("ttft_ms", Statistics.Median(firsts)), ("forward_p50_us", Statistics.Median(delays)), ("forward_p99_us", Statistics.Percentile(delays, 0.99)), .. subject.HasProcess ? [("cpu_us_per_chunk", cpu), ("rss_mb", subject.RssMb)] : Array.Empty<(string, double)>()];
    }

    public override IEnumerable<(string Metric, double Value)> Added(IReadOnlyList<(string Metric, double Value)> seen, IReadOnlyList<(string Metric, double Value)> direct, GatewaySubject subject) =>
        subject.HasProcess ? [("ttft_added_ms", Value(seen, "ttft_ms") - Value(direct, "ttft_ms"))] : [];
}
