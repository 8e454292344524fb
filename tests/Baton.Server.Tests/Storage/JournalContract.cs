using System.Text;
using Baton.Engine;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Storage;

/// <summary>What every journal must hold to, whatever database is under it.</summary>
public abstract class JournalContract
{
    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task What_was_acknowledged_is_read_in_its_order_after_the_database_was_closed()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync("""{"n":1}""");
        var error = new WorkflowError(ErrorTypes.Timeout, 408, "Slow", "Too \"slow\" 🎻\0", "/do/0");
        var decision = new PolicyDecision("rate_limit", "task/0", PolicyMove.Retry, "attempt 1 of 6 failed; again in 5 s", 1);
        JournalEntry[] written =
        [
            stores.Step(1, """{"text":"Grüße"}"""), new JournalEntry.StepFailed(2, stores.Time.GetUtcNow(), "a", error, stores.Time.GetUtcNow(), 1, stores.Time.GetUtcNow().AddSeconds(5)),
            new JournalEntry.TimerSet(3, stores.Time.GetUtcNow(), "t", stores.Time.GetUtcNow().AddDays(400)), new JournalEntry.TimerFired(4, stores.Time.GetUtcNow(), "t"),
            new JournalEntry.ListeningStarted(5, stores.Time.GetUtcNow(), "l", [new EventSubscription("type", null), new EventSubscription(null, "source")]),
            new JournalEntry.MapStarted(6, stores.Time.GetUtcNow(), "m", 10_000), new JournalEntry.ListeningStopped(7, stores.Time.GetUtcNow(), "l/stop", "l"),
            new JournalEntry.StepFailed(8, stores.Time.GetUtcNow(), "p", error, stores.Time.GetUtcNow(), 1, stores.Time.GetUtcNow().AddSeconds(5)) { Decision = decision },
            new JournalEntry.PolicyDecided(9, stores.Time.GetUtcNow(), "p~policy1", decision with { Move = PolicyMove.Fallback, Option = 2, Delay = TimeSpan.FromMilliseconds(1_500), Error = error, Notify = ["ops"] }),
            new JournalEntry.ApprovalAsked(10, stores.Time.GetUtcNow(), "q", new Approval("apr_1", "ada", "Sure?", null, ["yes", "no"], stores.Time.GetUtcNow().AddDays(1), default)),
            new JournalEntry.ApprovalLapsed(11, stores.Time.GetUtcNow(), "q", "apr_1"), new JournalEntry.CompensationStarted(12, stores.Time.GetUtcNow(), "~compensate", RunState.Cancelled, "by hand"),
            new JournalEntry.Compensated(13, stores.Time.GetUtcNow(), "~compensate/0", "/do/0/pay", error),
        ];
        foreach (var entry in written) Assert.True(await stores.Journal.AppendAsync(lease, entry));
        await stores.ReopenAsync();
        var history = (await stores.Journal.ReadAsync(lease, CancellationToken.None))!;
        Assert.Equal("""{"n":1}""", Encoding.UTF8.GetString(Assert.IsType<JournalEntry.RunStarted>(history.Entries[0]).Input.Span));
        Assert.Equal(written.Select(Text), history.Entries.Skip(1).Select(Text));

