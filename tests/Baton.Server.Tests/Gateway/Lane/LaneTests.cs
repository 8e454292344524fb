using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway.Lane;

/// <summary>The short way of calls, over real connections: what it answers, and that nothing is lost where the server goes on.</summary>
public class LaneTests : IAsyncLifetime
{
    private ForwardWorld world = null!;
    private WebServer upstream = null!;

    public async ValueTask InitializeAsync()
    {
        upstream = await WebServer.StartAsync(async http =>
        {
            var ask = await new StreamReader(http.Request.Body).ReadToEndAsync();
            http.Response.Headers["x-seen"] = "yes";
            if (ask.Contains("refuse", StringComparison.Ordinal)) await Replies.JsonAsync(http, """{"error":{"message":"no"}}""", 400);
            else if (ask.Contains("fail", StringComparison.Ordinal)) http.Response.StatusCode = 500;
            else if (ask.Contains("\"stream\":true", StringComparison.Ordinal)) await Replies.StreamAsync(http, Replies.Chunk("Three."), Replies.Finish(), Replies.Done);
            else await Replies.WholeAsync(http, ask.Length.ToString(CultureInfo.InvariantCulture));
        });
        world = await ForwardWorld.StartAsync([upstream.Address], ("Gateway:MaxRequestBytes", "900000"));
    }

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await upstream.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public static TheoryData<string, string> Questions => new()
    {
        { "an answer", ForwardWorld.Ask() }, { "a stream", ForwardWorld.AskStream }, { "a refusal of the target", ForwardWorld.Ask(""","x":"refuse" """) }, { "a failure without a word", ForwardWorld.Ask(""","x":"fail" """) }, { "no JSON", "{" }, { "no such model", """{"model":"x"}""" }, { "nothing", "" },
    };

