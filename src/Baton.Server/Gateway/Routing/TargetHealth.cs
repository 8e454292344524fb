namespace Baton.Server.Gateway;

/// <summary>What is known of a target from the requests that it was sent: whether it fails, how busy it is, how soon it answers. Thread-safe.</summary>
/// <param name="failuresToOpen">Failures in a row after which it is left alone.</param>
/// <param name="pause">For how long at first; twice as long each time that a trial fails.</param>
internal sealed class TargetHealth(int failuresToOpen, TimeSpan pause, TimeProvider time)
{
    /// <summary>Weight of the newest answer in the average.</summary>
    private const double Newest = 0.2;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2), CoolByDefault = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private int doublings;
    private long openedAt, cooledAt;
    private TimeSpan coolFor;
    private string? lastFailure;
    private int failures, underWay;
    private double firstByteMs;

    /// <summary>How its time is shared among the calls that it answers, for prices by the second.</summary>
    public HostShare Share { get; } = new(time);

    /// <summary>Requests that it has not ended yet.</summary>
    public int UnderWay => Volatile.Read(ref underWay);

    /// <summary>Moving average of the time to its first byte, in ms; 0 before the first.</summary>
    public double FirstByteMs => Volatile.Read(ref firstByteMs);

    public BreakerState State
    {
        get
        {
            lock (gate) return StateNow();
        }
    }

    /// <summary>What the last failure was, in a word or two; null before the first.</summary>
    public string? LastFailure => Volatile.Read(ref lastFailure);

    /// <summary>Whether it has asked, by 429, not to be asked for now: it is, only once there is no other.</summary>
    public bool IsCooling
    {
        get
        {
            lock (gate) return coolFor > TimeSpan.Zero && time.GetElapsedTime(cooledAt) < coolFor;
        }
    }

    /// <summary>How long until it may be tried; none when it may be now.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (gate)
            {
                if (StateNow() == BreakerState.Closed) return TimeSpan.Zero;
                var left = OpenFor - time.GetElapsedTime(openedAt);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Begins a request, to be ended with <see cref="End"/>.</summary>
    /// <returns>False when it may not be asked now.</returns>
    public bool TryBegin()
    {
        lock (gate)
        {
            var state = StateNow();
            if (state == BreakerState.Open) return false;
            if (state == BreakerState.HalfOpen) openedAt = time.GetTimestamp();   // while this one tries, the others wait
            Interlocked.Increment(ref underWay);
            return true;
        }
    }

    /// <summary>It is well: it has answered.</summary>
    /// <param name="firstByte">How soon; null for an answer that tells nothing of that, such as a refusal.</param>
    public void Answered(TimeSpan? firstByte)
    {
        lock (gate)
        {
            (failures, doublings) = (0, 0);
            if (firstByte is not { } took) return;
            coolFor = TimeSpan.Zero;
            firstByteMs = firstByteMs == 0 ? took.TotalMilliseconds : firstByteMs + (Newest * (took.TotalMilliseconds - firstByteMs));
        }
    }

    /// <summary>It cannot be reached, does not answer, breaks off or says that it is broken.</summary>
    /// <param name="how">In a word or two, for people: nothing of what was asked or answered.</param>
    public void Failed(string how)
    {
        lock (gate)
        {
            lastFailure = how;
            var wasOpen = failures >= failuresToOpen;
            if (++failures < failuresToOpen) return;
            if (wasOpen) doublings++;
            openedAt = time.GetTimestamp();
        }
    }

    /// <summary>It wants to be left alone for a while: that is no failure.</summary>
    /// <param name="wait">As it says; null where it does not.</param>
    public void Cool(TimeSpan? wait)
    {
        lock (gate) (cooledAt, coolFor) = (time.GetTimestamp(), wait ?? CoolByDefault);
    }

    public void End() => Interlocked.Decrement(ref underWay);

    private TimeSpan OpenFor => TimeSpan.FromTicks(Math.Min(pause.Ticks << Math.Min(doublings, 16), LongestPause.Ticks));

    private BreakerState StateNow() => failures < failuresToOpen ? BreakerState.Closed : time.GetElapsedTime(openedAt) < OpenFor ? BreakerState.Open : BreakerState.HalfOpen;
}
