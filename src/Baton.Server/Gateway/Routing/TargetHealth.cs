namespace Baton.Server.Gateway;

/// <summary>What is known of a target from the requests that it was sent: whether it fails, how busy it is, how soon it answers. Thread-safe.</summary>
/// <param name="failuresToOpen">Failures in a row after which it is left alone.</param>
/// <param name="pause">For how long at first; twice as long each time that a trial fails.</param>
internal sealed class TargetHealth(int failuresToOpen, TimeSpan pause, TimeProvider time)
{
    /// <summary>Weight of the newest answer in the average.</summary>
    private const double Newest = 0.2;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2), LongestCooling = TimeSpan.FromMinutes(10), CoolByDefault = TimeSpan.FromSeconds(1);

    /// <summary>What was waited in vain counts for so long, and as no more.</summary>
    private static readonly TimeSpan InVain = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private int doublings;
    private long openedAt, cooledAt, vainAt;
    private TimeSpan coolFor;
    private string? lastFailure;
    private int failures, underWay;
    private double firstByteMs, vainMs;
    private bool isSuspect;
    private int era;
    private long lastBegun, openings, closings;
    private volatile Reported? reported;

    /// <summary>How its time is shared among the calls that it answers, for prices by the second.</summary>
    public HostShare Share { get; } = new(time);

    /// <summary>Requests that it has not ended yet.</summary>
    public int UnderWay => Volatile.Read(ref underWay);

    /// <summary>Requests under way that count for it: its own engine's, where that tells them, with what has come since; what it keeps in its cache decides between equals.</summary>
    public double Load => Report is not { } told ? UnderWay : Math.Max(UnderWay, told.Engine.Running + (2 * told.Engine.Waiting) + UnderWay - told.UnderWay) + told.Engine.CacheUse;

    /// <summary>Whether it is known not to have the model loaded.</summary>
    public bool IsCold => Report is { Engine.IsWarm: false };

    private Reported? Report => reported is { } told && time.GetElapsedTime(told.At) < told.Valid ? told : null;

    /// <summary>Moving average of the time to its first byte, in ms; 0 before the first.</summary>
    public double FirstByteMs => Volatile.Read(ref firstByteMs);

    /// <summary>The time to its first byte that is to be reckoned with, in ms: more than the average where it was asked in vain of late. 0 for not known.</summary>
    public double ExpectedMs
    {
        get
        {
            lock (gate) return ExpectedNow();
        }
    }

    /// <summary>The times of which <see cref="FirstByteMs"/> is the average.</summary>
    public FirstByteTimes FirstBytes { get; } = new();

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

    /// <summary>How often it was left alone, and how often it was found well again, since this process began.</summary>
    public (long Openings, long Closings) Transitions => (Volatile.Read(ref openings), Volatile.Read(ref closings));

    /// <summary>Goes on by one whenever it is left alone, anew after a trial too. What comes of a request that was begun in an earlier one is no news.</summary>
    public int Era => Volatile.Read(ref era);

    /// <summary>How long ago it was last asked; null for never.</summary>
    public TimeSpan? SinceBegun => Volatile.Read(ref lastBegun) is not 0 and var begun ? time.GetElapsedTime(begun) : null;

    /// <summary>Whether it may be asked: <see cref="Gateway.Standing.Ready"/>, <see cref="Gateway.Standing.Cooling"/>, <see cref="Gateway.Standing.Trial"/> or <see cref="Gateway.Standing.Open"/>.</summary>
    public Standing Standing
    {
        get
        {
            lock (gate)
            {
                if (failures >= failuresToOpen) return StateNow() == BreakerState.Open ? Standing.Open : Standing.Trial;
                return coolFor > TimeSpan.Zero && time.GetElapsedTime(cooledAt) < coolFor ? Standing.Cooling : Standing.Ready;
            }
        }
    }

    /// <summary>Begins a request, to be ended with <see cref="End"/>.</summary>
    /// <param name="most">As many may be under way then.</param>
    /// <returns>False when it may not be asked now.</returns>
    public bool TryBegin(int most = int.MaxValue)
    {
        lock (gate)
        {
            var state = StateNow();
            if (state == BreakerState.Open || underWay >= most) return false;
            if (state == BreakerState.HalfOpen) openedAt = time.GetTimestamp();   // while this one tries, the others wait
            Interlocked.Increment(ref underWay);
            lastBegun = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>It is well: it has answered.</summary>
    /// <param name="firstByte">How soon; null for an answer that tells nothing of that, such as a refusal.</param>
    public void Answered(TimeSpan? firstByte)
    {
        lock (gate)
        {
            if (failures >= failuresToOpen) closings++;
            (failures, doublings, isSuspect) = (0, 0, false);
            if (firstByte is not { } took) return;
            coolFor = TimeSpan.Zero;
            vainMs = 0;
            FirstBytes.Add(took);
            firstByteMs = firstByteMs == 0 ? took.TotalMilliseconds : firstByteMs + (Newest * (took.TotalMilliseconds - firstByteMs));
        }
    }

    /// <summary>It cannot be reached, does not answer, breaks off or says that it is broken.</summary>
    /// <param name="how">In a word or two, for people: nothing of what was asked or answered.</param>
    /// <param name="begunIn">The <see cref="Era"/> in which it was asked: one burst of failures is one reason to leave it alone, not many. Null for now.</param>
    /// <param name="inVain">How long an answer was waited for; null where it had begun.</param>
    public void Failed(string how, int? begunIn = null, TimeSpan? inVain = null)
    {
        lock (gate)
        {
            if (begunIn is { } begun && begun != era) return;
            lastFailure = how;
            if (inVain is { } waited) Waited(waited, 2 * ExpectedNow());
            var wasOpen = failures >= failuresToOpen;
            if (++failures < failuresToOpen) return;
            if (wasOpen || isSuspect) doublings++;
            if (!wasOpen) openings++;
            isSuspect = false;
            era++;
            openedAt = time.GetTimestamp();
        }
    }

    /// <summary>It was asked in vain. However soon it said so, nothing is gained by that: it counts as twice as slow each time.</summary>
    public void Missed(TimeSpan waited)
    {
        lock (gate) Waited(waited, 2 * ExpectedNow());
    }

    /// <summary>It had not begun to answer when its caller left, which may not be its fault: it takes so long at least.</summary>
    public void Abandoned(TimeSpan waited)
    {
        lock (gate) Waited(waited, ExpectedNow());
    }

    /// <summary>It answers when it is asked for little: requests may come again, but the first that fails ends that, and the pause goes on doubling.</summary>
    public void Probed()
    {
        lock (gate)
        {
            if (failures < failuresToOpen) return;
            (failures, isSuspect) = (failuresToOpen - 1, true);
            closings++;
        }
    }

    /// <summary>How long it still wants to be left alone; none when it does not.</summary>
    public TimeSpan CoolsFor
    {
        get
        {
            lock (gate)
            {
                var left = coolFor > TimeSpan.Zero ? coolFor - time.GetElapsedTime(cooledAt) : TimeSpan.Zero;
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Its engine has told how it is.</summary>
    /// <param name="valid">How long that counts.</param>
    public void Tells(EngineReport engine, TimeSpan valid) => reported = new Reported(engine, UnderWay, time.GetTimestamp(), valid);

    /// <summary>It wants to be left alone for a while: that is no failure.</summary>
    /// <param name="wait">As it says, but no longer than ten minutes: one odd word must not keep it away for ever. Null where it does not say.</param>
    public void Cool(TimeSpan? wait)
    {
        var asked = wait ?? CoolByDefault;
        lock (gate) (cooledAt, coolFor) = (time.GetTimestamp(), asked < LongestCooling ? asked : LongestCooling);
    }

    public void End() => Interlocked.Decrement(ref underWay);

    /// <summary>A request that it was sent ends when this is disposed.</summary>
    public Ending EndOnDispose() => new(this);

    private TimeSpan OpenFor => TimeSpan.FromTicks(Math.Min(pause.Ticks << Math.Min(doublings, 16), LongestPause.Ticks));

    private double ExpectedNow() => vainMs > firstByteMs && time.GetElapsedTime(vainAt) < InVain ? vainMs : firstByteMs;

    private void Waited(TimeSpan inVain, double leastMs) => (vainMs, vainAt) = (Math.Min(Math.Max(inVain.TotalMilliseconds, Math.Max(leastMs, 1)), InVain.TotalMilliseconds), time.GetTimestamp());

    private BreakerState StateNow() => failures < failuresToOpen ? BreakerState.Closed : time.GetElapsedTime(openedAt) < OpenFor ? BreakerState.Open : BreakerState.HalfOpen;

    /// <param name="UnderWay">Requests of this node among those that it told of.</param>
    private sealed record Reported(EngineReport Engine, int UnderWay, long At, TimeSpan Valid);

    /// <summary>The end of its part in one request.</summary>
    internal readonly struct Ending(TargetHealth health) : IDisposable
    {
        public void Dispose() => health.End();
    }
}
