using Baton.Server.Gateway;
using Baton.Server.Tests.Storage;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Accounting;

public sealed class UsageWriterTests
{
    private const int Many = UsageWriter.Capacity + 3_000;

    [Fact]
    public async Task While_the_database_is_away_rows_are_dropped_and_counted_but_no_money_is()
    {
        await using var stores = await Stores.OnSqliteAsync();
        var store = new UsageStore(stores.Database);
        using var log = new CapturedLog();
        using var writer = Writer(store, stores, log);
        await RenameAsync(stores, "usage_daily", "away");
        void Call(int i) => writer.Record(UsageContract.Call(stores.Time.GetUtcNow(), key: $"key {i % 7}"));
        for (var i = 0; i < UsageWriter.Capacity; i++) Call(i);
        await Assert.ThrowsAnyAsync<Exception>(() => writer.RunOnceAsync());   // what it took is kept, and leaves room
        for (var i = UsageWriter.Capacity; i < Many; i++) Call(i);
        Assert.InRange(writer.Dropped, 1, 2_999);
        for (var i = 0; i < 3; i++) await Assert.ThrowsAnyAsync<Exception>(() => writer.RunOnceAsync());
        await RenameAsync(stores, "away", "usage_daily");
        while (await writer.RunOnceAsync()) { }

        var all = new UsageFilter(0, 4_000_000_000_000 / RollUp.DayMs * RollUp.DayMs);
        foreach (var by in new[] { "key", "hour" })   // days, and hours
        {
            var sums = await store.SumAsync(Stores.Tenant, all, by, null, 100, CancellationToken.None);
            Assert.Equal((Many, Many * 5L, Many * 30L), (sums.Sum(group => group.Requests), sums.Sum(group => group.CostMicros), sums.Sum(group => group.InputTokens)));
        }
        Assert.Equal(Many - writer.Dropped, await CountAsync(store, all));
    }

    [Fact]
    public async Task What_is_recorded_while_it_is_written_is_written_once()
    {
        await using var stores = await Stores.OnSqliteAsync();
        var store = new UsageStore(stores.Database);
        using var log = new CapturedLog();
        using var writer = Writer(store, stores, log);
        var recording = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await Task.Yield();
            for (var i = 0; i < 5_000; i++) writer.Record(UsageContract.Call(stores.Time.GetUtcNow()));
        }));
        while (!recording.IsCompleted) await writer.RunOnceAsync();
        while (await writer.RunOnceAsync()) { }
        var all = Assert.Single(await store.SumAsync(Stores.Tenant, new UsageFilter(0, 4_000_000_000_000 / RollUp.DayMs * RollUp.DayMs), "model", null, 100, CancellationToken.None));
        Assert.Equal((20_000L, 20_000L * 37), (all.Requests, all.InputTokens + all.OutputTokens));
    }

    [Fact]
    public void Sums_in_memory_have_a_bound_and_stay_whole()
    {
        var sums = new RollUp();
        var at = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < RollUp.MaxRows + 500; i++) sums.Add(UsageContract.Call(at, key: $"key {i}"));
        Assert.Equal(RollUp.MaxRows + 1, sums.Rows.Count);
        Assert.Equal((RollUp.MaxRows + 500) * 5L, sums.Rows.Values.Sum(row => row.CostMicros));
    }

    private static ValueTask<bool> RenameAsync(Stores stores, string from, string to) => stores.Database.WriteAsync(statements =>
    {
        statements.RunScript($"ALTER TABLE {from} RENAME TO {to}");
        return true;
    });

    private static async Task<long> CountAsync(UsageStore store, UsageFilter all) => (await store.ListAsync(Stores.Tenant, all, null, "", null, 100_000, CancellationToken.None)).Count;

    private static UsageWriter Writer(UsageStore store, Stores stores, CapturedLog log) => new(store, Microsoft.Extensions.Options.Options.Create(new UsageOptions()), stores.Time, log.For<UsageWriter>());
}
