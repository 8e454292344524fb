using System.Text.Json;
using Baton.Client;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>Who would be asked, and why: without asking anybody.</summary>
public sealed class RouteExplainTests
{
    private static readonly Uri Nowhere = new("http://127.0.0.1:1/");

    [Fact]
    public async Task Every_candidate_is_shown_in_its_order_with_its_reason()
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere, Nowhere, Nowhere, Nowhere, Nowhere],
            ("Targets:0:Drain", "true"), ("Targets:1:Dialect", "anthropic"), ("Fallbacks:0", "n"), ("Gateway:Models:n:BaseUrl", "http://127.0.0.1:2/v1"), ("Gateway:Models:n:Name", "spare"));
        var targets = Route(world).Targets;
        for (var i = 0; i < 5; i++) targets[2].Health.Failed("503 Service Unavailable");
        targets[3].Health.Cool(TimeSpan.FromMinutes(1));
        var explained = await ExplainAsync(world, "/v1/embeddings");   // which has no translation
        Assert.Equal([(1, "t4"), (2, "t3"), (3, "spare"), (null, "t0"), (null, "t1"), (null, "t2")], explained.Candidates.Select(one => (one.Place, one.Target.Name)));
        Assert.Equal(("m", "/v1/embeddings", "m/t4"), (explained.Model, explained.Surface, explained.Route));
        Assert.Equal(["closed", "cooling", "closed", "draining", "closed", "open"], explained.Candidates.Select(one => one.Target.State));
        Assert.Equal([false, false, true, false, false, false], explained.Candidates.Select(one => one.IsFallback));
        foreach (var (at, reason) in new[] { (0, "By its place"), (1, "it has asked to be left alone for now (429)"), (2, "Once every target before it has failed."), (3, "It drains"), (4, "another dialect than /v1/embeddings"), (5, "It failed repeatedly (last: 503 Service Unavailable), and is left alone for") })
            Assert.Contains(reason, explained.Candidates[at].Reason, StringComparison.Ordinal);
        Assert.Equal("503 Service Unavailable", explained.Candidates[5].Target.LastFailure);
        Assert.InRange(explained.Candidates[5].Target.WaitSeconds, 0.001, 5);
        var messages = await ExplainAsync(world, "/v1/messages");
        Assert.Equal("m/t1", messages.Route);
    }

    [Theory]
    [InlineData("round_robin")]
    [InlineData("least_loaded")]
    [InlineData("priority")]
    public async Task The_one_that_is_said_to_be_first_is_asked_however_often_it_was_said(string strategy)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "ok"));
        await using var world = await ForwardWorld.StartAsync([upstream.Address, upstream.Address, upstream.Address], ("Strategy", strategy), ("Targets:0:Weight", "1"), ("Targets:1:Weight", "2"), ("Targets:2:Weight", "3"));
        for (var i = 0; i < 7; i++)
        {
            await Eventually.IsTrueAsync(() => Route(world).Targets.All(target => target.Health.UnderWay == 0));   // an answer is there before the call has ended
            var said = new[] { await ExplainAsync(world), await ExplainAsync(world), await ExplainAsync(world) };
            Assert.Single(said.Select(one => string.Join(',', one.Candidates.Select(candidate => candidate.Target.Name))).Distinct());
            Assert.Equal(said[0].Route, (await world.SendAsync(ForwardWorld.Ask()))["x-baton-route"]);
        }
        await Eventually.IsTrueAsync(() => Route(world).Targets.All(target => target.Health.UnderWay == 0));
    }

    [Fact]
    public async Task When_all_are_full_the_caller_and_whoever_asks_why_are_told_the_limit()
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere, Nowhere], ("Targets:0:MaxConcurrency", "1"), ("Targets:1:MaxConcurrency", "2"));
        foreach (var target in Route(world).Targets)
        {
            for (var i = 0; i < target.Most; i++) Assert.True(target.Health.TryBegin());
        }
        var refused = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((503, "1"), (refused.Status, refused["Retry-After"]));
        Assert.Contains("t0 (1 requests under way, its MaxConcurrency), t1 (2 requests under way, its MaxConcurrency)", refused.Body, StringComparison.Ordinal);
        var explained = await ExplainAsync(world);
        Assert.Equal((null, "full", "It has 1 requests under way, as many as it may (MaxConcurrency)."), (explained.Route, explained.Candidates[0].Target.State, explained.Candidates[0].Reason));
    }

    [Fact]
    public async Task A_target_on_trial_is_not_tried_by_asking_about_it()
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere], ("Gateway:BreakerPause", "00:00:00.1"));
        var health = Route(world).Targets[0].Health;
        for (var i = 0; i < 5; i++) health.Failed("timeout");
        await Eventually.IsTrueAsync(() => health.State == BreakerState.HalfOpen);
        Assert.Contains("one request may find out", Assert.Single((await ExplainAsync(world)).Candidates).Reason, StringComparison.Ordinal);
        Assert.Equal((BreakerState.HalfOpen, 0), (health.State, health.UnderWay));
    }

    [Fact]
    public async Task What_is_no_model_and_what_is_built_in_is_said()
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere]);
        Assert.Contains("There is no model 'mm' here. Nearest are: m,", (await ExplainAsync(world, model: "mm")).Outcome, StringComparison.Ordinal);
        Assert.Contains("this server answers itself", (await ExplainAsync(world, model: "baton/echo")).Outcome, StringComparison.Ordinal);
        Assert.Equal(["query/surface"], (await world.Server.PostAsync("/debug/route?surface=/v1/none", "{}")).Pointers(400));
        Assert.Equal(["/model"], (await world.Server.PostAsync("/debug/route", """{"model":5}""")).Pointers(400));
    }

    [Theory]
    [InlineData("m", "/v1/chat/completions", "no_target_for_request")]
    [InlineData("claude", "/v1/embeddings", "wrong_dialect")]
    [InlineData("drained", "/v1/messages", "no_target_available")]
    [InlineData("nobody", "/v1/chat/completions", "model_not_found")]
    [InlineData("baton/echo", "/v1/embeddings", "wrong_dialect")]
    public async Task A_refusal_is_foretold_in_its_own_words(string model, string surface, string code)
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere], ("Targets:0:When:Tag", "gpu"), ("Gateway:Models:claude:BaseUrl", "http://127.0.0.1:1/v1"), ("Gateway:Models:claude:Dialect", "anthropic"),
            ("Gateway:Models:drained:BaseUrl", "http://127.0.0.1:1/v1"), ("Gateway:Models:drained:Drain", "true"));
        var refused = await world.SendAsync(Ask(model), surface);
        var explained = await ExplainAsync(world, surface, model);
        Assert.Equal(($"The answer is {refused.Status} ({code}): {JsonElement.Parse(refused.Body).GetProperty("error").GetProperty("message").GetString()}", null), (explained.Outcome, explained.Route));
    }

    [Theory]
    [InlineData("m", "/v1/messages/count_tokens", "with an estimate")]
    [InlineData("baton/echo", "/v1/messages", "this server answers itself")]
    [InlineData("baton/echo", "/v1/messages/count_tokens", "this server answers itself")]
    public async Task What_this_server_answers_itself_is_said_to_be_answered(string model, string surface, string said)
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere]);
        Assert.Equal(200, (await world.SendAsync($$"""{"max_tokens":9,{{Ask(model)[1..]}}""", surface)).Status);
        Assert.Contains(said, (await ExplainAsync(world, surface, model)).Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_serves_other_requests_is_not_called_busy()
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere, Nowhere], ("Targets:0:When:Tag", "gpu"));
        for (var i = 0; i < 5; i++) Route(world).Targets[1].Health.Failed("timeout");
        Assert.EndsWith("may be asked now: t0 (for other requests), t1 (timeout).", (await ExplainAsync(world)).Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_is_explained_as_that_of_the_key_and_with_the_headers_that_it_would_have()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings
        {
            Keys = "a:ada:key-of-ada-0123456789",
            Values = new()
            {
                ["Gateway:Models:m:BaseUrl"] = "http://127.0.0.1:1/v1", ["Gateway:Models:m:When:Key"] = "blue-*", ["Gateway:Models:m:When:Header"] = "x-team=blue",
                ["Gateway:Models:other:BaseUrl"] = "http://127.0.0.1:1/v1",
            },
        });
        using var ada = server.HttpClient("key-of-ada-0123456789");
        var secret = (await server.PostAsync("/api/v1/keys", """{"name":"blue-1","scope":"api","models":["m"]}""", ada)).Ok(201)["secret"].GetString()!;
        using var blue = server.HttpClient(secret);
        var (asAda, asBlue) = (new BatonClient(ada).Routes, new BatonClient(blue).Routes);
        KeyValuePair<string, string>[] team = [new("x-team", "Blue")];
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal("m/127.0.0.1:1", (await asAda.ExplainAsync(JsonElement.Parse(Ask("m")), null, "blue-1", team, cancel)).Route);
        Assert.Equal("m/127.0.0.1:1", (await asBlue.ExplainAsync(JsonElement.Parse(Ask("m")), null, null, team, cancel)).Route);
        foreach (var (key, headers) in new[] { ("blue-1", []), (null, team), ("ada", team), ("workflow", team) }) Assert.Contains("(no_target_for_request)", (await asAda.ExplainAsync(JsonElement.Parse(Ask("m")), null, key, headers, cancel)).Outcome, StringComparison.Ordinal);
        var error = (await server.PostAsync("/v1/chat/completions", Ask("other"), blue)).Ok(403)["error"];
        foreach (var explained in new[] { await asBlue.ExplainAsync(JsonElement.Parse(Ask("other")), null, cancel), await asAda.ExplainAsync(JsonElement.Parse(Ask("other")), null, "blue-1", [], cancel) })
            Assert.Equal($"The answer is 403 (model_not_allowed): {error.GetProperty("message").GetString()}", explained.Outcome);
        Assert.Equal(["query/key"], (await server.PostAsync("/debug/route?key=nobody", Ask("m"), ada)).Pointers(400));
        (await server.PostAsync("/debug/route?key=ada", Ask("m"), blue)).Problem(403);
    }

    [Fact]
    public async Task A_request_that_the_gateway_takes_is_explained_however_large()
    {
        await using var world = await ForwardWorld.StartAsync([Nowhere], ("Gateway:MaxRequestBytes", "3000000"));
        (await world.Server.PostAsync("/debug/route", ForwardWorld.Ask($",\"x\":\"{new string('x', 2_000_000)}\""))).Ok();
        Assert.Contains("Gateway:MaxRequestBytes", (await world.Server.PostAsync("/debug/route", ForwardWorld.Ask($",\"x\":\"{new string('x', 4_000_000)}\""))).Problem(413).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static ModelRoute Route(ForwardWorld world) => world.Server.Get<RouteTable>().Current.Find(Engine.TenantId.Default, "m")!;

    private static Task<RouteExplanation> ExplainAsync(ForwardWorld world, string? surface = null, string model = "m") =>
        world.Server.Client.Routes.ExplainAsync(JsonElement.Parse(Ask(model)), surface, TestContext.Current.CancellationToken);

    private static string Ask(string model) => ForwardWorld.Ask().Replace("\"m\"", $"\"{model}\"", StringComparison.Ordinal);
}
