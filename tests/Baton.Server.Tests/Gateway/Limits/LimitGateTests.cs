using System.Text;
using Baton.Client;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Limits;

/// <summary>Limits as applications meet them.</summary>
public sealed class LimitGateTests
{
    private const string Echo = """{"model":"baton/echo","messages":[{"role":"user","content":"hi"}]""";

    [Fact]
    public async Task A_refusal_says_which_limit_of_whom_in_the_dialects_shape_and_when_to_ask_again()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, "{}"));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Dialect", "anthropic"));
        using var http = await KeyAsync(world.Server, new CreateKey("ci", Limits: [new KeyLimit(Requests: 2)]));
        var first = await world.Server.PostAsync("/v1/messages", ForwardWorld.Ask(), http);
        Assert.Equal((200, "2", "1"), (first.Status, Header(first, "x-ratelimit-limit-requests"), Header(first, "x-ratelimit-remaining-requests")));
        (await world.Server.PostAsync("/v1/messages", ForwardWorld.Ask(), http)).Ok();

        var refused = await world.Server.PostAsync("/v1/messages", ForwardWorld.Ask(), http);
        Assert.Equal((429, "error", "rate_limit_error"), (refused.Status, refused["type"].GetString(), refused["error"].GetProperty("type").GetString()));
        Assert.StartsWith("Key 'ci' has reached its limit of 2 requests per 60 s. Ask again in ", refused["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.InRange(int.Parse(Header(refused, "Retry-After")), 1, 61);
        Assert.Equal("0", Header(refused, "x-ratelimit-remaining-requests"));

        var other = await world.Server.PostAsync("/v1/chat/completions", $"{Echo}}}", http);
        Assert.Equal((429, "rate_limit_exceeded"), (other.Status, other["error"].GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Limits_of_team_and_tenant_hold_for_all_their_keys_together()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings
        {
            Values = new() { ["Gateway:Limits:Tenants:default:Limits:0:Requests"] = "4", ["Gateway:Limits:Tenants:default:Teams:search:0:Requests"] = "2" },
        });
        using var one = await KeyAsync(server, new CreateKey("one", "search"));
        using var two = await KeyAsync(server, new CreateKey("two", "search"));
        using var free = await KeyAsync(server, new CreateKey("free"));
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", one)).Ok();
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", two)).Ok();
        Assert.Contains("Team 'search'", (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", one)).Ok(429)["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", free)).Ok();
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}")).Ok();   // the machine's owner is of the tenant too
        Assert.Contains("Tenant 'default'", (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", free)).Ok(429)["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_teams_name_is_one_in_upper_and_in_lower_case()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = new() { ["Gateway:Limits:Tenants:default:Teams:search:0:Requests"] = "2" } });
        using var one = await KeyAsync(server, new CreateKey("one", "search"));
        using var two = await KeyAsync(server, new CreateKey("two", "Search"));
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", one)).Ok();
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", two)).Ok();
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", one)).Ok(429);
        (await server.PostAsync("/v1/chat/completions", $"{Echo}}}", two)).Ok(429);
    }

    [Fact]
    public async Task A_step_of_a_workflow_is_held_to_the_limits_of_its_tenant()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Gateway:Limits:Tenants:default:Limits:0:Requests", "2"), ("Gateway:Limits:Tenants:default:Limits:0:Tokens", "500"));
        await world.Server.RegisterAsync("asks", "do: [ { ask: { call: llm, with: { model: m, prompt: hi, max_tokens: '${ .most }' } } } ]");
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(",\"max_tokens\":10"))).Status);
        Assert.Equal("completed", (await EndAsync(10)).State);
        var refused = await EndAsync(10);
        Assert.Equal(("failed", 429), (refused.State, refused.Error!.Status));
        Assert.StartsWith("Tenant 'default' has reached its limit of 2 requests per 60 s. Ask again in ", refused.Error.Detail, StringComparison.Ordinal);
        var never = await EndAsync(1_000);
        Assert.Equal("failed", never.State);
        Assert.Contains("Tenant 'default' has a limit of 500 tokens", never.Error!.Detail, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, world.Server.Get<Limiter>().UnderWay);
        Assert.Equal(429, (await world.SendAsync(ForwardWorld.Ask(",\"max_tokens\":10"))).Status);   // what applications and steps ask counts together

        async Task<RunResult> EndAsync(int most) => await world.Server.EndAsync(await world.Server.StartRunAsync("asks", $$"""{"most":{{most}}}"""));
    }

    [Fact]
    public async Task Tokens_are_reserved_for_the_longest_answer_and_settled_by_the_real_one()
    {
        await using var server = await TestServer.StartAsync();
        using var http = await KeyAsync(server, new CreateKey("k", Limits: [new KeyLimit(Tokens: 1_000)]));
        for (var i = 0; i < 2; i++)   // of the first few tokens were used: there is room for the second
        {
            var answer = (await server.PostAsync("/v1/chat/completions", $"{Echo},\"max_tokens\":900}}", http)).Ok();
            Assert.Equal("1000", Header(answer, "x-ratelimit-limit-tokens"));
            Assert.InRange(int.Parse(Header(answer, "x-ratelimit-remaining-tokens")), 0, 100);
        }
        var never = await server.PostAsync("/v1/chat/completions", $"{Echo},\"max_tokens\":2000}}", http);
        Assert.Equal((429, "request_exceeds_limit", "false"), (never.Status, never["error"].GetProperty("code").GetString(), Header(never, "x-should-retry")));
    }

    [Fact]
    public async Task What_no_target_answers_gives_its_tokens_and_its_place_back()
    {
        await using var upstream = await WebServer.StartAsync(http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Gateway:BreakerFailures", "100"));
        using var http = await KeyAsync(world.Server, new CreateKey("k", Limits: [new KeyLimit(Tokens: 1_000, Concurrency: 1)]));
        for (var i = 0; i < 5; i++) Assert.Equal(500, (await world.Server.PostAsync("/v1/chat/completions", ForwardWorld.Ask(""","max_tokens":900"""), http)).Status);
    }

    [Fact]
    public async Task A_call_waits_for_its_turn_and_one_whose_client_leaves_gives_it_up()
    {
        var (asked, answer) = (0, new TaskCompletionSource());
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            if (Interlocked.Increment(ref asked) == 1) await answer.Task;
            await Replies.JsonAsync(http, "{}");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        using var http = await KeyAsync(world.Server, new CreateKey("k", Limits: [new KeyLimit(Concurrency: 1, MaxWaitSeconds: 100)]));
        var limiter = world.Server.Get<Limiter>();
        var first = world.Server.PostAsync("/v1/chat/completions", ForwardWorld.Ask(), http);
        while (Volatile.Read(ref asked) == 0) await Task.Yield();
        using var leaves = new CancellationTokenSource();
        using var body = new StringContent(ForwardWorld.Ask(), Encoding.UTF8, "application/json");
        var gone = http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), body, leaves.Token);
        while (limiter.Waiting != 1) await Task.Yield();
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        while (limiter.Waiting != 0) await Task.Yield();
        var second = world.Server.PostAsync("/v1/chat/completions", ForwardWorld.Ask(), http);
        while (limiter.Waiting != 1) await Task.Yield();
        Assert.Equal(1, asked);
        answer.SetResult();
        (await first).Ok();
        (await second).Ok();
        Assert.Equal(2, asked);
    }

    [Theory]
    [InlineData("Gateway:Limits:Tenants:a:Limits:0:Requests", "0", "Gateway:Limits:Tenants:a:Limits:0: Requests, Tokens and Concurrency are at least 1.")]
    [InlineData("Gateway:Limits:Tenants:a:Teams:t:0:Window", "00:01:00", "Gateway:Limits:Tenants:a:Teams:t:0: A limit names at least one of requests, tokens and concurrency.")]
    [InlineData("Gateway:Limits:Tenants:a:Limits:0:Request", "5", "There is no setting 'Gateway:Limits:Tenants:a:Limits:0:Request'.")]
    [InlineData("Gateway:Limits:Tenants:a:Limits:0:Window", "60s", "Gateway:Limits:Tenants:a:Limits:0:Window cannot be '60s': it is a duration, such as 00:01:00 for a minute.")]
    [InlineData("Gateway:Limits:Tenants:a:Teams:t:0:Concurrency", "ten", "Gateway:Limits:Tenants:a:Teams:t:0:Concurrency cannot be 'ten': it is a whole number, such as 10.")]
    [InlineData("Gateway:Limits:Tenants:a:Limits", "60", "Gateway:Limits:Tenants:a:Limits cannot be one value: it is a list, and Gateway:Limits:Tenants:a:Limits:0 its first element.")]
    public async Task A_limit_that_is_none_stops_the_start(string name, string value, string reason) =>
        Assert.Contains(reason, (await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(new TestServer.Settings { Values = new() { [name] = value } }))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0.0215, "22ms")]
    [InlineData(7.5, "7.5s")]
    [InlineData(360, "6m0s")]
    [InlineData(90_061, "25h1m1s")]
    public void A_reset_is_written_as_OpenAI_does(double seconds, string text) => Assert.Equal(text, LimitState.Duration(TimeSpan.FromSeconds(seconds)));

    private static async Task<HttpClient> KeyAsync(TestServer server, CreateKey key) => server.HttpClient((await server.Client.Keys.CreateAsync(key, TestContext.Current.CancellationToken)).Secret);

    private static string Header(Answer answer, string name) => answer.Headers.GetValues(name).Single();
}
