using System.Diagnostics;
using Baton.Engine.Replay;
using Baton.Engine.Runs;

namespace Baton.Engine.Waits;

/// <summary>Something that happens by being recorded: an event that is published, a subscription, a decision. The workflow is given the entry once it is durable.</summary>
/// <param name="kind">For messages: "event", "listener".</param>
/// <param name="create">The entry, from its number, time and key.</param>
internal sealed class FactOperation<TEntry>(RunExecution run, string key, CancelScope scope, string kind, Func<long, DateTimeOffset, string, TEntry> create) : Operation(run, key, scope)
    where TEntry : JournalEntry
{
    private readonly TaskCompletionSource<TEntry> result = new();

    public override string Kind => kind;

    /// <summary>The entry as it is recorded: an earlier life's where there is one.</summary>
    public Task<TEntry> Result => result.Task;

    public override bool Restore(Recorded recorded) => recorded.Outcome is TEntry;

    public override void Start()
    {
        Run.Enter();
        Run.Record(this, (seq, at) => create(seq, at, Key));
    }

    public override void Settle(JournalEntry outcome) => result.SetResult(outcome as TEntry ?? throw new UnreachableException());

    public override void Cancel() => result.TrySetCanceled();
}
