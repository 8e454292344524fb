using Baton.Client;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Budgets;

/// <summary>What streams see of budgets that are removed and changed meanwhile. An output token costs a micro-dollar.</summary>
public sealed class ChangedBudgetCallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_stream_goes_on_when_its_budget_is_deleted() => StreamAsync(async world =>
    {
        await world.Server.Client.Budgets.DeleteAsync("b", Cancel);
        return null;
    });

    [Fact]
    public Task A_stream_goes_on_when_its_budget_is_removed_and_nobody_has_told_this_node() => StreamAsync(async world =>
    {
        Assert.True(await world.Server.Get<BudgetStore>().RemoveAsync(TenantId.Default, "b"));
        return null;
    });

    [Fact]
    public Task A_stream_goes_on_when_its_budget_begins_anew_with_another_period_and_is_not_counted_in_that() => StreamAsync(async world =>
    {
        await world.Server.Client.Budgets.PutAsync("b", new PutBudget(60, "month"), Cancel);
        return 0;
    });

    /// <summary>A stream of 320 tokens with a budget of 50, with which something happens after 20 of them.</summary>
    /// <param name="change">Returns what then is spent of the budget; null where there is none.</param>
    private static async Task StreamAsync(Func<ForwardWorld, Task<long?>> change)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, [.. Enumerable.Range(0, 20).Select(i => Replies.Chunk("x"))]);
            await changed.Task;
            await Replies.StreamAsync(http, [.. Enumerable.Range(0, 300).Select(i => Replies.Chunk("x")), Replies.Finish(), Replies.Done]);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Price:Output", "1000000"), ("Budgets:UncappedTokens", "7"));
        await world.Server.Client.Budgets.PutAsync("b", new PutBudget(50, "day"), Cancel);
        using var response = await world.OpenAsync(ForwardWorld.AskStream);
        await Eventually.IsTrueAsync(() => world.Server.Get<BudgetLedger>().Find(TenantId.Default, "b")!.Value.Spent >= 20);
        var spent = await change(world);
        changed.SetResult();
        Assert.EndsWith(Replies.Done, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        if (spent is { } known) Assert.Equal(known, (await world.Server.Client.Budgets.GetAsync("b", Cancel)).SpentMicro);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.AskStream)).Status);
    }
}
