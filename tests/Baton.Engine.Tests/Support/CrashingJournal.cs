namespace Baton.Engine.Tests.Support;

/// <summary>Dies at one call: before it reached storage, or after it did and before the caller heard of it. From then on nothing gets through.</summary>
internal sealed class CrashingJournal(IJournal inner, int dieAt, bool after) : IJournal
{
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int calls;
    private volatile bool dead;

    public Task Died => died.Task;

    /// <summary>How many calls came, to know how many deaths there are to try.</summary>
    public int Calls => calls;

    public ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel) => Pass(() => inner.ReadAsync(lease, cancel));

    public ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel) => Pass(() => inner.ReadInboxAsync(lease, after, cancel));

    public ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry) => Pass(() => inner.AppendAsync(lease, entry));

    public ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request) => Pass(() => inner.ParkAsync(lease, request));

    private ValueTask<T> Pass<T>(Func<ValueTask<T>> call)
    {
        if (dead) return Never<T>();
        if (Interlocked.Increment(ref calls) != dieAt) return call();
        dead = true;
        if (after) _ = call().AsTask();
        died.SetResult();
        return Never<T>();
    }

    private static ValueTask<T> Never<T>() => new(new TaskCompletionSource<T>().Task);
}
