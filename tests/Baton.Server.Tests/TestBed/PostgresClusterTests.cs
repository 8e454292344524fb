namespace Baton.Server.Tests.TestBed;

/// <summary>The PostgreSQL that other tests build on. Skipped where it is not installed.</summary>
public sealed class PostgresClusterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(SkipExceptions = [typeof(PostgresMissingException)])]
    public async Task What_is_committed_outlives_an_immediate_restart_and_a_kill()
    {
        await using var postgres = await PostgresCluster.StartAsync(cancel: Cancel);
        await postgres.QueryAsync("CREATE TABLE kept (n int)", cancel: Cancel);
        await postgres.QueryAsync("INSERT INTO kept VALUES (1)", cancel: Cancel);
        await postgres.RestartImmediateAsync(Cancel);
        await postgres.QueryAsync("INSERT INTO kept VALUES (2)", cancel: Cancel);
        await postgres.KillAsync(Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => postgres.QueryAsync("SELECT 1", cancel: Cancel));
        await postgres.StartAgainAsync(Cancel);
        await postgres.StopAsync(cancel: Cancel);
        await postgres.StartAgainAsync(Cancel);

        Assert.Equal(["1", "2"], await postgres.QueryAsync("SELECT n FROM kept ORDER BY n", cancel: Cancel));
        Assert.Equal(["on"], await postgres.QueryAsync("SHOW fsync", cancel: Cancel));
        Assert.Contains("database system was not properly shut down", await File.ReadAllTextAsync(postgres.Log, Cancel), StringComparison.Ordinal);
    }

    [Fact(SkipExceptions = [typeof(PostgresMissingException)])]
    public async Task A_promoted_standby_has_what_the_killed_primary_had_acknowledged()
    {
        await using var primary = await PostgresCluster.StartAsync(cancel: Cancel);
        await using var standby = await primary.AddStandbyAsync(Cancel);
        await primary.QueryAsync("CREATE TABLE kept (n int)", cancel: Cancel);
        await primary.QueryAsync("INSERT INTO kept VALUES (1)", cancel: Cancel);
        Assert.Equal(["t"], await standby.QueryAsync("SELECT pg_is_in_recovery()", cancel: Cancel));

        await primary.KillAsync(Cancel);
        await standby.PromoteAsync(Cancel);
        await standby.QueryAsync("INSERT INTO kept VALUES (2)", cancel: Cancel);

        Assert.Equal(["1", "2"], await standby.QueryAsync("SELECT n FROM kept ORDER BY n", cancel: Cancel));
        Assert.Equal($"postgres://postgres@127.0.0.1:{primary.Port},127.0.0.1:{standby.Port}/postgres?schema=a", primary.ConnectionUrl(schema: "a", standby: standby));
    }

    [Fact(SkipExceptions = [typeof(PostgresMissingException)])]
    public async Task Nothing_is_left_of_it_but_the_shared_one_stays()
    {
        var shared = await PostgresCluster.SharedAsync();
        Assert.Same(shared, await PostgresCluster.SharedAsync());
        var database = $"database-{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}";
        await shared.CreateDatabaseAsync(database, Cancel);
        Assert.Equal([database], await shared.QueryAsync("SELECT current_database()", database, Cancel));

        var postgres = await PostgresCluster.StartAsync(cancel: Cancel);
        var process = postgres.ProcessId;
        Assert.True(Directory.Exists($"/proc/{process}"));
        await postgres.DisposeAsync();

        Assert.False(Directory.Exists(postgres.Folder));
        Assert.DoesNotContain("postgres", File.Exists($"/proc/{process}/cmdline") ? await File.ReadAllTextAsync($"/proc/{process}/cmdline", Cancel) : "", StringComparison.Ordinal);
    }
}
