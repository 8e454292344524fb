namespace Baton.Server.Tests.Support;

/// <summary>A clock that stands still until a test moves it; timers fire inside <see cref="Advance"/>, in order.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private readonly List<(TimeSpan Within, TaskCompletionSource Reached)> watchers = [];
    private DateTimeOffset now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <summary>Done as soon as a timer waits that has no longer to wait than this.</summary>
    public Task WhenTimerAsync(TimeSpan within)
    {
        lock (gate)
        {
            if (IsDue(within)) return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            watchers.Add((within, reached));
            return reached.Task;
        }
    }

    public void Advance(TimeSpan by)
    {
        var target = GetUtcNow() + by;
        while (true)
        {
            Timer? due;
            lock (gate)
            {
                due = timers.Where(timer => timer.Due <= target).MinBy(timer => timer.Due);
                if (due is null)
                {
                    now = target;
                    return;
                }
                if (due.Due > now) now = due.Due.Value;
                due.Due = due.Period is { } period ? now + period : null;
                if (due.Due is null) timers.Remove(due);
            }
            due.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private bool IsDue(TimeSpan within) => timers.Exists(timer => timer.Due - now <= within);

    private sealed class Timer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan? Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var isNow = dueTime <= TimeSpan.Zero && dueTime != Timeout.InfiniteTimeSpan;
            lock (time.gate)
            {
                time.timers.Remove(this);
                Period = period > TimeSpan.Zero ? period : null;
                Due = dueTime == Timeout.InfiniteTimeSpan || isNow ? null : time.now + dueTime;
                if (Due is not null) time.timers.Add(this);
                foreach (var (_, reached) in time.watchers.Where(watcher => time.IsDue(watcher.Within))) reached.TrySetResult();
                time.watchers.RemoveAll(watcher => watcher.Reached.Task.IsCompleted);
            }
            if (isNow) ThreadPool.QueueUserWorkItem(_ => Fire());
            return true;
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, TimeSpan.Zero);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
