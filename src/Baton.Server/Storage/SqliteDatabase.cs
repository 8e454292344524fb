using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>One SQLite file: a single writer that commits in groups, and as many readers as are asked for.</summary>
internal sealed class SqliteDatabase : Database
{
    private readonly DatabaseLock fileLock;
    private readonly SqliteWriter writer;
    private readonly string readers;

    private SqliteDatabase(string path, DatabaseLock fileLock, SqliteStatements statements)
    {
        Path = path;
        this.fileLock = fileLock;
        writer = new SqliteWriter(statements, path);
        readers = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = true, DefaultTimeout = 5 }.ToString();
    }

    public override Dialect Dialect => Dialect.Sqlite;

    public string Path { get; }

    public override string Name => Path;

    public override string? Failure => writer.Broken?.Message;

    public override long? FreeBytes => new DriveInfo(System.IO.Path.GetDirectoryName(Path)!).AvailableFreeSpace;

    /// <summary>Opens the file, creating it and its folder: see <see cref="Database.Open"/>.</summary>
    public static SqliteDatabase Open(string path, long? pageCacheBytes = null)
    {
        SqliteLibrary.Use();
        path = System.IO.Path.GetFullPath(path);
        if (Directory.Exists(path)) throw new Engine.StorageUnavailableException($"{path} is a folder. Name a file, such as {System.IO.Path.Combine(path, "baton.db")}.");
        try
        {
            PrivateFiles.CreateFolder(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (IOException e)
        {
            throw new Engine.StorageUnavailableException($"The folder of {path} cannot be made: {e.Message}", e);
        }
        var taken = DatabaseLock.Take(path);
        SqliteStatements? statements = null;
        try
        {
            PrivateFiles.Create(path);   // prompts stand in it as they came; what SQLite puts beside it takes its mode
            statements = Connect(path, pageCacheBytes ?? StorageOptions.PageCache);
            Migrator.Migrate(statements);
            return new SqliteDatabase(path, taken, statements);
        }
        catch (Exception e)
        {
            statements?.Dispose();
            taken.Dispose();
            if (e is SqliteException sqlite) throw SqliteErrors.Explain(sqlite, path);
            throw;
        }
    }

    public override async ValueTask<DbConnection> ReadAsync(CancellationToken cancel)
    {
        var connection = new SqliteConnection(readers);
        await connection.OpenAsync(cancel);
        return connection;
    }

    public override ValueTask DisposeAsync()
    {
        // Readers first: the connection that closes last moves the log into the file, and those that only read cannot.
        SqliteConnection.ClearPool(new SqliteConnection(readers));
        writer.Dispose();
        fileLock.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override void Enqueue(WriteRequest request) => writer.Enqueue(request);

    protected override Engine.StorageUnavailableException Explain(DbException e) =>
        e is SqliteException sqlite ? SqliteErrors.Explain(sqlite, Path) : new Engine.StorageUnavailableException($"{Path}: {e.Message}", e);

    private static SqliteStatements Connect(string path, long pageCacheBytes)
    {
        var code = raw.sqlite3_open_v2(path, out var connection, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null);
        SqliteErrors.Check(connection, code);
        raw.sqlite3_extended_result_codes(connection, 1);
        raw.sqlite3_busy_timeout(connection, 5_000);
        var statements = new SqliteStatements(connection);
        statements.RunScript($"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{pageCacheBytes >> 10};");
        return statements;
    }
}
