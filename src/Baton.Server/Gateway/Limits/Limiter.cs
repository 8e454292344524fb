using System.Collections.Immutable;
using Baton.Client;

namespace Baton.Server.Gateway;

/// <summary>Whose limits apply to a call.</summary>
/// <param name="Id">What tells them apart from all others.</param>
/// <param name="Name">What people call it.</param>
internal readonly record struct LimitOwner((string Kind, string Tenant, string Name) Id, string Name, ImmutableArray<KeyLimit> Limits)
{
    /// <summary>For messages: <c>key 'ci'</c>.</summary>
    public override string ToString() => $"{Id.Kind} '{Name}'";
}

/// <summary>
/// Lets calls pass within the limits of whoever makes them: all limits of a call are taken together, or none. A call that finds no room is refused, or waits until there is some; those that wait take turns by key, and
/// nobody who comes later takes what an earlier one waits for. One lock, held for less than a microsecond per call. Thread-safe.
/// </summary>
/// <param name="nodes">How many nodes share each limit.</param>
/// <param name="maxWaiting">Most calls that wait at once, all in all.</param>
internal sealed class Limiter(TimeProvider time, Func<int> nodes, int maxWaiting) : IDisposable
{
    private const int FirstPrune = 1_000;

    private static readonly TimeSpan WhenUnknown = TimeSpan.FromSeconds(1), Soonest = TimeSpan.FromMilliseconds(1);

    /// <summary>Where no limit applies.</summary>
    public static AdmissionResult Unlimited { get; } = new AdmissionResult.Admitted(Admission.Free);

    private readonly Lock gate = new();
    private readonly long origin = time.GetTimestamp();
    private readonly Dictionary<(string Kind, string Tenant, string Name), (ImmutableArray<KeyLimit> Limits, Meter[] Meters)> known = new(new OwnerComparer());
    private readonly LimitQueue queue = new();
    private readonly List<Meter> found = [];   // one call's at a time
    private ITimer? timer;
    private long due = long.MaxValue;
    private long pass = 1;
    private int pruneAt = FirstPrune;

