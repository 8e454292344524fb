using Baton.Engine;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Storage;

/// <summary>Runs of limited workflows begin in turn, whatever database is under them.</summary>
public abstract class TurnContract
{
    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task No_more_are_open_than_the_limit_says_and_an_end_lets_the_next_begin()
    {
        await using var stores = await OpenAsync();
        var limits = ConcurrencyLimits.Of(2);
        var runs = await StartAsync(stores, 4);
        Assert.Equal([TurnResult.Begins, TurnResult.Begins, TurnResult.Waits, TurnResult.Waits], await TakeAsync(stores, limits, _ => ""));
        Assert.Equal(["running", "running", "waiting", "waiting"], await StatesAsync(stores, runs));
        Assert.Null((await RowAsync(stores, runs[2])).StartedAtMs);
        Assert.Equal(new Baton.Client.TurnView(null, 2, null), (await RowAsync(stores, runs[2])).ToView().Turn);
        await EndAsync(stores, runs[1]);
        var claim = Assert.Single(await stores.Runs.ClaimAsync("node", 10));
        Assert.Equal((runs[2], true), (claim.Lease.Run, claim.IsOpen));
        Assert.Null((await RowAsync(stores, runs[2])).ToView().Turn);
    }

    [Fact]
    public async Task A_key_that_is_taken_holds_nobody_else_up()
    {
        await using var stores = await OpenAsync();
        var limits = new ConcurrencyLimits(3, 1, _ => "");
        var runs = await StartAsync(stores, 6);
        // Four of one key, and then others.
        string Key(RunId run) => runs.IndexOf(run) is var i && i < 4 ? "a" : $"k{i}";
        Assert.Equal([TurnResult.Begins, TurnResult.Waits, TurnResult.Waits, TurnResult.Waits, TurnResult.Begins, TurnResult.Begins], await TakeAsync(stores, limits, Key));
        Assert.Equal(new Baton.Client.TurnView("a", 3, 1), (await RowAsync(stores, runs[1])).ToView().Turn);
        await EndAsync(stores, runs[4]);   // room in the workflow, none for the key
        Assert.Empty(await stores.Runs.ClaimAsync("node", 10));
        await EndAsync(stores, runs[0]);
        Assert.Equal(runs[1], Assert.Single(await stores.Runs.ClaimAsync("node", 10)).Lease.Run);
    }

    [Fact]
    public async Task The_most_urgent_is_next()
    {
        await using var stores = await OpenAsync();
        var first = (await StartAsync(stores, 1))[0];
        Assert.Equal([TurnResult.Begins], await TakeAsync(stores, ConcurrencyLimits.Of(1), _ => ""));
        var (calm, urgent) = (Next(stores), Next(stores) with { Priority = 7 });
        foreach (var run in new[] { calm, urgent }) await stores.Runs.StartAsync(Stores.Tenant, run, null);
        await TakeAsync(stores, ConcurrencyLimits.Of(1), _ => "");
        await EndAsync(stores, first);
        Assert.Equal(urgent.Id, Assert.Single(await stores.Runs.ClaimAsync("node", 10)).Lease.Run);
    }

    [Fact]
    public async Task A_waiting_run_hears_a_signal_and_a_request_and_waits_again_or_ends()
    {
        await using var stores = await OpenAsync();
        var limits = ConcurrencyLimits.Of(1);
        var runs = await StartAsync(stores, 3);
        await TakeAsync(stores, limits, _ => "");
        await stores.Runs.SignalAsync(Stores.Tenant, runs[1], "hello", default);
        Assert.Equal([TurnResult.Waits], await TakeAsync(stores, limits, _ => ""));
        Assert.Equal(new ControlResult.Done(RunState.Queued), await stores.Runs.RequestAsync(Stores.Tenant, runs[1], "cancel", null));
        var claim = Assert.Single(await stores.Runs.ClaimAsync("node", 10));
        Assert.Equal(("cancel", false), (claim.Request, claim.IsOpen));
        await EndAsync(stores, runs[1]);
        Assert.Empty(await stores.Runs.ClaimAsync("node", 10));   // what never began frees nothing
        await EndAsync(stores, runs[0]);
        Assert.Equal(runs[2], Assert.Single(await stores.Runs.ClaimAsync("node", 10)).Lease.Run);
    }

    [Fact]
    public async Task One_of_which_something_was_asked_before_it_could_wait_is_claimed_again()
    {
        await using var stores = await OpenAsync();
        var runs = await StartAsync(stores, 2);
        var claims = await stores.Runs.ClaimAsync("node", 10);
        Assert.Equal(TurnResult.Begins, await stores.Runs.TakeTurnAsync(claims[0], ConcurrencyLimits.Of(1), ""));
        await stores.Runs.RequestAsync(Stores.Tenant, claims[1].Lease.Run, "cancel", null);
        Assert.Equal(TurnResult.Waits, await stores.Runs.TakeTurnAsync(claims[1], ConcurrencyLimits.Of(1), ""));
        Assert.Equal("cancel", Assert.Single(await stores.Runs.ClaimAsync("node", 10)).Request);
        Assert.Equal(TurnResult.LeaseLost, await stores.Runs.TakeTurnAsync(claims[1], ConcurrencyLimits.Of(1), ""));
        Assert.Equal(2, runs.Count);
    }

