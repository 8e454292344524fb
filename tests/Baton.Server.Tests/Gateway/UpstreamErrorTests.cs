using System.Net;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

public sealed class UpstreamErrorTests
{
    [Theory]
    [InlineData(401, """{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}""", "auth")]
    [InlineData(403, """{"error":{"message":"No access"}}""", "auth")]
    [InlineData(402, """{"error":{"message":"Pay first"}}""", "budget_exceeded")]
    [InlineData(408, "{}", "connectivity")]
    [InlineData(504, "<html>Gateway Timeout</html>", "connectivity")]
    [InlineData(429, """{"error":{"message":"Slow down","type":"tokens","code":"rate_limit_exceeded"}}""", "rate_limit")]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""", "budget_exceeded")]
    [InlineData(400, """{"error":{"message":"too long","code":"context_length_exceeded"}}""", "context_too_long")]
    [InlineData(400, """{"object":"error","message":"This model's maximum context length is 4096 tokens.","code":400}""", "context_too_long")]
    [InlineData(400, """{"error":{"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}""", "context_too_long")]
    [InlineData(400, """{"error":{"message":"filtered","code":"content_filter"}}""", "content_refused")]
    [InlineData(400, """[{"error":{"code":400,"message":"Bad","status":"INVALID_ARGUMENT"}}]""", "data_validation")]
    [InlineData(404, """{"error":"model 'x' not found"}""", "data_validation")]
    [InlineData(422, """{"detail":"what"}""", "data_validation")]
    [InlineData(500, "", "service_unavailable")]
    [InlineData(502, "not json", "service_unavailable")]
    [InlineData(503, "[]", "service_unavailable")]
    [InlineData(529, """{"error":{"type":"overloaded_error","message":"Overloaded"}}""", "service_unavailable")]
    [InlineData(307, "", "data_validation")]
    public async Task What_a_status_and_its_code_mean_is_a_class(int status, string body, string errorClass)
    {
        await using var upstream = await WebServer.StartAsync(http =>
        {
            http.Response.Headers.Location = "http://127.0.0.1:1/elsewhere";
            return Replies.JsonAsync(http, body, status);
        });
        using var world = new GatewayWorld(upstream.Address);
        var error = await world.FailAsync();
        Assert.Equal(errorClass, error.Error.Class);
        Assert.Contains($"{upstream.Address.Authority}", error.Error.Detail, StringComparison.Ordinal);
        Assert.Contains($" was answered {status}", error.Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Sun, 01 Mar 2026 12:00:30 GMT", 30)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    [InlineData("soon", null)]
    public async Task The_wait_that_an_upstream_asks_for_is_handed_on(string header, int? seconds)
    {
        await using var upstream = await WebServer.StartAsync(http =>
        {
            http.Response.Headers.RetryAfter = header;
            return Replies.JsonAsync(http, "{}", 429);
        });
        using var world = new GatewayWorld(upstream.Address, time: new ManualTime());
        Assert.Equal(seconds, (int?)(await world.FailAsync()).RetryAfter?.TotalSeconds);
    }

    [Theory]
    [InlineData("""{"error":{"message":"The server had an error","type":"server_error"}}""", "service_unavailable")]
    [InlineData("""{"error":{"message":"Slow down","code":"rate_limit_exceeded"}}""", "rate_limit")]
    [InlineData("""{"error":{"message":"upstream died","code":502}}""", "service_unavailable")]
    [InlineData("""{"error":{"message":"no","type":"invalid_request_error"}}""", "data_validation")]
    [InlineData("""{"object":"error","message":"gone","code":401}""", "auth")]
    public async Task An_error_in_the_middle_of_a_stream_is_the_answers_end(string error, string errorClass)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Thr"), $"event: error\n{Replies.Data(error)}"));
        using var world = new GatewayWorld(upstream.Address);
        var thrown = await world.FailAsync();
        Assert.Equal(errorClass, thrown.Error.Class);
        Assert.Contains("broke off its answer with an error. It says: ", thrown.Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>Welcome</html>", "data_validation", "is not JSON (line 1, column 1)")]
    [InlineData("""{"choices":[]}""", "data_validation", "it has no choices")]
    [InlineData("""{"hello":"world"}""", "data_validation", "it has no choices")]
    [InlineData("""{"choices":["text"]}""", "data_validation", "is not a chat completion")]
    [InlineData("42", "data_validation", "it is no object")]
    [InlineData("""{"choices":[{"message":{"content":null},"finish_reason":"stop"}]}""", "data_validation", "answered without any text (finish_reason stop)")]
    [InlineData("""{"choices":[{"message":{"content":""},"finish_reason":"length"}]}""", "data_validation", "Raise max_tokens")]
    [InlineData("""{"choices":[{"message":{"content":[1]},"finish_reason":"stop"}]}""", "data_validation", "its content is not text")]
    [InlineData("""{"choices":[{"message":{"content":null,"tool_calls":[{"id":"1"}]},"finish_reason":"tool_calls"}]}""", "data_validation", "a tool call, but none was offered")]
    [InlineData("""{"choices":[{"message":{"content":null,"refusal":"I cannot help."},"finish_reason":"stop"}]}""", "content_refused", "it says: I cannot help.")]
    [InlineData("""{"choices":[{"message":{"content":"Thr"},"finish_reason":"content_filter"}]}""", "content_refused", "content filter")]
    public async Task An_answer_that_is_none_is_an_error(string body, string errorClass, string says)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, body));
        using var world = new GatewayWorld(upstream.Address);
        var error = await world.FailAsync();
        Assert.Contains(says, error.Error.Detail, StringComparison.Ordinal);
        Assert.Equal(errorClass, error.Error.Class);
    }

