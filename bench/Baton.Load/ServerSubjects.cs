using System.Text.Json;
using Baton.Engine;

namespace Baton.Load;

/// <summary>Workflows for servers that run as processes of their own, to be killed or looked at from outside.</summary>
internal static class ServerSubjects
{
    public const string Watched = "watched", Sleeper = "sleeper", Heap = "heap";

    /// <summary>The step in which every watched run stands still while <see cref="Hold"/> is set.</summary>
    public const int HoldAt = EngineSubjects.Steps / 2 - 1;

    /// <summary>In the environment: the file that every watched step adds a line to, and whether to stand still.</summary>
    public const string Recorder = "BENCH_RECORDER", Hold = "BENCH_HOLD";

    private static readonly Lazy<StreamWriter> recorder = new(() => new StreamWriter(new FileStream(Environment.GetEnvironmentVariable(Recorder)!, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true });
    private static readonly bool holds = Environment.GetEnvironmentVariable(Hold) is not null;

    public static IReadOnlyCollection<CodeWorkflow> Code { get; } =
    [
        new(new WorkflowRef("bench", Watched, "1.0.0"), async (run, input) =>
        {
            for (var i = 0; i < EngineSubjects.Steps; i++)
            {
                var number = i;
                await run.StepAsync($"step/{i}", step => WatchedAsync(run.Run, number, step.Cancel));
            }
            return input;
        }),
        new(new WorkflowRef("bench", Sleeper, "1.0.0"), async (run, input) =>
        {
            await run.SleepAsync("sleep", TimeSpan.FromDays(1));
            return input;
        }),
        // What the process holds in its managed memory, once all that nobody holds is gone.
        new(new WorkflowRef("bench", Heap, "1.0.0"), async (run, input) => JsonSerializer.SerializeToUtf8Bytes(await run.StepAsync("heap", step => Task.FromResult(GC.GetTotalMemory(forceFullCollection: true))))),
    ];

    private static async Task<string> WatchedAsync(RunId run, int step, CancellationToken cancel)
    {
        lock (recorder) recorder.Value.Write($"{run} {step}\n");
        if (holds && step == HoldAt) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
        return EngineSubjects.Payload;
    }
}
