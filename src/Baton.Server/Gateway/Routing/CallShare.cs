namespace Baton.Server.Gateway;

/// <summary>
/// Allows extra calls as a share of the requests of the last ten seconds, and a few a second beside: when everything fails, the extra load stays small. Thread-safe.
/// </summary>
/// <param name="share">Extra calls for each request, such as 0.2.</param>
/// <param name="perSecond">Extra calls that are always allowed, on average over the ten seconds.</param>
/// <remarks>As the retry budgets of Finagle and Envoy, over a sliding window of whole seconds.</remarks>
internal sealed class CallShare(double share, double perSecond)
{
    private const int Seconds = 10;

    private readonly Lock gate = new();
    private readonly int[] requests = new int[Seconds], extras = new int[Seconds];
    private long began, second;
    private int requested, taken;

    /// <summary>A request has come.</summary>
    public void Count(TimeProvider time)
    {
        lock (gate)
        {
            requests[Now(time)]++;
            requested++;
        }
    }

    /// <summary>Takes leave for one more call.</summary>
    public bool TryTake(TimeProvider time)
    {
        lock (gate)
        {
            var slot = Now(time);
            if (taken + 1 > (requested * share) + (perSecond * Seconds)) return false;
            extras[slot]++;
            taken++;
            return true;
        }
    }

    /// <returns>The place of this second, emptied of what stood there ten seconds ago.</returns>
    private int Now(TimeProvider time)
    {
        if (began == 0) began = time.GetTimestamp();
        var now = (long)time.GetElapsedTime(began).TotalSeconds;
        for (second = Math.Max(second, now - Seconds); second < now;)
        {
            var slot = (int)(++second % Seconds);
            requested -= requests[slot];
            taken -= extras[slot];
            (requests[slot], extras[slot]) = (0, 0);
        }
        return (int)(second % Seconds);
    }
}
