namespace Baton.Server.Gateway;

/// <summary>
/// Shares the time of a host among the calls that it is answering: while n are under way, each of them uses an n-th of every second. What all calls used is the time while there
/// was any, whenever they began and ended. Thread-safe.
/// </summary>
/// <remarks>The integral of dt / n(t) is kept as one running number (the virtual time of processor sharing: Kleinrock, "Time-shared Systems", J. ACM 14(2), 1967); a call's share is what it grew by.</remarks>
internal sealed class HostShare(TimeProvider time)
{
    private readonly Lock gate = new();
    private int underWay;
    private long since;
    private double sharedTicks;

    /// <summary>Calls that it is answering.</summary>
    public int UnderWay
    {
        get
        {
            lock (gate) return underWay;
        }
    }

    /// <summary>Begins a call.</summary>
    /// <returns>To be given to <see cref="End"/>.</returns>
    public double Begin()
    {
        lock (gate)
        {
            Advance();
            underWay++;
            return sharedTicks;
        }
    }

    /// <returns>The call's share of the host's time; not more than it took.</returns>
    public TimeSpan End(double begun)
    {
        lock (gate)
        {
            Advance();
            if (--underWay > 0) return TimeSpan.FromTicks((long)Math.Round(sharedTicks - begun));
            var share = TimeSpan.FromTicks((long)Math.Round(sharedTicks - begun));
            sharedTicks = 0;   // nobody counts from there any more; small numbers stay exact
            return share;
        }
    }

    private void Advance()
    {
        var now = time.GetTimestamp();
        if (underWay > 0) sharedTicks += time.GetElapsedTime(since, now).Ticks / (double)underWay;
        since = now;
    }
}
