using System.Diagnostics;
using Baton.Engine.Runs;

namespace Baton.Engine.Steps;

/// <summary>A step with a typed output. The workflow is always given the decoded record, never the live object: a replay gives the same.</summary>
internal sealed class StepOperation<T>(RunExecution run, string key, CancelScope scope, StepOptions options, PayloadCodec<T> codec, Func<StepContext, Task<T>> effect)
    : StepOperation(run, key, scope, options)
{
    private readonly TaskCompletionSource<T> result = new();

    public Task<T> Result => result.Task;

    public override void Settle(JournalEntry outcome)
    {
        switch (outcome)
        {
            case JournalEntry.StepCompleted completed: codec.Decode(completed.Output, Key, result); break;
            case JournalEntry.StepFailed failed: result.SetException(new WorkflowException(failed.Error, ErrorClasses.Parse(failed.Error.Class)) { Attempt = failed.Attempt }); break;
            default: throw new UnreachableException();
        }
    }

    public override void Cancel() => result.TrySetCanceled();

    protected override async ValueTask<ReadOnlyMemory<byte>> PerformAsync(StepContext step) => codec.Encode(await effect(step));
}
