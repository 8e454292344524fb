using System.Globalization;
using System.Runtime.InteropServices;

namespace Baton.Server.Gateway;

/// <summary>
/// The leave to make one call, within all limits that it falls under. Dispose it when the call has ended, however it ended: its place is another's then. Thread-safe.
/// </summary>
internal sealed class Admission(Limiter limiter, Meter[] meters, long[] taken, long tokens, LimitState state) : IDisposable
{
    private int settled, ended;

    /// <summary>Where no limit applies.</summary>
    public static Admission Free { get; } = new(null!, [], [], 0, default);

    public ReadOnlySpan<Meter> Meters => meters;

    /// <summary>When the tokens of each meter count as taken.</summary>
    public ReadOnlySpan<long> Taken => taken;

    /// <summary>What was reserved.</summary>
    public long Tokens => tokens;

    /// <summary>Puts what was used in the place of what was reserved: less makes room at once, more is missing for the calls that follow. The first time counts.</summary>
    public void Settle(long inputTokens, long outputTokens)
    {
        if (meters.Length > 0 && Interlocked.Exchange(ref settled, 1) == 0) limiter.Settle(this, inputTokens + outputTokens);
    }

    /// <summary>Tells the limits in headers, by the names that OpenAI's have. They stand for those of the target, which are the gateway's own matter.</summary>
    public void Explain(IHeaderDictionary headers) => state.Explain(headers);

    /// <summary>What was reserved and never settled counts as used.</summary>
    public void Dispose()
    {
        if (meters.Length > 0 && Interlocked.Exchange(ref ended, 1) == 0) limiter.End(this);
    }
}

/// <summary>The limits that are nearest to their ends, as headers tell them.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LimitState(LimitState.Part? Requests, LimitState.Part? Tokens)
{
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Part(long Limit, string LimitText, long Remaining, TimeSpan Reset)
    {
        public static Part? Nearer(Part? one, Allowance? other, long now)
        {
            if (other is null) return one;
            var room = Math.Max(0, other.Room(now));
            return one is { } nearest && (double)nearest.Remaining / nearest.Limit <= (double)room / other.Limit ? one : new Part(other.Limit, other.LimitText, room, other.Wait(other.Limit, now));
        }
    }

    public static LimitState Of(ReadOnlySpan<Meter> meters, long now)
    {
        var (requests, tokens) = ((Part?)null, (Part?)null);
        foreach (var meter in meters) (requests, tokens) = (Part.Nearer(requests, meter.Requests, now), Part.Nearer(tokens, meter.Tokens, now));
        return new LimitState(requests, tokens);
    }

    public void Explain(IHeaderDictionary headers)
    {
        Explain(headers, Requests, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests");
        Explain(headers, Tokens, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens");
    }

    private static void Explain(IHeaderDictionary headers, Part? told, string limit, string remaining, string reset)
    {
        if (told is not { } part) return;
        headers[limit] = part.LimitText;
        headers[remaining] = part.Remaining.ToString(CultureInfo.InvariantCulture);
        headers[reset] = Duration(part.Reset);
    }

    /// <summary>As OpenAI writes it: <c>120ms</c>, <c>7.5s</c>, <c>6m0s</c>, <c>1h2m3s</c>.</summary>
    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => ((int)Math.Ceiling(time.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture) + "ms",   // in most answers: small numbers have their texts already
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###}s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{time.Seconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}h{time.Minutes}m{time.Seconds}s"),
    };
}

/// <summary>What came of asking for a call.</summary>
internal abstract record AdmissionResult
{
    private AdmissionResult() { }

    public sealed record Admitted(Admission Admission) : AdmissionResult;

    /// <param name="Limit">Which limit of whom, in words.</param>
    /// <param name="RetryAfter">When there would be room; null for never, as the call alone is more than the limit.</param>
    /// <param name="Waited">How long it was in the queue.</param>
    public sealed record Refused(string Limit, TimeSpan? RetryAfter, TimeSpan Waited, LimitState State) : AdmissionResult;
}
