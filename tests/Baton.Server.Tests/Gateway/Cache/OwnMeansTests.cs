using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>Those who share an answer each have limits and budgets of their own. An output token costs a micro-dollar here.</summary>
public sealed class OwnMeansTests
{
    private static readonly (string, string)[] Settings = [("Cache:Ttl", "01:00:00"), ("Targets:0:Price:Output", "1000000")];

    private static readonly Budget Poor = new("bud_1", new TenantId("t"), "b", null, "poor", null, BudgetPeriod.Day, 10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Ask { get; } = ForwardWorld.Ask(""","temperature":0""");

    private static string AskStream { get; } = ForwardWorld.Ask(""","temperature":0,"stream":true""");

    [Fact]
    public async Task A_call_that_its_budget_refuses_is_refused_to_those_who_count_in_it_and_asked_for_by_the_others()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        using var world = new CacheWorld(upstream.Address, TimeProvider.System, static _ => { });
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = world.AskAsync(Ask, key: "poor", ask: async asked =>
        {
            await goOn.Task;
            await asked.RefuseAsync(BudgetErrors.Refused(new BudgetAdmission.Refused(Poor, 20, 10, null), Dialect.OpenAi, DateTimeOffset.UnixEpoch), Poor);
        });
        var alike = world.AskAsync(Ask, key: "poor");
        var others = Enumerable.Range(0, 5).Select(_ => world.AskAsync(Ask, key: "rich")).ToList();
        Assert.Equal((1, 7), world.Cache.UnderWay);
        goOn.SetResult();
        Assert.Equal((429, 429, "coalesced"), ((await first).Status, (await alike).Status, (await alike).Headers["x-baton-cache"].ToString()));
        Assert.All(await Task.WhenAll(others), answer => Assert.Equal(200, answer.Status));
        Assert.Equal((0, 0), world.Cache.UnderWay);
    }

    [Fact]
    public async Task A_stream_that_uses_up_the_budget_of_one_ends_for_the_others_without_a_word_of_that()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            await goOn.Task;
            for (var i = 0; i < 100; i++) await Replies.StreamAsync(http, Replies.Chunk(" more"));
            await Replies.StreamAsync(http, Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], [.. Settings, ("Budgets:UncappedTokens", "10")]);
        var (poor, rich) = (await KeyAsync(world, new CreateKey("poor")), await KeyAsync(world, new CreateKey("rich")));
        await world.Server.Client.Budgets.PutAsync("b", new PutBudget(40, "day", Key: "poor"), Cancel);
        using var first = await world.OpenAsync(AskStream, headers: poor);
        using var alike = await world.OpenAsync(AskStream, headers: poor);
        using var other = await world.OpenAsync(AskStream, headers: rich);
        goOn.SetResult();
        foreach (var one in new[] { first, alike }) Assert.Equal(("insufficient_quota", "Budget 'b' (day) of key 'poor' is used up: the answer ends here."), await EndAsync(one));
        Assert.Equal(("stream_interrupted", "The call that this answer came from was ended."), await EndAsync(other));
        Assert.Equal(("miss", "coalesced", "coalesced"), (How(first), How(alike), How(other)));
    }

    [Fact]
    public async Task An_answer_that_was_cut_to_what_a_budget_can_pay_is_not_for_those_who_have_another()
    {
        var (seen, cut) = (new List<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            lock (seen) seen.Add(body);
            if (body.Contains("\"max_tokens\":9", StringComparison.Ordinal)) await cut.Task;
            await Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], [.. Settings, ("Budgets:ClampMaxTokens", "true")]);
        var (poor, rich) = (await KeyAsync(world, new CreateKey("poor")), await KeyAsync(world, new CreateKey("rich")));
        await world.Server.Client.Budgets.PutAsync("b", new PutBudget(9, "day", Key: "poor"), Cancel);
        var body = ForwardWorld.Ask(""","temperature":0,"max_tokens":100""");
        var first = world.SendAsync(body, headers: poor);
        await Eventually.IsTrueAsync(() => seen.Count == 1);
        var alike = world.SendAsync(body, headers: poor);
        await Eventually.IsTrueAsync(() => world.Server.Get<AnswerCache>().UnderWay.Listeners == 2);
        var other = await world.SendAsync(body, headers: rich);   // while it is under way
        Assert.Contains("\"max_tokens\":100", seen[1], StringComparison.Ordinal);
        cut.SetResult();
        Assert.Equal(("miss", "coalesced", "miss"), ((await first)["x-baton-cache"], (await alike)["x-baton-cache"], other["x-baton-cache"]));
        Assert.Equal("hit", (await world.SendAsync(body, headers: rich))["x-baton-cache"]);

        await world.Server.Client.Budgets.PutAsync("b", new PutBudget(16, "day", Key: "poor"), Cancel);   // 7 are spent
        Assert.Equal("miss", (await world.SendAsync(body, headers: [poor, ("x-baton-cache", "refresh")]))["x-baton-cache"]);
        Assert.Contains("\"max_tokens\":9", seen[2], StringComparison.Ordinal);
        Assert.Equal("miss", (await world.SendAsync(ForwardWorld.Ask(""","temperature":0,"max_tokens":101"""), headers: poor))["x-baton-cache"]);
        Assert.Equal("miss", (await world.SendAsync(ForwardWorld.Ask(""","temperature":0,"max_tokens":101"""), headers: rich))["x-baton-cache"]);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    public async Task Everybody_who_shares_a_call_is_told_their_own_limits(int status)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await goOn.Task;
            await Replies.JsonAsync(http, "{}", status);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Settings);
        var (sixty, ninety, free) = (await KeyAsync(world, new CreateKey("k60", Limits: [new KeyLimit(Requests: 60)])), await KeyAsync(world, new CreateKey("k90", Limits: [new KeyLimit(Requests: 90)])), await KeyAsync(world, new CreateKey("free")));
        var calls = new List<Task<ForwardWorld.Reply>>();
        foreach (var key in new[] { sixty, ninety, free })
        {
            calls.Add(world.SendAsync(Ask, headers: key));
            await Eventually.IsTrueAsync(() => world.Server.Get<AnswerCache>().UnderWay.Listeners == calls.Count);
        }
        goOn.SetResult();
        var replies = await Task.WhenAll(calls);
        Assert.Equal([("miss", status), ("coalesced", status), ("coalesced", status)], replies.Select(reply => (reply["x-baton-cache"], reply.Status)));
        Assert.Equal(("60", "90", false), (replies[0]["x-ratelimit-limit-requests"], replies[1]["x-ratelimit-limit-requests"], replies[2].Headers.Contains("x-ratelimit-limit-requests")));
    }

    private static string How(HttpResponseMessage response) => response.Headers.GetValues("x-baton-cache").Single();

    /// <summary>The error with which a stream ends.</summary>
    private static async Task<(string? Code, string? Message)> EndAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        var error = JsonElement.Parse(text[text.LastIndexOf("data: ", StringComparison.Ordinal)..]["data: ".Length..]).GetProperty("error");
        return (error.GetProperty("code").GetString(), error.GetProperty("message").GetString());
    }

    private static async Task<(string, string)> KeyAsync(ForwardWorld world, CreateKey key) => ("Authorization", $"Bearer {(await world.Server.Client.Keys.CreateAsync(key, Cancel)).Secret}");
}
