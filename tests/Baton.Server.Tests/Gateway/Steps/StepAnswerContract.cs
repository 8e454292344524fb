using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Server.Tests.Gateway.Steps;

/// <summary>What is kept of models' answers to steps, whatever database is under it.</summary>
public abstract class StepAnswerContract
{
    private static readonly ModelAnswer Answer = new("Three\0.", "stop", new ModelUsage(1, 2, 3)) { UpstreamModel = "m-1" };

    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task The_same_attempt_is_given_its_answer_again_after_a_restart_too()
    {
        await using var stores = await OpenAsync();
        var run = (await stores.StartOwnedAsync()).Run.ToString();
        Assert.Equal(Answer, await GetAsync(stores, run));
        await stores.ReopenAsync();
        var kept = await KeptAsync(stores, run);
        Assert.Equal((Answer.FinishReason, Answer.Usage, Answer.UpstreamModel), (kept.FinishReason, kept.Usage, kept.UpstreamModel));
        Assert.StartsWith("Three", kept.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_attempt_another_question_another_run_and_another_tenant_are_answered_anew()
    {
        await using var stores = await OpenAsync();
        var (run, other) = ((await stores.StartOwnedAsync()).Run.ToString(), (await stores.StartOwnedAsync()).Run.ToString());
        await GetAsync(stores, run);
        Assert.Equal("new", (await GetAsync(stores, run, key: "ask#2", answer: "new")).Text);
        Assert.Equal("new", (await GetAsync(stores, other, answer: "new")).Text);
        Assert.Equal("new", (await GetAsync(stores, run, answer: "new", tenant: "other")).Text);
        Assert.Equal("new", (await GetAsync(stores, run, request: "else", answer: "new")).Text);
        Assert.Equal("newer", (await GetAsync(stores, run, answer: "newer")).Text);   // the last question of an attempt is the one that is kept
    }

    [Fact]
    public async Task Of_a_run_that_has_ended_is_removed_nothing_else()
    {
        await using var stores = await OpenAsync();
        var (ended, open) = (await stores.StartOwnedAsync(), await stores.StartOwnedAsync());
        foreach (var lease in new[] { ended, open }) await GetAsync(stores, lease.Run.ToString());
        Assert.Equal(0, await Of(stores).SweepAsync(100));
        await stores.Journal.AppendAsync(ended, new JournalEntry.StateChanged(1, stores.Time.GetUtcNow(), RunState.Completed, "1"u8.ToArray(), null));
        Assert.Equal(1, await Of(stores).SweepAsync(100));
        await KeptAsync(stores, open.Run.ToString());
        Assert.Equal("new", (await GetAsync(stores, ended.Run.ToString(), answer: "new")).Text);
    }

    [Fact]
    public async Task A_run_that_is_retried_asks_anew()
    {
        await using var stores = await OpenAsync();
        var lease = await stores.StartOwnedAsync();
        await GetAsync(stores, lease.Run.ToString());
        var broken = new WorkflowError(ErrorTypes.Runtime, 500, "Runtime Error", "broken", "b", "generic");
        await stores.Journal.AppendAsync(lease, new JournalEntry.StepFailed(1, stores.Time.GetUtcNow(), "ask", broken, stores.Time.GetUtcNow(), 1, null));
        await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(2, stores.Time.GetUtcNow(), RunState.Failed, default, broken));
        await stores.Keeper.RetryAsync(Stores.Tenant, lease.Run, null);
        Assert.Equal("new", (await GetAsync(stores, lease.Run.ToString(), answer: "new")).Text);
    }

    [Fact]
    public async Task Storage_that_is_away_costs_no_answer()
    {
        var stores = await OpenAsync();
        var run = (await stores.StartOwnedAsync()).Run.ToString();
        var answers = Of(stores);
        await stores.DisposeAsync();
        Assert.Equal(Answer, await answers.GetAsync(Stores.Tenant, run, "ask#1", "hash", () => Task.FromResult(Answer), TestContext.Current.CancellationToken));
    }

    private static StepAnswers Of(Stores stores) => new(stores.Database, NullLogger<StepAnswers>.Instance);

    private static Task<ModelAnswer> GetAsync(Stores stores, string run, string key = "ask#1", string request = "hash", string? answer = null, string? tenant = null) => Of(stores).GetAsync(
        tenant is null ? Stores.Tenant : new TenantId(tenant), run, key, request, () => Task.FromResult(answer is null ? Answer : Answer with { Text = answer }), TestContext.Current.CancellationToken);

    private static Task<ModelAnswer> KeptAsync(Stores stores, string run) =>
        Of(stores).GetAsync(Stores.Tenant, run, "ask#1", "hash", () => throw new InvalidOperationException("it must not be asked"), TestContext.Current.CancellationToken);
}

public sealed class StepAnswersOnSqlite : StepAnswerContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class StepAnswersOnPostgres : StepAnswerContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();
}
