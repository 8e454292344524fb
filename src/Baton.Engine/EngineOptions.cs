namespace Baton.Engine;

/// <summary>What a run needs from its host besides a journal.</summary>
public sealed record EngineOptions
{
    /// <summary>The only clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The source of jitter. Never of anything that a replay must repeat.</summary>
    public required Random Jitter { get; init; }

    /// <summary>A run whose next timer is further away than this leaves memory.</summary>
    public TimeSpan ParkAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Awaited before each attempt at a step, until this process may act under its leases; null for at once. Throws what a cancelled wait does.</summary>
    public Func<CancellationToken, ValueTask>? BeforeAttempt { get; init; }

    /// <summary>Told of each attempt that begins, for live progress. Called on the run's loop: must not block.</summary>
    public Action<RunLease, StepStarted>? OnStepStarted { get; init; }

    /// <summary>Told of each task of a document that begins: its JSON pointer and its name. Not of those that a replay repeats.</summary>
    public Action<RunLease, string, string>? OnTaskStarted { get; init; }

    /// <summary>Told when storage refuses a write that will be tried again.</summary>
    public Action<RunId, StorageUnavailableException>? OnStorageFailure { get; init; }
}

/// <summary>An attempt at a step begins. Not durable: a view of work in progress.</summary>
public readonly record struct StepStarted(string Key, string Label, int Attempt, DateTimeOffset At);

/// <summary>A workflow as the engine sees it: from input to output, both UTF-8 JSON.</summary>
public delegate Task<ReadOnlyMemory<byte>> WorkflowBody(RunContext run, ReadOnlyMemory<byte> input);
