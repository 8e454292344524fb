using System.Text;
using Baton.Engine;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Outbound;

public sealed class FaultTests
{
    private static async Task<WorkflowException> FailAsync(Func<RawConnection, Task> serve)
    {
        await using var server = new RawServer(serve);
        using var world = new OutboundWorld();
        return await world.FailAsync(server.Address);
    }

    private static void AssertBroken(WorkflowException e, string reason)
    {
        Assert.Equal((ErrorTypes.Communication, 502, ErrorClass.Connectivity), (e.Error.Type, e.Error.Status, e.Class));
        Assert.StartsWith("GET http://127.0.0.1:", e.Error.Detail, StringComparison.Ordinal);
        Assert.Contains(reason, e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_connection_is_connectivity()
    {
        using var world = new OutboundWorld();
        AssertBroken(await world.FailAsync(new Uri($"http://127.0.0.1:{RawServer.ClosedPort()}/")), "the connection was refused");
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_connectivity()
    {
        using var world = new OutboundWorld(resolve: (_, _) => throw new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound));
        var e = await world.FailAsync(new Uri("http://nobody.example/"));
        Assert.Equal(ErrorClass.Connectivity, e.Class);
        Assert.Contains("there is no such host", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_closed_before_the_answer_is_connectivity() =>
        AssertBroken(await FailAsync(connection => connection.ReadRequestAsync()), "ended before the response did");

    [Fact]
    public async Task A_reset_before_the_answer_is_connectivity() =>
        AssertBroken(await FailAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            connection.Reset();
        }), "reset");

    [Fact]
    public async Task An_answer_that_is_cut_in_its_head_is_connectivity() =>
        AssertBroken(await FailAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Ty");
        }), "ended before the response did");

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\nonly this")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n50\r\nhello")]
    public async Task An_answer_that_is_cut_in_its_body_is_no_answer(string rest) =>
        AssertBroken(await FailAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{rest}");
        }), "ended before the response did");

    [Fact]
    public async Task A_reset_in_the_body_is_connectivity() =>
        AssertBroken(await FailAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
            connection.Reset();
        }), "");

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("\0\u0001\u0002\u0003\u0004\u0005\u0006\a\b\t\n\n\n")]
    [InlineData("HTTP/1.1 abc OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")]
    public async Task Garbage_is_not_http(string garbage) =>
        AssertBroken(await FailAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(garbage);
        }), "not HTTP");

    [Fact]
    public async Task Broken_compression_is_connectivity() =>
        AssertBroken(await FailAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!");
        }), "compression is broken");

    [Fact]
    public async Task An_error_whose_body_breaks_off_is_still_that_error()
    {
        var e = await FailAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 100\r\nRetry-After: 3\r\n\r\nwe are");
        });
        Assert.Equal((503, ErrorClass.ServiceUnavailable, TimeSpan.FromSeconds(3)), (e.Error.Status, e.Class, e.RetryAfter));
    }

    [Fact]
    public async Task An_answer_in_single_bytes_with_characters_cut_in_half_is_read_whole()
    {
        var body = "{\"text\":\"Zürich — 東京 🎌\"}";
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            var answer = $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
            foreach (var b in Encoding.UTF8.GetBytes(answer)) await connection.WriteAsync([b]);
        });
        using var world = new OutboundWorld();
        Assert.Equal("Zürich — 東京 🎌", (await world.GetAsync(server.Address))["text"].AsString());
    }

    [Fact]
    public async Task A_body_that_ends_in_half_a_character_is_text_with_a_replacement_or_no_json()
    {
        static async Task ServeAsync(RawConnection connection)
        {
            var isJson = (await connection.ReadRequestAsync()).StartsWith("GET /json", StringComparison.Ordinal);
            await connection.WriteAsync([.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: {(isJson ? "application/json" : "text/plain")}\r\nContent-Length: 3\r\n\r\n\"a"), 0xC3]);
        }
        await using var server = new RawServer(ServeAsync);
        using var world = new OutboundWorld();
        Assert.Equal("\"a\uFFFD", (await world.GetAsync(server.Address)).AsString());
        Assert.Equal("Invalid Response", (await world.FailAsync(new Uri(server.Address, "json"))).Error.Title);
    }

    [Fact]
    public async Task A_body_that_announces_too_much_is_not_read()
    {
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
            await connection.StallAsync();
        });
        using var world = new OutboundWorld();
        var e = await world.FailAsync(server.Address);
        Assert.Contains("Outbound:MaxResponseBytes", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endless_body_is_cut_off_at_the_limit()
    {
        long sent = 0;
        var closed = new TaskCompletionSource();
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
            try
            {
                for (; ; sent += 64_000) await connection.WriteAsync(new string('x', 64_000));
            }
            finally
            {
                closed.SetResult();
            }
        });
        using var world = new OutboundWorld(options => options.MaxResponseBytes = 1_000_000);
        var e = await world.FailAsync(server.Address);
        Assert.Contains("1000000 bytes", e.Error.Detail, StringComparison.Ordinal);
        await closed.Task;
        Assert.InRange(sent, 0, 30_000_000);   // what the sockets' buffers hold besides
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    public async Task An_answer_that_does_not_come_or_does_not_end_is_a_timeout(string beginning)
    {
        var asked = new TaskCompletionSource();
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(beginning);
            asked.TrySetResult();
            await connection.StallAsync();
        });
        var time = new ManualTime();
        using var world = new OutboundWorld(time: time);
        var call = world.FailAsync(server.Address);
        await asked.Task;
        time.Advance(TimeSpan.FromSeconds(99));
        Assert.False(call.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        var e = await call;
        Assert.Equal((ErrorTypes.Timeout, 408, ErrorClass.Connectivity), (e.Error.Type, e.Error.Status, e.Class));
        Assert.Contains("Outbound:Timeout", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_not_made_in_time_is_a_timeout()
    {
        using var world = new OutboundWorld(
            options => options.ConnectTimeout = TimeSpan.FromMilliseconds(30),
            resolve: async (_, cancel) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
                return [];
            });
        var e = await world.FailAsync(new Uri("http://slow.example/"));
        Assert.Equal((ErrorTypes.Timeout, 408, ErrorClass.Connectivity), (e.Error.Type, e.Error.Status, e.Class));
        Assert.Contains("Outbound:ConnectTimeout", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_step_is_no_error_of_the_call_and_lets_the_other_side_know()
    {
        var asked = new TaskCompletionSource();
        var closed = new TaskCompletionSource();
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            asked.SetResult();
            try
            {
                await connection.StallAsync();
            }
            finally
            {
                closed.SetResult();
            }
        });
        using var world = new OutboundWorld();
        using var cancel = new CancellationTokenSource();
        var call = world.CallAsync(OutboundWorld.Get(server.Address), cancel.Token);
        await asked.Task;
        await cancel.CancelAsync();
        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(cancel.Token, e.CancellationToken);
        await closed.Task;
    }

    [Fact]
    public async Task A_connection_that_the_server_closed_while_it_was_idle_costs_the_next_call_nothing()
    {
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
        });
        using var world = new OutboundWorld();
        for (var i = 0; i < 20; i++) Assert.True((await world.GetAsync(server.Address)).IsNull);
    }
}
