using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>Answers that are given again.</summary>
public sealed class CacheTests
{
    private static readonly (string, string) Ttl = ("Cache:Ttl", "01:00:00");

    private static string Ask(string rest = "") => ForwardWorld.Ask($",\"temperature\":0{rest}");

    private static string AskStream { get; } = Ask(",\"stream\":true");

    [Fact]
    public async Task The_same_request_again_gets_the_same_bytes_and_asks_nobody()
    {
        var asked = 0;
        await using var upstream = await WebServer.StartAsync(http =>
        {
            http.Response.Headers["x-ratelimit-remaining-requests"] = "41";
            return Replies.WholeAsync(http, $"Answer {++asked}");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Ttl);
        var first = await world.SendAsync(Ask());
        var second = await world.SendAsync("""{ "temperature":0, "messages":[{"content":"hi","role":"user"}], "model":"M", "user":"other" }""");
        Assert.Equal(("miss", "hit", 1), (first["x-baton-cache"], second["x-baton-cache"], asked));
        Assert.Equal((200, first.Body, first.Type), (second.Status, second.Body, second.Type));
        Assert.Equal(("m/t0", "1"), (first["x-baton-route"], first["x-baton-attempts"]));
        Assert.Equal(("m/t0", "0", "0"), (second["x-baton-route"], second["x-baton-attempts"], second["Age"]));
        Assert.NotEqual(first["x-baton-request-id"], second["x-baton-request-id"]);
        Assert.True(first.Headers.Contains("x-ratelimit-remaining-requests"));
        Assert.False(second.Headers.Contains("x-ratelimit-remaining-requests"));   // it was true then
    }

    [Fact]
    public async Task A_stream_is_given_again_as_a_stream_and_is_another_entry_than_the_answer_in_one_piece()
    {
        var asked = 0;
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            asked++;
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            if (body.Contains("stream", StringComparison.Ordinal)) await Replies.StreamAsync(http, ": ping\n\n", Replies.Chunk("Thr"), Replies.Chunk("ee."), Replies.Finish(), Replies.Done);
            else await Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Ttl);
        var first = await world.SendAsync(AskStream);
        var second = await world.SendAsync(AskStream);
        Assert.Equal(("miss", "hit", 1), (first["x-baton-cache"], second["x-baton-cache"], asked));
        Assert.Equal((first.Body, "text/event-stream"), (second.Body, second.Type));
        Assert.Equal("miss", (await world.SendAsync(Ask()))["x-baton-cache"]);
        Assert.Equal("hit", (await world.SendAsync(Ask()))["x-baton-cache"]);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Without_a_setting_nothing_is_kept_and_nothing_said()
    {
        var asked = 0;
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, $"Answer {++asked}"));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        for (var i = 0; i < 2; i++) Assert.False((await world.SendAsync(Ask())).Headers.Contains("x-baton-cache"));
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_request_whose_answer_may_differ_each_time_goes_by_unless_the_model_says_all()
    {
        var asked = 0;
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, $"Answer {++asked}"));
        await using (var world = await ForwardWorld.StartAsync([upstream.Address], Ttl))
        {
            for (var i = 0; i < 2; i++) Assert.Equal("bypass", (await world.SendAsync(ForwardWorld.Ask()))["x-baton-cache"]);
            Assert.Equal(2, asked);
        }
        await using (var world = await ForwardWorld.StartAsync([upstream.Address], Ttl, ("Cache:Requests", "all")))
        {
            Assert.Equal("miss", (await world.SendAsync(ForwardWorld.Ask()))["x-baton-cache"]);
            Assert.Equal("hit", (await world.SendAsync(ForwardWorld.Ask()))["x-baton-cache"]);
        }
    }

    [Fact]
    public async Task A_request_says_itself_whether_it_wants_an_answer_that_is_kept()
    {
        var asked = 0;
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, $"Answer {++asked}"));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Ttl);
        async Task<(int, string, int)> SendAsync(string wish)
        {
            var reply = await world.SendAsync(Ask(), headers: [("x-baton-cache", wish)]);
            return (reply.Status, reply.Headers.TryGetValues("x-baton-cache", out var how) ? string.Join(",", how) : "", asked);
        }
        Assert.Equal((412, "", 0), await SendAsync("only-if-cached"));
        Assert.Equal((200, "bypass", 1), await SendAsync("bypass"));
        Assert.Equal((200, "miss", 2), await SendAsync(""));
        Assert.Equal((200, "hit", 2), await SendAsync("only-if-cached"));
        Assert.Equal((200, "miss", 3), await SendAsync("Refresh"));
        Assert.Contains("Answer 3", (await world.SendAsync(Ask())).Body, StringComparison.Ordinal);
        Assert.Equal((400, "", 3), await SendAsync("never"));
    }

    [Fact]
    public async Task Of_another_tenant_nothing_is_seen()
    {
        var asked = 0;
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, $"Answer {++asked}"));
        await using var server = await TestServer.StartAsync(new TestServer.Settings
        {
            Keys = "acme:a:0123456789abcdef0123456789abcdef\nacme:b:1123456789abcdef0123456789abcdef\nglobex:a:2123456789abcdef0123456789abcdef",
            Values = { ["Gateway:Models:m:BaseUrl"] = new Uri(upstream.Address, "/v1").ToString(), ["Gateway:Models:m:Cache:Ttl"] = "01:00:00" },
        });
        async Task<string> SendAsync(char key) => (await server.PostAsync("/v1/chat/completions", Ask(), server.HttpClient($"{key}123456789abcdef0123456789abcdef"))).Headers.GetValues("x-baton-cache").Single();
        Assert.Equal(("miss", "hit", "miss", "hit"), (await SendAsync('0'), await SendAsync('1'), await SendAsync('2'), await SendAsync('2')));
        Assert.Equal(2, asked);
    }

    [Theory]
    [InlineData("error")]
    [InlineData("broken stream")]
    [InlineData("broken answer")]
    [InlineData("too large")]
    public async Task Only_a_good_answer_to_its_end_is_kept(string how)
    {
        var asked = 0;
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            asked++;
            switch (how)
            {
                case "error": await Replies.JsonAsync(http, "{}", 400); break;
                case "broken stream": await Replies.StreamAsync(http, Replies.Chunk("Thr")); break;
                case "too large": await Replies.WholeAsync(http, new string('x', 5000)); break;
                default:
                    http.Response.ContentLength = 500_000;
                    await http.Response.Body.WriteAsync(new byte[200_000]);
                    http.Abort();
                    break;
            }
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Ttl, ("Gateway:Cache:MaxAnswerBytes", "4000"));
        for (var i = 0; i < 2; i++)
        {
            try
            {
                Assert.Equal("miss", (await world.SendAsync(how == "broken stream" ? AskStream : Ask()))["x-baton-cache"]);
            }
            catch (Exception e) when (how == "broken answer" && e is HttpRequestException or IOException)
            {
                // Half of it does not look like a whole one.
            }
        }
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task An_answer_that_is_too_old_is_asked_for_anew_and_given_all_the_same_when_every_target_fails()
    {
        var (time, asked, isBroken) = (new ManualTime(), 0, false);
        await using var upstream = await WebServer.StartAsync(http => isBroken ? Replies.JsonAsync(http, "{}", 503) : Replies.WholeAsync(http, $"Answer {++asked}"));
        using var world = new CacheWorld(upstream.Address, time, cache => (cache.Ttl, cache.StaleIfError) = (TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)));
        Assert.Equal(("miss", 200), await SendAsync());
        time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(("hit", 200), await SendAsync());
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(("miss", 200), await SendAsync());
        Assert.Equal(2, asked);
        isBroken = true;
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(("stale", 200), await SendAsync());
        Assert.Equal(("miss", 503), await SendAsync("refresh"));
        time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(("miss", 503), await SendAsync());

        async Task<(string, int)> SendAsync(string? wish = null)
        {
            var answer = await world.AskAsync(Ask(), wish);
            return (answer.Headers["x-baton-cache"].ToString(), answer.Status);
        }
    }

    [Fact]
    public async Task An_answer_that_is_too_old_and_given_all_the_same_is_accounted_for_as_that()
    {
        var isBroken = false;
        await using var upstream = await WebServer.StartAsync(http => isBroken ? Replies.JsonAsync(http, "{}", 503) : Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Cache:Ttl", "00:00:00.0000001"), ("Cache:StaleIfError", "01:00:00"), ("Usage:WriteInterval", "00:00:00.010"));
        await world.SendAsync(Ask());
        isBroken = true;
        var stale = await world.SendAsync(Ask());
        Assert.Equal((200, "stale", "1"), (stale.Status, stale["x-baton-cache"], stale["x-baton-attempts"]));
        var calls = world.Server.Client.Usage;
        await Eventually.IsTrueAsync(async () => (await calls.ListAsync([], TestContext.Current.CancellationToken)).Items.Count == 2);
        var call = (await calls.ListAsync([], TestContext.Current.CancellationToken)).Items.Single(one => one.Id == stale["x-baton-request-id"]);
        Assert.Equal(("cached", 200, 1, 0), (call.Outcome, call.Status, call.Attempts, call.Tokens.Output));
        Assert.NotNull(call.FirstByteMs);
    }

    [Fact]
    public async Task An_estimate_that_is_given_again_still_says_that_it_is_one()
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9")], Ttl);
        foreach (var how in new[] { "miss", "hit" })
        {
            var reply = await world.SendAsync(ForwardWorld.Ask(), "/v1/messages/count_tokens");
            Assert.Equal((200, how, "input_tokens"), (reply.Status, reply["x-baton-cache"], reply["x-baton-estimate"]));
        }
    }

    [Fact]
    public async Task However_much_is_asked_the_kept_answers_stay_within_their_bytes()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, new string('x', 10_000)));
        using var world = new CacheWorld(upstream.Address, TimeProvider.System, cache => cache.Ttl = TimeSpan.FromHours(1), maxBytes: 100_000);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("miss", (await world.AskAsync(Ask($",\"n\":{i}"))).Headers["x-baton-cache"].ToString());
            Assert.InRange(world.Cache.Bytes, 10_000, 100_000);
        }
        Assert.Equal("hit", (await world.AskAsync(Ask(",\"n\":99"))).Headers["x-baton-cache"].ToString());
        Assert.Equal((0, 0), world.Cache.UnderWay);
    }
}
