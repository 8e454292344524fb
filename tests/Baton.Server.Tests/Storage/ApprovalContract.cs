using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Storage;

/// <summary>What approvals, notifications and kept outputs must hold to, whatever database is under them.</summary>
public abstract class ApprovalContract
{
    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task An_approval_is_answered_once_and_its_run_is_told_once()
    {
        await using var stores = await OpenAsync();
        var lease = await AskAsync(stores);
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => stores.Approvals.AnswerAsync(Stores.Tenant, "apr_1", new Answer("yes", $"{i}", JqValue.Null, $"person {i}"), CancellationToken.None).AsTask()));
        var taken = Assert.Single(results.OfType<AnswerResult.Taken>());
        Assert.Equal(7, results.OfType<AnswerResult.Closed>().Count(closed => closed.Approval.AnsweredBy == taken.Approval.AnsweredBy));
        var message = Assert.Single(await stores.Journal.ReadInboxAsync(lease, 0, CancellationToken.None));
        Assert.Equal(("q", InboxKind.Event), (message.Name, message.Kind));
        Assert.Contains(taken.Approval.AnsweredBy!, Encoding.UTF8.GetString(message.Body.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_and_a_deadline_exclude_each_other()
    {
        await using var stores = await OpenAsync();
        var lease = await AskAsync(stores, TimeSpan.FromHours(1));
        stores.Time.Advance(TimeSpan.FromHours(1));
        Assert.IsType<AnswerResult.Closed>(await stores.Approvals.AnswerAsync(Stores.Tenant, "apr_1", new Answer("yes", null, JqValue.Null, "late"), CancellationToken.None));
        Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.ApprovalLapsed(2, stores.Time.GetUtcNow(), "q", "apr_1")));
        Assert.Equal("expired", (await stores.Approvals.FindAsync(Stores.Tenant, "apr_1", CancellationToken.None))!.State);
        Assert.Equal("{\"expired\":true}", Encoding.UTF8.GetString(Assert.Single(await stores.Journal.ReadInboxAsync(lease, 0, CancellationToken.None)).Body.Span));
    }

    [Fact]
    public async Task A_deadline_after_an_answer_changes_nothing()
    {
        await using var stores = await OpenAsync();
        var lease = await AskAsync(stores, TimeSpan.FromHours(1));
        Assert.IsType<AnswerResult.Taken>(await stores.Approvals.AnswerAsync(Stores.Tenant, "apr_1", new Answer("no", null, JqValue.Null, "ada"), CancellationToken.None));
        Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.ApprovalLapsed(2, stores.Time.GetUtcNow(), "q", "apr_1")));
        var message = Assert.Single(await stores.Journal.ReadInboxAsync(lease, 0, CancellationToken.None));
        Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.ApprovalSettled(3, stores.Time.GetUtcNow(), "q", message.Body, message.No)));
        Assert.Empty(await stores.Journal.ReadInboxAsync(lease, 0, CancellationToken.None));
        Assert.Equal("no", (await stores.Approvals.FindAsync(Stores.Tenant, "apr_1", CancellationToken.None))!.Choice);
    }

    [Fact]
    public async Task What_is_asked_for_a_run_that_has_ended_is_withdrawn()
    {
        await using var stores = await OpenAsync();
        var lease = await AskAsync(stores);
        Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(2, stores.Time.GetUtcNow(), RunState.Cancelled, default, null)));
        Assert.IsType<AnswerResult.Closed>(await stores.Approvals.AnswerAsync(Stores.Tenant, "apr_1", new Answer("yes", null, JqValue.Null, "late"), CancellationToken.None));
        Assert.Empty((await stores.Approvals.ListAsync(Stores.Tenant, "open", null, null, 10, CancellationToken.None)).Items);
        Assert.Equal("withdrawn", Assert.Single((await stores.Approvals.ListAsync(Stores.Tenant, null, "ada", null, 10, CancellationToken.None)).Items).State);
    }

    [Fact]
    public async Task Pages_of_approvals_hold_each_once_and_only_the_tenants()
    {
        await using var stores = await OpenAsync();
        var lease = await AskAsync(stores);
        for (var i = 2; i <= 5; i++) Assert.True(await stores.Journal.AppendAsync(lease, Asked(stores, i, $"apr_{i}", null)));
        var seen = new List<string>();
        for (string? cursor = null; ;)
        {
            var before = cursor?.Split('.', 2) is [var ms, var id] ? (long.Parse(ms, System.Globalization.CultureInfo.InvariantCulture), id) : ((long, string)?)null;
            var page = await stores.Approvals.ListAsync(Stores.Tenant, "open", null, before, 2, CancellationToken.None);
            seen.AddRange(page.Items.Select(item => item.Id));
            if ((cursor = page.NextCursor) is null) break;
        }
        Assert.Equal(["apr_5", "apr_4", "apr_3", "apr_2", "apr_1"], seen);
        Assert.Empty((await stores.Approvals.ListAsync(new TenantId("other"), null, null, null, 10, CancellationToken.None)).Items);
        Assert.IsType<AnswerResult.Unknown>(await stores.Approvals.AnswerAsync(new TenantId("other"), "apr_1", new Answer("yes", null, JqValue.Null, "x"), CancellationToken.None));
    }

    [Fact]
    public async Task A_notification_is_written_with_what_it_tells_of_and_has_one_sender_at_a_time()
    {
        await using var stores = await OpenAsync();
        var lease = await AskAsync(stores);
        var decision = new PolicyDecision("auth", "task/0", PolicyMove.Fail, "no retry is left", 2) { Notify = ["ops", "mail"] };
        Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(2, stores.Time.GetUtcNow(), RunState.Failed, default, new WorkflowError("urn:x", 401, "Refused")) { Decision = decision }));
        await stores.ReopenAsync();
        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => stores.Outbox.TakeAsync(10, TimeSpan.FromMinutes(1)).AsTask()));
        var rows = taken.SelectMany(one => one.Rows).OrderBy(row => row.Channel, StringComparer.Ordinal).ToList();
        Assert.Equal([("log", "approval.asked"), ("mail", "run.failed"), ("ops", "run.failed")], rows.Select(row => (row.Channel, row.Kind)));
        Assert.Equal(rows[1].Id, rows[2].Id);
        await stores.Outbox.RemoveAsync(rows[0]);
        await stores.Outbox.FailAsync(rows[1], null, "nobody there");
        stores.Time.Advance(TimeSpan.FromMinutes(1));
        var again = Assert.Single((await stores.Outbox.TakeAsync(10, TimeSpan.FromMinutes(1))).Rows);
        Assert.Equal(("ops", 2), (again.Channel, again.Attempts));
    }

    [Fact]
    public async Task The_newest_output_for_an_input_is_found_and_no_other()
    {
        await using var stores = await OpenAsync();
        var (of, step) = (new TaskInput("test", "flow", "/do/0/a", "00ff"), new StepContext(Stores.Tenant, RunId.New(stores.Time), "k", 1, CancellationToken.None));
        await stores.Outputs.KeepAsync(new EffectRequest.Remember(of, 1), step);
        await stores.Outputs.KeepAsync(new EffectRequest.Remember(of, JqValue.Object(("text", "Grüße"))), step);
        Assert.Equal("Grüße", (await stores.Outputs.FindAsync(new EffectRequest.Recall(of), step))["output"]["text"].AsString());
        Assert.True((await stores.Outputs.FindAsync(new EffectRequest.Recall(of with { Hash = "00fe" }), step)).IsNull);
        Assert.True((await stores.Outputs.FindAsync(new EffectRequest.Recall(of), step with { Tenant = new TenantId("other") })).IsNull);
    }

    private static async Task<RunLease> AskAsync(Stores stores, TimeSpan? deadline = null)
    {
        var lease = await stores.StartOwnedAsync();
        Assert.True(await stores.Journal.AppendAsync(lease, Asked(stores, 1, "apr_1", deadline)));
        return lease;
    }

    private static JournalEntry.ApprovalAsked Asked(Stores stores, long seq, string id, TimeSpan? deadline) =>
        new(seq, stores.Time.GetUtcNow(), seq == 1 ? "q" : $"q/{id}", new Approval(id, "ada", "Sure?", "Look.", ["yes", "no"], stores.Time.GetUtcNow() + deadline, "{\"n\":1}"u8.ToArray()));
}

public sealed class ApprovalsOnSqlite : ApprovalContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class ApprovalsOnPostgres : ApprovalContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();
}
