using System.Data.Common;
using Baton.Engine;

namespace Baton.Server.Storage;

/// <summary>Which database is under the stores: each of their records of statements has an instance for either.</summary>
internal enum Dialect
{
    Sqlite,
    Postgres,
}

/// <summary>
/// Where everything is kept: one SQLite file, or one PostgreSQL that several processes share. Writes are committed in groups, and acknowledged when
/// they are durable; reads see everything that was acknowledged.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    static Database() => Dapper.DefaultTypeMap.MatchNamesWithUnderscores = true;

    public abstract Dialect Dialect { get; }

    /// <summary>For people: the file, or server and database; never a password.</summary>
    public abstract string Name { get; }

    /// <summary>Why writing has stopped for good; null while it works, or may work again.</summary>
    public abstract string? Failure { get; }

    /// <summary>Opens the database and brings its schema up to date.</summary>
    /// <param name="address">A file, which is created with its folder, or <c>postgres://USER@HOST:PORT/DATABASE</c>.</param>
    /// <param name="node">Who writes.</param>
    /// <exception cref="DatabaseInUseException">Another server has the file.</exception>
    /// <exception cref="NewerSchemaException">A newer version wrote it.</exception>
    /// <exception cref="FormatException">The address is not well formed.</exception>
    /// <exception cref="StorageUnavailableException">It cannot be read or written; the message says why.</exception>
    public static Database Open(string address, StorageOptions options, string node) =>
        PostgresAddress.IsOne(address) ? PostgresDatabase.Open(PostgresAddress.Parse(address), options, node) : SqliteDatabase.Open(address, options.PageCacheBytes);

    /// <summary>Queues a prepared request; its task completes when it is durable.</summary>
    public ValueTask<T> WriteAsync<T>(WriteRequest<T> request)
    {
        var task = request.Task;
        Enqueue(request);
        return task;
    }

    /// <summary>Runs statements in the next group commit, and completes when they are durable. They may be run again when the commit meets another's.</summary>
    public ValueTask<T> WriteAsync<T>(Func<SqlStatements, T> write) => WriteAsync(new WriteRequestOf<T>(write));

    /// <summary>A connection that sees everything committed so far and is for reading. Dispose it to return it to the pool.</summary>
    public abstract ValueTask<DbConnection> ReadAsync(CancellationToken cancel);

    /// <summary>Reads for those who wait for storage to come back: what the database says is said as <see cref="StorageUnavailableException"/>.</summary>
    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ReadAsync(cancel);
            return await read(connection);
        }
        catch (DbException e)
        {
            throw Explain(e);
        }
        catch (Exception e) when (PostgresErrors.IsBroken(e))
        {
            throw new StorageUnavailableException($"{Name} does not answer: {e.Message}", e);
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Free space where the data are, in bytes; null when it cannot be known from here.</summary>
    public virtual long? FreeBytes => null;

    protected abstract void Enqueue(WriteRequest request);

    /// <summary>What happened to the database, and what to do about it.</summary>
    protected abstract StorageUnavailableException Explain(DbException e);
}
