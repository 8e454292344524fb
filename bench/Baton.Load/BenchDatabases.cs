using Baton.Server.Storage;
using Baton.TestBed;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Baton.Load;

/// <summary>Hands out new, empty databases, and removes them all in the end. PostgreSQL is a private server, started when it is first asked for.</summary>
internal sealed class BenchDatabases : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("baton-bench-");
    private PostgresCluster? cluster;
    private int last;

    /// <exception cref="BenchException">PostgreSQL is asked for and not there.</exception>
    public async Task<BenchDatabase> NewAsync(DatabaseKind kind)
    {
        var name = $"bench{++last}";
        if (kind == DatabaseKind.Sqlite) return new BenchDatabase(Path.Combine(Directory.CreateDirectory(Path.Combine(folder.FullName, name)).FullName, "bench.db"), null);
        cluster ??= await StartClusterAsync();
        await cluster.CreateDatabaseAsync(name);
        return new BenchDatabase(name, cluster);
    }

    /// <exception cref="BenchException">PostgreSQL is not there.</exception>
    public static async Task<PostgresCluster> StartClusterAsync()
    {
        try
        {
            return await PostgresCluster.StartAsync();
        }
        catch (PostgresMissingException e)
        {
            throw new BenchException(e.Message);
        }
    }

    /// <summary>A folder for what keeps its files itself.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(folder.FullName, $"folder{++last}")).FullName;

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null) await cluster.DisposeAsync();
        folder.Delete(recursive: true);
    }
}

/// <summary>One database.</summary>
internal sealed class BenchDatabase(string name, PostgresCluster? cluster)
{
    public DatabaseKind Kind => cluster is null ? DatabaseKind.Sqlite : DatabaseKind.Postgres;

    /// <summary>As <c>--db</c> takes it.</summary>
    public string Address => cluster?.ConnectionUrl(name) ?? name;

    /// <summary>Bytes of it once what was replaced has been vacuumed.</summary>
    public async Task<long> RestAsync()
    {
        if (cluster is not null)
        {
            // Pages of an index that one vacuuming empties are free for others only after a transaction and the next vacuuming.
            foreach (var sql in (string[])["VACUUM", "SELECT pg_current_xact_id()", "VACUUM"]) await cluster.QueryAsync(sql, name);
        }
        return await SizeAsync();
    }

    /// <summary>Bytes of tables and indexes, for SQLite what stands in its log included.</summary>
    public async Task<long> SizeAsync() =>
        cluster is null ? await NumberAsync("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") : await NumberAsync("SELECT pg_database_size(current_database())");

    /// <summary>The one number that a query answers.</summary>
    public async Task<long> NumberAsync(string sql)
    {
        if (cluster is not null) return long.Parse((await cluster.QueryAsync(InSchema(sql), name))[^1]);
        await using var connection = await OpenAsync(SqliteOpenMode.ReadOnly);
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    /// <summary>Changes rows behind the back of a server, which must not run meanwhile.</summary>
    public async Task ExecuteAsync(string sql)
    {
        if (cluster is not null)
        {
            await cluster.QueryAsync(InSchema(sql), name);
            return;
        }
        await using var connection = await OpenAsync(SqliteOpenMode.ReadWrite);
        await connection.ExecuteAsync("PRAGMA synchronous = OFF");
        await connection.ExecuteAsync(sql, commandTimeout: 0);
    }

    private static string InSchema(string sql) => $"SET search_path = baton; {sql}";

    private async Task<SqliteConnection> OpenAsync(SqliteOpenMode mode)
    {
        SqliteLibrary.Use();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = name, Mode = mode, Pooling = false }.ToString());
        await connection.OpenAsync();
        return connection;
    }
}
