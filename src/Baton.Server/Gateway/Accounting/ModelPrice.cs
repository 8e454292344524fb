using System.Runtime.InteropServices;

namespace Baton.Server.Gateway;

/// <summary>What a model costs: tokens in micro-dollars per million, so 1 dollar per million tokens is 1,000,000; the seconds of an own host in micro-dollars each.</summary>
/// <param name="Input">Tokens of a prompt that no other price is for.</param>
/// <param name="Output">Tokens of an answer, reasoning included.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ModelPrice(long Input, long CachedInput, long CacheWriteInput, long Output, long GpuSecond = 0)
{
    /// <summary>Costs nothing, or nobody has said what it costs.</summary>
    public static ModelPrice None => default;

    /// <summary>What a call costs, in whole micro-dollars.</summary>
    /// <param name="usage">Its tokens.</param>
    /// <param name="busy">Its share of the target's time (see <see cref="HostShare"/>); it counts only with a price for seconds.</param>
    /// <returns>
    /// (plain input × Input + cached × CachedInput + cache writes × CacheWriteInput + output × Output) / 10^6 + busy seconds × GpuSecond, rounded up once, at the end: a sum of calls is
    /// never less than what they cost, and at most one micro-dollar a call more. At most <see cref="long.MaxValue"/>.
    /// </returns>
    public long Cost(TokenUsage usage, TimeSpan busy)
    {
        var plain = usage.Input - usage.CachedInput - usage.CacheWriteInput;
        var tokens = ((Int128)plain * Input) + ((Int128)usage.CachedInput * CachedInput) + ((Int128)usage.CacheWriteInput * CacheWriteInput) + ((Int128)usage.Output * Output);
        // Ticks are ten millionths of a second, prices millionths of a token: one denominator, so that nothing is rounded twice.
        var tenMillionths = (tokens * 10) + ((Int128)Math.Max(0, busy.Ticks) * GpuSecond);
        var cost = (tenMillionths + (TimeSpan.TicksPerSecond - 1)) / TimeSpan.TicksPerSecond;
        return cost > long.MaxValue ? long.MaxValue : (long)cost;
    }
}
