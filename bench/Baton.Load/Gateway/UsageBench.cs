using System.Diagnostics;

namespace Baton.Load;

/// <summary>How long questions about usage take, asked as anybody would, when ten million calls have been accounted for. Their sums are written straight into the tables.</summary>
internal static class UsageBench
{
    public const string Scenario = "usage";

    private const int Days = 365, Models = 5, TargetsOfModel = 2, Keys = 20, Calls = 10_000_000, WarmUps = 5, Rounds = 21;

    private const long HourMs = 3_600_000, DayMs = 24 * HourMs;

    private static readonly string[] Groups = ["day", "model", "key", "team"];

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var rows = new List<Row>();
        await using var databases = new BenchDatabases();
        foreach (var kind in options.Databases)
        {
            var subject = EngineScenarios.SubjectOn("baton", kind);
            await Console.Error.WriteLineAsync($"gateway: {Scenario}, {subject}...");
            var database = await databases.NewAsync(kind);
            await using (await ServerProcess.StartAsync(database))
            {
                // It makes the tables.
            }
            var to = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / HourMs * HourMs;
            await FillAsync(database, "usage_hourly", HourMs, to - (Days * DayMs), Days * 24);
            await FillAsync(database, "usage_daily", DayMs, (to - (Days * DayMs)) / DayMs * DayMs, Days + 1);
            await using var server = await ServerProcess.StartAsync(database);
            foreach (var (period, from) in new[] { ("a year", to - (Days * DayMs) + HourMs), ("30 days", to - (30 * DayMs) + HourMs) })
            {
                foreach (var by in Groups) rows.Add(await MeasureAsync(server, subject, $"{period} by {by}", ("by", by), ("from", Time(from)), ("to", Time(to))));
                rows.Add(await MeasureAsync(server, subject, $"{period} by day, one key", ("by", "day"), ("key", "key-7"), ("from", Time(from)), ("to", Time(to))));
            }
            rows.Add(await MeasureAsync(server, subject, "a week by hour", ("by", "hour"), ("from", Time(to - (7 * DayMs))), ("to", Time(to))));
        }
        return new BenchResult(rows, $"GET /api/v1/usage over the sums of {Calls:N0} calls in {Days} days: {Models} models with {TargetsOfModel} targets each, {Keys} keys, all of them used in each hour; one client, medians of {Rounds} requests after {WarmUps}.");
    }

    private static async Task<Row> MeasureAsync(ServerProcess server, string subject, string question, params (string Name, string Value)[] query)
    {
        List<double> times = [];
        for (var round = -WarmUps; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var answer = await server.Client.Usage.SumAsync(query.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)), CancellationToken.None);
            if (round >= 0) times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (answer.Total.Requests == 0) throw new BenchException($"{question}: nothing was used.");
        }
        return new Row("gateway", Scenario, subject, $"{question}, p50", Statistics.Median(times), "ms");
    }

    /// <summary>A row for every period, model, target and key.</summary>
    private static Task FillAsync(BenchDatabase database, string table, long periodMs, long from, int periods)
    {
        var calls = Calls * (periodMs / (double)DayMs) / Days / (Models * TargetsOfModel * Keys);
        FormattableString sums = $"{(long)Math.Round(calls)} + i % 2, {(long)Math.Round(calls)}, i % 2, 0, 0, 0, 0, 0, {(long)(calls * 1200)} + i, {(long)(calls * 300)}, 0, {(long)(calls * 250)} + i, 0, {(long)(calls * 5000)} + i, {(long)(calls * 400)}, {(long)Math.Round(calls)}, {(long)(calls * 3000)}";
        return database.ExecuteAsync($"""
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {periods - 1}), t (target) AS (SELECT 0 UNION ALL SELECT target + 1 FROM t WHERE target < {(Models * TargetsOfModel) - 1}),
                k (key) AS (SELECT 0 UNION ALL SELECT key + 1 FROM k WHERE key < {Keys - 1})
            INSERT INTO {table} (tenant_id, at_ms, model, key_name, team, target, requests, completed, refused, failed, cancelled, broken, cached, estimated, input_tokens, cached_input_tokens, cache_write_tokens,
                output_tokens, reasoning_tokens, cost_micros, first_byte_ms, first_bytes, duration_ms)
            SELECT 'default', {from} + CAST(i AS bigint) * {periodMs}, 'model-' || (target / {TargetsOfModel}), 'key-' || key, 'team-' || (key % 4), 'host-' || target, {FormattableString.Invariant(sums)}
            FROM n CROSS JOIN t CROSS JOIN k ORDER BY 2
            """);
    }

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("O");
}
