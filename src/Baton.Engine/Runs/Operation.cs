using Baton.Engine.Replay;

namespace Baton.Engine.Runs;

/// <summary>
/// Something a workflow asked its run for and awaits: a step, a timer, a child. All members are called on the run's loop.
/// </summary>
internal abstract class Operation(RunExecution run, string key, CancelScope scope)
{
    protected RunExecution Run { get; } = run;

    public string Key { get; } = key;

    public CancelScope Scope { get; } = scope;

    /// <summary>What kind of thing this is, for messages: "step", "timer", "child run".</summary>
    public abstract string Kind { get; }

    /// <summary>When it is due by itself, while it waits.</summary>
    public DateTimeOffset? Due { get; set; }

    /// <summary>Takes up what an earlier life of the run recorded. False when the recorded facts are of another kind.</summary>
    public abstract bool Restore(Recorded recorded);

    /// <summary>True for what is workflow code itself: it runs during a replay too, and finds its inner steps recorded.</summary>
    public virtual bool StartsInReplay => false;

    /// <summary>Begins for real: nothing recorded settles it.</summary>
    public abstract void Start();

    /// <summary>Hands the recorded or fresh outcome to the workflow.</summary>
    public abstract void Settle(JournalEntry outcome);

    /// <summary>The scope was cancelled before an outcome was handed over.</summary>
    public abstract void Cancel();

    /// <summary>The time in <see cref="Due"/> has come.</summary>
    public virtual void OnDue() => throw new InvalidOperationException($"A {Kind} is not due by itself.");
}
