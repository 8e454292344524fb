using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

public sealed class EchoTests
{
    [Fact]
    public async Task The_last_user_message_is_said_again()
    {
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"));
        var answer = await world.AnswerAsync(Ask("Be kind.", "Hello, world"));
        Assert.Equal(("baton/echo", "Hello, world", "stop", new ModelUsage(6, 3, 9)), (answer.Model, answer.Text, answer.FinishReason, answer.Usage));
    }

    [Fact]
    public async Task Delays_and_pieces_come_as_scripted()
    {
        var time = new ManualTime();
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"), time: time);
        var deltas = new List<string>();
        var answer = world.AnswerAsync(Ask("""{"first_byte_ms":200,"chunk_chars":5,"chunk_ms":10,"finish_reason":"length"}""", "Hello, 🙂 world"), (text, _) =>
        {
            deltas.Add(text);
            return ValueTask.CompletedTask;
        });
        for (var wait = 0; !answer.IsCompleted; wait++)
        {
            await Task.WhenAny(time.WhenTimerAsync(TimeSpan.FromMilliseconds(200)), answer);
            time.Advance(TimeSpan.FromMilliseconds(wait == 0 ? 200 : 10));
        }
        Assert.Equal("length", (await answer).FinishReason);
        Assert.Equal("Hello, 🙂 world", string.Concat(deltas));
        Assert.All(deltas, delta => Assert.InRange(delta.Length, 1, 6));
        Assert.True((await answer).Latency >= TimeSpan.FromMilliseconds(220));
    }

    [Theory]
    [InlineData("""{"fault":"rate_limit","retry_after_ms":1500}""", "rate_limit", "after 0 pieces")]
    [InlineData("""{"fault":"connectivity","chunk_chars":2,"fault_after_chunks":2}""", "connectivity", "after 2 pieces")]
    [InlineData("""{"fault":"storm"}""", "data_validation", "there are generic, connectivity, ")]
    [InlineData("""{"latency":1}""", "data_validation", "has no member 'latency'; there are answers, ")]
    [InlineData("""{"chunk_ms":-1}""", "data_validation", "whole number from 0 to 600000")]
    [InlineData("""{"chunk_ms":""", "data_validation", "is not JSON")]
    public async Task Faults_come_as_scripted_and_a_wrong_script_is_said(string script, string errorClass, string says)
    {
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"));
        var error = await world.FailAsync(Ask(script, "Hello, world"));
        Assert.Equal(errorClass, error.Error.Class);
        Assert.Contains(says, error.Error.Detail, StringComparison.Ordinal);
        if (errorClass == "rate_limit") Assert.Equal(TimeSpan.FromMilliseconds(1500), error.RetryAfter);
    }

    private static ModelRequest Ask(string system, string user) => new() { Origin = GatewayWorld.Origin, Model = "baton/echo", Messages = [ModelMessage.System(system), ModelMessage.User(user)] };
}