    [Fact]
    public async Task A_run_that_an_open_one_waits_for_begins_although_the_limit_is_reached()
    {
        await using var stores = await OpenAsync();
        var parent = (await StartAsync(stores, 1))[0];
        var claim = Assert.Single(await stores.Runs.ClaimAsync("node", 10));
        Assert.Equal(TurnResult.Begins, await stores.Runs.TakeTurnAsync(claim, ConcurrencyLimits.Of(1), ""));
        foreach (var key in (string?[])["/do/0/child", null])
            await stores.Runs.StartAsync(Stores.Tenant, Next(stores) with { Parent = parent, ParentKey = key }, null);
        Assert.Equal([TurnResult.Begins, TurnResult.Waits], await TakeAsync(stores, ConcurrencyLimits.Of(1), _ => ""));
    }

    [Fact]
    public async Task A_run_taken_back_from_a_node_that_is_gone_keeps_its_turn_and_one_begun_anew_takes_another()
    {
        await using var stores = await OpenAsync();
        var runs = await StartAsync(stores, 2);
        await TakeAsync(stores, ConcurrencyLimits.Of(1), _ => "");
        await stores.Database.WriteAsync(statements => stores.Runs.Rescue(statements, "node"));
        var claim = Assert.Single(await stores.Runs.ClaimAsync("other", 10));
        Assert.Equal((runs[0], true), (claim.Lease.Run, claim.IsOpen));
        Assert.True(await stores.Journal.AppendAsync(claim.Lease, new JournalEntry.StateChanged(1, stores.Time.GetUtcNow(), RunState.Failed, default, new WorkflowError(ErrorTypes.Runtime, 500, "x", "y"))));
        await EndAsync(stores, runs[1], claimFirst: true);
    }

    [Fact]
    public async Task Tenants_have_turns_of_their_own()
    {
        await using var stores = await OpenAsync();
        await StartAsync(stores, 1);
        await stores.Runs.StartAsync(new TenantId("other"), stores.New(), null);
        Assert.Equal([TurnResult.Begins, TurnResult.Begins], await TakeAsync(stores, ConcurrencyLimits.Of(1), _ => ""));
    }

    [Fact]
    public async Task A_tenant_has_no_more_running_than_it_may()
    {
        await using var stores = await OpenAsync();
        var runs = await StartAsync(stores, 5);
        await stores.Runs.StartAsync(new TenantId("other"), stores.New(), null);
        var claims = await Task.WhenAll(Enumerable.Range(0, 4).Select(node => stores.Runs.ClaimAsync($"node-{node}", 10, mostPerTenant: 2).AsTask()));
        Assert.Equal(new Dictionary<string, int> { ["tenant"] = 2, ["other"] = 1 }, claims.SelectMany(some => some).CountBy(claim => claim.Lease.Tenant.Value).ToDictionary());
        Assert.Empty(await stores.Runs.ClaimAsync("node", 10, mostPerTenant: 2));
        Assert.Equal(ParkResult.Parked, await stores.Journal.ParkAsync(claims.SelectMany(some => some).First(claim => claim.Lease.Tenant == Stores.Tenant).Lease, new ParkRequest(null, 0, [], false)));
        Assert.Single(await stores.Runs.ClaimAsync("node", 10, mostPerTenant: 2));
        Assert.Equal(5, runs.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_happens_the_limits_hold_and_nobody_waits_where_there_is_room(int seed)
    {
        await using var stores = await OpenAsync();
        var random = new Random(seed);
        var limits = new ConcurrencyLimits(4, 2, _ => "");
        var keys = new Dictionary<RunId, string>();
        var open = new Dictionary<RunId, RunLease>();
        var left = 60;
        while (left > 0 || open.Count > 0 || keys.Count > 0)
        {
            switch (random.Next(4))
            {
                case 0 when left > 0:
                    var run = stores.New() with { Priority = random.Next(3) };
                    keys[run.Id] = $"k{random.Next(3)}";
                    await stores.Runs.StartAsync(Stores.Tenant, run, null);
                    left--;
                    break;
                case 1 when open.Count > 0:
                    var (ending, lease) = open.ElementAt(random.Next(open.Count));
                    Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(1, stores.Time.GetUtcNow(), RunState.Completed, default, null)));
                    open.Remove(ending);
                    keys.Remove(ending);
                    break;
                case 2 when keys.Count > 0 && random.Next(6) == 0:
                    await stores.Runs.RequestAsync(Stores.Tenant, keys.ElementAt(random.Next(keys.Count)).Key, "cancel", null);
                    break;
                default:
                    var claims = await stores.Runs.ClaimAsync("node", 10);
                    var results = await Task.WhenAll(claims.Where(claim => claim.Request is null && !claim.IsOpen).Select(async claim => (claim.Lease, Result: await stores.Runs.TakeTurnAsync(claim, limits, keys[claim.Lease.Run]))));
                    foreach (var began in results.Where(one => one.Result == TurnResult.Begins)) open[began.Lease.Run] = began.Lease;
                    foreach (var claim in claims.Where(claim => claim.IsOpen || claim.Request is not null)) open[claim.Lease.Run] = claim.Lease;
                    break;
            }
            var active = await stores.Database.ReadAsync(async connection => (await Dapper.SqlMapper.QueryAsync<(string Id, string State, long? Turn, string? Key)>(connection, "SELECT id, state, CAST(turn AS bigint), turn_key FROM runs WHERE state IN ('queued', 'running', 'waiting', 'paused')")).ToList(), CancellationToken.None);
            var (begun, waiting) = (active.Where(one => one.Turn == 2).ToList(), active.Where(one => one.State == "waiting").ToList());
            Assert.InRange(begun.Count, 0, 4);
            foreach (var key in (string[])["k0", "k1", "k2"])
            {
                var holders = active.Count(one => one.Key == key && one.Turn is 1 or 2);
                Assert.InRange(active.Count(one => one.Key == key && one.Turn is 1 or 2), 0, 2);
                Assert.True(holders == 2 || !waiting.Any(one => one.Key == key && one.Turn == 0), $"One of {key} waits for its key, which {holders} have.");
            }
            Assert.True(begun.Count == 4 || !waiting.Any(one => one.Turn == 1), $"One waits for its turn while {begun.Count} are open.");
        }
    }

