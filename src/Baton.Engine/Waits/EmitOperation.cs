using Baton.Engine.Replay;
using Baton.Engine.Runs;

namespace Baton.Engine.Waits;

/// <summary>Publishes an event: stored and given to its listeners together with the entry.</summary>
internal sealed class EmitOperation(RunExecution run, string key, CancelScope scope, ReadOnlyMemory<byte> cloudEvent) : Operation(run, key, scope)
{
    private readonly TaskCompletionSource result = new();

    public override string Kind => "event";

    public Task Result => result.Task;

    public override bool Restore(Recorded recorded) => recorded.Outcome is JournalEntry.EventEmitted;

    public override void Start()
    {
        Run.Enter();
        Run.Record(this, (seq, at) => new JournalEntry.EventEmitted(seq, at, Key, cloudEvent));
    }

    public override void Settle(JournalEntry outcome) => result.SetResult();

    public override void Cancel() => result.TrySetCanceled();
}
