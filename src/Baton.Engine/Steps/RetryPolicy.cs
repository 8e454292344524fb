namespace Baton.Engine;

/// <summary>How a delay grows from one retry to the next.</summary>
public enum BackoffKind
{
    Constant,
    Linear,
    Exponential,
}

/// <summary>When a failed attempt is repeated, and after what delay.</summary>
public sealed record RetryPolicy
{
    /// <summary>One attempt, no retry.</summary>
    public static readonly RetryPolicy None = new() { MaxAttempts = 1 };

    /// <summary>For effects that may fail for a while: up to 5 attempts, from 1 s on doubling, full jitter, only for classes that may pass.</summary>
    public static readonly RetryPolicy Transient = new() { MaxAttempts = 5, Classes = [ErrorClass.Connectivity, ErrorClass.RateLimit, ErrorClass.ServiceUnavailable] };

    /// <summary>Attempts in all, the first included; 1 or more.</summary>
    public int MaxAttempts { get; init; } = int.MaxValue;

    /// <summary>The delay that the backoff starts from.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    public BackoffKind Backoff { get; init; } = BackoffKind.Exponential;

    /// <summary>No delay is longer.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Draws each delay from [0, delay] (full jitter), so that many runs do not return at the same moment.</summary>
    public bool Jitter { get; init; } = true;

    /// <summary>Classes that are retried; empty for all.</summary>
    public EquatableList<ErrorClass> Classes { get; init; } = [];

    /// <summary>The delay before the attempt after <paramref name="attempt"/>, or null when there is none.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="retryAfter">What the other side asked for: never less is waited.</param>
    public TimeSpan? NextDelay(int attempt, ErrorClass errorClass, TimeSpan? retryAfter, Random random)
    {
        if (attempt >= MaxAttempts || (Classes.Count > 0 && !Classes.Contains(errorClass))) return null;
        var delay = Steps.Backoff.Delay(Backoff, Delay, attempt, MaxDelay);
        if (Jitter) delay *= random.NextDouble();
        return retryAfter is { } asked && asked > delay ? asked : delay;
    }
}
