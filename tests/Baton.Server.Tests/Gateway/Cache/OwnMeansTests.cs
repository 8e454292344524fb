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
