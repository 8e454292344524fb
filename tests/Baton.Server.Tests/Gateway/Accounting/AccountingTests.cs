using System.Text;
using System.Text.Json;
using Baton.Client;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Accounting;

/// <summary>What a server writes down of the calls that go through it, seen from outside.</summary>
public sealed class AccountingTests
{
    private static readonly (string Name, string Value)[] Priced = [("Targets:0:Price:Input", "1000000"), ("Targets:0:Price:Output", "2000000"), ("Usage:WriteInterval", "00:00:00.010")];

    [Fact]
    public async Task A_stream_tells_its_usage_to_the_gateway_and_the_client_sees_what_it_asked_for()
    {
        var bodies = new List<string>();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            lock (bodies) bodies.Add(body);
            await Replies.StreamAsync(http, Replies.Chunk("Three."), Replies.Finish(), Replies.Usage, Replies.Done);
        });
        await using var world = await StartAsync(upstream.Address);
        var plain = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal(Replies.Chunk("Three.") + Replies.Finish() + Replies.Done, plain.Body);
        var asked = await world.SendAsync(ForwardWorld.Ask(""","stream":true,"stream_options":{"include_usage":true,"x":1}"""));
        Assert.Equal(Replies.Chunk("Three.") + Replies.Finish() + Replies.Usage + Replies.Done, asked.Body);
        Assert.StartsWith("""{"stream_options":{"include_usage":true},""", bodies[0], StringComparison.Ordinal);
        Assert.Contains(""","stream_options":{"include_usage":true,"x":1}}""", bodies[1], StringComparison.Ordinal);

        var calls = await CallsAsync(world, 2);
        Assert.All(calls, call => Assert.Equal(("m", "t0", "completed", 200, 11L, 7L, false, 25L), (call.Model, call.Target, call.Outcome, call.Status, call.Tokens.Input, call.Tokens.Output, call.Estimated, call.CostMicros)));
        Assert.Contains(plain["x-baton-request-id"], calls.Select(call => call.Id));
        Assert.All(calls, call => Assert.InRange(call.FirstByteMs!.Value, 0, call.DurationMs + 1));
    }

    [Fact]
    public async Task A_target_that_does_not_know_stream_options_is_not_sent_any()
    {
        var body = "";
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            await Replies.StreamAsync(http, Replies.Chunk("Three"), Replies.Chunk("."), Replies.Finish(), Replies.Done);
        });
        await using var world = await StartAsync(upstream.Address, ("Targets:0:StreamUsage", "false"));
        await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal(ForwardWorld.AskStream, body);
        var call = Assert.Single(await CallsAsync(world, 1));
        Assert.True(call.Estimated);
        Assert.Equal(4, call.Tokens.Output);
    }

    [Fact]
    public async Task Every_end_of_a_call_has_its_name()
    {
        await using var upstream = new RawServer(async connection =>
        {
            var request = await connection.ReadRequestAsync();
            if (request.Contains("break", StringComparison.Ordinal)) await connection.WriteAsync(Replies.Head() + Replies.Piece(Replies.Chunk("Thr") + Replies.Chunk("ee")));
            else if (request.Contains("refuse", StringComparison.Ordinal)) await connection.WriteAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
            else await connection.WriteAsync("HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        });
        await using var world = await StartAsync(upstream.Address);
        await world.SendAsync(ForwardWorld.AskStream.Replace("hi", "break", StringComparison.Ordinal));
        await world.SendAsync(ForwardWorld.Ask().Replace("hi", "refuse", StringComparison.Ordinal));
        await world.SendAsync(ForwardWorld.Ask());
        await world.SendAsync(ForwardWorld.Ask().Replace("\"m\"", "\"nobody\"", StringComparison.Ordinal));
        var calls = await CallsAsync(world, 4);
        Assert.Equal(["broken 200 m", "failed 500 m", "refused 400 m", "refused 404 "], calls.Select(call => $"{call.Outcome} {call.Status} {call.Model}").Order(StringComparer.Ordinal));
        var broken = calls.Single(call => call.Outcome == "broken");
        Assert.Equal((true, 2), (broken.Estimated, broken.Tokens.Output));
    }

    [Fact]
    public async Task What_a_client_saw_before_it_left_is_accounted_for()
    {
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Replies.Chunk("a"), Replies.Chunk("b"), Replies.Chunk("c"));
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var world = await StartAsync(upstream.Address);
        using (var response = await world.OpenAsync(ForwardWorld.AskStream))
        {
            var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await stream.ReadExactlyAsync(new byte[Encoding.UTF8.GetByteCount(Replies.Chunk("a") + Replies.Chunk("b") + Replies.Chunk("c"))], TestContext.Current.CancellationToken);
        }
        var call = Assert.Single(await CallsAsync(world, 1));
        Assert.Equal(("cancelled", true, 3L), (call.Outcome, call.Estimated, call.Tokens.Output));
        Assert.True(call.CostMicros >= 6);
    }

    [Fact]
    public async Task Steps_of_workflows_are_accounted_for_with_their_run()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Three."), Replies.Finish(), Replies.Usage, Replies.Done));
        await using var world = await StartAsync(upstream.Address);
        await world.Server.RegisterAsync("ask", "do: [ { ask: { call: llm, with: { model: m, prompt: hi } } }, { echo: { call: llm, with: { model: baton/echo, prompt: one two } } } ]");
        var run = await world.Server.StartRunAsync("ask");
        Assert.Equal("completed", (await world.Server.EndAsync(run)).State);
        var calls = await CallsAsync(world, 2, $"?run={run}");
        var asked = calls.Single(call => call.Model == "m");
        Assert.Equal((run, "step", "t0", 11L, 7L, false, 25L), (asked.RunId, asked.Surface, asked.Target, asked.Tokens.Input, asked.Tokens.Output, asked.Estimated, asked.CostMicros));
        Assert.Contains("ask", asked.Step, StringComparison.Ordinal);
        Assert.Equal((2, 0), (calls.Single(call => call.Model == "baton/echo").Tokens.Output, calls.Single(call => call.Model == "baton/echo").CostMicros));
        Assert.Empty((await world.Server.Client.Usage.ListAsync([new("run", "run_other")], TestContext.Current.CancellationToken)).Items);
    }

    [Fact]
    public async Task Sums_and_metrics_tell_the_same()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await StartAsync(upstream.Address);
        for (var i = 0; i < 3; i++) await world.SendAsync(ForwardWorld.Ask());
        await CallsAsync(world, 3);
        foreach (var by in new[] { "hour", "day", "model", "key", "team", "target" })
        {
            var usage = await world.Server.Client.Usage.SumAsync([new("by", by)], TestContext.Current.CancellationToken);
            var group = Assert.Single(usage.Groups);
            Assert.Equal((3, 33, 21, 75), (group.Requests, group.Tokens.Input, group.Tokens.Output, group.CostMicros));
            Assert.Equal((3L, 75L), (group.Outcomes["completed"], usage.Total.CostMicros));
        }
        var metrics = (await world.Server.GetAsync("/metrics")).Text;
        foreach (var line in new[]
        {
            "llm_tokens_total{model=\"m\",type=\"input\",tenant_id=\"default\"} 33", "llm_tokens_total{model=\"m\",type=\"output\",tenant_id=\"default\"} 21", "llm_cost_dollars_total{model=\"m\",tenant_id=\"default\"} ", "llm_requests_total{model=\"m\",agent=\"none\",tenant_id=\"default\"} 3",
            "request_count{surface=\"/chat/completions\",outcome=\"completed\",tenant_id=\"default\"} 3", "circuit_breaker_state{model=\"m\",target=\"t0\"} 0", "# TYPE request_duration_seconds histogram", "gen_ai_client_token_usage_count{", "gen_ai_server_time_to_first_token_seconds_bucket{", "gen_ai_server_request_duration_seconds_count{",
        }) Assert.Contains(line, metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sums_may_be_asked_for_up_to_the_end_of_time()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(9999, (await server.Client.Usage.SumAsync([new("to", "9999-12-31T23:59:59Z")], TestContext.Current.CancellationToken)).To.Year);
    }

    [Fact]
    public async Task The_breaker_of_every_target_is_told_as_long_as_there_is_that_target()
    {
        await using var world = await StartAsync(new Uri("http://127.0.0.1:1/"));
        await world.Server.Client.Routes.PutAsync("mine", JsonElement.Parse("""{"targets":[{"base_url":"http://127.0.0.1:1/v1"},{"base_url":"http://127.0.0.1:1/v1","model":"other"}]}"""), null, TestContext.Current.CancellationToken);
        var second = world.Server.Get<RouteTable>().Current.Find(Engine.TenantId.Default, "mine")!.Targets[1];
        for (var i = 0; i < 5; i++) second.Health.Failed("500");
        Assert.Equal(
            ["circuit_breaker_state{model=\"m\",target=\"t0\"} 0", "circuit_breaker_state{model=\"mine\",target=\"127.0.0.1:1\",tenant_id=\"default\"} 0", "circuit_breaker_state{model=\"mine\",target=\"127.0.0.1:1#2\",tenant_id=\"default\"} 2"],
            await BreakersAsync(world.Server));
        await world.Server.Client.Routes.RemoveAsync("mine", null, TestContext.Current.CancellationToken);
        Assert.Equal(["circuit_breaker_state{model=\"m\",target=\"t0\"} 0"], await BreakersAsync(world.Server));
    }

    [Fact]
    public async Task A_tenant_is_told_of_the_breakers_of_its_own_routes_alone()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = "a:ada:key-of-ada-0123456789\nb:bob:key-of-bob-0123456789", Values = new() { ["Gateway:Models:m:BaseUrl"] = "http://127.0.0.1:1/v1" } });
        using var ada = server.HttpClient("key-of-ada-0123456789");
        using var bob = server.HttpClient("key-of-bob-0123456789");
        await new BatonClient(ada).Routes.PutAsync("mine", JsonElement.Parse("""{"base_url":"http://127.0.0.1:1/v1"}"""), null, TestContext.Current.CancellationToken);
        Assert.Equal(["circuit_breaker_state{model=\"mine\",target=\"127.0.0.1:1\",tenant_id=\"a\"} 0"], await BreakersAsync(server, ada));
        Assert.Empty(await BreakersAsync(server, bob));
    }

    [Theory]
    [InlineData("/api/v1/usage?by=colour", "by")]
    [InlineData("/api/v1/usage?from=yesterday", "from")]
    [InlineData("/api/v1/usage?from=2026-01-02&to=2026-01-01", "to")]
    [InlineData("/api/v1/usage?cursor=x", "cursor")]
    [InlineData("/api/v1/usage/requests?cursor=x", "cursor")]
    [InlineData("/api/v1/usage/requests?outcome=fine", "outcome")]
    public async Task Wrong_questions_are_told_what_is_wrong(string path, string name)
    {
        await using var server = await TestServer.StartAsync();
        var answer = await server.GetAsync(path);
        answer.Problem(400);
        Assert.Contains(name, answer.Text, StringComparison.Ordinal);
    }

    private static Task<ForwardWorld> StartAsync(Uri upstream, params (string, string)[] settings) => ForwardWorld.StartAsync([upstream], [.. Priced, .. settings]);

    private static async Task<IEnumerable<string>> BreakersAsync(TestServer server, HttpClient? http = null) =>
        (await server.GetAsync("/metrics", http)).Text.Split('\n').Where(line => line.StartsWith("circuit_breaker_state{", StringComparison.Ordinal));

    /// <summary>They are written behind the answers: waits until so many are there.</summary>
    private static async Task<IReadOnlyList<UsageRequestView>> CallsAsync(ForwardWorld world, int count, string query = "")
    {
        var pairs = query.Length == 0 ? [] : query[1..].Split('&').Select(pair => pair.Split('=')).Select(pair => new KeyValuePair<string, string>(pair[0], pair[1])).ToArray();
        IReadOnlyList<UsageRequestView> found = [];
        await Eventually.IsTrueAsync(async () => (found = (await world.Server.Client.Usage.ListAsync(pairs, TestContext.Current.CancellationToken)).Items).Count >= count);
        return found;
    }
}
