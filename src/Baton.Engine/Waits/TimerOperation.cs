using Baton.Engine.Replay;
using Baton.Engine.Runs;

namespace Baton.Engine.Waits;

/// <summary>A durable timer: its due time is recorded before it counts, and so is that it fired.</summary>
internal sealed class TimerOperation(RunExecution run, string key, CancelScope scope, TimeSpan delay) : Operation(run, key, scope)
{
    private readonly TaskCompletionSource result = new();
    private DateTimeOffset? recordedDue;

    public override string Kind => "timer";

    public Task Result => result.Task;

    public override bool Restore(Recorded recorded)
    {
        if (recorded.Opening is not JournalEntry.TimerSet set || recorded.Outcome is not (null or JournalEntry.TimerFired)) return false;
        recordedDue = set.Due;
        return true;
    }

    public override void Start()
    {
        if (recordedDue is { } due) Run.Wait(this, due);
        else Set(Run.Time.GetUtcNow() + delay);
    }

    public override void OnDue()
    {
        Run.Enter();
        Run.Record(this, (seq, at) => new JournalEntry.TimerFired(seq, at, Key));
    }

    public override void Settle(JournalEntry outcome) => result.SetResult();

    public override void Cancel() => result.TrySetCanceled();

    private void Set(DateTimeOffset due)
    {
        Run.Enter();
        Run.Append((seq, at) => new JournalEntry.TimerSet(seq, at, Key, due), _ =>
        {
            Run.Leave();
            if (Run.Find(Key) == this) Run.Wait(this, due);
        });
    }
}
