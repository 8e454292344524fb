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
}