    [Fact]
    public async Task A_port_that_nobody_listens_on_is_a_matter_of_connectivity()
    {
        using var world = new GatewayWorld(new Uri($"http://127.0.0.1:{RawServer.ClosedPort()}"));
        var error = await world.FailAsync();
        Assert.Equal("connectivity", error.Error.Class);
        Assert.Contains("the connection was refused", error.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_are_not_followed()
    {
        await using var elsewhere = await WebServer.StartAsync(http => Replies.WholeAsync(http, "stolen"));
        await using var upstream = await WebServer.StartAsync(http =>
        {
            http.Response.Redirect(elsewhere["/v1/chat/completions"].ToString(), permanent: false);
            return Task.CompletedTask;
        });
        using var world = new GatewayWorld(upstream.Address);
        Assert.Contains("Redirects are not followed", (await world.FailAsync()).Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(500)]
    public async Task Neither_key_nor_prompt_stands_in_any_message_or_log(int status)
    {
        const string Prompt = "The parcel of Mrs Miller at 12 Elm Street was late.\nShe is angry.";
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var sent = WebUtility.UrlDecode(http.Request.Headers.Authorization.ToString());
            var said = System.Text.Json.JsonSerializer.Serialize($"You sent {sent} and '{Prompt}' (or so: Mrs Miller at 12 Elm Street). {new string('x', 5_000)}");
            await Replies.JsonAsync(http, $$$"""{"error":{"message":{{{said}}},"code":"oops"}}""", status);
        });
        using var world = new GatewayWorld(upstream.Address);
        var error = await world.FailAsync(GatewayWorld.Ask(Prompt));
        Assert.Contains("You sent Bearer *** and '…' (or so:…). xxx", error.Error.Detail, StringComparison.Ordinal);
        Assert.True(error.Error.Detail!.Length < 600, error.Error.Detail);
        foreach (var text in world.Log.Lines.Append(error.ToString()).Append(error.Error.ToString()))
        {
            Assert.DoesNotContain(GatewayWorld.Key, text, StringComparison.Ordinal);
            Assert.DoesNotContain("Miller", text, StringComparison.Ordinal);
        }
    }
}
