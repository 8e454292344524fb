using Baton.Engine;
using Microsoft.Data.Sqlite;

namespace Baton.Server.Storage;

/// <summary>
/// The one writer of a database file. It takes what has queued, runs it in one transaction, and makes it durable with one fsync: a lone
/// request waits for nothing, many share the cost.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    /// <summary>Most requests in one transaction: beyond this, waiting longer gains nothing.</summary>
    private const int MaxBatch = 1_000;

    private readonly SqliteStatements statements;
    private readonly string path;
    private readonly Lock gate = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly Thread thread;
    private List<WriteRequest> queue = [];
    private StorageUnavailableException? broken;
    private bool stopping;

    public SqliteWriter(SqliteStatements statements, string path)
    {
        this.statements = statements;
        this.path = path;
        thread = new Thread(Loop) { IsBackground = true, Name = "baton-writer" };
        thread.Start();
    }

    /// <summary>The failure that ended the writer for good; null while it works.</summary>
    public StorageUnavailableException? Broken => broken;

    /// <summary>Queues a request for the next commit. Requests are executed, and completed, in the order of these calls.</summary>
    public void Enqueue(WriteRequest request)
    {
        lock (gate)
        {
            if (!stopping)
            {
                queue.Add(request);
                if (queue.Count == 1) wake.Set();
                return;
            }
        }
        request.Fail(new StorageUnavailableException($"{path} is being closed."));
    }

    /// <summary>Writes what is queued, then stops.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping) return;
            stopping = true;
        }
        wake.Set();
        thread.Join();
        statements.Dispose();
        wake.Dispose();
    }

    private void Loop()
    {
        var batch = new List<WriteRequest>();
        while (true)
        {
            lock (gate) (queue, batch) = (batch, queue);
            if (batch.Count == 0)
            {
                if (stopping) return;
                wake.WaitOne();
                continue;
            }
            for (var start = 0; start < batch.Count; start += MaxBatch) Commit(batch.GetRange(start, Math.Min(MaxBatch, batch.Count - start)));
            batch.Clear();
        }
    }

    private void Commit(List<WriteRequest> batch)
    {
        var failed = new Dictionary<WriteRequest, Exception>();
        try
        {
            if (broken is not null) throw broken;
            statements.Run("BEGIN IMMEDIATE");
            foreach (var request in batch) Execute(request, failed);
            statements.Run("COMMIT");
        }
        catch (SqliteException e)
        {
            Rollback();
            var failure = SqliteErrors.Explain(e, path);
            if (SqliteErrors.IsBroken(e)) broken = failure;
            foreach (var request in batch) request.Fail(failure);
            return;
        }
        catch (StorageUnavailableException e)
        {
            foreach (var request in batch) request.Fail(e);
            return;
        }
        foreach (var request in batch)
        {
            if (failed.TryGetValue(request, out var failure)) request.Fail(failure);
            else request.Complete();
        }
    }

    /// <summary>A request's own failure leaves the others of its batch alone; a failure of the storage is everybody's.</summary>
    private void Execute(WriteRequest request, Dictionary<WriteRequest, Exception> failed)
    {
        try
        {
            if (!request.NeedsSavepoint)
            {
                request.Execute(statements);
                return;
            }
            statements.Run("SAVEPOINT request");
            request.Execute(statements);
            statements.Run("RELEASE request");
        }
        catch (Exception e) when (e is not SqliteException sqlite || !SqliteErrors.IsStorageFailure(sqlite))
        {
            failed.Add(request, e);
            if (!request.NeedsSavepoint) return;
            statements.Run("ROLLBACK TO request");
            statements.Run("RELEASE request");
        }
    }

    private void Rollback()
    {
        try
        {
            statements.Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (a full disk does that): there is no transaction left to end.
        }
    }
}
