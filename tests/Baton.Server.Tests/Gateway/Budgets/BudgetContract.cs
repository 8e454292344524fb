using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Gateway;
using Baton.Server.Storage;
using Baton.Server.Tests.Storage;

namespace Baton.Server.Tests.Gateway.Budgets;

/// <summary>What budgets are lent and reported, whatever database is under them.</summary>
public abstract class BudgetContract
{
    private static readonly BudgetSpan Total = new(DateTimeOffset.UnixEpoch, null);

    internal abstract Task<string> AddressAsync(TemporaryFolder folder);

    [Fact]
    public async Task A_slice_is_lent_as_far_as_there_is_money_and_what_is_given_back_can_be_lent_again()
    {
        await using var world = await World.OpenAsync(this);
        var (one, two) = (world.Process("one"), world.Process("two"));
        var budget = await world.PutAsync(100);
        Assert.Equal(new SliceGrant(60, 40, 0, 100), await ReportAsync(one, budget, 0, 60));
        Assert.Equal(new SliceGrant(40, 0, 60, 100), await ReportAsync(two, budget, 0, 60));
        Assert.Equal(new SliceGrant(60, 0, 40, 100), await ReportAsync(one, budget, 10, 80));
        Assert.Equal(new SliceGrant(10, 50, 40, 100), await ReportAsync(one, budget, 10, 10));
        Assert.Equal(new SliceGrant(90, 0, 0, 100), await ReportAsync(two, budget, 0, 200));
        Assert.Equal(new BudgetState(10, 90, 0), await one.StateAsync(budget, Total.Start, CancellationToken.None));
    }

    [Fact]
    public async Task What_is_told_twice_counts_once_and_what_was_told_too_high_is_taken_back()
    {
        await using var world = await World.OpenAsync(this);
        var process = world.Process("one");
        var budget = await world.PutAsync(100);
        foreach (var spent in (long[])[30, 30, 50, 20, 20]) await ReportAsync(process, budget, spent, 60);
        Assert.Equal(new BudgetState(20, 40, 0), await process.StateAsync(budget, Total.Start, CancellationToken.None));
        await ReportAsync(process, budget, 75, 75);   // one chunk over what it was lent
        Assert.Equal(new BudgetState(75, 0, 0), await process.StateAsync(budget, Total.Start, CancellationToken.None));
    }

    [Fact]
    public async Task What_a_dead_process_had_at_hand_counts_as_spent_until_somebody_knows_better()
    {
        await using var world = await World.OpenAsync(this);
        var (dead, alive) = (world.Process("dead"), world.Process("alive"));
        var budget = await world.PutAsync(100);
        await ReportAsync(dead, budget, 10, 50);
        Assert.Equal(0, await world.Database.WriteAsync(statements => alive.TakeOver(statements, "dead")));
        Assert.Equal(new SliceGrant(50, 0, 0, 100), await ReportAsync(alive, budget, 0, 100));   // no living process could give anything back
        Assert.Equal(new BudgetState(10, 50, 40), await alive.StateAsync(budget, Total.Start, CancellationToken.None));
        Assert.Equal(15, await alive.ReconcileAsync(budget, Total.Start, 15));
        Assert.Equal(new BudgetState(25, 50, 0), await alive.StateAsync(budget, Total.Start, CancellationToken.None));
        Assert.Equal(new SliceGrant(75, 0, 0, 100), await ReportAsync(alive, budget, 0, 100));
    }

    [Fact]
    public async Task A_process_that_was_only_taken_for_dead_tells_what_it_spent_and_nothing_is_uncertain()
    {
        await using var world = await World.OpenAsync(this);
        var (paused, other) = (world.Process("paused"), world.Process("other"));
        var budget = await world.PutAsync(100);
        await ReportAsync(paused, budget, 10, 50);
        await world.Database.WriteAsync(statements => other.TakeOver(statements, "paused"));
        await ReportAsync(paused, budget, 45, 50);
        Assert.Equal(new BudgetState(45, 5, 0), await other.StateAsync(budget, Total.Start, CancellationToken.None));
    }

    [Fact]
    public async Task A_process_that_ends_leaves_nothing_behind_but_what_it_spent()
    {
        await using var world = await World.OpenAsync(this);
        var (first, second) = (world.Process("node"), world.Process("node"));
        var budget = await world.PutAsync(100);
        await ReportAsync(first, budget, 10, 50);
        await first.CloseAsync([new SliceReport(new BudgetAccount(budget, Total), 12, 12)]);
        await world.Database.WriteAsync(statements => second.TakeOver(statements, "node"));
        Assert.Equal(new BudgetState(12, 0, 0), await second.StateAsync(budget, Total.Start, CancellationToken.None));
    }

