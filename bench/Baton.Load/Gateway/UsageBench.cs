using System.Diagnostics;
using Baton.Engine;
using Baton.Server.Gateway;

namespace Baton.Load;

/// <summary>How long questions about usage take, asked as anybody would, when ten million calls have been accounted for.</summary>
internal static class UsageBench
{
    public const string Scenario = "usage";

    private const int Days = 365, Models = 5, TargetsOfModel = 2, Keys = 20, Teams = 4, Calls = 10_000_000, WarmUps = 5, Rounds = 21;

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
            var to = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / RollUp.HourMs * RollUp.HourMs;
            await FillAsync(database, to - (Days * RollUp.DayMs));
            await using var server = await ServerProcess.StartAsync(database);
            foreach (var (period, from) in new[] { ("a year", to - (Days * RollUp.DayMs) + RollUp.HourMs), ("30 days", to - (30 * RollUp.DayMs) + RollUp.HourMs) })
            {
                foreach (var by in Groups) rows.Add(await MeasureAsync(server, subject, $"{period} by {by}", ("by", by), ("from", Time(from)), ("to", Time(to))));
                rows.Add(await MeasureAsync(server, subject, $"{period} by day, one key", ("by", "day"), ("key", "key-7"), ("from", Time(from)), ("to", Time(to))));
                rows.Add(await MeasureAsync(server, subject, $"{period} by model, one key", ("by", "model"), ("key", "key-7"), ("from", Time(from)), ("to", Time(to))));
            }
            rows.Add(await MeasureAsync(server, subject, "a week by hour", ("by", "hour"), ("from", Time(to - (7 * RollUp.DayMs))), ("to", Time(to))));
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

    /// <summary>Accounts for the calls as the gateway does, a day of them at a time.</summary>
    private static async Task FillAsync(BenchDatabase database, long from)
    {
        await using var bench = await EngineBench.StartAsync(database);
        const int InDay = Calls / Days;
        for (var day = 0; day < Days; day++)
        {
            var sums = new RollUp();
            for (var i = 0; i < InDay; i++) sums.Add(Call(DateTimeOffset.FromUnixTimeMilliseconds(from + (day * RollUp.DayMs) + (i * RollUp.DayMs / InDay)), i));
            await bench.Usage.AddAsync([], sums);
        }
    }

    private static UsageRecord Call(DateTimeOffset at, int i)
    {
        var (target, key) = (i % (Models * TargetsOfModel), i / (Models * TargetsOfModel) % Keys);
        var model = $"model-{target / TargetsOfModel}";
        return new UsageRecord(
            "", at, TenantId.Default, $"key-{key}", $"team-{key % Teams}", null, null, "/v1/chat/completions", model, model, $"host-{target}", model, 1, new TokenUsage(1_200 + (i % 100), 300, 0, 250 + (i % 50), 0), false, 5_000 + (i % 1_000),
            TimeSpan.FromMilliseconds(400), TimeSpan.FromMilliseconds(3_000), i % 50 == 0 ? CallOutcome.Failed : CallOutcome.Completed, 200);
    }

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("O");
}
