using Baton.Client;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>A second target beside a slow one.</summary>
public sealed class HedgeTests
{
    /// <summary>With a prompt of 100 tokens.</summary>
    private static readonly string Ask = $$"""{"messages":[{"role":"user","content":"{{new string('x', 400)}}"}],"model":"m","stream":true,"max_tokens":20}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_the_first_does_not_begin_the_second_answers_and_the_first_is_cancelled_without_blame()
    {
        var (isSlow, left) = (false, new TaskCompletionSource());
        await using var first = await WebServer.StartAsync(http => isSlow ? StallAsync(http, left) : StreamAsync(http, "One."));
        await using var second = await WebServer.StartAsync(http => StreamAsync(http, "Two."));
        await using var world = await WarmAsync([first.Address, second.Address], "00:00:00.020");
        isSlow = true;
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal((200, "m/t1", "2"), (reply.Status, reply["x-baton-route"], reply["x-baton-attempts"]));
        Assert.Equal(Replies.Chunk("Two.") + Replies.Finish() + Replies.Done, reply.Body);
        await left.Task.WaitAsync(TestContext.Current.CancellationToken);
        var targets = world.Server.Get<RouteTable>().Current.Find(TenantId.Default, "m")!.Targets;
        Assert.All(targets, target => Assert.Equal((null, 0), (target.Health.LastFailure, target.Health.UnderWay)));
    }

    [Fact]
    public async Task The_first_is_heard_when_it_begins_sooner_after_all()
    {
        var (isSlow, go, left) = (false, new TaskCompletionSource(), new TaskCompletionSource());
        await using var first = await WebServer.StartAsync(async http =>
        {
            if (isSlow) await go.Task;
            await StreamAsync(http, "One.");
        });
        await using var second = await WebServer.StartAsync(http =>
        {
            go.TrySetResult();
            return StallAsync(http, left);
        });
        await using var world = await WarmAsync([first.Address, second.Address], "00:00:00.020");
        isSlow = true;
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal((200, "m/t0", "2"), (reply.Status, reply["x-baton-route"], reply["x-baton-attempts"]));
        Assert.StartsWith(Replies.Chunk("One."), reply.Body, StringComparison.Ordinal);
        await left.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(500, 200, 200, "m/t1")]
    [InlineData(200, 500, 200, "m/t0")]
    [InlineData(500, 503, 503, "m/t1")]
    public async Task One_that_fails_leaves_the_answer_to_the_other(int firstSays, int secondSays, int expected, string route)
    {
        var (isSlow, go) = (false, new TaskCompletionSource());
        await using var first = await WebServer.StartAsync(async http =>
        {
            if (isSlow) await go.Task;
            await (isSlow && firstSays != 200 ? Replies.JsonAsync(http, "{}", firstSays) : Replies.WholeAsync(http, "One."));
        });
        await using var second = await WebServer.StartAsync(async http =>
        {
            await (secondSays != 200 ? Replies.JsonAsync(http, "{}", secondSays) : Replies.WholeAsync(http, "Two."));
            go.TrySetResult();
        });
        await using var world = await WarmAsync([first.Address, second.Address], "00:00:00.020");
        isSlow = true;
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((expected, route, "2"), (reply.Status, reply["x-baton-route"], reply["x-baton-attempts"]));
    }

    [Fact]
    public async Task At_most_one_request_in_twenty_is_hedged_and_none_with_an_idempotency_key()
    {
        var asked = 0;
        await using var first = await WebServer.StartAsync(http => Replies.WholeAsync(http, "One."));
        await using var second = await WebServer.StartAsync(http =>
        {
            Interlocked.Increment(ref asked);
            return Replies.WholeAsync(http, "Two.");
        });
        await using var world = await ForwardWorld.StartAsync([first.Address, second.Address], ("HedgeAfter", "00:00:00"));
        for (var i = 0; i < 99; i++) Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(), "/v1/chat/completions", ("Idempotency-Key", $"k{i}"))).Status);
        Assert.Equal(0, asked);
        for (var i = 0; i < 100; i++) Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask())).Status);
        await Eventually.IsTrueAsync(() => world.Server.Get<RouteTable>().Current.Find(TenantId.Default, "m")!.Targets.All(target => target.Health.UnderWay == 0));
        Assert.InRange(asked, 0, 5);   // none where the first was always sooner
    }

    [Fact]
    public async Task What_the_slower_one_has_begun_is_paid_for_and_recorded_as_a_call_of_its_own()
    {
        var (isSlow, left) = (false, new TaskCompletionSource());
        await using var first = await WebServer.StartAsync(http => isSlow ? StallAsync(http, left) : StreamAsync(http, "One."));
        await using var second = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Two."), Replies.Usage, Replies.Done));   // 7 tokens
        await using var world = await WarmAsync([first.Address, second.Address], "00:00:00.020", ("Targets:0:Price:Input", "5000000"), ("Targets:1:Price:Output", "1000000"));
        await world.Server.Client.Budgets.PutAsync("b", new PutBudget(1_000_000, "total"), Cancel);
        isSlow = true;
        Assert.Equal(200, (await world.SendAsync(Ask)).Status);
        await Eventually.IsTrueAsync(async () => (await ListAsync(world)).Count == 2);
        var (loser, winner) = ((await ListAsync(world)).Single(call => call.Target == "t0"), (await ListAsync(world)).Single(call => call.Target == "t1"));
        Assert.Equal(("cancelled", 1, 101, 0, true, 505), (loser.Outcome, loser.Attempts, loser.Tokens.Input, loser.Tokens.Output, loser.Estimated, loser.CostMicros));   // 100 tokens, and 1 for the other texts
        Assert.Equal(("completed", 2, 7, false, 7), (winner.Outcome, winner.Attempts, winner.Tokens.Output, winner.Estimated, winner.CostMicros));
        Assert.NotEqual(loser.Id, winner.Id);
        var budget = await world.Server.Client.Budgets.GetAsync("b", Cancel);
        Assert.Equal((512, 0), (budget.SpentMicro, budget.ReservedMicro));
    }

    [Fact]
    public async Task A_second_one_is_not_asked_where_the_budget_cannot_pay_for_both()
    {
        var (isSlow, go, asked) = (false, new TaskCompletionSource(), 0);
        await using var first = await WebServer.StartAsync(async http =>
        {
            if (isSlow) await go.Task;
            await StreamAsync(http, "One.");
        });
        await using var second = await WebServer.StartAsync(http =>
        {
            Interlocked.Increment(ref asked);
            return StreamAsync(http, "Two.");
        });
        await using var world = await WarmAsync([first.Address, second.Address], "00:00:00.020", ("Targets:0:Price:Input", "5000000"), ("Targets:1:Price:Output", "1000000"));
        await world.Server.Client.Budgets.PutAsync("b", new PutBudget(1_000, "total"), Cancel);   // the call may cost 525, at the dearest
        isSlow = true;
        var asking = world.SendAsync(Ask);
        await Eventually.IsTrueAsync(() => asking.IsCompleted || world.Server.Log.Lines.Any(line => line.Contains("has no money for a second target", StringComparison.Ordinal)));
        go.SetResult();
        Assert.Equal((200, "m/t0", 0), ((await asking).Status, (await asking)["x-baton-route"], asked));
    }

    [Fact]
    public async Task A_client_that_leaves_ends_both_calls()
    {
        var (isSlow, left, alsoLeft) = (false, new TaskCompletionSource(), new TaskCompletionSource());
        using var leaving = new CancellationTokenSource();
        await using var first = await WebServer.StartAsync(http => isSlow ? StallAsync(http, left) : StreamAsync(http, "One."));
        await using var second = await WebServer.StartAsync(http =>
        {
            leaving.Cancel();
            return StallAsync(http, alsoLeft);
        });
        await using var world = await WarmAsync([first.Address, second.Address], "00:00:00.020");
        isSlow = true;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(ForwardWorld.AskStream) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Server.Http.SendAsync(request, leaving.Token));
        await Task.WhenAll(left.Task, alsoLeft.Task).WaitAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.95)]
    public void A_quantile_is_right_within_a_tenth_and_follows_what_is_new(double share)
    {
        var random = new Random(3);
        var table = new GatewayOptions();
        table.Models["m"] = new ModelOptions { Targets = [new TargetOptions { BaseUrl = "http://a/v1" }, new TargetOptions { BaseUrl = "http://b/v1" }] };
        var route = new RouteTable(Microsoft.Extensions.Options.Options.Create(table), new ManualTime()).Current.Find(TenantId.Default, "m")!;
        Assert.Null(FirstByteTimes.Quantile(route.Targets, share, 20));
        foreach (var scale in new[] { 2000.0, 50.0 })
        {
            var all = Enumerable.Range(0, 8000).Select(_ => Math.Exp(random.NextDouble() * 2) * scale).ToList();
            foreach (var (index, ms) in all.Index()) route.Targets[index % 2].Health.Answered(TimeSpan.FromMilliseconds(ms));
            var exact = all.Order().ElementAt((int)(share * all.Count));
            Assert.InRange(FirstByteTimes.Quantile(route.Targets, share, 20)!.Value.TotalMilliseconds, exact * 0.88, exact * 1.12);
        }
    }

    /// <summary>A world that has answered often enough to hedge once.</summary>
    private static async Task<ForwardWorld> WarmAsync(Uri[] targets, string after, params (string, string)[] settings)
    {
        var world = await ForwardWorld.StartAsync(targets, [("HedgeAfter", "p95"), .. settings]);
        var route = world.Server.Get<RouteTable>().Current.Find(TenantId.Default, "m")!;
        for (var i = 0; i < 20; i++) route.Hedges.Count();
        for (var i = 0; i < 200; i++) route.Targets[0].Health.Answered(TimeSpan.Parse(after, System.Globalization.CultureInfo.InvariantCulture));
        return world;
    }

    private static async Task<IReadOnlyList<UsageRequestView>> ListAsync(ForwardWorld world) => (await world.Server.Client.Usage.ListAsync([], Cancel)).Items;

    private static Task StreamAsync(HttpContext http, string text) => Replies.StreamAsync(http, Replies.Chunk(text), Replies.Finish(), Replies.Done);

    private static async Task StallAsync(HttpContext http, TaskCompletionSource left)
    {
        using var gone = http.RequestAborted.Register(() => left.TrySetResult());
        await left.Task;
    }
}
