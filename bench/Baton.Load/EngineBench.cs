using System.Collections.Concurrent;
using System.Diagnostics;
using Baton.Engine;
using Baton.Jq;
using Baton.Server;
using Baton.Server.Cluster;
using Baton.Server.Gateway;
using Baton.Server.Storage;
using Baton.Server.Workflows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Baton.Load;

/// <summary>
/// The durable core as a whole server runs it: the server in this process on a new database file, runs started by the code behind
/// <c>POST /api/v1/runs</c>, every step on disk before the next begins.
/// </summary>
internal sealed class EngineBench : IAsyncDisposable
{
    public const int AtOnce = 50;
    private const int Runs = 4_000, LoneRuns = 200, Rounds = 3;
    private static readonly string[] Subjects = ["csharp", "document"];

    private readonly BenchDatabase database;
    private readonly ConcurrentDictionary<RunId, TaskCompletionSource> ends = new();
    private readonly RunningServer server;
    private readonly RunStarter starter;

    private EngineBench(RunningServer server, BenchDatabase database)
    {
        (this.server, this.database) = (server, database);
        starter = server.Services.GetRequiredService<RunStarter>();
        server.Services.GetRequiredService<Wakeups>().RunEnded += (_, run, _, _) => EndOf(run).TrySetResult();
    }

