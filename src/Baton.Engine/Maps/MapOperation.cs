using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Baton.Engine.Replay;
using Baton.Engine.Runs;

namespace Baton.Engine.Maps;

/// <summary>
/// Many items, a bounded number at once, one journal row each. Items are opened in order and one more for each that settles, alive as in
/// replay: so a recorded item is never given to user code again, and an unfinished one finds its inner steps where it left them.
/// </summary>
internal sealed class MapOperation<T>(RunExecution run, string key, CancelScope scope, int count, MapOptions options, Func<MapOperation<T>, int, Operation> itemFor)
    : Operation(run, key, scope)
{
    private readonly TaskCompletionSource<MapResult<T>> result = new();
    private readonly MapItem<T>[] items = new MapItem<T>[count];
    private int opened, settled, failed;

    public override string Kind => "map";

    public Task<MapResult<T>> Result => result.Task;

    /// <summary>Cancelled when an item's failure fails the map.</summary>
    public CancelScope ItemScope { get; } = new(scope);

    public override bool Restore(Recorded recorded)
    {
        if (recorded.Opening is not JournalEntry.MapStarted started || started.Count != count) return false;
        Open(options.Parallel);
        return true;
    }

    public override void Start()
    {
        if (opened > 0) return;   // restored: the items that are not settled start by themselves
        Run.Enter();
        Run.Append((seq, at) => new JournalEntry.MapStarted(seq, at, Key, count), _ => Run.Leave(), isFoundation: true);   // an item without its map is one that nobody asks for
        Open(options.Parallel);
    }

    public override void Settle(JournalEntry outcome) => throw new InvalidOperationException("A map has no outcome of its own.");

    public override void Cancel() => result.TrySetCanceled();

    public void OnItem(int index, T? output, WorkflowException? failure)
    {
        items[index] = new MapItem<T>(index, output, failure?.Error);
        settled++;
        if (failure is not null) failed++;
        if (failure is not null && options.OnError == MapErrors.Fail)
        {
            Run.Complete(this);
            Run.Cancel(ItemScope);
            result.SetException(failure);
        }
        else if (settled == count)
        {
            Run.Complete(this);
            result.SetResult(new MapResult<T>(Kept()) { Failed = failed });
        }
        else Open(1);
    }

    private void Open(int most)
    {
        for (; most > 0 && opened < count; most--) Run.Adopt(itemFor(this, opened++));
    }

    private ImmutableArray<MapItem<T>> Kept() => options.OnError == MapErrors.Skip ? [.. items.Where(item => item.IsOk)] : ImmutableCollectionsMarshal.AsImmutableArray(items);
}
