using System.Collections.Concurrent;
using System.Diagnostics;
using Baton.Engine;
using Baton.Jq;
using Baton.Server;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Baton.Server.Workflows;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Baton.Load;

/// <summary>
/// The durable core as a whole server runs it: the server in this process on a new database file, runs started by the code behind
/// <c>POST /api/v1/runs</c>, every step on disk before the next begins.
/// </summary>
internal sealed class EngineBench : IAsyncDisposable
{
    private const int Runs = 4_000, AtOnce = 50, LoneRuns = 200, Rounds = 3;
    private const string Bench = "engine";
    private static readonly string[] Subjects = ["csharp", "document"];

    private readonly DirectoryInfo folder;
    private readonly ConcurrentDictionary<RunId, TaskCompletionSource> ends = new();
    private readonly RunningServer server;
    private readonly RunStarter starter;

    private EngineBench(RunningServer server, DirectoryInfo folder)
    {
        (this.server, this.folder) = (server, folder);
        starter = server.Services.GetRequiredService<RunStarter>();
        server.Services.GetRequiredService<Wakeups>().RunEnded += (_, run, _, _) => EndOf(run).TrySetResult();
    }

    public static async Task<BenchResult> RunAsync()
    {
        var rows = new List<Row>();
        // The server's start first: nothing of ours competes with it for the processor.
        rows.AddRange(await StartBench.RunAsync(Bench));
        await using (var bench = await StartAsync())
        {
            foreach (var subject in Subjects) rows.AddRange(await bench.MeasureAsync(subject));
        }
        return new BenchResult(rows,
            $"Steps: {Runs:N0} runs of {EngineSubjects.Steps} steps, {AtOnce} at once, each step's outcome ({EngineSubjects.PayloadLength} characters) on disk before the next begins. "
            + $"Lone: {LoneRuns} runs of one step, one after another, start to completed. Map: {EngineSubjects.Items:N0} items, 256 at once. Medians of {Rounds} rounds after a warm-up; {Environment.ProcessorCount} cores.");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static async Task<EngineBench> StartAsync()
    {
        var scratch = Directory.CreateTempSubdirectory("baton-bench");
        var settings = new HostSettings
        {
            Port = 0,
            Database = Path.Combine(scratch.FullName, "bench.db"),
            LogLevel = LogLevel.Critical,
            Override = services => services.AddSingleton(EngineSubjects.Functions),
        };
        var started = await RunningServer.StartAsync(settings, EngineSubjects.Code, CancellationToken.None);
        var registry = started.Services.GetRequiredService<WorkflowRegistry>();
        foreach (var document in EngineSubjects.Documents) await registry.RegisterAsync(TenantId.Default, document, revise: false, CancellationToken.None);
        return new EngineBench(started, scratch);
    }

    private async Task<IReadOnlyList<Row>> MeasureAsync(string subject)
    {
        await Console.Error.WriteLineAsync($"engine: {subject}...");
        List<double> stepsPerSecond = [], p50 = [], p99 = [], lone50 = [], lone99 = [], itemsPerSecond = [], bytesPerStep = [];
        for (var round = -1; round < Rounds; round++)
        {
            var (bytes, started) = (await SizeAsync(), Stopwatch.GetTimestamp());
            var latencies = await CrowdAsync(subject);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var grown = await SizeAsync() - bytes;
            var lone = await LoneAsync(subject);
            var map = await OneAsync(subject, EngineSubjects.Map);
            if (round < 0) continue;   // warming up
            stepsPerSecond.Add(Runs * EngineSubjects.Steps / seconds);
            bytesPerStep.Add((double)grown / (Runs * EngineSubjects.Steps));
            p50.Add(Statistics.Median(latencies));
            p99.Add(Statistics.Percentile(latencies, 0.99));
            lone50.Add(Statistics.Median(lone));
            lone99.Add(Statistics.Percentile(lone, 0.99));
            itemsPerSecond.Add(EngineSubjects.Items / (map / 1_000));
        }
        using var self = Process.GetCurrentProcess();
        return
        [
            new(Bench, "steps", subject, "steps_per_s", Statistics.Median(stepsPerSecond), "1/s"),
            new(Bench, "steps", subject, "p50_ms", Statistics.Median(p50), "ms"),
            new(Bench, "steps", subject, "p99_ms", Statistics.Median(p99), "ms"),
            new(Bench, "steps", subject, "bytes_per_step", Statistics.Median(bytesPerStep), "B"),
            new(Bench, "steps", subject, "rss_mb", self.WorkingSet64 / 1e6, "MB"),
            new(Bench, "lone", subject, "p50_ms", Statistics.Median(lone50), "ms"),
            new(Bench, "lone", subject, "p99_ms", Statistics.Median(lone99), "ms"),
            new(Bench, "map", subject, "items_per_s", Statistics.Median(itemsPerSecond), "1/s"),
        ];
    }

    /// <summary>Milliseconds that each of many runs took, with as many under way as may be.</summary>
    private async Task<IReadOnlyCollection<double>> CrowdAsync(string subject)
    {
        var latencies = new ConcurrentBag<double>();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            await Task.Yield();
            while (Interlocked.Increment(ref next) <= Runs) latencies.Add(await OneAsync(subject, EngineSubjects.Ten));
        }));
        return latencies;
    }

    private async Task<IReadOnlyCollection<double>> LoneAsync(string subject)
    {
        var latencies = new List<double>(LoneRuns);
        for (var i = 0; i < LoneRuns; i++) latencies.Add(await OneAsync(subject, EngineSubjects.One));
        return latencies;
    }

    /// <summary>Milliseconds from asking for a run to its end, both on disk.</summary>
    private async Task<double> OneAsync(string subject, string workflow)
    {
        var started = Stopwatch.GetTimestamp();
        var run = new RunToStart(EngineSubjects.Name(subject, workflow), JqValue.EmptyObject, new Dictionary<string, string>(StringComparer.Ordinal), 0);
        var outcome = await starter.StartAsync(TenantId.Default, run, null, CancellationToken.None);
        if (outcome is not RunStarter.Outcome.Started { Id: var id }) throw new InvalidOperationException($"{subject} {workflow} did not start: {outcome}");
        await EndOf(id).Task;
        ends.TryRemove(id, out _);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private TaskCompletionSource EndOf(RunId run) => ends.GetOrAdd(run, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Bytes in the database, what stands in its log included.</summary>
    private async Task<long> SizeAsync()
    {
        await using var connection = await server.Services.GetRequiredService<Database>().ReadAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>("PRAGMA page_count") * await connection.ExecuteScalarAsync<long>("PRAGMA page_size");
    }
}
