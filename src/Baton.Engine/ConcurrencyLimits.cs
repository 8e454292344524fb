namespace Baton.Engine;

/// <summary>
/// How many runs of one workflow may be open at once: begun, and not ended. A run that waits or is paused in the middle counts; one that would be too many
/// waits for its turn before its first step.
/// </summary>
/// <param name="Limit">Of all runs of the workflow, 1 or more; null for any number.</param>
/// <param name="LimitPerKey">Of those with the same key, 1 or more; null for any number.</param>
/// <param name="Key">Reads the key from a run's input, up to <see cref="MaxKey"/> characters. Throws a <see cref="WorkflowException"/> where there is none.</param>
public sealed record ConcurrencyLimits(int? Limit, int? LimitPerKey, Func<ReadOnlyMemory<byte>, string> Key)
{
    public const int MaxKey = 200;

    /// <summary>Most that can be set.</summary>
    public const int Most = 1_000_000;

    /// <summary>Limits that know no key.</summary>
    public static ConcurrencyLimits Of(int limit) => new(limit, null, _ => "");
}
