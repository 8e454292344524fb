using Baton.Server.Storage;
using Microsoft.Data.Sqlite;

namespace Baton.Server.Tests.TestBed;

/// <summary>A torn write takes nothing with it that was committed: else what the chaos runs show would be the harness's doing.</summary>
public sealed class TornWriteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task SQLite_reads_everything_that_was_committed_before_a_torn_write(int seed)
    {
        using var folder = new TemporaryFolder();
        SqliteLibrary.Use();
        var text = new SqliteConnectionStringBuilder { DataSource = folder["live.db"], Pooling = false }.ToString();
        await using (var writer = new SqliteConnection(text))
        {
            await writer.OpenAsync(Cancel);
            Execute(writer, "PRAGMA journal_mode = WAL");
            Execute(writer, "PRAGMA wal_autocheckpoint = 0");
            Execute(writer, "CREATE TABLE kept (n int, filling text)");
            for (var i = 0; i < 20; i++) Execute(writer, $"INSERT INTO kept VALUES ({i}, '{new string('x', 3_000)}')");
            // As a kill leaves it: copied while it is open, or its end would put everything into one file.
            File.Copy(folder["live.db"], folder["dead.db"]);
            File.Copy(folder["live.db-wal"], folder["dead.db-wal"]);
        }
        var committed = SqliteLog.EndOfCommitted(await File.ReadAllBytesAsync(folder["dead.db-wal"], Cancel));
        Assert.Equal(new FileInfo(folder["dead.db-wal"]).Length, committed);

        Assert.NotNull(SqliteLog.Tear(folder["dead.db"], seed));

        Assert.Equal(committed, SqliteLog.EndOfCommitted(await File.ReadAllBytesAsync(folder["dead.db-wal"], Cancel)));
        await using var reader = new SqliteConnection(text.Replace("live.db", "dead.db", StringComparison.Ordinal));
        await reader.OpenAsync(Cancel);
        Assert.Equal(20L, Execute(reader, "SELECT count(*) FROM kept"));
        Assert.Equal("ok", Execute(reader, "PRAGMA integrity_check"));
    }

    [Fact]
    public void There_is_nothing_to_tear_where_there_is_no_log()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(SqliteLog.Tear(folder["none.db"], 1));
        folder.Write("empty.db-wal", "");
        Assert.Null(SqliteLog.Tear(folder["empty.db"], 1));
    }

    [Fact(SkipExceptions = [typeof(PostgresMissingException)])]
    public async Task PostgreSQL_reads_everything_that_was_committed_before_a_torn_write()
    {
        await using var postgres = await PostgresCluster.StartAsync(cancel: Cancel);
        await postgres.QueryAsync("CREATE TABLE kept (n int)", cancel: Cancel);
        for (var seed = 1; seed <= 3; seed++)
        {
            await postgres.QueryAsync($"INSERT INTO kept VALUES ({seed})", cancel: Cancel);
            await postgres.StopAsync(immediate: true, Cancel);
            Assert.Contains("bytes of a torn write lie at", await postgres.TearLogAsync(seed, Cancel), StringComparison.Ordinal);
            Assert.False(await postgres.IsRunningAsync(Cancel));
            await postgres.StartAgainAsync(Cancel);
        }
        Assert.Equal(["1", "2", "3"], await postgres.QueryAsync("SELECT n FROM kept ORDER BY n", cancel: Cancel));
    }

    [Fact]
    public async Task A_small_disk_is_full_until_it_is_freed()
    {
        var disk = await SmallDisk.MountAsync(4, Cancel);
        Assert.SkipWhen(disk is null, "Mounting takes root.");
        await using (disk)
        {
            await disk.FillAsync(Cancel);
            await Assert.ThrowsAsync<IOException>(() => File.WriteAllTextAsync(Path.Combine(disk.Path, "one"), new string('x', 100_000), Cancel));
            disk.Free();
            await File.WriteAllTextAsync(Path.Combine(disk.Path, "two"), new string('x', 100_000), Cancel);
        }
        Assert.False(Directory.Exists(disk.Path));
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
