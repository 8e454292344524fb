using System.Globalization;

namespace Baton.Server.Gateway;

/// <summary>So much per window. Times are ticks of 100 ns since any moment; they never go back. Not thread-safe.</summary>
internal abstract class Allowance(long limit, TimeSpan window)
{
    public long Limit { get; private set; } = limit;

    /// <summary>As headers tell it: the same for many calls.</summary>
    public string LimitText { get; private set; } = limit.ToString(CultureInfo.InvariantCulture);

    public TimeSpan Window => window;

    /// <summary>What may be taken now; negative where more was used than there was.</summary>
    public abstract long Room(long now);

    /// <summary>Takes an amount, whether or not there is room for it.</summary>
    /// <returns>When it counts as taken, for <see cref="Return"/>.</returns>
    public abstract long Take(long amount, long now);

    /// <summary>Gives back what was taken too much.</summary>
    public abstract void Return(long taken, long amount, long now);

    /// <summary>How long until there is room for an amount, if nothing else is taken or given back; <see cref="TimeSpan.MaxValue"/> where there never is.</summary>
    public abstract TimeSpan Wait(long amount, long now);

    /// <summary>Sets another limit; what was taken stays taken.</summary>
    public virtual void Change(long to, long now) => (Limit, LimitText) = (to, to.ToString(CultureInfo.InvariantCulture));
}

/// <summary>
/// At most the limit in any stretch as long as the window. Amounts are kept by 64ths of the window, and count until the whole of their 64th has left it: never one too many, and at worst a 64th of the window late.
/// </summary>
internal sealed class SlidingWindow(long limit, TimeSpan window) : Allowance(limit, window)
{
    private const int Parts = 64, Size = Parts + 3;

    private readonly long part = (window.Ticks + Parts - 1) / Parts;
    private readonly long[] taken = new long[Size];
    private long oldest, sum;

    public override long Room(long now)
    {
        Forget(now);
        return Limit - sum;
    }

    public override long Take(long amount, long now)
    {
        Forget(now);
        var at = now / part;
        taken[at % Size] += amount;
        sum += amount;
        return at;
    }

    public override void Return(long taken, long amount, long now)
    {
        Forget(now);
        if (taken < oldest) return;   // it has left the window by itself
        this.taken[taken % Size] -= amount;
        sum -= amount;
    }

    public override TimeSpan Wait(long amount, long now)
    {
        if (amount > Limit) return TimeSpan.MaxValue;
        var room = Room(now);
        if (room >= amount) return TimeSpan.Zero;
        for (var at = oldest; ; at++)
        {
            room += taken[at % Size];
            if (room >= amount) return TimeSpan.FromTicks(((at + 1) * part) + Window.Ticks - now);
        }
    }

    private void Forget(long now)
    {
        var first = Math.Max(0, now - Window.Ticks) / part;
        if (first - oldest >= Size)
        {
            Array.Clear(taken);
            (sum, oldest) = (0, first);
        }
        for (; oldest < first; oldest++)
        {
            sum -= taken[oldest % Size];
            taken[oldest % Size] = 0;
        }
    }
}

/// <summary>A bucket that holds as much as the limit and fills evenly, once in a window: in a stretch of time t at most limit × (1 + t / window).</summary>
/// <remarks>Levels are exact: in parts of a unit as small as what flows in during a tick.</remarks>
internal sealed class TokenBucket(long limit, TimeSpan window) : Allowance(limit, window)
{
    private Int128 level = (Int128)limit * window.Ticks;
    private long filledAt;

    public override long Room(long now)
    {
        Fill(now);
        return (long)(level >= 0 ? level / Window.Ticks : (level - Window.Ticks + 1) / Window.Ticks);
    }

    public override long Take(long amount, long now)
    {
        Fill(now);
        level -= (Int128)amount * Window.Ticks;
        return now;
    }

    public override void Return(long taken, long amount, long now)
    {
        Fill(now);
        level = Int128.Min(Full, level + ((Int128)amount * Window.Ticks));
    }

    public override TimeSpan Wait(long amount, long now)
    {
        if (amount > Limit) return TimeSpan.MaxValue;
        Fill(now);
        var missing = ((Int128)amount * Window.Ticks) - level;
        return missing <= 0 ? TimeSpan.Zero : TimeSpan.FromTicks((long)((missing + Limit - 1) / Limit));
    }

    public override void Change(long to, long now)
    {
        Fill(now);
        base.Change(to, now);
        level = Int128.Min(Full, level);
    }

    private Int128 Full => (Int128)Limit * Window.Ticks;

    private void Fill(long now)
    {
        level = Int128.Min(Full, level + ((Int128)(now - filledAt) * Limit));
        filledAt = now;
    }
}