    [Theory]
    [MemberData(nameof(Questions))]
    public async Task The_lane_and_the_server_answer_alike(string what, string body)
    {
        using var client = await ConnectAsync();
        var here = await client.AskAsync(Request(body));
        var there = await client.AskAsync(Request(body, path: "/V1/chat/completions"));   // not by the letter
        Assert.Equal((there.Status, there.Body), (here.Status, here.Body));
        Assert.Equal(Names(there), Names(here));
        Assert.NotEqual("", what);

        static IEnumerable<string> Names(RawReply reply) => reply.Headers.Keys.Select(name => name.ToLowerInvariant()).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Requests_are_answered_one_after_the_other_even_if_they_come_at_once()
    {
        using var client = await ConnectAsync();
        for (var i = 0; i < 3; i++) Assert.Equal(200, (await client.AskAsync(Request(ForwardWorld.Ask()))).Status);
        await client.SendAsync(Request(ForwardWorld.Ask(""","n":1""")) + Request(ForwardWorld.AskStream) + Request("{") + "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n" + Request(ForwardWorld.Ask()));
        int[] expected = [200, 200, 400, 200, 200];
        foreach (var status in expected) Assert.Equal(status, (await client.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n", 400)]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415)]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}", 403)]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer bt_no-such-key\r\nContent-Length: 2\r\n\r\n{}", 401)]
    [InlineData("POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 404)]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400)]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400)]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nX: a\r\n b\r\n\r\n{}", 400)]
    public async Task What_is_not_the_lanes_is_answered_by_the_server_on_the_same_connection(string request, int status)
    {
        using var client = await ConnectAsync();
        Assert.Equal(200, (await client.AskAsync(Request(ForwardWorld.Ask()))).Status);
        Assert.Equal(status, (await client.AskAsync(request)).Status);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(30, 100)]
    [InlineData(20_000, 1000)]
    [InlineData(200_000, 30_000)]
    [InlineData(700_000, 60_000)]
    public async Task However_the_network_cuts_a_request_it_is_answered(int size, int piece)
    {
        using var client = await ConnectAsync();
        var body = ForwardWorld.Ask($""","user":"{new string('x', size)}" """);
        foreach (var request in (string[])[Request(body), Request(body)])
        {
            for (var at = 0; at < request.Length; at += piece) await client.SendAsync(request[at..Math.Min(at + piece, request.Length)]);
            var reply = await client.ReadAsync();
            Assert.Equal(200, reply.Status);
            Assert.Contains($"\"content\":\"{body.Length}\"", reply.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused_by_its_settings_name()
    {
        using var client = await ConnectAsync();
        var reply = await client.AskAsync(Request(new string(' ', 900_001)));
        Assert.Equal(413, reply.Status);
        Assert.Contains("Gateway:MaxRequestBytes", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_event_is_there_before_the_next_is_written()
    {
        using var goOn = new SemaphoreSlim(0);
        await using var slow = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            for (var i = 0; i < 3; i++)
            {
                await http.Response.WriteAsync(Replies.Chunk($"{i}"), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await goOn.WaitAsync(http.RequestAborted);
            }
            await http.Response.WriteAsync(Replies.Finish() + Replies.Done, http.RequestAborted);
        });
        await using var other = await ForwardWorld.StartAsync([slow.Address]);
        using var client = await RawClient.ConnectAsync(other.Server.Address);
        await client.SendAsync(Request(ForwardWorld.AskStream));
        Assert.Equal("chunked", (await client.ReadHeadAsync()).Headers["Transfer-Encoding"]);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Replies.Chunk($"{i}"), await client.ReadChunkAsync());
            goOn.Release();
        }
        Assert.Equal(Replies.Finish() + Replies.Done, await client.ReadChunkAsync());
        Assert.Equal("", await client.ReadChunkAsync());
    }

    [Fact]
    public async Task An_answer_that_is_broken_off_because_its_client_has_stopped_sending_does_not_end_well()
    {
        await using var slow = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync(Replies.Chunk("Thr"), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        });
        await using var other = await ForwardWorld.StartAsync([slow.Address]);
        using var client = await RawClient.ConnectAsync(other.Server.Address);
        await client.SendAsync(Request(ForwardWorld.AskStream));
        await client.ReadHeadAsync();
        Assert.Equal(Replies.Chunk("Thr"), await client.ReadChunkAsync());
        client.StopSending();
        Assert.DoesNotContain("0\r\n\r\n", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/V1/chat/completions")]
    public async Task Clients_that_break_off_in_the_middle_of_an_answer_are_no_fault_of_its_target(string path)
    {
        const int Clients = 12;
        await using var endless = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            while (!http.RequestAborted.IsCancellationRequested) await http.Response.WriteAsync(Replies.Chunk("and on "), http.RequestAborted);
        });
        await using var other = await ForwardWorld.StartAsync([endless.Address], ("Gateway:BreakerFailures", "1"), ("Usage:WriteInterval", "00:00:00.010"));
        for (var i = 0; i < Clients; i++)
        {
            using var client = await RawClient.ConnectAsync(other.Server.Address);
            await client.SendAsync(Request(ForwardWorld.AskStream, path: path));
            Assert.Equal(200, (await client.ReadHeadAsync()).Status);
            client.Reset();
        }
        IReadOnlyList<UsageRequestView> calls = [];
        await Eventually.IsTrueAsync(async () => (calls = (await other.Server.Client.Usage.ListAsync([], TestContext.Current.CancellationToken)).Items).Count == Clients);
        Assert.All(calls, call => Assert.Equal("cancelled", call.Outcome));
        Assert.Equal(BreakerState.Closed, other.Server.Get<RouteTable>().Current.Find(TenantId.Default, "m")!.Targets[0].Health.State);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/V1/chat/completions")]
    public async Task Headers_of_a_target_that_are_not_for_the_client_stay_away_and_the_answer_comes(string path)
    {
        await using var odd = new RawServer(async connection =>
        {
            while (await connection.ReadRequestAsync() is { Length: > 0 }) await connection.WriteAsync("HTTP/1.1 200 OK\r\nX-Note: caf\u00e9\r\nX-Bell: a\u0007b\r\nX-(Odd): 1\r\nX-Fine: a\tb\r\nX-Key: " + ForwardWorld.Key + "\r\nConnection: X-Own\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\n{}");
        });
        await using var other = await ForwardWorld.StartAsync([odd.Address]);
        using var client = await RawClient.ConnectAsync(other.Server.Address);
        var reply = await client.AskAsync(Request(ForwardWorld.Ask(), path: path));
        Assert.Equal((200, "{}", "a\tb"), (reply.Status, reply.Body, reply.Headers["X-Fine"]));
        foreach (var name in new[] { "X-Note", "X-Bell", "X-(Odd)", "X-Key", "X-Own" }) Assert.DoesNotContain(name, reply.Headers);
    }

    [Fact]
    public async Task A_server_that_stops_ends_the_answers_that_are_under_way_and_closes_what_waits_for_nothing()
    {
        var (asked, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var slow = await WebServer.StartAsync(async http =>
        {
            asked.SetResult();
            await goOn.Task;
            await Replies.WholeAsync(http, "Three.");
        });
        var other = await ForwardWorld.StartAsync([slow.Address]);
        using var idle = await RawClient.ConnectAsync(other.Server.Address);
        Assert.Equal(400, (await idle.AskAsync(Request("{"))).Status);
        using var client = await RawClient.ConnectAsync(other.Server.Address);
        await client.SendAsync(Request(ForwardWorld.Ask()));
        await asked.Task;
        var stopping = other.DisposeAsync();
        Assert.Equal("", await idle.ReadToEndAsync());
        goOn.SetResult();
        Assert.Contains("Three.", (await client.ReadAsync()).Body, StringComparison.Ordinal);
        Assert.Equal("", await client.ReadToEndAsync());
        await stopping;
    }

    [Fact]
    public async Task Each_request_of_a_connection_is_for_the_key_that_it_shows_and_for_none_that_has_ended_since()
    {
        var (keys, cancel) = (world.Server.Client.Keys, TestContext.Current.CancellationToken);
        var made = new List<KeyView>();
        foreach (var requests in new[] { 1_000, 2_000 }) made.Add(await keys.CreateAsync(new CreateKey($"k{requests}", Limits: [new KeyLimit(Requests: requests)]), cancel));
        using var client = await ConnectAsync();
        foreach (var which in new[] { 0, 0, 1, 0, 1, 1 })
        {
            var reply = await client.AskAsync(Request(ForwardWorld.Ask(), more: $"Authorization: Bearer {made[which].Secret}\r\n"));
            Assert.Equal((200, which == 0 ? "1000" : "2000"), (reply.Status, reply.Headers["x-ratelimit-limit-requests"]));
        }
        Assert.DoesNotContain("x-ratelimit-limit-requests", (await client.AskAsync(Request(ForwardWorld.Ask()))).Headers);
        Assert.Equal("1000", (await client.AskAsync(Request(ForwardWorld.Ask(), more: $"x-api-key: {made[0].Secret}\r\n"))).Headers["x-ratelimit-limit-requests"]);
        await keys.ChangeAsync(made[1].Id, new ChangeKey(Disabled: true), cancel);
        Assert.Equal(401, (await client.AskAsync(Request(ForwardWorld.Ask(), more: $"Authorization: Bearer {made[1].Secret}\r\n"))).Status);
    }

    private async Task<RawClient> ConnectAsync() => await RawClient.ConnectAsync(world.Server.Address);

    private static string Request(string body, string path = "/v1/chat/completions", string more = "") =>
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
}

internal sealed record RawReply(int Status, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A client that says byte by byte what it is told to.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient client = new() { NoDelay = true };
    private StreamReader reader = null!;

    public static async Task<RawClient> ConnectAsync(Uri address)
    {
        var raw = new RawClient();
        await raw.client.ConnectAsync(IPAddress.Loopback, address.Port, TestContext.Current.CancellationToken);
        raw.reader = new StreamReader(raw.client.GetStream(), Encoding.Latin1);
        return raw;
    }

    public async Task SendAsync(string bytes) => await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes), TestContext.Current.CancellationToken);

    public async Task<RawReply> AskAsync(string request)
    {
        await SendAsync(request);
        return await ReadAsync();
    }

    public async Task<RawReply> ReadHeadAsync()
    {
        var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new IOException("The connection was closed.");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } header) headers.Add(header[..header.IndexOf(':')], header[(header.IndexOf(':') + 1)..].Trim());
        return new RawReply(int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture), headers, "");
    }

