using System.Text;
using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway.Accounting;

/// <summary>Usage that only the gateway asked for: put into the request, and taken out of the answer.</summary>
public sealed class AddedUsageTests
{
    [Theory]
    [InlineData("""{"model":"m","stream":true}""", """{"stream_options":{"include_usage":true},"model":"m","stream":true}""")]
    [InlineData("""{"model":"m","stream":true,"stream_options":null}""", """{"model":"m","stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"stream_options":{},"model":"m","stream":true}""", """{"stream_options":{"include_usage":true},"model":"m","stream":true}""")]
    [InlineData("""{"stream_options": { "x" : [1] },"model":"m"}""", """{"stream_options": {"include_usage":true, "x" : [1] },"model":"m"}""")]
    [InlineData("""{"stream_options":{"include_usage":false,"x":1},"model":"m"}""", """{"stream_options":{"include_usage":true,"x":1},"model":"m"}""")]
    public void It_is_asked_for_in_place(string body, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var peek = RequestPeek.Read(bytes, Surface.ChatCompletions, out _)!.Value;
        Assert.False(peek.AsksForUsage);
        var patched = RequestPatch.Apply(bytes, peek, "m", null, "max_tokens", addsUsage: true);
        Assert.Equal(expected, Encoding.UTF8.GetString(patched.Span));
        Assert.True(RequestPeek.Read(patched.Span, Surface.ChatCompletions, out _)!.Value.AsksForUsage);
    }

    [Theory]
    [InlineData("""{"stream_options":{"include_usage":true}}""", true)]
    [InlineData("""{"stream_options":{"include_usage":true},"stream_options":{}}""", false)]
    [InlineData("""{"stream_options":[{"include_usage":true}]}""", false)]
    [InlineData("""{"metadata":{"stream_options":{"include_usage":true}}}""", false)]
    public void Whether_the_client_asks_is_seen(string body, bool asks) => Assert.Equal(asks, RequestPeek.Read(Encoding.UTF8.GetBytes(body), Surface.ChatCompletions, out _)!.Value.AsksForUsage);

    [Theory]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"usage\"}}]}\n\n", "same")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":null\"}}]}\n\n", "same")]
    [InlineData("data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n", "same")]
    [InlineData("data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}\n\n", "same")]   // some tell it with the last choice, asked or not
    [InlineData("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n", "")]
    [InlineData("data: {\"choices\": [], \"usage\": {\"prompt_tokens\":1}}\r\n\r\ndata: [DONE]\r\n\r\n", "data: [DONE]\r\n\r\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{}}],\"usage\":null}\n\ndata: {\"usage\" : null , \"choices\":[{}]}\n\n", "data: {\"choices\":[{\"delta\":{}}]}\n\ndata: { \"choices\":[{}]}\n\n")]
    [InlineData(": ping\n\ndata: {\"choices\":[],\"usage\":{}}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"é\"}}],\"usage\":null,\"x\":1}\n\n", ": ping\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"é\"}}],\"x\":1}\n\n")]
    public void What_the_client_did_not_ask_for_it_does_not_see(string events, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(events);
        Assert.Equal(expected == "same" ? events : expected, Encoding.UTF8.GetString(bytes.AsSpan(0, AddedUsage.TakeOut(bytes))));
    }
}
