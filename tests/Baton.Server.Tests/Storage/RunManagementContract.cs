using System.Text;
using Baton.Engine;
using Baton.Server.Storage;
using Baton.Server.Workflows;
using Dapper;

namespace Baton.Server.Tests.Storage;

/// <summary>What retrying, forking, removing and moving runs must hold to, whatever database is under it.</summary>
public abstract class RunManagementContract
{
    private static readonly WorkflowError Broken = new(ErrorTypes.Runtime, 500, "Runtime Error", "broken", "b", "generic");

    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task A_failed_run_is_queued_again_with_what_failed_to_be_performed_again()
    {
        await using var stores = await OpenAsync();
        var lease = await FailedAsync(stores);
        Assert.IsType<RevivalResult.Revived>(await stores.Keeper.RetryAsync(Stores.Tenant, lease.Run, null));
        Assert.Equal(new RevivalResult.IllegalState(RunState.Queued), await stores.Keeper.RetryAsync(Stores.Tenant, lease.Run, null));
        var claim = Assert.Single(await stores.Runs.ClaimAsync("node", 10));
        Assert.True(claim.Lease.Fencing > lease.Fencing);
        var history = (await stores.Journal.ReadAsync(claim.Lease, CancellationToken.None))!;
        Assert.Equal(2, Assert.IsType<JournalEntry.RunRetried>(history.Entries[^1]).From);
        Assert.Equal(4, history.Entries[^1].Seq);
        Assert.False(await stores.Journal.AppendAsync(lease, stores.Step(9)));
        Assert.Equal(new RevivalResult.UnknownRun(), await stores.Keeper.RetryAsync(new TenantId("other"), lease.Run, null));
    }