        static string Text(JournalEntry entry) => $"{entry} {(entry is JournalEntry.StepCompleted step ? Encoding.UTF8.GetString(step.Output.Span) : "")} {(entry is JournalEntry.ListeningStarted listening ? string.Join(',', listening.Subscriptions) : "")} {(entry is JournalEntry.ApprovalAsked asked ? string.Join(',', asked.Approval.Choices) : "")} {(entry is JournalEntry.PolicyDecided decided ? string.Join(',', decided.Decision.Notify) : "")}";
    }

    [Fact]
    public async Task An_owner_that_lost_the_run_is_refused_whatever_it_tries()
    {
        await using var stores = await OpenAsync();
        var old = await stores.StartOwnedAsync();
        Assert.True(await stores.Journal.AppendAsync(old, stores.Step(1)));
        Assert.Equal(1, await stores.Database.WriteAsync(statements => stores.Runs.Rescue(statements, "node")));
        var claim = Assert.Single(await stores.Runs.ClaimAsync("other", 10));
        Assert.True(claim.Lease.Fencing > old.Fencing);
        Assert.False(await stores.Journal.AppendAsync(old, stores.Step(2, key: "late")));
        Assert.False(await stores.Journal.AppendAsync(old, new JournalEntry.StateChanged(2, stores.Time.GetUtcNow(), RunState.Completed, "1"u8.ToArray(), null)));
        Assert.False(await stores.Journal.AppendAsync(old, new JournalEntry.ChildStarted(2, stores.Time.GetUtcNow(), "c", RunId.New(stores.Time), Stores.Workflow, default, false)));
        Assert.Null(await stores.Journal.ReadAsync(old, CancellationToken.None));
        Assert.Equal(ParkResult.LeaseLost, await stores.Journal.ParkAsync(old, new ParkRequest(null, 0, [], false)));
        Assert.True(await stores.Journal.AppendAsync(claim.Lease, stores.Step(2, key: "mine")));
        Assert.Equal(["step-1", "mine"], (await stores.Journal.ReadAsync(claim.Lease, CancellationToken.None))!.Entries.Skip(1).Select(entry => entry.Key));
        Assert.Single((await stores.Queries.ListAsync(Stores.Tenant, new RunFilter(null, null, null, null, null, null, null, null, null, 10), false, CancellationToken.None)).Items);
    }

    [Fact]
    public async Task What_an_earlier_life_had_goes_on_under_leases_of_its_own_and_what_has_no_room_is_queued()
    {
        await using var stores = await OpenAsync();
        var had = new List<RunLease>();
        for (var i = 0; i < 5; i++) had.Add(await stores.StartOwnedAsync());
        Assert.True(await stores.Journal.AppendAsync(had[0], stores.Step(1)));
        await stores.Runs.RequestAsync(Stores.Tenant, had[1].Run, "pause", "by hand");
        var (claims, queued) = await stores.Database.WriteAsync(statements => stores.Runs.TakeBack(statements, "node", "node", most: 3));
        Assert.Equal(had.Take(3).Select(lease => lease.Run).ToHashSet(), claims.Select(claim => claim.Lease.Run).ToHashSet());
        Assert.Equal(2, queued);
        Assert.Equal(("pause", "by hand"), claims.Where(claim => claim.Lease.Run == had[1].Run).Select(claim => (claim.Request, claim.Reason)).Single());
        foreach (var lease in had) Assert.False(await stores.Journal.AppendAsync(lease, stores.Step(2, key: "late")));
        foreach (var claim in claims) Assert.True(await stores.Journal.AppendAsync(claim.Lease, stores.Step(2, key: "mine")));
        Assert.Equal(["step-1", "mine"], (await stores.Journal.ReadAsync(claims.Single(claim => claim.Lease.Run == had[0].Run).Lease, CancellationToken.None))!.Entries.Skip(1).Select(entry => entry.Key));
        Assert.Equal(had.Skip(3).Select(lease => lease.Run).ToHashSet(), (await stores.Runs.ClaimAsync("other", 10)).Select(claim => claim.Lease.Run).ToHashSet());
    }

    [Fact]
    public async Task What_another_node_had_is_taken_back_only_where_any_nodes_is_meant()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync();
        Assert.Equal((0, 0), await TakeBackAsync("other", most: 10));
        Assert.Equal((1, 0), await TakeBackAsync(null, most: 10));
        Assert.Equal((0, 1), await TakeBackAsync("new", most: 0));
        Assert.Equal(lease.Run, Assert.Single(await stores.Runs.ClaimAsync("other", 10)).Lease.Run);

        async Task<(int, int)> TakeBackAsync(string? earlier, int most)
        {
            var (claims, queued) = await stores.Database.WriteAsync(statements => stores.Runs.TakeBack(statements, "new", earlier, most));
            return (claims.Count, queued);
        }
    }

    [Fact]
    public async Task Entries_that_share_a_commit_with_new_runs_are_acknowledged()
    {
        await using var stores = await OpenAsync();
        var leases = new List<RunLease>();
        for (var i = 0; i < 8; i++) leases.Add(await stores.StartOwnedAsync());   // several, so that some are written where new runs are
        Task<RunLease>? started = null;
        var appended = await TogetherAsync(stores, () =>
        {
            List<Task<bool>> appending = [.. leases.Select(lease => stores.Journal.AppendAsync(lease, stores.Step(1)).AsTask())];
            started = stores.StartOwnedAsync();
            return appending;
        });
        Assert.All(appended, Assert.True);
        Assert.True(await stores.Journal.AppendAsync(await started!, stores.Step(1)));
    }

    [Fact]
    public async Task What_shares_a_commit_with_one_that_lost_its_run_is_stored_and_that_one_is_refused()
    {
        await using var stores = await OpenAsync();
        var lost = await stores.StartOwnedAsync();
        await stores.Database.WriteAsync(statements => stores.Runs.Rescue(statements, "node"));
        var (steps, ends) = (new List<RunLease>(), new List<RunLease>());
        for (var i = 0; i < 4; i++) (steps, ends) = ([.. steps, await stores.StartOwnedAsync()], [.. ends, await stores.StartOwnedAsync()]);
        var appended = await TogetherAsync(stores, () =>
        [
            .. steps.Select(lease => stores.Journal.AppendAsync(lease, stores.Step(1)).AsTask()),
            stores.Journal.AppendAsync(lost, stores.Step(1)).AsTask(),
            .. ends.Select(lease => stores.Journal.AppendAsync(lease, End(stores, 1)).AsTask()),
            stores.Journal.AppendAsync(lost, End(stores, 2)).AsTask(),
        ]);
        Assert.Equal([true, true, true, true, false, true, true, true, true, false], appended);
        foreach (var lease in steps) Assert.Equal("step-1", (await stores.Journal.ReadAsync(lease, CancellationToken.None))!.Entries[^1].Key);
        foreach (var lease in ends) Assert.Equal("completed", (await stores.Queries.FindAsync(Stores.Tenant, lease.Run, CancellationToken.None))!.State);
        Assert.Equal("queued", (await stores.Queries.FindAsync(Stores.Tenant, lost.Run, CancellationToken.None))!.State);
    }

    [Fact]
    public async Task Ends_that_something_follows_share_a_commit_with_ends_that_nothing_does()
    {
        await using var stores = await OpenAsync();
        var (plain, mailed, listening, parent) = (await stores.StartOwnedAsync(), await stores.StartOwnedAsync(), await stores.StartOwnedAsync(), await stores.StartOwnedAsync());
        var child = ((StartResult.Started)await stores.Runs.StartAsync(Stores.Tenant, stores.New() with { Parent = parent.Run, ParentKey = "call" }, "node")).Lease!;
        await stores.Runs.SignalAsync(Stores.Tenant, mailed.Run, "late", "1"u8.ToArray());
        Assert.True(await stores.Journal.AppendAsync(listening, new JournalEntry.ListeningStarted(1, stores.Time.GetUtcNow(), "l", [new EventSubscription("order", null)])));
        var ended = await TogetherAsync(stores, () => [.. new[] { plain, mailed, listening, child }.Select(lease => stores.Journal.AppendAsync(lease, End(stores, 2)).AsTask())]);
        Assert.All(ended, Assert.True);
        foreach (var run in new[] { plain, mailed, listening, child }) Assert.Equal("completed", (await stores.Queries.FindAsync(Stores.Tenant, run.Run, CancellationToken.None))!.State);
        var told = Assert.Single(await stores.Journal.ReadInboxAsync(parent, 0, CancellationToken.None));
        Assert.Equal((InboxKind.ChildEnded, "call"), (told.Kind, told.Name));
        Assert.Equal((1, 0), (await CountAsync(stores, "inbox"), await CountAsync(stores, "listeners")));
    }

    [Fact]
    public async Task A_lease_under_another_tenant_is_none()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync() with { Tenant = new TenantId("thief") };
        Assert.False(await stores.Journal.AppendAsync(lease, stores.Step(1)));
        Assert.Null(await stores.Journal.ReadAsync(lease, CancellationToken.None));
    }

    [Fact]
    public async Task The_same_position_is_never_written_twice_and_its_neighbours_do_not_suffer()
    {
        await using var stores = await OpenAsync();
        var (lease, other) = (await stores.StartOwnedAsync(), await stores.StartOwnedAsync());
        Assert.True(await stores.Journal.AppendAsync(lease, stores.Step(1, "\"first\"")));
        var (twice, beside) = (stores.Journal.AppendAsync(lease, stores.Step(1, "\"second\"")).AsTask(), stores.Journal.AppendAsync(other, stores.Step(1)).AsTask());
        await Assert.ThrowsAnyAsync<Exception>(() => twice);
        Assert.True(await beside);
        Assert.Equal("\"first\"", Encoding.UTF8.GetString(Assert.IsType<JournalEntry.StepCompleted>((await stores.Journal.ReadAsync(lease, CancellationToken.None))!.Entries[1]).Output.Span));
    }

    [Theory]
    [InlineData(Body.MaxInline - 1, 0)]
    [InlineData(Body.MaxInline, 0)]
    [InlineData(Body.MaxInline + 1, 1)]
    [InlineData(5_000_000, 1)]
    public async Task A_large_payload_is_kept_once_however_often_it_is_used(int length, int payloads)
    {
        await using var stores = await OpenAsync();
        var text = $"\"{new string('x', length - 2)}\"";
        var lease = await stores.StartOwnedAsync(text);
        for (var seq = 1; seq <= 3; seq++) Assert.True(await stores.Journal.AppendAsync(lease, stores.Step(seq, text)));
        await stores.ReopenAsync();
        var history = (await stores.Journal.ReadAsync(lease, CancellationToken.None))!;
        Assert.All(history.Entries.Skip(1), entry => Assert.Equal(text, Encoding.UTF8.GetString(((JournalEntry.StepCompleted)entry).Output.Span)));
        Assert.Equal(text, Encoding.UTF8.GetString(((JournalEntry.RunStarted)history.Entries[0]).Input.Span));
        Assert.Equal(payloads, await CountAsync(stores, "payloads"));
    }

    [Fact]
    public async Task Several_runs_are_read_at_once_as_each_is_alone()
    {
        await using var stores = await OpenAsync();
        var leases = new List<RunLease>();
        for (var i = 0; i < 5; i++) leases.Add(await stores.StartOwnedAsync($"{i}"));
        await stores.Database.WriteAsync(statements => stores.Runs.Rescue(statements, "node"));
        leases = [.. (await stores.Runs.ClaimAsync("node", 10)).Select(claim => claim.Lease).OrderBy(lease => leases.FindIndex(old => old.Run == lease.Run))];
        for (var seq = 1; seq <= 3; seq++) await stores.Journal.AppendAsync(leases[1], stores.Step(seq, $"\"{new string('x', seq * Body.MaxInline / 2)}\""));
        await stores.Runs.SignalAsync(Stores.Tenant, leases[2].Run, "go", "1"u8.ToArray());
        await stores.Runs.SignalAsync(Stores.Tenant, leases[2].Run, "on", "2"u8.ToArray());
        leases[3] = leases[3] with { Fencing = leases[3].Fencing + 1 };
        leases[4] = leases[4] with { Tenant = new TenantId("thief") };
        var read = await stores.Journal.ReadManyAsync(leases, CancellationToken.None);
        Assert.Equal([true, true, true, false, false], read.Select(run => run is not null));
        for (var i = 0; i < 3; i++)
        {
            var (together, alone) = (read[i]!.ToHistory(), (await stores.Journal.ReadAsync(leases[i], CancellationToken.None))!);
            Assert.Equal(alone.Entries.Select(Text), together.Entries.Select(Text));
            Assert.Equal(alone.Inbox.Select(message => (message.No, message.Name, Encoding.UTF8.GetString(message.Body.Span))), together.Inbox.Select(message => (message.No, message.Name, Encoding.UTF8.GetString(message.Body.Span))));
        }
        Assert.Equal((4, 2), (read[1]!.Rows.Count, read[2]!.Inbox.Count));

        static string Text(JournalEntry entry) => $"{entry.Seq} {entry.Key} {Encoding.UTF8.GetString(entry is JournalEntry.StepCompleted step ? step.Output.Span : ((JournalEntry.RunStarted)entry).Input.Span)}";
    }

    [Fact]
    public async Task Fifty_writers_at_once_find_every_acknowledged_row_again()
    {
        await using var stores = await OpenAsync();
        var leases = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => stores.StartOwnedAsync()));
        await Task.WhenAll(leases.Select(async lease =>
        {
            for (var seq = 1; seq <= 40; seq++) Assert.True(await stores.Journal.AppendAsync(lease, stores.Step(seq, $"{seq}")));
        }));
        await stores.ReopenAsync();
        foreach (var lease in leases) Assert.Equal(Enumerable.Range(1, 40).Select(seq => $"{seq}"), (await stores.Journal.ReadAsync(lease, CancellationToken.None))!.Entries.Skip(1).Select(entry => Encoding.UTF8.GetString(((JournalEntry.StepCompleted)entry).Output.Span)));
    }

    [Fact]
    public async Task A_run_with_mail_does_not_go_to_sleep()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync();
        Assert.IsType<ControlResult.Done>(await stores.Runs.SignalAsync(Stores.Tenant, lease.Run, "go", "1"u8.ToArray()));
        Assert.Equal(ParkResult.HasMail, await stores.Journal.ParkAsync(lease, new ParkRequest(null, 0, [], false)));
        var message = Assert.Single(await stores.Journal.ReadInboxAsync(lease, 0, CancellationToken.None));
        Assert.Equal(("go", "1"), (message.Name, Encoding.UTF8.GetString(message.Body.Span)));
        Assert.Equal(ParkResult.Parked, await stores.Journal.ParkAsync(lease, new ParkRequest(null, message.No, [], false)));
        Assert.IsType<ControlResult.Done>(await stores.Runs.SignalAsync(Stores.Tenant, lease.Run, "again", "2"u8.ToArray()));
        Assert.Equal(lease.Run, Assert.Single(await stores.Runs.ClaimAsync("node", 10)).Lease.Run);
    }

    private static JournalEntry.StateChanged End(Stores stores, long seq) => new(seq, stores.Time.GetUtcNow(), RunState.Completed, "1"u8.ToArray(), null);

    /// <summary>What is asked for while the writer is held: it finds all of it at once.</summary>
    private static async Task<IReadOnlyList<bool>> TogetherAsync(Stores stores, Func<IEnumerable<Task<bool>>> ask)
    {
        using var open = new ManualResetEventSlim();
        var held = stores.Database.WriteAsync(_ =>
        {
            open.Wait();
            return true;
        });
        var asked = ask().ToList();
        open.Set();
        Assert.True(await held);
        return await Task.WhenAll(asked);
    }

    private static ValueTask<long> CountAsync(Stores stores, string table) => stores.Database.WriteAsync(statements =>
    {
        var count = statements[$"SELECT count(*) FROM {table}"];
        count.Step();
        var found = count.Long(0);
        count.Reset();
        return found;
    });
}

public sealed class JournalOnSqlite : JournalContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class JournalOnPostgres : JournalContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();
}
