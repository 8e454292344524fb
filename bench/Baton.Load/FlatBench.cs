namespace Baton.Load;

/// <summary>What a step costs as the runs that are stored grow in number. The stored ones are copies of one run, written straight into the tables.</summary>
internal static class FlatBench
{
    private const int WarmUpRuns = 500, Runs = 2_000, Rounds = 3, Chunk = 100_000;
    private const string Subject = "csharp";
    private static readonly int[] Stored = [1_000, 10_000, 100_000, 1_000_000];

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var rows = await EngineScenarios.OnEachAsync(options, "flat", async (databases, kind) =>
        {
            var (database, curve) = (await databases.NewAsync(kind), new List<(string, double, string)>());
            await using (var bench = await EngineBench.StartAsync(database)) await bench.OneAsync(Subject, EngineSubjects.One);
            var template = await database.NumberAsync("SELECT max(no) FROM runs");
            foreach (var stored in Stored)
            {
                for (long has; (has = await database.NumberAsync("SELECT count(*) FROM runs")) < stored;) await CopyAsync(database, template, (int)Math.Min(stored - has, Chunk));
                await Console.Error.WriteLineAsync($"engine: flat, {stored:N0} stored runs...");
                await using var bench = await EngineBench.StartAsync(database);
                await bench.StepsAsync(Subject, WarmUpRuns);
                List<double> rates = [];
                for (var round = 0; round < Rounds; round++) rates.Add((await bench.StepsAsync(Subject, Runs)).PerSecond);
                curve.Add(($"us_per_step over {stored:N0} runs", 1_000_000 / Statistics.Median(rates), "us"));
            }
            return [.. curve];
        });
        return new BenchResult(rows, $"{Runs:N0} runs of {EngineSubjects.Steps} steps, {EngineBench.AtOnce} at once, over that many completed runs of one step each; median of {Rounds} rounds after {WarmUpRuns} runs to warm up.");
    }

    /// <summary>Copies a completed run and its journal so many times, under new numbers and ids.</summary>
    private static async Task CopyAsync(BenchDatabase database, long template, int count)
    {
        var last = await database.NumberAsync("SELECT max(no) FROM runs");
        var (id, numbers) = database.Kind == DatabaseKind.Sqlite
            ? ($"printf('%032x', {last} + i)", "")
            : ($"lpad(to_hex({last} + i), 32, '0')", $"; SELECT setval('runs_no', {last + count})");
        await database.ExecuteAsync($"""
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO runs (no, tenant_id, id, namespace, workflow, version, state, priority, labels, fencing, created_at_ms, updated_at_ms, started_at_ms, ended_at_ms)
            SELECT {last} + i, tenant_id, 'run_' || {id}, namespace, workflow, version, state, priority, labels, fencing, created_at_ms, updated_at_ms, started_at_ms, ended_at_ms
            FROM n CROSS JOIN runs WHERE no = {template};
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta)
            SELECT tenant_id, {last} + i, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta
            FROM n CROSS JOIN journal WHERE run_no = {template}{numbers}
            """);
    }
}
