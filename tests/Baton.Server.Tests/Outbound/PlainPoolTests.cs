using System.Net.Sockets;
using System.Text;
using Baton.Engine;
using Baton.Server.Outbound;
using Baton.Server.Sockets;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Outbound;

/// <summary>Connections to model hosts without TLS: kept, given up, and never another's.</summary>
public sealed class PlainPoolTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_is_used_again_once_its_answer_was_read_to_the_end()
    {
        await using var host = new RawServer(async connection =>
        {
            for (var i = 0; await connection.ReadRequestAsync() is { Length: > 0 }; i++) await connection.WriteAsync(i % 2 == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        });
        using var world = new OutboundWorld();
        for (var i = 0; i < 6; i++) Assert.Equal("ok", await AskAsync(world, host.Address));
        Assert.Equal(1, host.Connections);
    }

    [Fact]
    public async Task A_request_says_what_it_is_to_say_and_nothing_else()
    {
        var said = "";
        await using var host = new RawServer(async connection =>
        {
            said = await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        using var world = new OutboundWorld();
        var message = new ForwardMessage("POST", new Uri(host.Address, "/v1/chat/completions?api-version=1"), "{}"u8.ToArray());
        message.Set("User-Agent", "ü");
        message.Set("user-agent", "agent/1");
        message.Set("Transfer-Encoding", "chunked");
        message.Set("content-length", "99");
        (await world.Client.ForwardAsync(message, "it", isConfigured: true, Cancel)).Dispose();
        Assert.Equal($"POST /v1/chat/completions?api-version=1 HTTP/1.1\r\nHost: 127.0.0.1:{host.Port}\r\nuser-agent: agent/1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}", said);
    }

    [Theory]
    [InlineData("a\r\nb")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void One_header_is_one_header(string value) => Assert.Throws<HttpRequestException>(() => new ForwardMessage("GET", new Uri("http://host/")).Set("name", value));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nConnection: keep-alive\r\n\r\nok")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")]
    public async Task What_says_goodbye_or_more_than_it_was_asked_is_not_used_again(string answer)
    {
        await using var host = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(answer);
            await connection.StallAsync();
        });
        using var world = new OutboundWorld();
        for (var i = 0; i < 3; i++) Assert.Equal("ok", await AskAsync(world, host.Address));
        Assert.Equal(3, host.Connections);
    }

    [Theory]
    [InlineData(false, 5_000, false)]
    [InlineData(true, 5_000, false)]
    [InlineData(false, 0, true)]
    [InlineData(true, 0, true)]
    public async Task What_comes_behind_an_answer_is_not_taken_for_the_next_one(bool onLoops, int length, bool isLate)
    {
        const string More = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad";
        using var written = new SemaphoreSlim(0);
        await using var host = new RawServer(async connection =>
        {
            while (await connection.ReadRequestAsync() is { Length: > 0 } asked)
            {
                await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {length + 2}\r\n\r\n{asked[5..7]}{new string('x', length)}{(isLate ? "" : More)}");
                if (isLate) await connection.WriteAsync(More);
                written.Release();
            }
        });
        using var loops = new EventLoops();
        var isThere = () => false;
        using var pool = new PlainPool(new OutboundOptions(), async (to, _, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (!onLoops)
            {
                await socket.ConnectAsync("127.0.0.1", host.Port, cancel);
                var plain = new FrameworkSocket(socket);
                isThere = () => socket.SafeHandle.IsClosed || plain.IsReadable();
                return plain;
            }
            var wire = new LoopSocket(socket, loops.Next());
            await wire.ConnectAsync(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, host.Port), cancel);
            isThere = () => socket.SafeHandle.IsClosed || wire.IsReadable();
            return wire;
        }, TimeProvider.System);
        for (var i = 10; i < 60; i++)
        {
            Assert.Equal($"{i}{new string('x', length)}", await AskAsync(pool, new Uri(host.Address, $"{i}")));
            await written.WaitAsync(Cancel);
            if (isLate) await Eventually.IsTrueAsync(() => isThere());
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno", false)]
    [InlineData("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", true)]
    public async Task An_answer_to_what_was_not_read_to_its_end_is_the_answer_and_the_connections_last(string answer, bool closes)
    {
        await using var host = new RawServer(async connection =>
        {
            while ((await connection.ReadSomeAsync()).Length == 0) { }
            await connection.WriteAsync(answer);
            if (closes) connection.Reset();
            else await Task.Delay(Timeout.Infinite, connection.Stopping);
        });
        using var world = new OutboundWorld();
        for (var i = 0; i < 2; i++)
        {
            using var answered = await world.Client.ForwardAsync(new ForwardMessage("POST", host.Address, new byte[20_000_000]), "it", isConfigured: true, Cancel);
            Assert.Equal(413, answered.Status);
        }
        Assert.Equal(2, host.Connections);
    }

    [Fact]
    public async Task A_host_that_promises_an_answer_without_end_or_has_no_end_of_headers_or_of_a_chunk_is_given_up()
    {
        var said = 0;
        string[] endless = ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("a:\r\n", 1_000)), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx" + new string('\r', 30_000)];
        await using var host = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            var mine = endless[said++];
            while (true) await connection.WriteAsync(mine);
        });
        using var world = new OutboundWorld();
        foreach (var _ in endless) await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(world, host.Address).WaitAsync(TimeSpan.FromSeconds(30), Cancel).ContinueWith(static asked => asked.Exception is { InnerException: TimeoutException } ? "" : asked.GetAwaiter().GetResult()));
    }

    [Fact]
    public async Task An_answer_that_is_given_up_takes_its_connection_with_it()
    {
        var closed = new TaskCompletionSource();
        await using var host = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
            await connection.StallAsync();
            closed.TrySetResult();
        });
        using var world = new OutboundWorld();
        using (var answer = await OpenAsync(world, host.Address)) Assert.Equal(2, await answer.ReadAsync(new byte[10], Cancel));
        await closed.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task What_frames_follow_an_answer_that_is_at_its_end_are_read_behind_its_readers_back()
    {
        using var goOn = new SemaphoreSlim(0);
        await using var host = new RawServer(async connection =>
        {
            while (await connection.ReadRequestAsync() is { Length: > 0 })
            {
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
                await goOn.WaitAsync(connection.Stopping);
                await connection.WriteAsync("0\r\n\r\n");
            }
        });
        using var world = new OutboundWorld();
        using (var answer = await OpenAsync(world, host.Address))
        {
            Assert.Equal(2, await answer.ReadAsync(new byte[10], Cancel));
            answer.Finish();
        }
        goOn.Release(10);
        await Eventually.IsTrueAsync(async () =>
        {
            var before = host.Connections;
            Assert.Equal("ok", await AskAsync(world, host.Address));
            return host.Connections == before;
        }, "the connection is used again");
    }

    [Fact]
    public async Task A_kept_connection_that_breaks_before_an_answer_is_replaced_once_and_unseen()
    {
        var requests = 0;
        await using var host = new RawServer(async connection =>
        {
            for (var i = 0; await connection.ReadRequestAsync() is { Length: > 0 }; i++)
            {
                Interlocked.Increment(ref requests);
                if (i == 1) return;   // the very moment at which the host closes what it has kept
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        using var world = new OutboundWorld();
        for (var i = 0; i < 3; i++) Assert.Equal("ok", await AskAsync(world, host.Address));
        Assert.Equal((3, 5), (host.Connections, requests));
    }

    [Fact]
    public async Task A_new_connection_that_breaks_is_not_tried_again()
    {
        await using var host = new RawServer(connection => connection.ReadRequestAsync());
        using var world = new OutboundWorld();
        var error = await Assert.ThrowsAsync<WorkflowException>(() => AskAsync(world, host.Address));
        Assert.Equal("it failed: the connection ended before the response did.", error.Error.Detail);
        Assert.Equal(1, host.Connections);
    }

    [Theory]
    [InlineData("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("")]
    public async Task What_a_host_says_while_nobody_asks_answers_no_request(string goodbye)
    {
        var time = new ManualTime();
        var answered = new TaskCompletionSource();
        await using var host = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            await answered.Task;
            await connection.WriteAsync(goodbye);
        });
        var socket = new List<Socket>();
        using var pool = Pool(host, time, socket);
        Assert.Equal("ok", await AskAsync(pool, host.Address));
        answered.SetResult();
        await Eventually.IsTrueAsync(() => socket[0].Poll(0, SelectMode.SelectRead), "the goodbye is there");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("ok", await AskAsync(pool, host.Address));
        Assert.Equal(2, host.Connections);
    }

    [Fact]
    public async Task A_connection_is_given_up_when_it_was_not_used_for_its_time_and_when_it_is_old()
    {
        var time = new ManualTime();
        await using var host = new RawServer(async connection =>
        {
            while (await connection.ReadRequestAsync() is { Length: > 0 }) await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        var sockets = new List<Socket>();
        using var pool = Pool(host, time, sockets, options => (options.ConnectionIdleTimeout, options.ConnectionLifetime) = (TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(100)));
        await AskAsync(pool, host.Address);
        time.Advance(TimeSpan.FromSeconds(59));
        await AskAsync(pool, host.Address);
        Assert.Single(sockets);
        time.Advance(TimeSpan.FromSeconds(45));   // 104 s after it was opened
        await AskAsync(pool, host.Address);
        Assert.Equal(2, sockets.Count);
        time.Advance(TimeSpan.FromSeconds(75));
        Assert.All(sockets, socket => Assert.False(socket.Connected));
    }

    [Fact]
    public async Task What_a_tenant_asks_goes_over_no_connection_that_was_opened_for_an_operators_host()
    {
        await using var host = new RawServer(async connection =>
        {
            while (await connection.ReadRequestAsync() is { Length: > 0 }) await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        using var world = new OutboundWorld(allowPrivate: false);
        Assert.Equal("ok", await AskAsync(world, host.Address));
        var refused = await Assert.ThrowsAsync<WorkflowException>(() => AskAsync(world, host.Address, isConfigured: false));
        Assert.Contains("private or loopback address", refused.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_connections_to_a_host_are_open_than_there_may_be()
    {
        var (open, most, gate) = (0, 0, new Lock());
        await using var host = new RawServer(async connection =>
        {
            lock (gate) most = Math.Max(most, ++open);
            try
            {
                while (await connection.ReadRequestAsync() is { Length: > 0 }) await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
            finally
            {
                lock (gate) open--;
            }
        });
        using var world = new OutboundWorld(options => options.MaxConnectionsPerHost = 2);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AskAsync(world, host.Address)));
        Assert.InRange(most, 1, 2);
        await Assert.ThrowsAsync<WorkflowException>(() => AskAsync(world, new Uri($"http://127.0.0.1:{RawServer.ClosedPort()}/")));
    }

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n", "what came back is not HTTP")]
    [InlineData("220 smtp.example.com ESMTP\r\n\r\n", "what came back is not HTTP")]
    public async Task What_is_no_answer_is_said_to_be_none(string said, string reason)
    {
        await using var host = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(said);
            await connection.StallAsync();
        });
        using var world = new OutboundWorld();
        var error = await Assert.ThrowsAsync<WorkflowException>(() => AskAsync(world, host.Address));
        Assert.Equal($"it failed: {reason}.", error.Error.Detail);
    }

    [Fact]
    public async Task A_head_may_come_byte_by_byte_behind_others_that_only_promise_it_but_not_without_end()
    {
        await using var host = new RawServer(async connection =>
        {
            var isFirst = (await connection.ReadRequestAsync()).Contains("/1 ", StringComparison.Ordinal);
            foreach (var one in "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n") await connection.WriteAsync([(byte)one]);
            if (isFirst) await connection.WriteAsync("\r\nok");
            else await connection.WriteAsync(new string('x', 70_000));
            await connection.StallAsync();
        });
        using var world = new OutboundWorld();
        Assert.Equal("ok", await AskAsync(world, new Uri(host.Address, "/1")));
        Assert.Equal("it failed: the head of the response is too large.", (await Assert.ThrowsAsync<WorkflowException>(() => AskAsync(world, new Uri(host.Address, "/2")))).Error.Detail);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(300_000)]
    public async Task Large_bodies_go_and_come_as_small_ones_do(int size)
    {
        await using var host = await WebServer.StartAsync(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, Cancel);
            await http.Response.Body.WriteAsync(body.ToArray(), Cancel);
        });
        using var world = new OutboundWorld();
        var sent = new string('ü', size);
        var message = new ForwardMessage("POST", host.Address, Encoding.UTF8.GetBytes(sent));
        using var answer = await world.Client.ForwardAsync(message, "it", isConfigured: true, Cancel);
        Assert.Equal(sent, await ReadAsync(answer));
    }

    private static PlainPool Pool(RawServer host, ManualTime time, List<Socket> sockets, Action<OutboundOptions>? configure = null)
    {
        var options = new OutboundOptions();
        configure?.Invoke(options);
        return new PlainPool(options, async (_, _, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync("127.0.0.1", host.Port, cancel);
            sockets.Add(socket);
            return new FrameworkSocket(socket);
        }, time);
    }

    private static Task<ForwardedAnswer> OpenAsync(OutboundWorld world, Uri uri, bool isConfigured = true) => world.Client.ForwardAsync(new ForwardMessage("POST", uri, "{}"u8.ToArray()), "it", isConfigured, Cancel);

    private static async Task<string> AskAsync(OutboundWorld world, Uri uri, bool isConfigured = true)
    {
        using var answer = await OpenAsync(world, uri, isConfigured);
        return await ReadAsync(answer);
    }

    private static async Task<string> AskAsync(PlainPool pool, Uri uri)
    {
        using var answer = await pool.SendAsync(new ForwardMessage("GET", uri), uri, "it", isConfigured: true, Cancel);
        return await ReadAsync(answer);
    }

    private static async Task<string> ReadAsync(ForwardedAnswer answer)
    {
        var (all, some) = (new MemoryStream(), new byte[1000]);
        for (int read; (read = await answer.ReadAsync(some, Cancel)) > 0;) all.Write(some, 0, read);
        return Encoding.UTF8.GetString(all.ToArray());
    }
}