    [Fact]
    public async Task A_lowered_limit_lends_nothing_more_and_a_raised_one_does()
    {
        await using var world = await World.OpenAsync(this);
        var process = world.Process("one");
        var budget = await world.PutAsync(100);
        await ReportAsync(process, budget, 40, 60);
        Assert.Equal(budget.Id, (await world.PutAsync(30)).Id);
        Assert.Equal(new SliceGrant(40, -10, 0, 30), await ReportAsync(process, budget, 40, 40));
        Assert.Equal(new SliceGrant(40, -10, 0, 30), await ReportAsync(process, budget, 40, 90));
        await world.PutAsync(70);
        Assert.Equal(new SliceGrant(70, 0, 0, 70), await ReportAsync(process, budget, 40, 90));
    }

    [Fact]
    public async Task A_budget_that_is_made_again_or_gets_another_period_begins_anew_and_late_reports_do_not_touch_it()
    {
        await using var world = await World.OpenAsync(this);
        var process = world.Process("one");
        var old = await world.PutAsync(100);
        await ReportAsync(process, old, 40, 60);
        Assert.True(await process.RemoveAsync(old.Tenant, old.Name));
        Assert.False(await process.RemoveAsync(old.Tenant, old.Name));
        var made = await world.PutAsync(100);
        Assert.NotEqual(old.Id, made.Id);
        Assert.Null(await ReportAsync(process, old, 50, 60));
        Assert.Equal(new BudgetState(0, 0, 0), await process.StateAsync(made, Total.Start, CancellationToken.None));
        Assert.NotEqual(made.Id, (await world.PutAsync(100, BudgetPeriod.Day)).Id);
    }

    [Fact]
    public async Task Budgets_of_one_name_belong_to_their_tenants()
    {
        await using var world = await World.OpenAsync(this);
        var process = world.Process("one");
        var (mine, yours) = (await world.PutAsync(1), await world.PutAsync(2, tenant: "b"));
        Assert.Equal([mine], await process.ListAsync(mine.Tenant, CancellationToken.None));
        Assert.Equal([yours], await process.ListAsync(yours.Tenant, CancellationToken.None));
        Assert.True(await process.RemoveAsync(yours.Tenant, "budget"));
        Assert.Equal([mine], await process.AllAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Processes_that_take_slices_at_the_same_moment_never_have_more_than_the_limit()
    {
        await using var world = await World.OpenAsync(this);
        var budget = await world.PutAsync(1_000);
        var processes = Enumerable.Range(0, 4).Select(i => world.Process($"p{i}")).ToList();
        var held = await Task.WhenAll(processes.Select((process, i) => Task.Run(async () =>
        {
            var (random, spent, ceiling) = (new Random(i), 0L, 0L);
            for (var step = 0; step < 60; step++)
            {
                spent += random.NextInt64(0, ceiling - spent + 1) / 4;
                ceiling = (await ReportAsync(process, budget, spent, spent + random.Next(0, 90)))!.Ceiling;
            }
            return (spent, ceiling);
        })));
        var state = await processes[0].StateAsync(budget, Total.Start, CancellationToken.None);
        Assert.Equal((held.Sum(one => one.spent), held.Sum(one => one.ceiling - one.spent)), (state.Spent, state.Lent));
        Assert.InRange(held.Sum(one => one.ceiling), 1, 1_000);
    }

    private static async Task<SliceGrant?> ReportAsync(BudgetStore process, Budget budget, long spent, long wanted) => Assert.Single(await process.ReportAsync([new SliceReport(new BudgetAccount(budget, Total), spent, wanted)]));

    private sealed class World : IAsyncDisposable
    {
        private readonly TemporaryFolder folder = new();

        public Database Database { get; private set; } = null!;

        public static async Task<World> OpenAsync(BudgetContract contract)
        {
            var world = new World();
            world.Database = Storage(await contract.AddressAsync(world.folder));
            return world;
        }

        public BudgetStore Process(string node) => new(Database, new Node(node), TimeProvider.System);

        public async Task<Budget> PutAsync(long limit, BudgetPeriod period = BudgetPeriod.Total, string tenant = "a")
        {
            var budget = new Budget($"bud_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}", new TenantId(tenant), "budget", null, null, "m", period, limit);
            return budget with { Id = await Process("admin").PutAsync(budget) };
        }

        public async ValueTask DisposeAsync()
        {
            await Database.DisposeAsync();
            folder.Dispose();
        }

        private static Database Storage(string address) => Database.Open(address, new StorageOptions(), "node");
    }
}

public sealed class BudgetsOnSqlite : BudgetContract
{
    internal override Task<string> AddressAsync(TemporaryFolder folder) => Task.FromResult(folder["baton.db"]);
}

public sealed class BudgetsOnPostgres : BudgetContract
{
    internal override Task<string> AddressAsync(TemporaryFolder folder) => Postgres.NewSchemaAsync();
}
