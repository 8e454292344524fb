using System.Diagnostics;
using Baton.Engine.Replay;
using Baton.Engine.Runs;
using Baton.Engine.Steps;

namespace Baton.Engine.Waits;

/// <summary>Another run, stored in one transaction with the entry that names it. Awaited, or left to itself.</summary>
internal abstract class ChildOperation(RunExecution run, string key, CancelScope scope, WorkflowRef workflow, ReadOnlyMemory<byte> input, bool detached)
    : Operation(run, key, scope)
{
    private readonly RunId child = RunId.New(run.Time);
    private bool started;

    public override string Kind => "child run";

    public override bool Restore(Recorded recorded)
    {
        started = recorded.Opening is JournalEntry.ChildStarted || recorded.Outcome is JournalEntry.ChildStarted { Detached: true };
        return started && recorded.Outcome is null or JournalEntry.ChildEnded or JournalEntry.ChildStarted;
    }

    public override void Start()
    {
        if (started) return;
        Run.Enter();
        if (detached) Run.Record(this, Started);
        else Run.Append(Started, _ => Run.Leave());
    }

    public void Accept(InboxMessage message)
    {
        Run.Enter();
        Run.Record(this, (seq, at) => new JournalEntry.ChildEnded(seq, at, Key, message.ChildState!.Value, message.Body, message.ChildError, message.No));
    }

    private JournalEntry Started(long seq, DateTimeOffset at) => new JournalEntry.ChildStarted(seq, at, Key, child, workflow, input, detached);
}

/// <summary>A child whose output the workflow awaits.</summary>
internal sealed class ChildOperation<T>(RunExecution run, string key, CancelScope scope, WorkflowRef workflow, ReadOnlyMemory<byte> input, PayloadCodec<T> codec)
    : ChildOperation(run, key, scope, workflow, input, detached: false)
{
    private readonly TaskCompletionSource<T> result = new();

    public Task<T> Result => result.Task;

    public override void Settle(JournalEntry outcome)
    {
        if (outcome is not JournalEntry.ChildEnded ended) throw new UnreachableException();
        if (ended.State == RunState.Completed) codec.Decode(ended.Output, Key, result);
        else result.SetException(new WorkflowException(ended.Error ?? new WorkflowError(ErrorTypes.Runtime, 500, "Child run ended", $"The child run was {ended.State.ToName()}.", Key), ErrorClasses.Parse(ended.Error?.Class)));
    }

    public override void Cancel() => result.TrySetCanceled();
}

/// <summary>A child that goes on by itself: the workflow is given its id as soon as it is stored.</summary>
internal sealed class DetachedChildOperation(RunExecution run, string key, CancelScope scope, WorkflowRef workflow, ReadOnlyMemory<byte> input)
    : ChildOperation(run, key, scope, workflow, input, detached: true)
{
    private readonly TaskCompletionSource<RunId> result = new();

    public Task<RunId> Result => result.Task;

    public override void Settle(JournalEntry outcome) => result.SetResult(((JournalEntry.ChildStarted)outcome).Child);

    public override void Cancel() => result.TrySetCanceled();
}
