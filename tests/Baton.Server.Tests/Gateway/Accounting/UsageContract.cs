using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Gateway;
using Baton.Server.Storage;
using Baton.Server.Tests.Storage;

namespace Baton.Server.Tests.Gateway.Accounting;

/// <summary>What usage must hold to, whatever database is under it.</summary>
public abstract class UsageContract
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 22, 30, 0, TimeSpan.Zero);

    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task Sums_are_added_to_from_all_sides_and_hours_and_days_agree()
    {
        await using var stores = await OpenAsync();
        var (one, other) = (new UsageStore(stores.Database), new UsageStore(stores.Database));   // two nodes
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => AddAsync(i % 2 == 0 ? one : other, Call(Start.AddMinutes(i * 17), model: i % 4 == 0 ? "a" : "b", cost: i))));

        var filter = new UsageFilter(Ms(Start.AddMinutes(-30)), Ms(Start.AddDays(2)));
        foreach (var by in new[] { "hour", "day", "model", "key", "team", "target" })
        {
            var sums = await one.SumAsync(Stores.Tenant, filter, by, null, 100, CancellationToken.None);
            Assert.Equal((40, 780, 40 * 30), (sums.Sum(group => group.Requests), sums.Sum(group => group.CostMicros), sums.Sum(group => group.InputTokens)));
            Assert.Equal(sums.Select(group => group.Name).Order(StringComparer.Ordinal), sums.Select(group => group.Name));
        }
        Assert.Equal([("a", 10L), ("b", 30L)], (await one.SumAsync(Stores.Tenant, filter, "model", null, 100, CancellationToken.None)).Select(group => (group.Name, group.Requests)));
        Assert.Equal([("b", 30L)], (await one.SumAsync(Stores.Tenant, filter, "model", "a", 100, CancellationToken.None)).Select(group => (group.Name, group.Requests)));
        Assert.Equal(2, (await one.SumAsync(Stores.Tenant, filter, "day", null, 100, CancellationToken.None)).Count);
        Assert.Equal(10, (await one.SumAsync(Stores.Tenant, filter with { Model = "a" }, "hour", null, 100, CancellationToken.None)).Sum(group => group.Requests));
        // Whole days are read by their own rows, what is before and behind them by hours: cut anywhere, nothing is missing or twice.
        for (var cut = 0; cut < 50; cut += 7)
        {
            var at = filter.FromMs + (cut * RollUp.HourMs);
            var (before, behind) = (await one.SumAsync(Stores.Tenant, filter with { ToMs = at }, "model", null, 100, CancellationToken.None), await one.SumAsync(Stores.Tenant, filter with { FromMs = at }, "model", null, 100, CancellationToken.None));
            Assert.Equal(40, before.Sum(group => group.Requests) + behind.Sum(group => group.Requests));
        }
        Assert.Empty(await one.SumAsync(new TenantId("other"), filter, "model", null, 100, CancellationToken.None));
    }

    [Fact]
    public async Task However_a_question_is_put_and_narrowed_it_has_the_calls_that_it_concerns()
    {
        await using var stores = await OpenAsync();
        var store = new UsageStore(stores.Database);
        var calls = Enumerable.Range(0, 200).Select(i => Call(Start.AddMinutes(i * 23), $"m{i % 2}", $"k{i % 3}", cost: i) with { Team = i % 5 < 2 ? $"t{i % 5}" : null, Target = $"h{i % 4}" }).ToList();
        foreach (var some in calls.Chunk(30)) await AddAsync(store, some);
        await CheckAsync();
        // A database of a version that did not have the sums by one thing.
        await stores.Database.WriteAsync(statements =>
        {
            statements.RunScript("DROP TABLE usage_sums");
            statements.RunScript(Migrator.Scripts(stores.Database.Dialect == Server.Storage.Dialect.Sqlite ? "sqlite" : "postgres").Single(script => script.Contains("CREATE TABLE usage_sums", StringComparison.Ordinal)));
            return true;
        });
        await CheckAsync();

        async Task CheckAsync()
        {
            var all = new UsageFilter(Ms(Start.AddHours(3)), Ms(Start.AddDays(3)));
            foreach (var filter in (UsageFilter[])[all, all with { Model = "m1" }, all with { Key = "k2" }, all with { Team = "t0" }, all with { Target = "h3" }, all with { Model = "m1", Key = "k0" }, all with { Team = "t1", Target = "h1" }])
            {
                foreach (var by in new[] { "hour", "day", "model", "key", "team", "target" })
                {
                    var expected = calls.Where(call => Concerns(filter, call)).GroupBy(call => NameOf(call, by), StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => (group.Key, (long)group.Count(), group.Sum(call => call.CostMicros)));
                    Assert.Equal(expected, (await store.SumAsync(Stores.Tenant, filter, by, null, 1_000, CancellationToken.None)).Select(sums => (sums.Name, sums.Requests, sums.CostMicros)));
                }
            }
        }

        static bool Concerns(UsageFilter filter, UsageRecord call) => call.At.ToUnixTimeMilliseconds() >= filter.FromMs && call.At.ToUnixTimeMilliseconds() < filter.ToMs
            && Fits(filter.Model, call.Model) && Fits(filter.Key, call.Key) && Fits(filter.Team, call.Team) && Fits(filter.Target, call.Target);

        static bool Fits(string wanted, string? has) => wanted.Length == 0 || wanted == has;

        static string NameOf(UsageRecord call, string by) => by switch
        {
            "model" => call.Model,
            "key" => call.Key,
            "team" => call.Team ?? "",
            "target" => call.Target,
            _ => $"{call.At.ToUnixTimeMilliseconds() / (by == "hour" ? RollUp.HourMs : RollUp.DayMs) * (by == "hour" ? RollUp.HourMs : RollUp.DayMs)}",
        };
    }

    [Fact]
    public async Task Single_calls_are_listed_the_newest_first_page_by_page_and_by_run()
    {
        await using var stores = await OpenAsync();
        var store = new UsageStore(stores.Database);
        var calls = Enumerable.Range(0, 12).Select(i => Call(Start.AddSeconds(i / 3), run: i % 2 == 0 ? "run_1" : null, outcome: i == 5 ? CallOutcome.Broken : CallOutcome.Completed, key: "k\0'\"")).ToList();
        await AddAsync(store, [.. calls]);

        var filter = new UsageFilter(0, Ms(Start.AddDays(1)));
        var (seen, before) = (new List<UsageRow>(), ((long, string)?)null);
        while (await store.ListAsync(Stores.Tenant, filter, null, "", before, 5, CancellationToken.None) is { Count: > 0 } page)
        {
            seen.AddRange(page);
            before = (page[^1].AtMs, page[^1].Id);
        }
        Assert.Equal(calls.OrderByDescending(call => call.At).ThenByDescending(call => call.Id, StringComparer.Ordinal).Select(call => call.Id), seen.Select(row => row.Id));
        Assert.Equal(6, (await store.ListAsync(Stores.Tenant, filter, "run_1", "", null, 50, CancellationToken.None)).Count);
        var broken = Assert.Single(await store.ListAsync(Stores.Tenant, filter, null, "broken", null, 50, CancellationToken.None));
        Assert.Equal(("k\uFFFD'\"", 1L, 250L, 30L, 4L, 200L), (broken.KeyName, broken.IsEstimated, broken.FirstByteMs!.Value, broken.InputTokens, broken.ReasoningTokens, broken.Status));
        Assert.Empty(await store.ListAsync(new TenantId("other"), filter, null, "", null, 50, CancellationToken.None));
    }

    [Fact]
    public async Task What_has_been_kept_for_long_enough_is_removed()
    {
        await using var stores = await OpenAsync();
        var store = new UsageStore(stores.Database);
        var now = stores.Time.GetUtcNow();
        await AddAsync(store, [.. Enumerable.Range(0, 1_500).Select(_ => Call(now.AddDays(-31)))]);
        await AddAsync(store, Call(now.AddDays(-401)), Call(now));
        using var retention = new UsageRetention(store, new LeaderLease(stores.Time), Microsoft.Extensions.Options.Options.Create(new UsageOptions()), stores.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<UsageRetention>.Instance);
        Assert.Equal(1_502, await retention.RunOnceAsync(CancellationToken.None));   // the calls, and one hour
        Assert.Equal(1_501, (await store.SumAsync(Stores.Tenant, new UsageFilter(0, Ms(now.AddDays(1))), "hour", null, 50, CancellationToken.None)).Sum(hour => hour.Requests));
        Assert.Equal(0, await retention.RunOnceAsync(CancellationToken.None));
        Assert.Single(await store.ListAsync(Stores.Tenant, new UsageFilter(0, Ms(now.AddDays(1))), null, "", null, 50, CancellationToken.None));
        Assert.Equal(1_502, (await store.SumAsync(Stores.Tenant, new UsageFilter(0, Ms(now.AddDays(1)) / RollUp.DayMs * RollUp.DayMs + RollUp.DayMs), "day", null, 50, CancellationToken.None)).Sum(day => day.Requests));
    }

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / RollUp.HourMs * RollUp.HourMs;

    private static Task AddAsync(UsageStore store, params UsageRecord[] calls)
    {
        var sums = new RollUp();
        foreach (var call in calls) sums.Add(call);
        return store.AddAsync(calls, sums);
    }

    internal static UsageRecord Call(DateTimeOffset at, string model = "a", string key = "key", string? run = null, long cost = 5, CallOutcome outcome = CallOutcome.Completed) => new(
        $"req_{Guid.CreateVersion7(at):N}", at, Stores.Tenant, key, null, run, run is null ? null : "/do/0/ask", "/chat/completions", model, model, "t0", "upstream", 1, TokenUsage.Within(30, 20, 7, 4), outcome == CallOutcome.Broken, cost,
        TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), outcome, 200);
}

public sealed class UsageOnSqlite : UsageContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class UsageOnPostgres : UsageContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();
}
