using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

public class StreamTests
{
    [Fact]
    public async Task A_stream_that_ends_in_the_middle_is_never_a_clean_end()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Thr")));
        using var world = new GatewayWorld(upstream.Address);
        var error = await world.FailAsync();
        Assert.Equal("connectivity", error.Error.Class);
        Assert.Contains("ended its stream in the middle of an answer", error.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_reason_to_stop_is_none()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Data("""{"choices":[{"index":0,"delta":{"content":"Thr"},"finish_reason":""}]}""")));
        using var world = new GatewayWorld(upstream.Address);
        Assert.Equal("connectivity", (await world.FailAsync()).Error.Class);
    }

    [Fact]
    public async Task A_stream_may_end_without_its_mark_when_the_answer_is_finished()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Three."), Replies.Finish("length"), Replies.Usage));
        using var world = new GatewayWorld(upstream.Address);
        var answer = await world.AnswerAsync();
        Assert.Equal(("Three.", "length", 18), (answer.Text, answer.FinishReason, answer.Usage.TotalTokens));
    }

    [Fact]
    public async Task A_stream_without_usage_counts_nothing()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, ": ping\n\n", Replies.Chunk("Three."), Replies.Finish(), Replies.Done));
        using var world = new GatewayWorld(upstream.Address);
        Assert.Equal(ModelUsage.None, (await world.AnswerAsync()).Usage);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_breaks_in_the_middle_is_a_matter_of_connectivity(bool reset)
    {
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head() + Replies.Piece(Replies.Chunk("Thr")));
            if (reset) connection.Reset();
        });
        using var world = new GatewayWorld(upstream.Address);
        Assert.Equal("connectivity", (await world.FailAsync()).Error.Class);
    }

    [Fact]
    public async Task A_connection_that_breaks_behind_the_answers_end_takes_nothing_from_it()
    {
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head() + Replies.Piece(Replies.Chunk("Three.") + Replies.Finish()));
        });
        using var world = new GatewayWorld(upstream.Address);
        Assert.Equal("Three.", (await world.AnswerAsync()).Text);
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/json")]
    public async Task An_answer_without_end_is_cut_off_at_the_limit(string type)
    {
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head(type));
            while (true) await connection.WriteAsync(Replies.Piece(type == "application/json" ? new string(' ', 4096) : Replies.Chunk("Three.")));
        });
        using var world = new GatewayWorld(upstream.Address, all: options => options.MaxResponseBytes = 100_000);
        Assert.Contains("(Gateway:MaxResponseBytes)", (await world.FailAsync()).Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_first_byte_in_time_is_said_with_the_limits_name()
    {
        var time = new ManualTime();
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head());   // headers are not an answer yet
            await connection.StallAsync();
        });
        using var world = new GatewayWorld(upstream.Address, model => model.FirstByteTimeout = TimeSpan.FromSeconds(30), time);
        var answer = world.FailAsync();
        await time.WhenTimerAsync(TimeSpan.FromSeconds(30));
        time.Advance(TimeSpan.FromSeconds(31));
        var error = await answer;
        Assert.EndsWith("gave no answer within 30 s (FirstByteTimeout).", error.Error.Detail, StringComparison.Ordinal);
        Assert.Equal("connectivity", error.Error.Class);
    }

    [Fact]
    public async Task Silence_in_the_middle_of_an_answer_ends_it()
    {
        var time = new ManualTime();
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head() + Replies.Piece(Replies.Chunk("Thr")));
            await connection.StallAsync();
        });
        using var world = new GatewayWorld(upstream.Address, model => model.IdleTimeout = TimeSpan.FromSeconds(5), time);
        var heard = new TaskCompletionSource();
        var answer = Assert.ThrowsAsync<WorkflowException>(() => world.AnswerAsync(onDelta: (_, _) =>
        {
            heard.SetResult();
            return ValueTask.CompletedTask;
        }));
        await heard.Task.WaitAsync(TestContext.Current.CancellationToken);
        await time.WhenTimerAsync(TimeSpan.FromSeconds(5));   // while the listener listens, no clock of silence runs
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.EndsWith("fell silent in the middle of its answer for 5 s (IdleTimeout).", (await answer).Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_drips_forever_ends_with_the_whole_time()
    {
        var time = new ManualTime();
        using var drop = new SemaphoreSlim(0);
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head());
            while (true)
            {
                await connection.WriteAsync(Replies.Piece(Replies.Chunk("a")));
                await drop.WaitAsync(connection.Stopping);
            }
        });
        using var world = new GatewayWorld(upstream.Address, model => (model.Timeout, model.IdleTimeout) = (TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(5)), time);
        var answer = Assert.ThrowsAsync<WorkflowException>(() => world.AnswerAsync(onDelta: (_, _) =>
        {
            time.Advance(TimeSpan.FromSeconds(4));
            drop.Release();
            return ValueTask.CompletedTask;
        }));
        Assert.EndsWith("had not ended its answer after 9 s (Timeout).", (await answer).Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_stops_is_told_apart_from_a_limit()
    {
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Replies.Head() + Replies.Piece(Replies.Chunk("Thr") + Replies.Finish()));
            await connection.StallAsync();
        });
        using var world = new GatewayWorld(upstream.Address);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Models.CompleteAsync(GatewayWorld.Ask(), async (_, _) => await stop.CancelAsync(), stop.Token));
    }

    [Fact]
    public async Task A_stream_under_another_content_type_is_read_too()
    {
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "text/plain";
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, Replies.Chunk("Thr") + Replies.Chunk("ee.") + Replies.Finish() + Replies.Usage + Replies.Done);
        });
        using var world = new GatewayWorld(upstream.Address);
        Assert.Equal("Three.", (await world.AnswerAsync()).Text);
    }

    [Fact]
    public async Task What_a_listener_throws_is_not_taken_for_the_models_failure()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Thr"), Replies.Chunk("ee."), Replies.Finish(), Replies.Done));
        using var world = new GatewayWorld(upstream.Address);
        Assert.Equal("the listener is gone", (await Assert.ThrowsAsync<IOException>(() => world.AnswerAsync(onDelta: (_, _) => throw new IOException("the listener is gone")))).Message);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.AnswerAsync(onDelta: (_, _) => throw new OperationCanceledException("elsewhere")));
    }
}

public sealed class StreamOnFrameworkSockets : StreamTests, IOnFrameworkSockets;
