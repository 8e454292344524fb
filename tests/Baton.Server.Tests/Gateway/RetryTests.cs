using System.Text.Json;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>Asking again: all targets after a pause, and one whose kept connection was closed at the wrong moment.</summary>
public sealed class RetryTests
{
    [Fact]
    public async Task When_all_have_failed_they_are_asked_again_after_a_pause()
    {
        var asked = 0;
        await using var flaky = await WebServer.StartAsync(http => Interlocked.Increment(ref asked) <= 2 ? Replies.JsonAsync(http, "{}", 503) : Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([flaky.Address, flaky.Address], ("Retries", "1"));
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((200, "m/t0", "3"), (reply.Status, reply["x-baton-route"], reply["x-baton-attempts"]));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(402)]
    public async Task What_will_not_pass_is_not_asked_again(int status)
    {
        var asked = 0;
        await using var wrong = await WebServer.StartAsync(http =>
        {
            asked++;
            return Replies.JsonAsync(http, "{}", status);
        });
        await using var world = await ForwardWorld.StartAsync([wrong.Address], ("Retries", "3"));
        await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Who_asks_to_wait_for_long_is_not_waited_for()
    {
        var asked = 0;
        await using var busy = await WebServer.StartAsync(http =>
        {
            asked++;
            http.Response.Headers.RetryAfter = "60";
            return Replies.JsonAsync(http, "{}", 429);
        });
        await using var world = await ForwardWorld.StartAsync([busy.Address], ("Retries", "3"));
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((429, "60", 1), (reply.Status, reply["Retry-After"], asked));
    }

    [Fact]
    public async Task Who_waits_for_a_target_waits_on_when_that_tells_another_to_wait_for_longer()
    {
        var (time, asked) = (new ManualTime(), 0);
        await using var busy = await WebServer.StartAsync(http =>
        {
            http.Response.Headers.RetryAfter = "2";
            return Interlocked.Increment(ref asked) <= 2 ? Replies.JsonAsync(http, "{}", 429) : Replies.WholeAsync(http, "Three.");
        });
        using var world = new GatewayWorld(busy.Address, model => model.Retries = 1, time);
        var waiting = world.AnswerAsync();
        await time.WhenTimerAsync(TimeSpan.FromSeconds(2));
        time.Advance(TimeSpan.FromSeconds(1));
        await world.FailAsync(GatewayWorld.Ask() with { Origin = GatewayWorld.Origin with { Run = "run_1" } });   // steps have policies of their own, and do not wait
        time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAny(waiting, time.WhenTimerAsync(TimeSpan.FromSeconds(1)));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("Three.", 3), ((await waiting).Text, asked));
    }

    [Fact]
    public async Task A_storm_of_failures_does_not_double_the_load()
    {
        var asked = 0;
        await using var broken = await WebServer.StartAsync(http =>
        {
            Interlocked.Increment(ref asked);
            return Replies.JsonAsync(http, "{}", 503);
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address], ("Retries", "5"), ("Gateway:BreakerFailures", "1000"));
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ => Assert.Equal(503, (await world.SendAsync(ForwardWorld.Ask())).Status)));
        Assert.InRange(asked, 201, 200 + 40 + 60);   // a fifth, and two a second for as long as it may take
    }

    [Fact]
    public async Task After_something_was_delivered_nothing_is_asked_again()
    {
        await using var broken = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head() + Replies.Piece(Replies.Chunk("Thr")));
            connection.Reset();
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address], ("Retries", "3"));
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Contains("stream_interrupted", reply.Body, StringComparison.Ordinal);
        Assert.Equal(1, broken.Connections);
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("close")]
    public async Task A_kept_connection_that_is_closed_when_a_request_comes_is_replaced_by_a_new_one(string how)
    {
        var connections = 0;
        await using var hasty = new RawServer(async connection =>
        {
            var isFirst = Interlocked.Increment(ref connections) == 1;
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Whole());
            if (!isFirst) return;
            await connection.ReadRequestAsync();   // all of it has gone when the connection ends
            if (how == "reset") connection.Reset();
        });
        await using var world = await ForwardWorld.StartAsync([hasty.Address]);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask())).Status);
        var second = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((200, "1", 2), (second.Status, second["x-baton-attempts"], hasty.Connections));
        Assert.Null(world.Server.Get<RouteTable>().Current.Find(TenantId.Default, "m")!.Targets[0].Health.LastFailure);
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("close")]
    [InlineData("half a line")]
    public async Task A_new_connection_that_breaks_is_a_failure(string how)
    {
        await using var broken = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            if (how == "reset") connection.Reset();
            if (how == "half a line") await connection.WriteAsync("HTTP/1.1 2");
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address]);
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((502, 1), (reply.Status, broken.Connections));
        Assert.Equal("connectivity", world.Server.Get<RouteTable>().Current.Find(TenantId.Default, "m")!.Targets[0].Health.LastFailure);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_on_a_kept_connection_is_not_asked_for_again()
    {
        await using var broken = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Whole());
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address]);
        await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((502, 1), ((await world.SendAsync(ForwardWorld.Ask())).Status, broken.Connections));
    }

    [Fact]
    public async Task A_request_that_no_target_is_meant_for_is_told_so()
    {
        await using var good = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([good.Address], ("Targets:0:When:Tag", "gpu"));
        var refused = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((403, "no_target_for_request"), (refused.Status, JsonElement.Parse(refused.Body).GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(), "/v1/chat/completions", ("x-baton-tags", "a, gpu"))).Status);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","metadata":{"tags":"gpu"}"""))).Status);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","metadata":{"tags":["x","gpu"]}"""))).Status);
    }

    private static string Whole()
    {
        var body = Replies.Completion("Three.");
        return $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {System.Text.Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
    }
}