    /// <summary>What is measured when nothing else is asked for.</summary>
    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var rows = new List<Row>();
        // The server's start first: nothing of ours competes with it for the processor.
        rows.AddRange(await StartBench.RunAsync(EngineScenarios.Bench));
        await using var databases = new BenchDatabases();
        foreach (var kind in options.Databases)
        {
            await using var bench = await StartAsync(await databases.NewAsync(kind));
            foreach (var subject in Subjects) rows.AddRange(await bench.MeasureAsync(subject, EngineScenarios.SubjectOn(subject, kind)));
        }
        return new BenchResult(rows,
            $"Steps: {Runs:N0} runs of {EngineSubjects.Steps} steps, {AtOnce} at once, each step's outcome ({EngineSubjects.PayloadLength} characters at random) on disk before the next begins; bytes at rest are those when ended runs are packed and what was replaced is vacuumed. "
            + $"Lone: {LoneRuns} runs of one step, one after another, start to completed. Map: {EngineSubjects.Items:N0} items, 256 at once. Medians of {Rounds} rounds after a warm-up; {Environment.ProcessorCount} cores.");
    }

    /// <summary>What calls of models used.</summary>
    public UsageStore Usage => server.Services.GetRequiredService<UsageStore>();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>A server in this process on a database that nobody else has.</summary>
    public static async Task<EngineBench> StartAsync(BenchDatabase database)
    {
        var settings = new HostSettings
        {
            Port = 0,
            Database = database.Address,
            LogLevel = LogLevel.Critical,
            Override = services => services.AddSingleton(EngineSubjects.Functions),
        };
        var started = await RunningServer.StartAsync(settings, EngineSubjects.Code, CancellationToken.None);
        var registry = started.Services.GetRequiredService<WorkflowRegistry>();
        foreach (var document in EngineSubjects.Documents) await registry.RegisterAsync(TenantId.Default, document, revise: false, CancellationToken.None);
        return new EngineBench(started, database);
    }

    /// <summary>Runs of ten steps, many at once.</summary>
    /// <param name="runs">How many in all.</param>
    public Task<StepFigures> StepsAsync(string subject, int runs)
    {
        var next = 0;
        return StepsAsync(subject, () => Interlocked.Increment(ref next) <= runs);
    }

    /// <summary>The same for a time.</summary>
    /// <param name="span">As long as runs are started; those that are under way then end and count, and so does their time.</param>
    public Task<StepFigures> StepsAsync(string subject, TimeSpan span)
    {
        var began = Stopwatch.GetTimestamp();
        return StepsAsync(subject, () => Stopwatch.GetElapsedTime(began) < span);
    }

    private async Task<StepFigures> StepsAsync(string subject, Func<bool> startsAnother)
    {
        var started = Stopwatch.GetTimestamp();
        var latencies = await CrowdAsync(subject, startsAnother);
        return new StepFigures(latencies.Count, latencies.Count * EngineSubjects.Steps / Stopwatch.GetElapsedTime(started).TotalSeconds, Statistics.Median(latencies), Statistics.Percentile(latencies, 0.99));
    }

    /// <summary>Adds to figures what is left in the database of the runs that they are of.</summary>
    public async Task<StepFigures> WeighedAsync(Func<Task<StepFigures>> measure)
    {
        var rest = await RestAsync();
        var figures = await measure();
        return figures with { BytesPerStep = (double)(await RestAsync() - rest) / (figures.Runs * EngineSubjects.Steps) };
    }

    /// <summary>Bytes of the database once what is done to it beside all work has been done: ended runs packed, as ten minutes after their end, and what was replaced vacuumed.</summary>
    private async Task<long> RestAsync()
    {
        await new JournalPacker(server.Services.GetRequiredService<Database>(), server.Services.GetRequiredService<WorkflowSql>(), Options.Create(new RetentionOptions { PackAfter = TimeSpan.Zero }), TimeProvider.System).RunOnceAsync(CancellationToken.None);
        return await database.RestAsync();
    }

    /// <summary>Items a second of a map in one run.</summary>
    public async Task<double> MapAsync(string subject) => EngineSubjects.Items / (await OneAsync(subject, EngineSubjects.Map) / 1_000);

    private async Task<IReadOnlyList<Row>> MeasureAsync(string subject, string name)
    {
        await Console.Error.WriteLineAsync($"engine: {name}...");
        List<StepFigures> steps = [];
        List<double> lone50 = [], lone99 = [], itemsPerSecond = [];
        for (var round = -1; round < Rounds; round++)
        {
            var crowd = await WeighedAsync(() => StepsAsync(subject, Runs));
            var lone = await LoneAsync(subject);
            var map = await MapAsync(subject);
            if (round < 0) continue;   // warming up
            steps.Add(crowd);
            lone50.Add(Statistics.Median(lone));
            lone99.Add(Statistics.Percentile(lone, 0.99));
            itemsPerSecond.Add(map);
        }
        using var self = Process.GetCurrentProcess();
        return
        [
            new(EngineScenarios.Bench, "steps", name, "steps_per_s", Statistics.Median(steps.Select(figures => figures.PerSecond)), "1/s"),
            new(EngineScenarios.Bench, "steps", name, "p50_ms", Statistics.Median(steps.Select(figures => figures.P50Ms)), "ms"),
            new(EngineScenarios.Bench, "steps", name, "p99_ms", Statistics.Median(steps.Select(figures => figures.P99Ms)), "ms"),
            new(EngineScenarios.Bench, "steps", name, "bytes_per_step", Statistics.Median(steps.Select(figures => figures.BytesPerStep)), "B"),
            new(EngineScenarios.Bench, "steps", name, "rss_mb", self.WorkingSet64 / 1e6, "MB"),
            new(EngineScenarios.Bench, "lone", name, "p50_ms", Statistics.Median(lone50), "ms"),
            new(EngineScenarios.Bench, "lone", name, "p99_ms", Statistics.Median(lone99), "ms"),
            new(EngineScenarios.Bench, "map", name, "items_per_s", Statistics.Median(itemsPerSecond), "1/s"),
        ];
    }

    /// <summary>Milliseconds that each of many runs took, with as many under way as may be.</summary>
    private async Task<IReadOnlyCollection<double>> CrowdAsync(string subject, Func<bool> startsAnother)
    {
        var latencies = new ConcurrentBag<double>();
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            await Task.Yield();
            while (startsAnother()) latencies.Add(await OneAsync(subject, EngineSubjects.Ten));
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
    public async Task<double> OneAsync(string subject, string workflow)
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
}

/// <summary>What many runs of steps came to.</summary>
/// <param name="P50Ms">Of a whole run.</param>
internal sealed record StepFigures(int Runs, double PerSecond, double P50Ms, double P99Ms)
{
    /// <summary>What is left in the database, when runs that ended a while ago are packed.</summary>
    public double BytesPerStep { get; init; }
}