    public async Task<RawReply> ReadAsync()
    {
        var head = await ReadHeadAsync();
        if (head.Headers.TryGetValue("Content-Length", out var length)) return head with { Body = await ReadAsync(int.Parse(length, CultureInfo.InvariantCulture)) };
        var body = new StringBuilder();
        while (await ReadChunkAsync() is { Length: > 0 } chunk) body.Append(chunk);
        return head with { Body = body.ToString() };
    }

    /// <returns>Nothing for the last.</returns>
    public async Task<string> ReadChunkAsync()
    {
        var chunk = await ReadAsync(int.Parse((await reader.ReadLineAsync(TestContext.Current.CancellationToken))!, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        return chunk;
    }

    /// <summary>Ends the connection with a reset instead of an orderly close.</summary>
    public void Reset()
    {
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Client.Dispose();
    }

    public void StopSending() => client.Client.Shutdown(SocketShutdown.Send);

    /// <returns>What comes before the connection is closed, or reset.</returns>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        try
        {
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line) text.Append(line).Append("\r\n");
        }
        catch (IOException)
        {
            // Reset.
        }
        return text.ToString();
    }

    public void Dispose()
    {
        reader.Dispose();
        client.Dispose();
    }

    private async Task<string> ReadAsync(int length)
    {
        if (length == 0) return "";   // a reader that is asked for nothing waits for more all the same
        var text = new char[length];
        var read = await reader.ReadBlockAsync(text, TestContext.Current.CancellationToken);
        return read == length ? new string(text) : throw new IOException("The connection was closed in the middle of an answer.");
    }
}

public sealed class LaneOnFrameworkSockets : LaneTests, IOnFrameworkSockets;
