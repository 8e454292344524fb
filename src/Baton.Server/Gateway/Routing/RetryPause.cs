using Baton.Engine;
using Baton.Engine.Steps;

namespace Baton.Server.Gateway;

/// <summary>Whether, and after how long, targets that have all failed are asked again.</summary>
internal static class RetryPause
{
    /// <summary>Who asks to wait longer is not waited for: the caller is told instead.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether it may go well in a moment: no word of the target's about the request, its key or its model.</summary>
    public static bool MayPass(Attempt.Failed failed) =>
        failed.Reply is { } reply ? reply.Status is 408 or 425 or 429 or >= 500 : failed.Error.Code is "upstream_unreachable" or "upstream_timeout" or "stream_interrupted";

    /// <param name="retry">1 for the first.</param>
    /// <returns>Drawn from [0, 250 ms * 2^(retry - 1)), and no sooner than the first target that has asked to be left alone may be asked; null for not at all.</returns>
    public static TimeSpan? Before(int retry, ModelRoute first, Surface surface, RoutingFacts? facts)
    {
        var soonest = Rest(first, surface, facts);
        if (soonest > LongestWait) return null;
        var backoff = Backoff.Delay(BackoffKind.Exponential, First, retry, LongestWait) * Random.Shared.NextDouble();
        return backoff > soonest ? backoff : soonest;
    }

    /// <summary>How long until a target may be asked again by one that has waited; endless where none may be.</summary>
    public static TimeSpan Rest(ModelRoute first, Surface surface, RoutingFacts? facts)
    {
        var soonest = TimeSpan.MaxValue;
        foreach (var candidate in first.Explain(surface, facts))
        {
            if (candidate.Standing < Standing.Cooling) soonest = TimeSpan.Zero;
            else if (candidate.Standing == Standing.Cooling && candidate.Target.Health.CoolsFor is var left && left < soonest) soonest = left;
        }
        return soonest;
    }
}
