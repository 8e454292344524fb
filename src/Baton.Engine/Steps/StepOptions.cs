using Baton.Engine.Policies;

namespace Baton.Engine;

/// <summary>How a step is carried out. The default: one attempt, no deadline.</summary>
public sealed record StepOptions
{
    public static readonly StepOptions Default = new();

    /// <summary>When and how often a failed attempt is repeated.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.None;

    /// <summary>Classifies and retries instead of <see cref="Retry"/>, and gives the reason for the journal; null for none.</summary>
    internal EffectivePolicy? Policy { get; init; }

    /// <summary>Longest duration of one attempt; null for none. An attempt past it fails as <see cref="ErrorClass.Connectivity"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What a person reads instead of the key while the step runs; null for the key.</summary>
    public string? Label { get; init; }
}

/// <summary>What a step's code is given.</summary>
/// <param name="Run">The run that the step belongs to.</param>
/// <param name="Key">The step's key within the run.</param>
/// <param name="Attempt">1 for the first attempt.</param>
/// <param name="Cancel">Signalled when the step's result is no longer wanted, or its time is up.</param>
public sealed record StepContext(TenantId Tenant, RunId Run, string Key, int Attempt, CancellationToken Cancel)
{
    /// <summary>The same for every attempt, and for every repetition after a crash: send it along with an effect, so that the other side can tell a repetition.</summary>
    public string IdempotencyKey => $"{Run}/{Key}";

    /// <summary>What the step says of itself besides its output, as UTF-8 JSON: shown with the journal, not seen by the workflow.</summary>
    public ReadOnlyMemory<byte> Meta { get; set; }

    /// <summary>True when the last attempt failed for its credential: what is kept of tokens is to be asked for anew.</summary>
    public bool RefreshesCredential { get; internal set; }
}
