using Baton.Engine;
using Microsoft.Data.Sqlite;

namespace Baton.Server.Storage;

/// <summary>The one writer of a database file: runs what has queued in one transaction, and makes it durable with one fsync.</summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteStatements statements;
    private readonly string path;
    private readonly CommitLoop loop;
    private StorageUnavailableException? broken;

    public SqliteWriter(SqliteStatements statements, string path)
    {
        (this.statements, this.path) = (statements, path);
        loop = new CommitLoop("baton-writer", path, Commit);
    }

    /// <summary>The failure that ended the writer for good; null while it works.</summary>
    public StorageUnavailableException? Broken => broken;

    /// <inheritdoc cref="CommitLoop.Enqueue"/>
    public void Enqueue(WriteRequest request) => loop.Enqueue(request);

    /// <summary>Writes what is queued, then stops.</summary>
    public void Dispose()
    {
        loop.Dispose();
        statements.Dispose();
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
