using System.Collections.Concurrent;
using System.Text.Json;
using Baton.Engine.Runs;

namespace Baton.Engine.Tests.Support;

/// <summary>One machine with a journal, a clock and workflows: claims runs, drives them through deaths and waits, and watches their effects.</summary>
internal sealed class World(bool asynchronousJournal = false)
{
    private readonly Dictionary<string, WorkflowBody> workflows = [];
    private readonly ConcurrentDictionary<string, int> effects = new(StringComparer.Ordinal);
    private readonly Lock turn = new();   // between an effect's look around and the next life

    public ManualTime Time { get; } = new();

    public MemoryJournal Journal { get; } = new() { IsAsynchronous = asynchronousJournal };

    /// <summary>How often each effect began.</summary>
    public IReadOnlyDictionary<string, int> Effects => effects;

    /// <summary>Effects that began although their outcome was recorded already. Must stay empty.</summary>
    public ConcurrentQueue<string> Repeated { get; } = new();

    /// <summary>Calls of the longest life so far: how many points there are to die at.</summary>
    public int Calls { get; private set; }

    /// <summary>Called when a run parks without a due time: sends what it waits for.</summary>
    public Func<RunId, bool>? WhenWaiting { get; set; }

    /// <summary>Whether runs that are cancelled undo what they did.</summary>
    public bool CompensatesOnCancel { get; init; }

    /// <summary>What was asked of the run; told to each life, and to the one that is under way.</summary>
    public RunState? Asked { get; private set; }

    private RunExecution? current;

    /// <summary>Asks for the run's cancel, as the API would.</summary>
    public void Cancel()
    {
        Asked = RunState.Cancelled;
        current?.RequestCancel("by hand");
    }

    public void Register(string name, WorkflowBody body) => workflows.Add(name, body);

    public static WorkflowBody Body<TIn, TOut>(Func<RunContext, TIn, Task<TOut>> body) => async (run, input) =>
        JsonSerializer.SerializeToUtf8Bytes(await body(run, JsonSerializer.Deserialize<TIn>(input.Span, Payloads.Json)!), Payloads.Json);

    /// <summary>Says that an effect begins. Dead machines do nothing.</summary>
    public async Task<T> EffectAsync<T>(StepContext step, T result, bool asynchronous = false)
    {
        bool isDead;
        lock (turn)
        {
            isDead = step.Cancel.IsCancellationRequested;
            if (!isDead)
            {
                effects.AddOrUpdate(step.Key, 1, (_, n) => n + 1);
                if (Journal.HasOutcome(step.Run, step.Key)) Repeated.Enqueue(step.Key);
            }
        }
        if (isDead) await new TaskCompletionSource().Task;
        if (asynchronous) await Task.Yield();
        return result;
    }

    public RunId Create(object? input = null)
    {
        var run = RunId.New(Time);
        Journal.Create(run, JsonSerializer.SerializeToUtf8Bytes(input), Time.GetUtcNow());
        return run;
    }

    /// <summary>Runs a new run of <paramref name="body"/> to its end, dying at the given calls of its successive lives.</summary>
    /// <param name="deaths">At which journal call each life dies, and whether after the call was stored; lives beyond the list do not die.</param>
    public async Task<RunOutcome.Settled> RunAsync(WorkflowBody body, object? input = null, params (int At, bool After)[] deaths)
    {
        var run = Create(input);
        Current = run;
        return await DriveAsync(run, body, new Queue<(int At, bool After)>(deaths));
    }

    public RunId Current { get; private set; }

    public async Task<RunOutcome.Settled> DriveAsync(RunId run, WorkflowBody body, Queue<(int At, bool After)>? deaths = null)
    {
        for (var lives = 0; lives < 1_000; lives++)
        {
            var death = deaths is { Count: > 0 } ? deaths.Dequeue() : (At: int.MaxValue, After: false);
            var journal = new CrashingJournal(Journal, death.At, death.After);
            var lease = Journal.Claim(run);
            var execution = await StartAsync(lease, body, journal);
            if (execution is null) continue;
            var ended = await Task.WhenAny(execution.Completion, journal.Died).WaitAsync(TimeSpan.FromSeconds(5));
            Calls = Math.Max(Calls, journal.Calls);
            if (ended == journal.Died)
            {
                execution.Abandon();
                await execution.Completion.WaitAsync(TimeSpan.FromSeconds(5));
                lock (turn) continue;
            }
            switch (await execution.Completion)
            {
                case RunOutcome.Settled settled: return settled;
                case RunOutcome.Parked parked: await WaitAsync(run, parked.WakeAt); break;
                case var other: throw new InvalidOperationException($"Unexpected end: {other} {execution.Crash}");
            }
        }
        throw new InvalidOperationException("The run never ended.");
    }

    /// <summary>Retries a run that failed, as storage does.</summary>
    public Task<RunOutcome.Settled> RetryAsync(WorkflowBody body, long from, params (int At, bool After)[] deaths)
    {
        Journal.Retry(Current, from);
        return DriveAsync(Current, body, new Queue<(int At, bool After)>(deaths));
    }

    /// <summary>Replays a finished run from its journal alone: any effect that begins is an error.</summary>
    public async Task<ReadOnlyMemory<byte>> ReplayAsync(RunId run, WorkflowBody body)
    {
        var copy = new MemoryJournal();
        var entries = Journal.Entries(run).Where(entry => entry is not JournalEntry.StateChanged).ToList();
        copy.Create(run, ((JournalEntry.RunStarted)entries[0]).Input.ToArray(), entries[0].At);
        var before = effects.Values.Sum();
        var ended = ((JournalEntry.StateChanged)Journal.Entries(run)[^1]).State;
        var execution = RunExecution.Start(copy.Claim(run), new RunHistory(entries, []), body, copy, Options(Time), Asked, "by hand", CompensatesOnCancel);
        var settled = Assert.IsType<RunOutcome.Settled>(await execution.Completion.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.True(settled.State == ended, settled.Error?.ToString());
        Assert.Equal(before, effects.Values.Sum());
        return settled.Output;
    }

    public static EngineOptions Options(TimeProvider time) => new() { Time = time, Jitter = new Random(7), ParkAfter = TimeSpan.Zero };

    private async Task<RunExecution?> StartAsync(RunLease lease, WorkflowBody body, CrashingJournal journal)
    {
        var read = journal.ReadAsync(lease, CancellationToken.None).AsTask();
        if (await Task.WhenAny(read, journal.Died) == journal.Died) return null;
        if (Journal.Entries(lease.Run).Any(entry => entry is JournalEntry.CompensationStarted)) Asked = null;   // storage takes it as heard
        return current = RunExecution.Start(lease, (await read)!, body, journal, Options(Time), Asked, "by hand", CompensatesOnCancel);
    }

    private async Task WaitAsync(RunId run, DateTimeOffset? wakeAt)
    {
        while (Journal.NewChildren.TryDequeue(out var child)) await DriveAsync(child.Child, workflows[child.Workflow.Name]);
        if (wakeAt is { } at) Time.AdvanceTo(at);
        else WhenWaiting?.Invoke(run);
    }
}