    [Fact]
    public async Task A_retry_takes_the_failed_children_along()
    {
        await using var stores = await OpenAsync();
        var parent = await stores.StartOwnedAsync();
        var child = RunId.New(stores.Time);
        await stores.Journal.AppendAsync(parent, new JournalEntry.ChildStarted(1, stores.Time.GetUtcNow(), "c", child, Stores.Workflow, "{}"u8.ToArray(), false));
        var claim = Assert.Single(await stores.Runs.ClaimAsync("node", 10));
        await stores.Journal.AppendAsync(claim.Lease, new JournalEntry.StepFailed(1, stores.Time.GetUtcNow(), "b", Broken, stores.Time.GetUtcNow(), 1, null));
        await stores.Journal.AppendAsync(claim.Lease, new JournalEntry.StateChanged(2, stores.Time.GetUtcNow(), RunState.Failed, default, Broken));
        var mail = Assert.Single(await stores.Journal.ReadInboxAsync(parent, 0, CancellationToken.None));
        await stores.Journal.AppendAsync(parent, new JournalEntry.ChildEnded(2, stores.Time.GetUtcNow(), "c", RunState.Failed, default, Broken, mail.No));
        await stores.Journal.AppendAsync(parent, new JournalEntry.StateChanged(3, stores.Time.GetUtcNow(), RunState.Failed, default, Broken));
        Assert.IsType<RevivalResult.Revived>(await stores.Keeper.RetryAsync(Stores.Tenant, parent.Run, null));
        Assert.Equal(new[] { parent.Run, child }.Order(Comparer<RunId>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))), (await stores.Runs.ClaimAsync("node", 10)).Select(one => one.Lease.Run).Order(Comparer<RunId>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))));
    }

    [Fact]
    public async Task A_fork_begins_as_its_source_and_shares_its_payloads_until_both_are_gone()
    {
        await using var stores = await OpenAsync();
        var large = $"\"{new string('x', 100_000)}\"";
        var lease = await stores.StartOwnedAsync(large);
        await stores.Journal.AppendAsync(lease, stores.Step(1, large, "a"));
        await stores.Journal.AppendAsync(lease, stores.Step(2, key: "b"));
        await EndAsync(stores, lease, 3);
        var fork = new ForkToMake(RunId.New(stores.Time), lease.Run, null, "b", null, null, new Dictionary<string, string> { ["k"] = "v" });
        Assert.IsType<ForkResult.Forked>(await stores.Keeper.ForkAsync(Stores.Tenant, fork));
        Assert.IsType<ForkResult.UnknownStep>(await stores.Keeper.ForkAsync(Stores.Tenant, fork with { Id = RunId.New(stores.Time), Step = "nothing" }));
        Assert.IsType<ForkResult.UnknownRun>(await stores.Keeper.ForkAsync(new TenantId("other"), fork with { Id = RunId.New(stores.Time) }));
        Assert.Equal(1, await CountAsync(stores, "SELECT count(*) FROM payloads"));

        Assert.Equal(1, await stores.Keeper.RemoveAsync([(Stores.Tenant, lease.Run)]));
        var claim = Assert.Single(await stores.Runs.ClaimAsync("node", 10));
        var history = (await stores.Journal.ReadAsync(claim.Lease, CancellationToken.None))!;
        Assert.Equal([0, 1, 2], history.Entries.Select(entry => entry.Seq));
        Assert.Equal(large, Encoding.UTF8.GetString(((JournalEntry.StepCompleted)history.Entries[1]).Output.Span));
        Assert.Equal((lease.Run, 2L), history.Entries[2] is JournalEntry.RunForked forked ? (forked.Source, forked.From) : default);
        Assert.Single((await stores.Queries.ListAsync(Stores.Tenant, Filter() with { ForkedFrom = lease.Run.ToString() }, false, CancellationToken.None)).Items);
        Assert.Single((await stores.Queries.ListAsync(Stores.Tenant, Filter() with { LabelName = "k", LabelValue = "v" }, false, CancellationToken.None)).Items);

        await EndAsync(stores, claim.Lease, 3);
        Assert.Equal(new ControlResult.Done(RunState.Completed), await stores.Keeper.RemoveAsync(Stores.Tenant, fork.Id));
        foreach (var table in (string[])["payloads", "journal", "runs", "run_labels", "inbox", "listeners", "idempotency_keys"]) Assert.Equal(0, await CountAsync(stores, $"SELECT count(*) FROM {table}"));
    }

    [Fact]
    public async Task A_payload_that_is_being_referred_to_while_its_last_run_is_removed_stays()
    {
        await using var stores = await OpenAsync();
        var large = $"\"{new string('y', 100_000)}\"";
        for (var round = 0; round < 20; round++)
        {
            var old = await stores.StartOwnedAsync(large);
            await EndAsync(stores, old, 1);
            var fresh = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => stores.StartOwnedAsync()));
            var removal = stores.Keeper.RemoveAsync([(Stores.Tenant, old.Run)]).AsTask();
            await Task.WhenAll(fresh.Select(one => stores.Journal.AppendAsync(one, stores.Step(1, large, "a")).AsTask()));
            await removal;
            foreach (var one in fresh)
            {
                var history = (await stores.Journal.ReadAsync(one, CancellationToken.None))!;
                Assert.Equal(large.Length, ((JournalEntry.StepCompleted)history.Entries[1]).Output.Length);
                await EndAsync(stores, one, 2);
            }
            Assert.Equal(4, await stores.Keeper.RemoveAsync([.. fresh.Select(one => (Stores.Tenant, one.Run))]));
            Assert.Equal(0, await CountAsync(stores, "SELECT count(*) FROM payloads"));
        }
    }

    [Fact]
    public async Task Only_what_has_ended_is_removed_and_only_by_its_tenant()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync();
        Assert.Equal(new ControlResult.Refused(RunState.Running, "delete"), await stores.Keeper.RemoveAsync(Stores.Tenant, lease.Run));
        Assert.Equal(0, await stores.Keeper.RemoveAsync([(Stores.Tenant, lease.Run)]));
        await EndAsync(stores, lease, 1);
        Assert.Equal(new ControlResult.UnknownRun(), await stores.Keeper.RemoveAsync(new TenantId("other"), lease.Run));
        Assert.Equal(new ControlResult.Done(RunState.Completed), await stores.Keeper.RemoveAsync(Stores.Tenant, lease.Run));
    }

    [Fact]
    public async Task Runs_are_found_by_state_time_and_text_and_counted()
    {
        await using var stores = await OpenAsync();
        var runs = new List<RunLease>();
        for (var i = 0; i < 12; i++)
        {
            runs.Add(((StartResult.Started)await stores.Runs.StartAsync(Stores.Tenant, stores.New() with { Labels = new Dictionary<string, string> { ["team"] = i % 2 == 0 ? "Äpfel" : "pears" } }, "node")).Lease!);
            stores.Time.Advance(TimeSpan.FromMinutes(1));
        }
        for (var i = 0; i < 4; i++) await EndAsync(stores, runs[i], 1);
        async Task<int> FindAsync(RunFilter filter) => (await stores.Queries.FindAllAsync(Stores.Tenant, filter, CancellationToken.None)).Rows.Count;
        Assert.Equal(8, await FindAsync(Filter() with { IsActive = true }));
        Assert.Equal(4, await FindAsync(Filter() with { State = "completed" }));
        Assert.Equal(6, await FindAsync(Filter() with { Text = "äPFEL" }));
        Assert.Equal(1, await FindAsync(Filter() with { Text = runs[3].Run.ToString()[10..].ToUpperInvariant() }));
        Assert.Equal(2, await FindAsync(Filter() with { Text = "pears", State = "completed" }));
        var start = stores.Time.GetUtcNow().AddMinutes(-12).ToUnixTimeMilliseconds();
        Assert.Equal(3, await FindAsync(Filter() with { CreatedAfterMs = start + 60_000, CreatedBeforeMs = start + 240_000 }));
        var counted = await stores.Queries.ListAsync(Stores.Tenant, Filter() with { LabelName = "team", LabelValue = "pears", Limit = 2 }, true, CancellationToken.None);
        Assert.Equal((2, 6L), (counted.Items.Count, counted.Total));
        Assert.Equal(8L, await stores.Queries.CountAsync(Stores.Tenant, Filter() with { IsActive = true }, CancellationToken.None));
        Assert.Equal(0L, await stores.Queries.CountAsync(new TenantId("other"), Filter(), CancellationToken.None));
        var pages = new List<string>();
        for (long? before = null; ;)
        {
            var page = await stores.Queries.FindAllAsync(Stores.Tenant, Filter() with { Text = "pears", Limit = 4, Before = before }, CancellationToken.None);
            pages.AddRange(page.Rows.Select(row => row.Id));
            if (page.Next is null) break;
            before = page.Next;
        }
        Assert.Equal(6, pages.Distinct().Count());

        var statistics = Views.Statistics(await stores.Queries.StatisticsAsync(Stores.Tenant, null, 0, long.MaxValue, 3_600_000, CancellationToken.None), byPeriod: true);
        Assert.Equal((12, 4, 8), (statistics.Total, statistics.Completed, statistics.Running));
        Assert.Equal(0.3333, statistics.CompletionRate);
        Assert.NotNull(statistics.AvgDurationMinutes);
        Assert.Equal(12, statistics.Groups.Sum(group => group.Total));
    }

    [Fact]
    public async Task An_archive_brings_back_all_that_it_took()
    {
        await using var stores = await OpenAsync();
        var random = new Random(7);
        for (var i = 0; i < 8; i++) await RandomRunAsync(stores, random, i);
        var first = await ArchiveAsync(stores);
        var before = await DumpAsync(stores);
        foreach (var row in (await stores.Queries.FindAllAsync(Stores.Tenant, Filter(), CancellationToken.None)).Rows.Where(row => row.IsTerminal)) await stores.Keeper.RemoveAsync(Stores.Tenant, RunId.Parse(row.Id, null));
        Assert.Equal((7, 1), await ImportAsync(stores, first));
        Assert.Equal((0, 8), await ImportAsync(stores, first));
        Assert.Equal(before, await DumpAsync(stores));

        await using var elsewhere = await OpenAsync();
        Assert.Equal((8, 0), await ImportAsync(elsewhere, first));
        Assert.Equal(before, await DumpAsync(elsewhere));
        Assert.Equal(Encoding.UTF8.GetString(first).Split('\n').Order(), Encoding.UTF8.GetString(await ArchiveAsync(elsewhere)).Split('\n').Select(line => line).Order());
    }

    [Fact]
    public async Task A_packed_journal_reads_as_it_did()
    {
        await using var stores = await OpenAsync();
        var random = new Random(11);
        for (var i = 0; i < 8; i++) await RandomRunAsync(stores, random, i);
        var (dump, archive) = (await DumpAsync(stores), await ArchiveAsync(stores));
        var (packed, left) = await PackAsync(stores);
        if (stores.Database.Dialect == Dialect.Postgres)
        {
            Assert.Equal((7, 0), (packed, left));
            Assert.InRange(await CountAsync(stores, "SELECT count(*) FROM packed_journals"), 2, 7);
        }
        Assert.Equal(dump, await DumpAsync(stores));
        Assert.Equal(archive, await ArchiveAsync(stores));
        Assert.Equal(0, (await PackAsync(stores)).Packed);
        foreach (var row in (await stores.Queries.FindAllAsync(Stores.Tenant, Filter(), CancellationToken.None)).Rows.Where(row => row.IsTerminal))
        {
            var whole = await stores.Queries.JournalAsync(Stores.Tenant, row, -1, 1_000, CancellationToken.None);
            var page = await stores.Queries.JournalAsync(Stores.Tenant, row, whole.Rows[0].Seq, 1, CancellationToken.None);
            Assert.Equal(whole.Rows[1].Key, Assert.Single(page.Rows).Key);
            Assert.Equal(whole.Rows[^1].Seq, await stores.Queries.LastSeqAsync(Stores.Tenant, row, CancellationToken.None));
            Assert.Equal(whole.Rows.Count(entry => entry.Kind == JournalKind.StepCompleted), (await stores.Queries.ProgressAsync(Stores.Tenant, row, CancellationToken.None)).StepsCompleted);
            Assert.Empty((await stores.Queries.JournalAsync(new TenantId("other"), row, -1, 1_000, CancellationToken.None)).Rows);
            Assert.Equal(new ControlResult.Done(RunState.Completed), await stores.Keeper.RemoveAsync(Stores.Tenant, RunId.Parse(row.Id, null)));
        }
        Assert.Equal(0, await CountAsync(stores, "SELECT count(*) FROM entries e JOIN runs r ON r.no = e.run_no WHERE r.state <> 'paused'"));
    }

    [Fact]
    public async Task A_run_with_a_packed_journal_is_retried_and_forked_as_any_other()
    {
        await using var stores = await OpenAsync();
        var lease = await FailedAsync(stores);
        await PackAsync(stores);
        var fork = new ForkToMake(RunId.New(stores.Time), lease.Run, null, "b", null, null, null);
        Assert.IsType<ForkResult.Forked>(await stores.Keeper.ForkAsync(Stores.Tenant, fork));
        Assert.IsType<RevivalResult.Revived>(await stores.Keeper.RetryAsync(Stores.Tenant, lease.Run, null));
        var claims = await stores.Runs.ClaimAsync("node", 10);
        var retried = claims.Single(claim => claim.Lease.Run == lease.Run).Lease;
        var history = (await stores.Journal.ReadAsync(retried, CancellationToken.None))!;
        Assert.Equal([typeof(JournalEntry.RunStarted), typeof(JournalEntry.StepCompleted), typeof(JournalEntry.StepFailed), typeof(JournalEntry.StateChanged), typeof(JournalEntry.RunRetried)], history.Entries.Select(entry => entry.GetType()));
        Assert.Equal([typeof(JournalEntry.RunStarted), typeof(JournalEntry.StepCompleted), typeof(JournalEntry.RunForked)],
            (await stores.Journal.ReadAsync(claims.Single(claim => claim.Lease.Run == fork.Id).Lease, CancellationToken.None))!.Entries.Select(entry => entry.GetType()));
        await EndAsync(stores, retried, 5);
        var (_, left) = await PackAsync(stores);
        Assert.Equal(6, (await stores.Queries.JournalAsync(Stores.Tenant, (await stores.Queries.FindAsync(Stores.Tenant, lease.Run, CancellationToken.None))!, -1, 100, CancellationToken.None)).Rows.Count);
        Assert.Equal(stores.Database.Dialect == Dialect.Postgres ? 0 : 6, left);
    }

    [Fact]
    public async Task Packing_retrying_and_removing_at_once_lose_nothing()
    {
        await using var stores = await OpenAsync();
        for (var round = 0; round < 10; round++)
        {
            var runs = new List<RunLease>();
            for (var i = 0; i < 9; i++) runs.Add(await FailedAsync(stores));
            stores.Time.Advance(TimeSpan.FromMinutes(2));
            var packing = stores.Packer.RunOnceAsync(CancellationToken.None);
            var retries = runs.Where((_, i) => i % 3 == 0).Select(run => stores.Keeper.RetryAsync(Stores.Tenant, run.Run, null).AsTask()).ToList();
            var removal = stores.Keeper.RemoveAsync([.. runs.Where((_, i) => i % 3 == 1).Select(run => (Stores.Tenant, run.Run))]);
            Assert.All(await Task.WhenAll(retries), result => Assert.IsType<RevivalResult.Revived>(result));
            Assert.Equal(3, await removal);
            await packing;
            foreach (var claim in await stores.Runs.ClaimAsync("node", 10))
            {
                Assert.Equal([0, 1, 2, 3, 4], (await stores.Journal.ReadAsync(claim.Lease, CancellationToken.None))!.Entries.Select(entry => entry.Seq));
                await EndAsync(stores, claim.Lease, 5);
            }
            await PackAsync(stores);
        }
        Assert.Equal(10 * (3 * 6 + 3 * 4), await CountAsync(stores, "SELECT count(*) FROM entries"));
        Assert.Equal(0, await CountAsync(stores, "SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.no = e.run_no)"));
    }

    [Fact]
    public async Task The_database_goes_into_the_next_schema_with_what_it_holds()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync();
        await stores.ReopenAsync();
        Assert.NotNull(await stores.Queries.FindAsync(Stores.Tenant, lease.Run, CancellationToken.None));
    }

    private static RunFilter Filter() => new(null, null, null, null, null, null, null, null, null, 100);

    private static async Task<RunLease> FailedAsync(Stores stores)
    {
        var lease = await stores.StartOwnedAsync();
        await stores.Journal.AppendAsync(lease, stores.Step(1, key: "a"));
        await stores.Journal.AppendAsync(lease, new JournalEntry.StepFailed(2, stores.Time.GetUtcNow(), "b", Broken, stores.Time.GetUtcNow(), 1, null));
        await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(3, stores.Time.GetUtcNow(), RunState.Failed, default, Broken));
        return lease;
    }

    private static async Task EndAsync(Stores stores, RunLease lease, long seq) =>
        Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(seq, stores.Time.GetUtcNow(), RunState.Completed, "true"u8.ToArray(), null)));

    /// <summary>Runs of any content that a journal may hold; the last one is paused, with a message and a listener.</summary>
    private static async Task RandomRunAsync(Stores stores, Random random, int index)
    {
        var run = stores.New($"{{\"n\": {index}, \"é\": \"\\u0001\"}}") with { Labels = new Dictionary<string, string> { [$"l{index}"] = "a=\"ü\"" }, Priority = index - 4 };
        var lease = ((StartResult.Started)await stores.Runs.StartAsync(Stores.Tenant, run, "node")).Lease!;
        string[] bodies = ["null", "1.50", "1e400", "\"line\\nend\"", "{ \"spaced\" :\n[1 , 2]}", "{\"a\":{\"b\":[null,true]}}", $"\"{new string('z', 70_000)}\"", "\"\\ud800\"", "\"<&>\\u00e4ä\""];
        var seq = 1L;
        for (var steps = random.Next(1, 12); steps > 0; steps--, seq += random.Next(1, 3)) await stores.Journal.AppendAsync(lease, stores.Step(seq, bodies[random.Next(bodies.Length)], $"/do/{seq}/schritt[{seq}]/ä"));
        if (index == 7)
        {
            await stores.Journal.AppendAsync(lease, new JournalEntry.ListeningStarted(seq, stores.Time.GetUtcNow(), "l", [new EventSubscription("t", null)]));
            await stores.Runs.SignalAsync(Stores.Tenant, lease.Run, "s", "{\"x\":1}"u8.ToArray());
            await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(seq + 1, stores.Time.GetUtcNow(), RunState.Paused, default, Broken));
        }
        else await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(seq, stores.Time.GetUtcNow(), index % 2 == 0 ? RunState.Completed : RunState.Failed, index % 2 == 0 ? Encoding.UTF8.GetBytes(bodies[index]) : default, index % 2 == 0 ? null : Broken));
    }

    /// <summary>Packs what has ended, a while later.</summary>
    /// <returns>How many runs were looked at, and how many entries of ended runs without large payloads are left where they were.</returns>
    private static async Task<(long Packed, long Left)> PackAsync(Stores stores)
    {
        stores.Time.Advance(TimeSpan.FromMinutes(2));
        var packed = await stores.Packer.RunOnceAsync(CancellationToken.None);
        return (packed, await CountAsync(stores, """
            SELECT count(*) FROM journal j JOIN runs r ON r.no = j.run_no
            WHERE r.ended_at_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM journal l JOIN payloads p ON p.hash = l.body_hash WHERE l.run_no = j.run_no)
            """));
    }

    private static async Task<byte[]> ArchiveAsync(Stores stores)
    {
        using var written = new MemoryStream();
        await stores.Archive.WriteAsync(Stores.Tenant, Filter(), written, CancellationToken.None);
        return written.ToArray();
    }

    private static async Task<(int Imported, int Skipped)> ImportAsync(Stores stores, byte[] archive)
    {
        var reader = new ArchiveReader();
        var (imported, skipped) = (0, 0);
        foreach (var line in Encoding.UTF8.GetString(archive).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var (run, lines, fault) = reader.Take(Encoding.UTF8.GetBytes(line));
            Assert.Null(fault);
            if (run is null) continue;
            if (await stores.Archive.StoreAsync(Stores.Tenant, run, lines)) imported++;
            else skipped++;
        }
        Assert.Null(reader.Unfinished);
        return (imported, skipped);
    }

    /// <summary>All rows of all runs as text, but for the numbers of rows.</summary>
    private static async Task<List<string>> DumpAsync(Stores stores)
    {
        await using var connection = await stores.Database.ReadAsync(CancellationToken.None);
        var rows = new List<string>();
        foreach (var row in await connection.QueryAsync<(string Id, long Seq, long Kind, string Key, string? Meta, byte[]? Body, byte[]? Large)>("""
            SELECT r.id, CAST(j.seq AS bigint), CAST(j.kind AS bigint), j.key || ' ' || j.at_ms, coalesce(j.meta, ''), j.body, p.body FROM entries j JOIN runs r ON r.no = j.run_no LEFT JOIN payloads p ON p.hash = j.body_hash ORDER BY r.id, j.seq
            """)) rows.Add($"{row.Id} {row.Seq} {row.Kind} {row.Key} {row.Meta} {Convert.ToHexString(row.Body ?? [])} {row.Large?.Length}");
        foreach (var run in (await stores.Queries.FindAllAsync(Stores.Tenant, Filter(), CancellationToken.None)).Rows.OrderBy(run => run.Id)) rows.Add((run with { No = 0 }).ToString());
        rows.AddRange(await connection.QueryAsync<string>("SELECT name || value FROM run_labels ORDER BY name, value"));
        rows.AddRange(await connection.QueryAsync<string>("SELECT key || coalesce(event_type, '') FROM listeners ORDER BY key"));
        rows.AddRange(await connection.QueryAsync<string>("SELECT name || kind FROM inbox ORDER BY name"));
        return rows;
    }

    private static async Task<long> CountAsync(Stores stores, string sql)
    {
        await using var connection = await stores.Database.ReadAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}

public sealed class RunManagementOnSqlite : RunManagementContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class RunManagementOnPostgres : RunManagementContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();
}
