using System.Diagnostics;
using System.Text.Json;
using Baton.Engine.Replay;
using Baton.Engine.Runs;
using Baton.Engine.Steps;

namespace Baton.Engine.Maps;

/// <summary>An item that is one step.</summary>
internal sealed class StepItem<T>(RunExecution run, string key, MapOperation<T> map, int index, StepOptions options, PayloadCodec<T> codec, Func<int, StepContext, Task<T>> effect)
    : StepOperation(run, key, map.ItemScope, options)
{
    public override string Kind => "map item";

    public override void Settle(JournalEntry outcome) => MapItems.Settle(map, index, codec, outcome);

    public override void Cancel() { }   // the map speaks for its items

    protected override async ValueTask<ReadOnlyMemory<byte>> PerformAsync(StepContext step) => codec.Encode(await effect(index, step));
}

/// <summary>An item that is workflow code of its own, with steps below its key. Only its result stands in the item's row.</summary>
internal sealed class ScopeItem<T>(RunExecution run, string key, MapOperation<T> map, int index, PayloadCodec<T> codec, Func<int, RunContext, Task<T>> body)
    : Operation(run, key, new CancelScope(map.ItemScope))
{
    private bool begun;
    private Func<long, DateTimeOffset, JournalEntry>? ended;

    public override string Kind => "map item";

    public override bool StartsInReplay => true;

    public override bool Restore(Recorded recorded) => recorded.Outcome is JournalEntry.StepCompleted or JournalEntry.StepFailed;

    public override void Start()
    {
        if (!begun) Run.Own(RunAsync());
        else if (ended is not null)
        {
            Run.Enter();
            Run.Record(this, ended);
        }
    }

    public override void Settle(JournalEntry outcome) => MapItems.Settle(map, index, codec, outcome);

    public override void Cancel() => Scope.Cancel();   // the map speaks for its items

    private async Task RunAsync()
    {
        begun = true;
        var started = Run.Now;
        try
        {
            var output = codec.Encode(await body(index, new RunContext(Run, Key, Scope) { IsItem = true }));
            ended = (seq, at) => new JournalEntry.StepCompleted(seq, at, Key, output, started, 1, default);
        }
        catch (OperationCanceledException) when (Scope.IsCancelled)
        {
            return;
        }
        catch (Exception e) when (e is not ReplayMismatchException)   // the edge of an item: what it throws becomes its recorded failure
        {
            var (error, _) = FailureClassifier.Describe(e, Key);
            var decision = (e as WorkflowException)?.Decision;
            ended = (seq, at) => new JournalEntry.StepFailed(seq, at, Key, error, started, 1, null) { Decision = decision };
        }
        Run.StartOrBlock(this);
    }
}

internal static class MapItems
{
    public static void Settle<T>(MapOperation<T> map, int index, PayloadCodec<T> codec, JournalEntry outcome)
    {
        switch (outcome)
        {
            case JournalEntry.StepCompleted completed:
                try
                {
                    map.OnItem(index, codec.Decode(completed.Output), null);
                }
                catch (JsonException e)
                {
                    map.OnItem(index, default, new WorkflowException(new WorkflowError(ErrorTypes.Validation, 500, "Recorded output does not fit its type", e.Message, outcome.Key), ErrorClass.DataValidation, e));
                }
                break;
            case JournalEntry.StepFailed failed:
                map.OnItem(index, default, new WorkflowException(failed.Error, ErrorClasses.Parse(failed.Error.Class)) { Decision = failed.Decision });
                break;
            default: throw new UnreachableException();
        }
    }
}
