using System.IO.Pipelines;
using System.Text;
using Baton.Server.Gateway;
using Baton.Server.Identity;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Baton.Server.Tests.Gateway.Lane;

/// <summary>How long the lane waits, and what it does then.</summary>
public sealed class LaneConnectionTests : IAsyncLifetime
{
    private const string Head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n";

    private readonly ManualTime time = new();
    private readonly KestrelServerLimits limits = new();
    private readonly Connection connection = new();
    private TestServer server = null!;

    public async ValueTask InitializeAsync() => server = await TestServer.StartAsync();

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task A_connection_on_which_nothing_comes_is_closed_after_its_time()
    {
        var serving = Serve();
        time.Advance(limits.KeepAliveTimeout - TimeSpan.FromSeconds(1));
        connection.Beat();
        Assert.False(serving.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        connection.Beat();
        Assert.False(await serving);
    }

    [Fact]
    public async Task A_client_that_is_too_slow_to_send_its_request_is_left_to_the_server_and_a_steady_one_is_not()
    {
        var serving = Serve();
        await connection.SendAsync(Head.Replace("Length: 2", "Length: 90000", StringComparison.Ordinal));
        for (var second = 0; second < 20; second++)
        {
            await connection.SendAsync(new string('x', 4_000));
            time.Advance(TimeSpan.FromSeconds(1));
            connection.Beat();
        }
        Assert.False(serving.IsCompleted);
        await Eventually.IsTrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(30));
            connection.Beat();
            return serving.IsCompleted;
        });
        Assert.True(await serving);
        Assert.False(connection.IsAborted);   // the server tells it, in an answer
        Assert.True(connection.Transport.Input.TryRead(out var left));
        Assert.Equal(Head.Length + "9000".Length + 80_000, left.Buffer.Length);
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_of_its_request_is_the_servers()
    {
        var serving = Serve();
        await connection.SendAsync(Head);
        await connection.Application.Output.CompleteAsync();
        Assert.True(await serving);
    }

    [Fact]
    public async Task A_client_that_does_not_take_its_answer_is_cut_off()
    {
        var serving = Serve(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        await connection.SendAsync(Head + "{}");
        await connection.Application.Input.ReadAtLeastAsync(1, TestContext.Current.CancellationToken);   // looked at, and not taken
        connection.Beat();
        Assert.False(connection.IsAborted);
        await Eventually.IsTrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            connection.Beat();
            return connection.IsAborted;
        });
        await connection.Application.Input.CompleteAsync();
        await connection.Application.Output.CompleteAsync();
        await serving;
    }

    [Fact]
    public async Task A_client_that_pauses_while_much_lies_before_it_has_as_long_as_all_of_that_takes_at_the_slowest_rate()
    {
        connection.Open(new PipeOptions(pauseWriterThreshold: 48_000, resumeWriterThreshold: 1, useSynchronizationContext: false));
        var clock = new LaneClock(time, limits);
        var answer = new LaneAnswer(connection, clock);
        answer.Reset(isLast: false);
        answer.Begin(200, null);
        await answer.WriteAsync(new byte[47_000], CancellationToken.None);
        Assert.Equal(0, answer.WrittenUntil);   // nobody waits
        var waiting = answer.WriteAsync(new byte[1_000], CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(190));   // 48,000 bytes at 240 a second
        Assert.False(clock.IsOver(answer.WrittenUntil));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.True(clock.IsOver(answer.WrittenUntil));
        await connection.Application.Input.CompleteAsync();
        await waiting;
    }

    [Fact]
    public async Task A_request_that_has_come_when_the_connection_is_to_be_closed_is_answered_still()
    {
        var sent = connection.SendAsync(Head + "{}");
        connection.Close();
        Assert.False(await Serve());
        await sent;
        var answer = await connection.ReadAnswerAsync();
        Assert.Matches("^HTTP/1.1 [45]..", answer);   // no such model
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
    }

    private Task<bool> Serve(PipeOptions? output = null)
    {
        connection.Open(output);
        return new LaneConnection(connection, server.Get<Forwarder>(), server.Get<Callers>(), 1_000_000, new LaneClock(time, limits), time, CancellationToken.None).ServeAsync();
    }

    /// <summary>A connection without a network, whose heart the test beats.</summary>
    private sealed class Connection : ConnectionContext, IConnectionHeartbeatFeature, IConnectionLifetimeNotificationFeature
    {
        private readonly Pipe input = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        private readonly CancellationTokenSource closing = new(), closed = new();
        private Action? beat;
        private Pipe? output;

        public Connection()
        {
            Features.Set<IConnectionHeartbeatFeature>(this);
            Features.Set<IConnectionLifetimeNotificationFeature>(this);
            ConnectionClosedRequested = closing.Token;
            ConnectionClosed = closed.Token;
        }

        public override IDuplexPipe Transport { get; set; } = null!;

        /// <summary>The other end.</summary>
        public IDuplexPipe Application { get; private set; } = null!;

        public override string ConnectionId { get; set; } = "test";

        public override Microsoft.AspNetCore.Http.Features.IFeatureCollection Features { get; } = new Microsoft.AspNetCore.Http.Features.FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public CancellationToken ConnectionClosedRequested { get; set; }

        public bool IsAborted { get; private set; }

        public void Open(PipeOptions? options)
        {
            output = new Pipe(options ?? new PipeOptions(useSynchronizationContext: false));
            Transport = new Ends(input.Reader, output.Writer);
            Application = new Ends(output.Reader, input.Writer);
        }

        public void OnHeartbeat(Action<object> action, object state) => beat = () => action(state);

        public void Beat() => beat!();

        public void RequestClose() => Close();

        public void Close() => closing.Cancel();

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;

        /// <summary>Returns when the lane has looked at them all.</summary>
        public async Task SendAsync(string bytes) => await input.Writer.WriteAsync(Encoding.ASCII.GetBytes(bytes));

        public async Task<string> ReadAnswerAsync() => Encoding.ASCII.GetString((await output!.Reader.ReadAsync()).Buffer);

        private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
    }
}
