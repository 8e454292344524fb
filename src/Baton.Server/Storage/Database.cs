using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>One SQLite file: a single writer that commits in groups, and as many readers as are asked for.</summary>
internal sealed class Database : IAsyncDisposable
{
    private readonly DatabaseLock fileLock;
    private readonly SqliteWriter writer;
    private readonly string readers;

    static Database() => Dapper.DefaultTypeMap.MatchNamesWithUnderscores = true;

    private Database(string path, DatabaseLock fileLock, SqliteConnectionStatements statements)
    {
        Path = path;
        this.fileLock = fileLock;
        writer = new SqliteWriter(statements, path);
        readers = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = true, DefaultTimeout = 5 }.ToString();
    }

    public string Path { get; }

    /// <summary>Opens the file, creating it and its folder, and brings its schema up to date.</summary>
    /// <exception cref="DatabaseInUseException">Another server has it.</exception>
    /// <exception cref="NewerSchemaException">A newer version wrote it.</exception>
    /// <exception cref="Engine.StorageUnavailableException">It cannot be read or written; the message says why.</exception>
    public static Database Open(string path)
    {
        SqliteLibrary.Use();
        path = System.IO.Path.GetFullPath(path);
        if (Directory.Exists(path)) throw new Engine.StorageUnavailableException($"{path} is a folder. Name a file, such as {System.IO.Path.Combine(path, "baton.db")}.");
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (IOException e)
        {
            throw new Engine.StorageUnavailableException($"The folder of {path} cannot be made: {e.Message}", e);
        }
        var taken = DatabaseLock.Take(path);
        SqliteConnectionStatements? statements = null;
        try
        {
            statements = Connect(path);
            Migrator.Migrate(statements);
            return new Database(path, taken, statements);
        }
        catch (Exception e)
        {
            statements?.Dispose();
            taken.Dispose();
            if (e is SqliteException sqlite) throw SqliteErrors.Explain(sqlite, path);
            throw;
        }
    }

    /// <summary>Queues a prepared request (see <see cref="SqliteWriter"/>); its task completes when it is durable.</summary>
    public ValueTask<T> WriteAsync<T>(WriteRequest<T> request)
    {
        var task = request.Task;
        writer.Enqueue(request);
        return task;
    }

    /// <summary>Runs statements in the next group commit, and completes when they are durable.</summary>
    public ValueTask<T> WriteAsync<T>(Func<SqliteConnectionStatements, T> write) => WriteAsync(new WriteRequestOf<T>(write));

    /// <summary>A connection that sees everything committed so far and cannot write. Dispose it to return it to the pool.</summary>
    public async ValueTask<DbConnection> ReadAsync(CancellationToken cancel)
    {
        var connection = new SqliteConnection(readers);
        await connection.OpenAsync(cancel);
        return connection;
    }

    /// <summary>Reads for those who wait for storage to come back: what SQLite says is said as <see cref="Engine.StorageUnavailableException"/>.</summary>
    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ReadAsync(cancel);
            return await read(connection);
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Explain(e, Path);
        }
    }

    /// <summary>Why writing has stopped for good; null while it works.</summary>
    public string? Failure => writer.Broken?.Message;

    public ValueTask DisposeAsync()
    {
        // Readers first: the connection that closes last moves the log into the file, and those that only read cannot.
        SqliteConnection.ClearPool(new SqliteConnection(readers));
        writer.Dispose();
        fileLock.Dispose();
        return ValueTask.CompletedTask;
    }

    private static SqliteConnectionStatements Connect(string path)
    {
        var code = raw.sqlite3_open_v2(path, out var connection, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null);
        SqliteErrors.Check(connection, code);
        raw.sqlite3_extended_result_codes(connection, 1);
        raw.sqlite3_busy_timeout(connection, 5_000);
        var statements = new SqliteConnectionStatements(connection);
        statements.RunScript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;");
        return statements;
    }
}
