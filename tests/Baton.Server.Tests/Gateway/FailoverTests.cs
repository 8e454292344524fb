using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Baton.Server.Tests.Gateway;

/// <summary>Targets that fail: before the first byte nobody sees it, after it the stream says so.</summary>
public sealed class FailoverTests
{
    public static TheoryData<string> Failures => ["closed port", "reset", "500", "429", "401", "402", "403", "404", "405", "410", "413", "garbage", "headers, then reset", "empty stream", "half an event", "error event", "half an object", "nothing", "204", "a page", "error object", "error behind a space", "error behind a comment"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_target_that_fails_before_its_first_event_is_replaced_unseen(string how)
    {
        await using var broken = Broken(how);
        await using var good = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Three."), Replies.Finish(), Replies.Done));
        await using var world = await ForwardWorld.StartAsync([how == "closed port" ? new Uri($"http://127.0.0.1:{RawServer.ClosedPort()}/") : broken.Address, good.Address]);
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal((200, Replies.Chunk("Three.") + Replies.Finish() + Replies.Done), (reply.Status, reply.Body));
        Assert.Equal(("m/t1", "2"), (reply["x-baton-route"], reply["x-baton-attempts"]));
    }

    [Fact]
    public async Task What_every_target_would_refuse_is_refused_at_once_in_the_targets_words()
    {
        const string Said = """{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}""";
        await using var strict = await WebServer.StartAsync(http => Replies.JsonAsync(http, Said, 400));
        await using var world = await ForwardWorld.StartAsync([strict.Address, strict.Address]);
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((400, Said, "1"), (reply.Status, reply.Body, reply["x-baton-attempts"]));
    }

    [Fact]
    public async Task Once_all_have_failed_the_last_ones_words_are_handed_on_without_the_key()
    {
        await using var busy = await WebServer.StartAsync(http =>
        {
            http.Response.Headers.RetryAfter = "7";
            return Replies.JsonAsync(http, $$$"""{"error":{"message":"{{{ForwardWorld.Key}}} is over its limit"}}""", 429);
        });
        await using var world = await ForwardWorld.StartAsync([busy.Address, busy.Address]);
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((429, """{"error":{"message":"*** is over its limit"}}""", "7", "2"), (reply.Status, reply.Body, reply["Retry-After"], reply["x-baton-attempts"]));
    }

    [Theory]
    [InlineData("/v1/chat/completions", "yes")]
    [InlineData("/v1/messages", null)]
    public async Task A_refusal_keeps_its_headers_and_in_other_words_what_tells_when_to_ask_again(string path, string? others)
    {
        await using var busy = await WebServer.StartAsync(http =>
        {
            foreach (var (name, value) in new[] { ("retry-after-ms", "250"), ("x-should-retry", "true"), ("x-ratelimit-left", "yes"), ("Set-Cookie", "a=b"), ("x-baton-route", "theirs"), ("x-who", $"key {ForwardWorld.Key}") }) http.Response.Headers[name] = value;
            return Replies.JsonAsync(http, """{"error":{"message":"slow down"}}""", 429);
        });
        await using var world = await ForwardWorld.StartAsync([busy.Address]);
        var reply = await world.SendAsync(ForwardWorld.Ask(), path);
        Assert.Equal((429, "250", "true", "m/t0", "application/json"), (reply.Status, reply["retry-after-ms"], reply["x-should-retry"], reply["x-baton-route"], reply.Type));
        Assert.Equal(others, reply.Headers.Contains("x-ratelimit-left") ? reply["x-ratelimit-left"] : null);
        Assert.Equal(others is null ? null : "key ***", reply.Headers.Contains("x-who") ? reply["x-who"] : null);
        Assert.False(reply.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task A_key_that_the_target_refuses_is_not_the_callers_fault()
    {
        await using var closed = await WebServer.StartAsync(http => Replies.JsonAsync(http, "{}", 401));
        await using var world = await ForwardWorld.StartAsync([closed.Address]);
        var error = Error(await world.SendAsync(ForwardWorld.Ask()), 502);
        Assert.Equal("upstream_credential", error.GetProperty("code").GetString());
        Assert.Contains("was answered 401 Unauthorized: it does not accept the gateway's key. See Gateway:Models:m:Targets:0:ApiKeyVariable.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, true)]
    [InlineData(402, true)]
    [InlineData(403, false)]
    [InlineData(404, false)]
    public async Task Refusals_leave_a_target_alone_only_where_all_would_be_refused(int status, bool isLeftAlone)
    {
        var asked = 0;
        await using var strict = await WebServer.StartAsync(http =>
        {
            asked++;
            return Replies.JsonAsync(http, "{}", status);
        });
        await using var world = await ForwardWorld.StartAsync([strict.Address], ("Gateway:BreakerFailures", "3"));
        for (var i = 0; i < 4; i++) await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((isLeftAlone ? 3 : 4, isLeftAlone), (asked, Health(world).LastFailure is not null));
    }

    [Theory]
    [InlineData("ends", "stream_interrupted")]
    [InlineData("resets", "stream_interrupted")]
    [InlineData("stalls", "upstream_timeout")]
    public async Task A_stream_that_breaks_after_its_first_event_ends_with_an_error_event(string how, string code)
    {
        await using var broken = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head() + Replies.Piece(Replies.Chunk("Thr")) + Replies.Piece("data: {\"half\":"));
            if (how == "resets") connection.Reset();
            if (how == "stalls") await connection.StallAsync();
            if (how == "ends") await connection.WriteAsync("0\r\n\r\n");
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address], ("IdleTimeout", "00:00:01"));
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.StartsWith(Replies.Chunk("Thr") + "data: {\"error\":", reply.Body, StringComparison.Ordinal);   // the half event is not there
        Assert.EndsWith("\n\n", reply.Body, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", reply.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("half", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anthropics_streams_end_with_their_own_error_event()
    {
        await using var broken = await WebServer.StartAsync(http => Replies.StreamAsync(http, "event: message_start\ndata: {\"type\":\"message_start\"}\n\n"));
        await using var world = await ForwardWorld.StartAsync([broken.Address], ("Targets:0:Dialect", "anthropic"));
        var reply = await world.SendAsync(ForwardWorld.AskStream, "/v1/messages");
        Assert.Contains("\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",", reply.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[DONE]")]
    [InlineData("finish_reason")]
    public async Task A_connection_that_breaks_behind_the_end_takes_nothing_from_the_answer(string end)
    {
        var text = Replies.Chunk("Three.") + (end == "[DONE]" ? Replies.Done : Replies.Finish());
        await using var abrupt = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head() + Replies.Piece(text));
        });
        await using var world = await ForwardWorld.StartAsync([abrupt.Address]);
        Assert.Equal(text, (await world.SendAsync(ForwardWorld.AskStream)).Body);
    }

    [Fact]
    public async Task A_target_that_does_not_begin_in_time_is_replaced()
    {
        await using var silent = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head());
            await connection.StallAsync();
        });
        await using var good = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Three."), Replies.Done));
        await using var world = await ForwardWorld.StartAsync([silent.Address, good.Address], ("FirstByteTimeout", "00:00:01"));
        Assert.Equal("m/t1", (await world.SendAsync(ForwardWorld.AskStream))["x-baton-route"]);
    }

    [Fact]
    public async Task All_targets_of_a_call_share_its_time_and_who_gets_little_of_it_is_not_blamed()
    {
        var time = new ManualTime();
        await using var silent = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.StallAsync();
        });
        using var world = new GatewayWorld(silent.Address, model =>
        {
            model.Targets = [.. Enumerable.Range(0, 3).Select(i => new TargetOptions { BaseUrl = model.BaseUrl, ApiKeyFile = model.ApiKeyFile, Name = $"t{i}" })];
            (model.BaseUrl, model.ApiKeyFile, model.Strategy) = (null, null, "priority");
            (model.Timeout, model.FirstByteTimeout) = (TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(20));
        }, time);
        var answer = world.FailAsync();
        await time.WhenTimerAsync(TimeSpan.FromSeconds(20));
        time.Advance(TimeSpan.FromSeconds(20));
        await time.WhenTimerAsync(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.EndsWith("had not ended its answer when the time for the whole call was over (Timeout).", (await answer).Error.Detail, StringComparison.Ordinal);
        var targets = world.Routes!.Current.Find(TenantId.Default, "test/model")!.Targets;
        Assert.Equal(["timeout", null, null], targets.Select(target => target.Health.LastFailure));
        Assert.Equal([true, true, false], targets.Select(target => target.Health.SinceBegun is not null));
    }

    [Fact]
    public async Task Half_of_a_large_object_does_not_look_like_a_whole_one()
    {
        await using var broken = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n{new string('x', 200_000)}");
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address]);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => world.SendAsync(ForwardWorld.Ask()));
        Assert.True(failure is HttpRequestException or IOException, failure.ToString());
    }

    [Fact]
    public async Task A_target_that_keeps_failing_is_left_alone_until_it_answers_again()
    {
        var (asked, isWell) = (0, false);
        await using var flaky = await WebServer.StartAsync(http =>
        {
            asked++;
            return isWell ? Replies.WholeAsync(http, "Three.") : Replies.JsonAsync(http, "{}", 503);
        });
        await using var world = await ForwardWorld.StartAsync([flaky.Address], ("Gateway:BreakerFailures", "3"), ("Gateway:BreakerPause", "00:00:02"));
        for (var i = 0; i < 3; i++) Assert.Equal("{}", (await world.SendAsync(ForwardWorld.Ask())).Body);
        var error = Error(await world.SendAsync(ForwardWorld.Ask()), 503);
        Assert.Equal("no_target_available", error.GetProperty("code").GetString());
        Assert.Contains("t0 (503 ServiceUnavailable)", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(3, asked);
        isWell = true;
        await Eventually.IsTrueAsync(async () => (await world.SendAsync(ForwardWorld.Ask())).Status == 200);
        Assert.Equal(4, asked);
    }

    [Fact]
    public async Task Failures_of_requests_that_were_under_way_together_leave_a_target_alone_once()
    {
        var (asked, all) = (0, new TaskCompletionSource());
        await using var broken = await WebServer.StartAsync(async http =>
        {
            if (Interlocked.Increment(ref asked) == 30) all.SetResult();
            await all.Task;
            await Replies.JsonAsync(http, "{}", 500);
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address]);
        foreach (var reply in await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => world.SendAsync(ForwardWorld.Ask())))) Assert.Equal(500, reply.Status);
        Assert.InRange(Health(world).Wait, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_client_that_leaves_before_its_answer_begins_has_shown_how_slow_the_target_is()
    {
        using var leaving = new CancellationTokenSource();
        await using var silent = await WebServer.StartAsync(async http =>
        {
            await leaving.CancelAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var world = await ForwardWorld.StartAsync([silent.Address]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(ForwardWorld.AskStream, System.Text.Encoding.UTF8, "application/json") };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Server.Http.SendAsync(request, leaving.Token));
        await Eventually.IsTrueAsync(() => Health(world) is { ExpectedMs: > 0, FirstByteMs: 0, LastFailure: null });
    }

    [Fact]
    public async Task A_target_that_always_refuses_is_not_the_quickest()
    {
        var asked = 0;
        await using var wrong = await WebServer.StartAsync(http =>
        {
            asked++;
            return Replies.JsonAsync(http, "{}", 404);
        });
        await using var good = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([wrong.Address, good.Address], ("Strategy", "latency"));
        for (var i = 0; i < 100; i++) Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask())).Status);
        Assert.InRange(asked, 0, 50);
    }

    [Fact]
    public async Task Models_that_stand_in_are_asked_once_the_targets_of_the_first_have_failed()
    {
        await using var broken = await WebServer.StartAsync(http => Replies.JsonAsync(http, "{}", 500));
        await using var good = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([broken.Address], ("Fallbacks:0", "spare"), ("Gateway:Models:spare:BaseUrl", new Uri(good.Address, "/v1").ToString()));
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((200, $"spare/{good.Address.Authority}", "2"), (reply.Status, reply["x-baton-route"], reply["x-baton-attempts"]));
    }

    [Theory]
    [InlineData("""{"model":"mm"}""", 404, "There is no model 'mm' here. Nearest are: m")]
    [InlineData("""{"model":3}""", 400, "'model' must be a text.")]
    [InlineData("""{"model":"m",}""", 400, "The body is not JSON: line 1, byte 14.")]
    [InlineData("""{"model":"m"} x""", 400, "The body is not JSON")]
    [InlineData("[]", 400, "The body must be a JSON object.")]
    [InlineData("", 400, "The body")]
    public async Task Bad_requests_are_refused_in_the_dialects_shape(string body, int status, string message)
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9/")]);
        Assert.Contains(message, Error(await world.SendAsync(body), status).GetProperty("message").GetString(), StringComparison.Ordinal);
        var other = JsonElement.Parse((await world.SendAsync(body, "/v1/messages")).Body);
        Assert.Equal("error", other.GetProperty("type").GetString());
        Assert.Contains(message, other.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused_with_the_settings_name()
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9/")], ("Gateway:MaxRequestBytes", "2000"));
        var error = Error(await world.SendAsync(ForwardWorld.Ask($",\"x\":\"{new string('x', 3000)}\"")), 413);
        Assert.Contains("(Gateway:MaxRequestBytes)", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_sends_all_of_a_body_above_the_limit_reads_the_refusal_behind_it()
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9/")], ("Gateway:MaxRequestBytes", "4000000"));
        var body = new byte[15_000_000];
        Assert.Contains(" 413 ", await SendThenReadAsync(world, "", body), StringComparison.Ordinal);
        Assert.Contains(" 415 ", await SendThenReadAsync(world, "Content-Encoding: gzip\r\n", body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")]
    [InlineData("Content-Length: 100\r\n\r\n{")]
    public async Task A_body_that_stops_coming_is_said_to_be_late(string begun)
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings
        {
            Override = services => services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1_000_000, gracePeriod: TimeSpan.FromSeconds(1.1))),
        });
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" + begun), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains(" 408 ", answer.Split("\r\n")[0], StringComparison.Ordinal);
        Assert.Contains("\"timeout_error\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_may_come_as_either_dialect_sends_it_and_its_absence_is_told_in_that_dialect()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = "acme:test:0123456789abcdef0123456789abcdef" });
        var body = """{"model":"baton/echo","messages":[{"role":"user","content":"hi"}]}""";
        var refused = await server.PostAsync("/v1/chat/completions", body);
        Assert.Equal("invalid_api_key", refused.Ok(401)["error"].GetProperty("code").GetString());
        Assert.Equal("authentication_error", (await server.PostAsync("/v1/messages", body)).Ok(401)["error"].GetProperty("type").GetString());
        (await server.PostAsync("/v1/chat/completions", body, server.HttpClient("0123456789abcdef0123456789abcdef"))).Ok();
        (await server.PostAsync("/v1/chat/completions", body, null, ("x-api-key", "0123456789abcdef0123456789abcdef"))).Ok();
    }

    /// <summary>As clients do that look for an answer only once they have sent everything.</summary>
    /// <returns>The first line of the answer.</returns>
    private static async Task<string?> SendThenReadAsync(ForwardWorld world, string headers, byte[] body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(world.Server.Address.Host, world.Server.Address.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}Content-Length: {body.Length}\r\n\r\n"), TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(body, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync(TestContext.Current.CancellationToken);
    }

    private static TargetHealth Health(ForwardWorld world) => world.Server.Get<RouteTable>().Current.Find(TenantId.Default, "m")!.Targets[0].Health;

    private static JsonElement Error(ForwardWorld.Reply reply, int status)
    {
        Assert.True(status == reply.Status, $"{status} was expected, not {reply.Status}: {reply.Body}");
        return JsonElement.Parse(reply.Body).GetProperty("error");
    }

    private static RawServer Broken(string how) => new(async connection =>
    {
        await connection.ReadRequestAsync();
        switch (how)
        {
            case "reset": connection.Reset(); break;
            case "500" or "429" or "401" or "402" or "403" or "404" or "405" or "410" or "413": await connection.WriteAsync($"HTTP/1.1 {how} Said\r\nContent-Length: 2\r\n\r\n{{}}"); break;
            case "garbage": await connection.WriteAsync("\0\u0001 what?\r\n\r\n"); break;
            case "headers, then reset":
                await connection.WriteAsync(Replies.Head());
                connection.Reset();
                break;
            case "empty stream": await connection.WriteAsync(Replies.Head() + "0\r\n\r\n"); break;
            case "half an event": await connection.WriteAsync(Replies.Head() + Replies.Piece(": ping\n\ndata: {\"choi")); break;
            case "error event": await connection.WriteAsync(Replies.Head() + Replies.Piece("data: {\"error\": {\"message\":\"overloaded\"}}\n\n") + "0\r\n\r\n"); break;
            case "nothing": await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); break;
            case "204": await connection.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"); break;
            case "a page": await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>"); break;
            case "error object": await connection.WriteAsync(Replies.Head() + Replies.Piece("data: {\"object\":\"error\",\"message\":\"overloaded\"}\n\ndata: [DONE]\n\n") + "0\r\n\r\n"); break;
            case "error behind a space": await connection.WriteAsync(Replies.Head() + Replies.Piece("data: { \"error\" : {\"message\":\"overloaded\"}}\n\n") + "0\r\n\r\n"); break;
            case "error behind a comment": await connection.WriteAsync(Replies.Head() + Replies.Piece(": ping\n\nevent: error\ndata: {}\n\n") + "0\r\n\r\n"); break;
            case "half an object": await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":"); break;
        }
    });

    [Fact]
    public async Task A_breaker_can_be_switched_off()
    {
        var asked = 0;
        await using var broken = await WebServer.StartAsync(http =>
        {
            asked++;
            return Replies.JsonAsync(http, "{}", 500);
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address], ("Gateway:BreakerFailures", "0"));
        for (var i = 0; i < 20; i++) Assert.Equal(500, (await world.SendAsync(ForwardWorld.Ask())).Status);
        Assert.Equal(20, asked);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_more_connections_are_opened_to_a_host_than_its_limit(int most)
    {
        var connections = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            connections[http.Connection.Id] = true;
            await Task.Yield();
            await Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Outbound:MaxConnectionsPerHost", $"{most}"));
        foreach (var reply in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => world.SendAsync(ForwardWorld.Ask())))) Assert.Equal(200, reply.Status);
        Assert.InRange(connections.Count, 1, most);
    }
}
