using System.ClientModel;
using System.Text.Json;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using OpenAI;
using OpenAI.Chat;

namespace Baton.Server.Tests.Gateway;

/// <summary>The providers' own SDKs, as they are, pointed at the gateway.</summary>
public sealed class SdkTests
{
    /// <summary>Answers as OpenAI and Anthropic do: with a text, a tool call where tools are offered, an object where one is asked for, and a broken stream where that is asked for.</summary>
    private static async Task AnswerAsync(HttpContext http)
    {
        var ask = JsonElement.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync());
        var (isStream, hasTools, breaks) = (ask.TryGetProperty("stream", out var stream) && stream.GetBoolean(), ask.TryGetProperty("tools", out _), ask.GetProperty("messages").GetRawText().Contains("break", StringComparison.Ordinal));
        if (http.Request.Path.Value!.EndsWith("/messages", StringComparison.Ordinal)) await (isStream ? Replies.StreamAsync(http, [.. AnthropicEvents(hasTools, breaks)]) : Replies.JsonAsync(http, AnthropicMessage));
        else if (isStream && hasTools) await Replies.StreamAsync(http, ToolChunk("""{"index":0,"id":"call_1","type":"function","function":{"name":"count","arguments":"{\"late\""}}""", "null"), ToolChunk("""{"index":0,"function":{"arguments":":3}"}}""", "\"tool_calls\""), Replies.Done);
        else if (isStream) await (breaks ? Replies.StreamAsync(http, Replies.Chunk("Thr")) : Replies.StreamAsync(http, Replies.Chunk("Thr"), Replies.Chunk("ee."), Replies.Finish(), Replies.Done));
        else await Replies.WholeAsync(http, ask.TryGetProperty("response_format", out _) ? """{"late":3}""" : "Three.");
    }

    private const string AnthropicMessage = """{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"Three."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}""";

    private static string ToolChunk(string call, string finish) => Replies.Data($$"""{"id":"c1","object":"chat.completion.chunk","created":1,"model":"u","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{{call}}]},"finish_reason":{{finish}}}]}""");

    private static IEnumerable<string> AnthropicEvents(bool hasTools, bool breaks)
    {
        yield return Event("message_start", """ "message":{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}""");
        yield return Event("content_block_start", hasTools ? """ "index":0,"content_block":{"type":"tool_use","id":"t1","name":"count","input":{}}""" : """ "index":0,"content_block":{"type":"text","text":""}""");
        yield return Event("content_block_delta", hasTools ? """ "index":0,"delta":{"type":"input_json_delta","partial_json":"{\"late\":3}"}""" : """ "index":0,"delta":{"type":"text_delta","text":"Three."}""");
        if (breaks) yield break;
        yield return Event("content_block_stop", """ "index":0""");
        yield return Event("message_delta", """ "delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}""");
        yield return """event: message_stop""" + "\n" + Replies.Data("""{"type":"message_stop"}""");

        static string Event(string type, string rest) => $"event: {type}\n{Replies.Data($$"""{"type":"{{type}}",{{rest}}}""")}";
    }

    [Fact]
    public async Task OpenAIs_own_for_JavaScript()
    {
        var seen = await RunAsync("openai.mjs");
        Assert.Equal("""["baton/echo","baton/extract","c","m"]""", seen.GetProperty("models").GetRawText());
        Assert.Equal(("Three.", "Three."), (seen.GetProperty("text").GetString(), seen.GetProperty("stream").GetString()));
        Assert.Equal("""{"late":3}""", seen.GetProperty("tools")[0].GetProperty("function").GetProperty("arguments").GetString());
        Assert.Equal(3, seen.GetProperty("schema").GetProperty("late").GetInt32());
        Assert.Equal("How many parcels were late?", seen.GetProperty("builtIn").GetString());
        Assert.Equal("""{"name":"NotFoundError","status":404,"code":"model_not_found"}""", seen.GetProperty("error").GetRawText());
        Assert.Equal("Thr", seen.GetProperty("before").GetString());
        Assert.Equal("""{"name":"APIError","code":"stream_interrupted"}""", seen.GetProperty("broken").GetRawText());
    }

    [Fact]
    public async Task Anthropics_own_for_JavaScript()
    {
        var seen = await RunAsync("anthropic.mjs");
        Assert.Equal("""["baton/echo","baton/extract","c","m"]""", seen.GetProperty("models").GetRawText());
        Assert.Equal(("Three.", "Three.", 3), (seen.GetProperty("text").GetString(), seen.GetProperty("stream").GetString(), seen.GetProperty("tools").GetProperty("late").GetInt32()));
        Assert.Equal("""{"name":"NotFoundError","status":404,"type":"not_found_error"}""", seen.GetProperty("error").GetRawText());
        Assert.True(seen.GetProperty("broken").GetProperty("says").GetBoolean());
    }

    [Fact]
    public async Task Vercels()
    {
        var seen = await RunAsync("vercel.mjs");
        Assert.Equal(("Three.", "Three.", 3), (seen.GetProperty("text").GetString(), seen.GetProperty("stream").GetString(), seen.GetProperty("tools")[0].GetProperty("late").GetInt32()));
    }

    [Fact]
    public async Task OpenAIs_own_for_DotNet()
    {
        await using var world = await StartAsync();
        var client = new ChatClient("m", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(world.Server.Address, "v1") });
        ChatMessage[] messages = [new UserChatMessage("How many parcels were late?")];
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal("Three.", (await client.CompleteChatAsync(messages, null, cancel)).Value.Content[0].Text);
        var said = "";
        await foreach (var update in client.CompleteChatStreamingAsync(messages, null, cancel)) said += string.Concat(update.ContentUpdate.Select(part => part.Text));
        Assert.Equal("Three.", said);
        var schema = new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("answer", BinaryData.FromString("""{"type":"object"}""")) };
        Assert.Equal("""{"late":3}""", (await client.CompleteChatAsync(messages, schema, cancel)).Value.Content[0].Text);
        var arguments = "";
        var tools = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("count") } };
        await foreach (var update in client.CompleteChatStreamingAsync(messages, tools, cancel)) arguments += string.Concat(update.ToolCallUpdates.Select(call => call.FunctionArgumentsUpdate?.ToString()));
        Assert.Equal("""{"late":3}""", arguments);
        var unknown = new ChatClient("unknown", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(world.Server.Address, "v1") });
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => unknown.CompleteChatAsync(messages, null, cancel))).Status);
    }

    private static async Task<JsonElement> RunAsync(string script)
    {
        var folder = await SdkPackages.InstallAsync();
        await using var world = await StartAsync();
        return JsonElement.Parse(await Tool.RunAsync(["node", Path.Combine(folder, script), world.Server.Address.ToString()], TestContext.Current.CancellationToken));
    }

    private static async Task<SdkWorld> StartAsync()
    {
        var upstream = await WebServer.StartAsync(AnswerAsync);
        var url = new Uri(upstream.Address, "/v1").ToString();
        return new SdkWorld(upstream, await TestServer.StartAsync(new TestServer.Settings
        {
            Values = { ["Gateway:Models:m:BaseUrl"] = url, ["Gateway:Models:c:BaseUrl"] = url, ["Gateway:Models:c:Dialect"] = "anthropic" },
        }));
    }

    private sealed record SdkWorld(WebServer Upstream, TestServer Server) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Upstream.DisposeAsync();
        }
    }
}
