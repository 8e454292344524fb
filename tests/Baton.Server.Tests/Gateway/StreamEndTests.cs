using Baton.Jq;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>What ends a stream, and how one is ended that has no end.</summary>
public sealed class StreamEndTests
{
    [Theory]
    [InlineData("/v1/chat/completions", "data: {\"error\":{\"type\":\"api_error\",")]
    [InlineData("/v1/messages", "event: error\ndata: {\"type\":\"error\",")]
    public async Task An_empty_reason_to_stop_is_none(string path, string error)
    {
        await using var broken = await WebServer.StartAsync(http => Replies.StreamAsync(http, Chunk("Thr", "\"\"")));
        await using var world = await ForwardWorld.StartAsync([broken.Address]);
        Assert.Contains(error, (await world.SendAsync(ForwardWorld.AskStream, path)).Body, StringComparison.Ordinal);
    }

    private static string Chunk(string text, string reason) => Replies.Data($$"""{"choices":[{"index":0,"delta":{"content":"{{text}}"},"finish_reason":{{reason}}}]}""");

    [Theory]
    [InlineData("/v1/responses", """event: response.output_text.delta~data: {"type":"response.output_text.delta","delta":"Wait for response.completed, which says \"type\":\"response.completed\" behind event: response.completed"}""")]
    [InlineData("/v1/chat/completions", """data: {"choices":[{"index":0,"delta":{"content":"It ends with data: [DONE]"},"finish_reason":null}]}""")]
    public async Task The_words_for_an_end_are_none_within_a_text(string path, string events)
    {
        await using var broken = await WebServer.StartAsync(http => Replies.StreamAsync(http, events.Replace('~', '\n') + "\n\n"));
        await using var world = await ForwardWorld.StartAsync([broken.Address]);
        Assert.Contains("stream_interrupted", (await world.SendAsync("""{"model":"m","input":"hi","messages":[],"stream":true}""", path)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/responses", """event: response.completed~data: {"response":{}}""")]
    [InlineData("/v1/responses", """event:response.incomplete~data:{"response":{}}""")]
    [InlineData("/v1/responses", """data: {"sequence_number":3,"type":"response.failed","response":{}}""")]
    [InlineData("/v1/responses", """data: {"type" : "response.completed","response":{}}""")]
    [InlineData("/v1/chat/completions", "data: [DONE]")]
    [InlineData("/v1/chat/completions", ": so far~data:[DONE]")]
    [InlineData("/v1/chat/completions", """data: {"choices":[{"index":0,"delta":{},"finish_reason":""}]}~~data: {"choices":[{"index":0,"delta":{},"finish_reason" : "stop"}]}""")]
    public async Task They_are_where_the_protocol_has_them(string path, string events)
    {
        var stream = events.Replace('~', '\n') + "\n\n";
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, stream));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:StreamUsage", "false"));
        Assert.Equal(stream, (await world.SendAsync("""{"model":"m","input":"hi","messages":[],"stream":true}""", path)).Body);
    }

    [Theory]
    [InlineData(true, """event: response.created~data: {"type":"response.created","sequence_number":0}""")]
    [InlineData(false, """data: {"choices":[{"index":0,"delta":{"content":"Thr"}}]}""")]
    public async Task A_response_that_breaks_ends_with_an_error_event_of_its_protocol(bool speaksResponses, string events)
    {
        await using var broken = await WebServer.StartAsync(http => Replies.StreamAsync(http, events.Replace('~', '\n') + "\n\n"));
        await using var world = await ForwardWorld.StartAsync([broken.Address], ("Targets:0:Responses", speaksResponses ? "true" : "false"));
        var reply = await world.SendAsync("""{"model":"m","input":"hi","stream":true}""", "/v1/responses");
        var told = reply.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        var error = JqValue.Parse(told[^1]["event: error\ndata: ".Length..]);
        Assert.Equal(("error", "stream_interrupted", true, speaksResponses ? 0 : told.Length - 1), (error["type"].AsString(), error["code"].AsString(), error["param"].IsNull, error["sequence_number"]));
        Assert.Equal(JqValue.Object(("type", "api_error"), ("code", error["code"]), ("message", error["message"]), ("param", JqValue.Null)), error["error"]);
    }

    [Theory]
    [InlineData("/v1/chat/completions", ""","n":2""", "", false)]
    [InlineData("/v1/chat/completions", ""","n":2""", "data: [DONE]\n\n", true)]
    [InlineData("/v1/completions", ""","prompt":["a","b"]""", "", false)]
    [InlineData("/v1/completions", ""","prompt":["a","b"]""", "data: [DONE]\n\n", true)]
    [InlineData("/v1/completions", ""","prompt":["a"]""", "", true)]
    public async Task Of_several_answers_one_that_stops_does_not_end_the_others(string path, string several, string end, bool isWhole)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Chunk("Three.", "\"stop\""), end));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        Assert.Equal(!isWhole, (await world.SendAsync(ForwardWorld.Ask(""","stream":true""" + several), path)).Body.Contains("stream_interrupted", StringComparison.Ordinal));
    }
}
