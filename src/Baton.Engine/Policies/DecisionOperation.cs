using System.Diagnostics;
using Baton.Engine.Replay;
using Baton.Engine.Runs;

namespace Baton.Engine.Policies;

/// <summary>Records a decision, so that a replay follows it and does not decide again.</summary>
internal sealed class DecisionOperation(RunExecution run, string key, CancelScope scope, PolicyDecision decision) : Operation(run, key, scope)
{
    private readonly TaskCompletionSource<PolicyDecision> result = new();

    public override string Kind => "decision of an error policy";

    /// <summary>What was decided: the recorded decision where there is one.</summary>
    public Task<PolicyDecision> Result => result.Task;

    public override bool Restore(Recorded recorded) => recorded.Outcome is JournalEntry.PolicyDecided;

    public override void Start()
    {
        Run.Enter();
        Run.Record(this, (seq, at) => new JournalEntry.PolicyDecided(seq, at, Key, decision));
    }

    public override void Settle(JournalEntry outcome)
    {
        if (outcome is not JournalEntry.PolicyDecided decided) throw new UnreachableException();
        result.SetResult(decided.Decision);
    }

    public override void Cancel() => result.TrySetCanceled();
}