    internal static async Task<List<RunId>> StartAsync(Stores stores, int count)
    {
        var runs = new List<RunId>();
        while (runs.Count < count)
        {
            var run = Next(stores);
            await stores.Runs.StartAsync(Stores.Tenant, run, null);
            runs.Add(run.Id);
        }
        return runs;
    }

    /// <summary>A run whose id comes after all others'.</summary>
    private static NewRun Next(Stores stores)
    {
        stores.Time.Advance(TimeSpan.FromMilliseconds(1));
        return stores.New();
    }

    /// <summary>Claims all and lets them begin or wait, in the order in which they were started.</summary>
    private static async Task<List<TurnResult>> TakeAsync(Stores stores, ConcurrencyLimits limits, Func<RunId, string> key)
    {
        var results = new List<TurnResult>();
        foreach (var claim in (await stores.Runs.ClaimAsync("node", 100)).OrderBy(claim => claim.Lease.Run.ToString(), StringComparer.Ordinal)) results.Add(await stores.Runs.TakeTurnAsync(claim, limits, key(claim.Lease.Run)));
        return results;
    }

    private static async Task EndAsync(Stores stores, RunId run, bool claimFirst = false)
    {
        if (claimFirst) Assert.Equal(run, Assert.Single(await stores.Runs.ClaimAsync("node", 10)).Lease.Run);
        var fencing = await stores.Database.ReadAsync(connection => Dapper.SqlMapper.ExecuteScalarAsync<long>(connection, "SELECT fencing FROM runs WHERE id = @Id", new { Id = run.ToString() }), CancellationToken.None);
        Assert.True(await stores.Journal.AppendAsync(new RunLease(Stores.Tenant, run, fencing), new JournalEntry.StateChanged(1, stores.Time.GetUtcNow(), RunState.Completed, default, null)));
    }

    private static async Task<RunRow> RowAsync(Stores stores, RunId run) => (await stores.Queries.FindAsync(Stores.Tenant, run, CancellationToken.None))!;

    private static async Task<IEnumerable<string>> StatesAsync(Stores stores, List<RunId> runs)
    {
        var states = new List<string>();
        foreach (var run in runs) states.Add((await RowAsync(stores, run)).State);
        return states;
    }
}

public sealed class TurnsOnSqlite : TurnContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class TurnsOnPostgres : TurnContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();

    [Fact]
    public async Task Nodes_that_take_turns_at_the_same_moment_keep_the_limit_together()
    {
        var url = await Postgres.NewSchemaAsync();
        await using var one = Stores.At(url);
        await using var two = Stores.At(url);
        var limits = ConcurrencyLimits.Of(3);
        await StartAsync(one, 60);
        var done = 0;
        while (done < 60)
        {
            var began = await Task.WhenAll(new[] { one, two }.Select(stores => Task.Run(async () =>
            {
                var begun = new List<(Stores, RunLease)>();
                foreach (var claim in await stores.Runs.ClaimAsync("node", 20))
                {
                    if (claim.IsOpen || await stores.Runs.TakeTurnAsync(claim, limits, "") == TurnResult.Begins) begun.Add((stores, claim.Lease));
                }
                return begun;
            })));
            var open = began.SelectMany(some => some).ToList();
            Assert.InRange(open.Count, 1, 3);
            Assert.All(await Task.WhenAll(open.Select(run => run.Item1.Journal.AppendAsync(run.Item2, new JournalEntry.StateChanged(1, run.Item1.Time.GetUtcNow(), RunState.Completed, default, null)).AsTask())), Assert.True);
            done += open.Count;
        }
    }
}
