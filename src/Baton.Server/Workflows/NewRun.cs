using System.Collections.Frozen;
using Baton.Engine;

namespace Baton.Server.Workflows;

/// <summary>A run to be stored.</summary>
internal sealed record NewRun(RunId Id, WorkflowRef Workflow, ReadOnlyMemory<byte> Input)
{
    /// <summary>Higher goes first; -100 to 100.</summary>
    public int Priority { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = FrozenDictionary<string, string>.Empty;

    public RunId? Parent { get; init; }

    /// <summary>The step of the parent that awaits this run; null when nobody does.</summary>
    public string? ParentKey { get; init; }

    /// <summary>A second start with this key and the same request returns the first run.</summary>
    public IdempotencyKey? Idempotency { get; init; }
}

/// <param name="RequestHash">What the key stands for: a different request under the same key is refused.</param>
internal sealed record IdempotencyKey(string Key, string RequestHash);

/// <summary>What became of a request to start a run.</summary>
internal abstract record StartResult
{
    private StartResult() { }

    /// <param name="Lease">The claim, when this node took the run at once; null when it is queued.</param>
    public sealed record Started(RunId Id, RunLease? Lease, DateTimeOffset At) : StartResult;

    public sealed record AlreadyStarted(RunId Id) : StartResult;

    public sealed record KeyReused(RunId Id) : StartResult;
}
