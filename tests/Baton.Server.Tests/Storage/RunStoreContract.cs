using Baton.Engine;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Storage;

/// <summary>What every store of runs and definitions must hold to, whatever database is under it.</summary>
public abstract class RunStoreContract
{
    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task A_due_run_is_claimed_by_exactly_one_of_many_workers()
    {
        await using var stores = await OpenAsync();
        for (var i = 0; i < 40; i++) await stores.Runs.StartAsync(Stores.Tenant, stores.New(), null);
        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(worker => stores.Runs.ClaimAsync($"node-{worker}", 5).AsTask()));
        Assert.Equal(40, claims.Sum(some => some.Count));
        Assert.Equal(40, claims.SelectMany(some => some).Select(claim => claim.Lease.Run).Distinct().Count());
    }

    [Fact]
    public async Task The_most_urgent_is_claimed_first_then_the_oldest()
    {
        await using var stores = await OpenAsync();
        var runs = new List<NewRun>();
        foreach (var priority in (int[])[0, 5, 0, -3, 5])
        {
            runs.Add(stores.New() with { Priority = priority });
            await stores.Runs.StartAsync(Stores.Tenant, runs[^1], null);
        }
        var order = new List<RunId>();
        while (await stores.Runs.ClaimAsync("node", 1) is [var claim]) order.Add(claim.Lease.Run);
        Assert.Equal(((int[])[1, 4, 0, 2, 3]).Select(i => runs[i].Id), order);
    }

    [Fact]
    public async Task A_sleeping_run_wakes_when_its_time_has_come_and_not_before()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync();
        var wake = stores.Time.GetUtcNow().AddMinutes(5);
        Assert.Equal(ParkResult.Parked, await stores.Journal.ParkAsync(lease, new ParkRequest(wake, 0, [], false)));
        Assert.Equal((0, wake), await stores.Runs.WakeAsync());
        stores.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((1, null), await stores.Runs.WakeAsync());
        Assert.Single(await stores.Runs.ClaimAsync("node", 10));
    }

    [Fact]
    public async Task A_request_reaches_a_run_wherever_it_is_and_an_end_is_an_end()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync();
        Assert.Equal(new ControlResult.Done(RunState.Running), await stores.Runs.RequestAsync(Stores.Tenant, lease.Run, "pause", "why"));
        Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(1, stores.Time.GetUtcNow(), RunState.Paused, default, null)));
        Assert.Equal(new ControlResult.Refused(RunState.Paused, "pause"), await stores.Runs.RequestAsync(Stores.Tenant, lease.Run, "pause", null));
        Assert.Equal(new ControlResult.Done(RunState.Queued), await stores.Runs.RequestAsync(Stores.Tenant, lease.Run, "cancel", "enough"));
        var claim = Assert.Single(await stores.Runs.ClaimAsync("node", 10));
        Assert.Equal(("cancel", "enough"), (claim.Request, claim.Reason));
        Assert.True(await stores.Journal.AppendAsync(claim.Lease, new JournalEntry.StateChanged(2, stores.Time.GetUtcNow(), RunState.Cancelled, default, null)));
        Assert.Equal(new ControlResult.Refused(RunState.Cancelled, "resume"), await stores.Runs.ResumeAsync(Stores.Tenant, lease.Run));
        Assert.Equal(new ControlResult.Refused(RunState.Cancelled, "signal"), await stores.Runs.SignalAsync(Stores.Tenant, lease.Run, "x", default));
        Assert.Equal(new ControlResult.UnknownRun(), await stores.Runs.ResumeAsync(new TenantId("other"), lease.Run));
    }

    [Fact]
    public async Task A_key_starts_one_run_for_each_tenant()
    {
        await using var stores = await OpenAsync();
        var key = new IdempotencyKey("k", "hash");
        var first = Assert.IsType<StartResult.Started>(await stores.Runs.StartAsync(Stores.Tenant, stores.New() with { Idempotency = key }, null));
        await stores.ReopenAsync();
        Assert.Equal(new StartResult.AlreadyStarted(first.Id), await stores.Runs.StartAsync(Stores.Tenant, stores.New() with { Idempotency = key }, null));
        Assert.Equal(new StartResult.KeyReused(first.Id), await stores.Runs.StartAsync(Stores.Tenant, stores.New() with { Idempotency = key with { RequestHash = "other" } }, null));
        Assert.IsType<StartResult.Started>(await stores.Runs.StartAsync(new TenantId("other"), stores.New() with { Idempotency = key }, null));
    }

    [Fact]
    public async Task What_fails_in_a_batch_takes_back_all_of_itself_and_nothing_of_others()
    {
        await using var stores = await OpenAsync();
        var run = stores.New();
        await stores.Runs.StartAsync(Stores.Tenant, run, null);
        var (good, bad, after) = (stores.Runs.StartAsync(Stores.Tenant, stores.New(), null).AsTask(), stores.Runs.StartAsync(Stores.Tenant, run with { Idempotency = new IdempotencyKey("taken-back", "h") }, null).AsTask(), stores.Runs.StartAsync(Stores.Tenant, stores.New(), null).AsTask());
        await Assert.ThrowsAnyAsync<Exception>(() => bad);
        await Task.WhenAll(good, after);
        // The key that came before the failing row is free again.
        Assert.IsType<StartResult.Started>(await stores.Runs.StartAsync(Stores.Tenant, stores.New() with { Idempotency = new IdempotencyKey("taken-back", "h") }, null));
        Assert.Equal(4, (await stores.Runs.ClaimAsync("node", 10)).Count);
    }

    [Fact]
    public async Task A_definition_never_changes_and_belongs_to_its_tenant()
    {
        await using var stores = await OpenAsync();
        Assert.IsType<RegisterResult.Registered>(await stores.Definitions.RegisterAsync(Stores.Tenant, Stores.Workflow, "h1", "one"));
        Assert.IsType<RegisterResult.Unchanged>(await stores.Definitions.RegisterAsync(Stores.Tenant, Stores.Workflow, "h1", "one"));
        Assert.Equal(new RegisterResult.OtherContent("h1"), await stores.Definitions.RegisterAsync(Stores.Tenant, Stores.Workflow, "h2", "two"));
        Assert.Equal("one", (await stores.Definitions.GetAsync(Stores.Tenant, Stores.Workflow, CancellationToken.None))!.Document);
        Assert.Null(await stores.Definitions.GetAsync(new TenantId("other"), Stores.Workflow, CancellationToken.None));
        Assert.Empty(await stores.Definitions.ListAsync(new TenantId("other"), new WorkflowRef("", "", ""), 10, CancellationToken.None));
    }

    [Fact]
    public async Task Of_versions_alike_the_one_registered_last_is_first_even_when_the_clock_stands_still()
    {
        await using var stores = await OpenAsync();
        foreach (var version in (string[])["0.1.0+b", "0.1.0+c", "0.1.0", "0.1.0+a"]) await stores.Definitions.RegisterAsync(Stores.Tenant, Stores.Workflow with { Version = version }, version, version);
        Assert.Equal(["0.1.0+a", "0.1.0", "0.1.0+c", "0.1.0+b"], (await stores.Definitions.VersionsAsync(Stores.Tenant, "test", "flow", CancellationToken.None)).Select(one => one.Version));
    }
}

public sealed class RunStoreOnSqlite : RunStoreContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class RunStoreOnPostgres : RunStoreContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();
}
