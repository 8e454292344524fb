using Baton.Engine;

namespace Baton.Server.Storage;

/// <summary>
/// The thread of a writer and its queue. It takes what has queued and has it committed together: a lone request waits for nothing, many share the cost.
/// </summary>
internal sealed class CommitLoop : IDisposable
{
    /// <summary>Most requests in one transaction: beyond this, waiting longer gains nothing.</summary>
    private const int MaxBatch = 1_000;

    private readonly string database;
    private readonly Action<List<WriteRequest>> commit;
    private readonly Lock gate = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly ManualResetEvent stop = new(false);
    private readonly Thread thread;
    private readonly Gathering? gathering;
    private List<WriteRequest> queue = [];
    private int wakeAt = 1;
    private volatile bool stopping;

    /// <param name="name">Of the thread.</param>
    /// <param name="database">For people.</param>
    /// <param name="commit">Commits a batch, and completes or fails each of its requests. Called on the thread; throws nothing.</param>
    /// <param name="gathering">How many a commit waits for; null where it takes what there is.</param>
    public CommitLoop(string name, string database, Action<List<WriteRequest>> commit, Gathering? gathering = null)
    {
        (this.database, this.commit, this.gathering) = (database, commit, gathering);
        thread = new Thread(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>True once it is being closed: what is queued is still written.</summary>
    public bool IsStopping => stopping;

    /// <summary>Waits on the thread, but not beyond the moment when the loop is to stop.</summary>
    public void Pause(TimeSpan most) => stop.WaitOne(most);

    /// <summary>Queues a request for the next commit. Requests are executed, and completed, in the order of these calls.</summary>
    public void Enqueue(WriteRequest request)
    {
        lock (gate)
        {
            if (!stopping)
            {
                queue.Add(request);
                if (queue.Count == wakeAt) wake.Set();
                return;
            }
        }
        request.Fail(new StorageUnavailableException($"{database} is being closed."));
    }

    /// <summary>Has written what is queued, then stops.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping) return;
            stopping = true;
        }
        stop.Set();
        wake.Set();
        thread.Join();
        wake.Dispose();
        stop.Dispose();
    }

    private void Run()
    {
        var (batch, answered) = (new List<WriteRequest>(), 0);
        while (true)
        {
            if (gathering is not null) Gather(gathering, answered);
            lock (gate) (queue, batch) = (batch, queue);
            answered = batch.Count;
            if (batch.Count == 0)
            {
                if (stopping) return;
                wake.WaitOne();
                continue;
            }
            for (var start = 0; start < batch.Count; start += MaxBatch) commit(batch.GetRange(start, Math.Min(MaxBatch, batch.Count - start)));
            batch.Clear();
        }
    }

    private void Gather(Gathering by, int answered)
    {
        if (by.Wanted(answered) is not (> 0 and var wanted)) return;
        lock (gate)
        {
            if (stopping) return;
            wake.Reset();   // what it told of is counted
            wakeAt = queue.Count + wanted;
        }
        by.Waited(wake.WaitOne(Gathering.Longest));
        lock (gate) wakeAt = 1;
    }
}
