using System.Diagnostics;

namespace Baton.Load;

/// <summary>How many statements a second an idle server sends to PostgreSQL, as PostgreSQL counts them.</summary>
internal static class IdleBench
{
    private const string Name = "idle";
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5), Span = TimeSpan.FromSeconds(60);

    /// <summary>Always on PostgreSQL: SQLite is in the process itself, where a statement costs nobody else.</summary>
    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        await Console.Error.WriteLineAsync($"engine: idle, {Span.TotalSeconds} s...");
        await using var cluster = await BenchDatabases.StartClusterAsync();
        await cluster.QueryAsync("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
        await cluster.StopAsync();
        await cluster.StartAgainAsync();
        await cluster.QueryAsync("CREATE EXTENSION pg_stat_statements");
        await cluster.CreateDatabaseAsync(Name);
        await using var server = await ServerProcess.StartAsync(new BenchDatabase(Name, cluster));
        await Task.Delay(Settling, TimeProvider.System);
        var (before, started) = (await CountAsync(), Stopwatch.GetTimestamp());
        await Task.Delay(Span, TimeProvider.System);
        var perSecond = (await CountAsync() - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new BenchResult([new(EngineScenarios.Bench, "idle", "baton serve postgres", "statements_per_s", perSecond, "1/s")], $"One server without work for {Span.TotalSeconds} s; every statement that pg_stat_statements counts, BEGIN and COMMIT included.");

        // From another database, so that the question does not count itself.
        async Task<long> CountAsync() => long.Parse((await cluster.QueryAsync($"SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '{Name}'"))[0]);
    }
}