    /// <summary>Calls that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (gate) return queue.Count;
        }
    }

    /// <summary>Calls that were admitted and have not ended, once for each limit that they fall under.</summary>
    public int UnderWay
    {
        get
        {
            lock (gate) return known.Values.Sum(static set => set.Meters.Sum(static meter => meter.UnderWay));
        }
    }

    /// <summary>Asks for a call.</summary>
    /// <param name="caller">Who takes turns with others.</param>
    /// <param name="owners">Whose limits apply, the narrowest first: who waits for a limit of its own is in nobody's way.</param>
    /// <param name="tokens">What it may use.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled while it waited. An admission that was given is returned all the same.</exception>
    public ValueTask<AdmissionResult> AdmitAsync((string, string) caller, ReadOnlySpan<LimitOwner> owners, string model, long tokens, CancellationToken cancel)
    {
        Waiter waiter;
        lock (gate)
        {
            var now = Now;
            var meters = MetersFor(owners, model, now);
            if (meters.Length == 0) return ValueTask.FromResult(Unlimited);
            if (Never(meters, tokens, now, now) is { } never) return ValueTask.FromResult<AdmissionResult>(never);
            if (TryBegin(meters, tokens, now, out var blocking, out var shortage) is { } admission) return ValueTask.FromResult<AdmissionResult>(new AdmissionResult.Admitted(admission));
            waiter = new Waiter(this, caller, meters, tokens, now);
            if (MayWait(waiter, blocking!, shortage, now) is not { } wake || queue.Count >= maxWaiting) return ValueTask.FromResult<AdmissionResult>(Refusal(waiter, blocking!, shortage, now));
            queue.Add(waiter);
            blocking!.ClaimedIn = pass;
            Wake(wake, now);
        }
        return new ValueTask<AdmissionResult>(WaitAsync(waiter, cancel));
    }

    public void Dispose() => timer?.Dispose();

    internal void Settle(Admission admission, long used)
    {
        lock (gate)
        {
            var (now, surplus) = (Now, admission.Tokens - used);
            for (var i = 0; i < admission.Meters.Length; i++)
            {
                if (surplus > 0 && admission.Taken[i] is not Meter.Unlimited) admission.Meters[i].Tokens?.Return(admission.Taken[i], surplus, now);
                else if (surplus < 0) admission.Meters[i].Tokens?.Take(-surplus, now);
            }
            if (surplus > 0) Pump(now);
        }
    }

    internal void End(Admission admission)
    {
        lock (gate)
        {
            foreach (var meter in admission.Meters) meter.End();
            Pump(Now);
        }
    }

    /// <summary>The client has gone: its place in the queue is free, and so is what was held for it.</summary>
    internal void Leave(Waiter waiter, CancellationToken cancel)
    {
        lock (gate)
        {
            if (!queue.Remove(waiter)) return;   // it was admitted or refused at the same moment
            waiter.Cancel(cancel);
            Pump(Now);
        }
    }

    private long Now => time.GetElapsedTime(origin).Ticks;

    private static async Task<AdmissionResult> WaitAsync(Waiter waiter, CancellationToken cancel)
    {
        await using var gone = cancel.UnsafeRegister(static (state, token) => ((Waiter)state!).Leave(token), waiter);
        return await waiter.Task;
    }

    /// <summary>Gives those who wait their turns: by key one after the other, in a key the oldest first.</summary>
    private void Pump(long now)
    {
        pass++;   // claims of those who have gone are void
        due = long.MaxValue;
        if (queue.Count == 0) return;
        for (var flow = queue.First; flow is not null;)
        {
            var next = flow.Next;
            var isAdmitted = false;
            for (var at = flow.Value.First; at is not null && !isAdmitted;)
            {
                var (waiter, later) = (at.Value, at.Next);
                if (TryBegin(waiter.Meters, waiter.Tokens, now, out var blocking, out var shortage) is { } admission)
                {
                    queue.Remove(waiter);
                    waiter.Set(new AdmissionResult.Admitted(admission));
                    isAdmitted = true;
                }
                else if (Never(waiter.Meters, waiter.Tokens, waiter.Since, now) is { } never)   // the limit was lowered, or is shared with another node
                {
                    queue.Remove(waiter);
                    waiter.Set(never);
                }
                else if (MayWait(waiter, blocking!, shortage, now) is { } wake)
                {
                    blocking!.ClaimedIn = pass;
                    Wake(wake, now);
                }
                else
                {
                    queue.Remove(waiter);
                    waiter.Set(Refusal(waiter, blocking!, shortage, now));
                }
                at = later;
            }
            // Behind all others, which may be looked at again: it has had its turn.
            if (isAdmitted && queue.MoveToEnd(flow) && next is null) next = flow;
            flow = next;
        }
    }

    /// <summary>Takes all that a call needs, or nothing.</summary>
    private Admission? TryBegin(Meter[] meters, long tokens, long now, out Meter? blocking, out Shortage shortage)
    {
        (blocking, shortage) = (null, Shortage.None);
        foreach (var meter in meters)
        {
            shortage = meter.Check(tokens, now);
            if (shortage == Shortage.None && meter.ClaimedIn != pass) continue;
            blocking = meter;
            return null;
        }
        var taken = new long[meters.Length];
        for (var i = 0; i < meters.Length; i++) taken[i] = meters[i].Begin(tokens, now);
        return new Admission(this, meters, taken, tokens, LimitState.Of(meters, now));
    }

    /// <returns>When to look again; null when the call is not to wait, or would wait in vain.</returns>
    private static long? MayWait(Waiter waiter, Meter blocking, Shortage shortage, long now)
    {
        var deadline = waiter.Since + blocking.MaxWait.Ticks;
        if (deadline <= now) return null;
        if (blocking.Wait(shortage, waiter.Tokens, now) is not { } wait) return deadline;
        if (wait.Ticks <= deadline - now) return now + wait.Ticks;
        return shortage == Shortage.Requests ? null : deadline;   // nobody gives a request back, but tokens may be
    }

    /// <returns>The refusal of a call that alone is more than a limit; null where it could pass at some time.</returns>
    private static AdmissionResult.Refused? Never(Meter[] meters, long tokens, long since, long now)
    {
        foreach (var meter in meters)
        {
            if (!meter.CanEverHold(tokens)) return new AdmissionResult.Refused($"This request may use {tokens} tokens, and {meter.Owner} has a limit of {meter.Describe(Shortage.Tokens)}", null, TimeSpan.FromTicks(now - since), LimitState.Of(meters, now));
        }
        return null;
    }

    private static AdmissionResult.Refused Refusal(Waiter waiter, Meter blocking, Shortage shortage, long now)
    {
        var wait = blocking.Wait(shortage, waiter.Tokens, now) is { } known && known > TimeSpan.Zero ? known : WhenUnknown;
        var what = shortage == Shortage.None ? $"Others wait for what {blocking.Owner} may use" : $"{char.ToUpperInvariant(blocking.Owner[0])}{blocking.Owner[1..]} has reached its limit of {blocking.Describe(shortage)}";
        return new AdmissionResult.Refused(what, wait, TimeSpan.FromTicks(now - waiter.Since), LimitState.Of(waiter.Meters, now));
    }

    private void Wake(long at, long now)
    {
        if (at >= due) return;
        due = at;
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(at - now).TotalMilliseconds));
        timer ??= time.CreateTimer(static state => ((Limiter)state!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(wait > Soonest ? wait : Soonest, Timeout.InfiniteTimeSpan);
    }

    private void OnTime()
    {
        lock (gate) Pump(Now);
    }

    private Meter[] MetersFor(ReadOnlySpan<LimitOwner> owners, string model, long now)
    {
        var share = nodes();
        found.Clear();
        foreach (var owner in owners)
        {
            foreach (var meter in MetersOf(owner, share, now))
            {
                if (meter.IsFor(model)) found.Add(meter);
            }
        }
        return [.. found];
    }

    /// <summary>The meters of somebody; rules that have changed go on counting where they were.</summary>
    private Meter[] MetersOf(in LimitOwner owner, int share, long now)
    {
        var isKnown = known.TryGetValue(owner.Id, out var set);
        if (!isKnown || set.Limits != owner.Limits)
        {
            if (!isKnown) Prune(now);
            known[owner.Id] = set = (owner.Limits, Continue(set.Meters ?? [], owner));
        }
        for (var i = 0; i < set.Meters.Length; i++) set.Meters[i].Change(owner.Limits[i], share, now);
        return set.Meters;
    }

    /// <summary>A meter for each rule: the one that counted the same until now, else any that can count it, else a new one.</summary>
    private static Meter[] Continue(Meter[] before, in LimitOwner owner)
    {
        var (left, meters) = (before.ToList(), new Meter?[owner.Limits.Length]);
        foreach (var exactly in (ReadOnlySpan<bool>)[true, false])
        {
            for (var i = 0; i < meters.Length; i++)
            {
                var rule = owner.Limits[i];
                if (meters[i] is null && left.Find(one => one.Continues(rule, exactly)) is { } meter && left.Remove(meter)) meters[i] = meter;
            }
        }
        for (var i = 0; i < meters.Length; i++) (meters[i] ??= new Meter(owner.Limits[i])).Owner = owner.ToString();   // its name may be another
        return meters!;
    }

    /// <summary>Forgets whoever has used nothing for a window: a key that was removed does not stay for ever.</summary>
    private void Prune(long now)
    {
        if (known.Count < pruneAt || queue.Count > 0) return;
        foreach (var (id, set) in known)
        {
            if (Array.TrueForAll(set.Meters, meter => meter.IsIdle(now))) known.Remove(id);
        }
        pruneAt = Math.Max(FirstPrune, known.Count * 2);
    }

    /// <summary>Teams are one in upper and in lower case, as in the settings.</summary>
    private sealed class OwnerComparer : IEqualityComparer<(string Kind, string Tenant, string Name)>
    {
        public bool Equals((string Kind, string Tenant, string Name) x, (string Kind, string Tenant, string Name) y) => x.Kind == y.Kind && x.Tenant == y.Tenant && x.Name.Equals(y.Name, StringComparison.OrdinalIgnoreCase);

        public int GetHashCode((string Kind, string Tenant, string Name) owner) => HashCode.Combine(owner.Kind, owner.Tenant, owner.Name.GetHashCode(StringComparison.OrdinalIgnoreCase));
    }
}
