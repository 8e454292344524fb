namespace Baton.Engine.Steps;

/// <summary>Delays between attempts.</summary>
public static class Backoff
{
    /// <summary>The delay before a retry.</summary>
    /// <param name="retry">1 for the first retry.</param>
    /// <returns>constant: base; linear: base * retry; exponential: base * 2^(retry - 1); never above <paramref name="cap"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retry"/> is below 1.</exception>
    /// <remarks>For full jitter draw from [0, result): M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.</remarks>
    public static TimeSpan Delay(BackoffKind kind, TimeSpan baseDelay, int retry, TimeSpan cap)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(retry, 1);
        var factor = kind switch
        {
            BackoffKind.Constant => 1,
            BackoffKind.Linear => retry,
            _ => Math.Pow(2, Math.Min(retry - 1, 62)),
        };
        var milliseconds = Math.Min(baseDelay.TotalMilliseconds * factor, cap.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    /// <summary>How long a run waits before it writes again to a storage that failed: 50 ms, doubling to 5 s.</summary>
    internal static TimeSpan Storage(int failures) => Delay(BackoffKind.Exponential, TimeSpan.FromMilliseconds(50), failures + 1, TimeSpan.FromSeconds(5));
}
