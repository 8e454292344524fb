using System.ClientModel;
using System.Text.Json;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using OpenAI;
using OpenAI.Chat;

namespace Baton.Server.Tests.Gateway;

/// <summary>The providers' own SDKs, as they are, on models whose targets speak another dialect.</summary>
public sealed class TranslatedSdkTests
{
    private const string CallTwo = """[["count",{"what":"late"}],["now",{}]]""";

    [Fact]
    public async Task OpenAIs_and_Anthropics_for_JavaScript()
    {
        var folder = await SdkPackages.InstallAsync();
        await using var upstream = await WebServer.StartAsync(AnswerAsync);
        await using var server = await StartAsync(upstream);
        var seen = JsonElement.Parse(await Tool.RunAsync(["node", Path.Combine(folder, "translated.mjs"), server.Address.ToString()], TestContext.Current.CancellationToken));
        foreach (var model in (string[])["claude", "llama"])
        {
            var here = seen.GetProperty(model);
            Assert.Equal(("Three were late.", "Three were late.", 34), (here.GetProperty("text").GetString(), here.GetProperty("stream").GetString(), here.GetProperty("tokens").GetInt32()));
            Assert.Equal((CallTwo, "tool_calls"), (here.GetProperty("tools").GetRawText(), here.GetProperty("finish").GetString()));
            Assert.Equal("""{"late":3}""", here.GetProperty("schema").GetRawText());
            Assert.Equal(("Three were late.", CallTwo), (here.GetProperty("response").GetString(), here.GetProperty("responseTools").GetRawText()));
            Assert.Equal("""["response.created","response.completed"]""", here.GetProperty("responseEnds").GetRawText());
            Assert.Equal("""["Two were early.","Two were early.","Two were early."]""", here.GetProperty("goesOn").GetRawText());
            Assert.Equal("""["user","assistant","user"]""", here.GetProperty("items").GetRawText());
            Assert.Equal("""["BadRequestError","previous_response_not_found","previous_response_id"]""", here.GetProperty("removed").GetRawText());
            Assert.Equal("""[400,"not_translatable","n"]""", here.GetProperty("refused").GetRawText());
            Assert.Equal("Three ", here.GetProperty("before").GetString());
            Assert.Equal("""["APIError","stream_interrupted"]""", here.GetProperty("broken").GetRawText());
            Assert.Equal("""["BadRequestError",400,"context_length_exceeded"]""", here.GetProperty("error").GetRawText());
        }
        foreach (var model in (string[])["gpt by messages", "llama by messages"])
        {
            var here = seen.GetProperty(model);
            Assert.Equal(("Three were late.", "Three were late.", "tool_use"), (here.GetProperty("text").GetString(), here.GetProperty("stream").GetString(), here.GetProperty("finish").GetString()));
            Assert.Equal(model == "gpt by messages" ? """[["count",{"what":"la}te\""}],["now",{"zone":"UTC"}]]""" : CallTwo, here.GetProperty("tools").GetRawText());
            Assert.Equal("""{"late":3}""", here.GetProperty("schema").GetRawText());
            Assert.InRange(here.GetProperty("counted").GetInt32(), 5, 20);
            Assert.Equal("""["Three were late.",["count","now"]]""", here.GetProperty("runner").GetRawText());
            Assert.Equal("ThreadUnsupportedRequestError", here.GetProperty("thread").GetString());
            Assert.True(here.GetProperty("broken").GetBoolean());
            Assert.Equal("""["BadRequestError",400,"invalid_request_error"]""", here.GetProperty("error").GetRawText());
        }
    }

    [Fact]
    public async Task Vercels_by_responses_that_name_what_was_said_before()
    {
        var folder = await SdkPackages.InstallAsync();
        await using var upstream = await WebServer.StartAsync(AnswerAsync);
        await using var server = await StartAsync(upstream, ("Gateway:Models:gpt:Responses", "false"));
        var seen = JsonElement.Parse(await Tool.RunAsync(["node", Path.Combine(folder, "responses.mjs"), server.Address.ToString()], TestContext.Current.CancellationToken));
        foreach (var model in (string[])["gpt", "claude", "llama"])
        {
            var here = seen.GetProperty(model);
            Assert.Equal(("""["Three were late.","Two were early."]""", "Two were early."), (here.GetProperty("text").GetRawText(), here.GetProperty("stream").GetString()));
            Assert.Equal(2, here.GetProperty("steps").GetArrayLength());
        }
    }

    [Fact]
    public async Task OpenAIs_for_DotNet()
    {
        await using var upstream = await WebServer.StartAsync(AnswerAsync);
        await using var server = await StartAsync(upstream);
        var client = new ChatClient("claude", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "v1") });
        ChatMessage[] messages = [new SystemChatMessage("Be brief."), new UserChatMessage("How many parcels were late?")];
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal("Three were late.", (await client.CompleteChatAsync(messages, null, cancel)).Value.Content[0].Text);
        var (names, arguments) = (new List<string>(), "");
        var tools = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("count") } };
        await foreach (var update in client.CompleteChatStreamingAsync(messages, tools, cancel))
        {
            names.AddRange(update.ToolCallUpdates.Select(call => call.FunctionName).OfType<string>().Where(name => name.Length > 0));
            arguments += string.Concat(update.ToolCallUpdates.Select(call => call.FunctionArgumentsUpdate?.ToString()));
        }
        Assert.Equal(["count", "now"], names);
        Assert.Equal("""{"what":"late"}{}""", arguments);
    }

    private static Task<TestServer> StartAsync(WebServer upstream, params (string Name, string Value)[] more)
    {
        var url = new Uri(upstream.Address, "/v1").ToString();
        var settings = new TestServer.Settings
        {
            Values =
            {
                ["Gateway:Models:gpt:BaseUrl"] = url, ["Gateway:Models:claude:BaseUrl"] = url, ["Gateway:Models:claude:Dialect"] = "anthropic",
                ["Gateway:Models:llama:BaseUrl"] = upstream.Address.ToString(), ["Gateway:Models:llama:Dialect"] = "ollama",
            },
        };
        foreach (var (name, value) in more) settings.Values[name] = value;
        return TestServer.StartAsync(settings);
    }

    /// <summary>Answers as the provider of each address does: with tools where they are offered and their results are not there, an object where a format is asked for, a broken stream or an error where the prompt says so.</summary>
    private static async Task AnswerAsync(HttpContext http)
    {
        var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
        var ask = JsonElement.Parse(body);
        var dialect = http.Request.Path.Value switch { "/v1/messages" => 1, "/api/chat" => 2, _ => 0 };
        var (isStream, hasTools, hasFormat) = (ask.GetProperty("stream").GetBoolean(), ask.TryGetProperty("tools", out _), ask.TryGetProperty("response_format", out _) || ask.TryGetProperty("output_config", out _) || ask.TryGetProperty("format", out _));
        var hasResult = body.Contains("\"role\":\"tool\"", StringComparison.Ordinal);
        var goesOn = body.Contains("Three were late.", StringComparison.Ordinal) && body.Contains("And how many early?", StringComparison.Ordinal);
        if (body.Contains("too long", StringComparison.Ordinal)) await Replies.JsonAsync(http, Pick("""{"error":{"message":"prompt is too long","type":"invalid_request_error","code":null}}""", """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens"}}""", """{"error":"prompt is too long"}"""), 400);
        else if (hasResult && !body.Contains("How many parcels were late?", StringComparison.Ordinal)) await Replies.JsonAsync(http, """{"error":{"message":"a result without its question"}}""", 400);
        else if (!isStream) await Replies.JsonAsync(http, Pick(Replies.Completion("Three were late."), Exchanges.AnthropicWhole, Exchanges.OllamaWhole).Replace("Three were late.", hasFormat ? "{\\\"late\\\":3}" : goesOn ? "Two were early." : "Three were late.", StringComparison.Ordinal));
        else
        {
            var stream = hasTools && !hasResult ? Pick(Exchanges.ChatTools, Exchanges.AnthropicTools, Exchanges.OllamaTools) : Pick(Exchanges.ChatText, Exchanges.AnthropicText, Exchanges.OllamaText);
            if (goesOn) stream = stream.Replace("Three ", "Two ", StringComparison.Ordinal).Replace("were late.", "were early.", StringComparison.Ordinal);
            if (body.Contains("break", StringComparison.Ordinal)) stream = stream[..stream.IndexOf("were late.", StringComparison.Ordinal)];
            await Replies.PiecesAsync(http, dialect == 2 ? "application/x-ndjson" : "text/event-stream", stream);
        }

        string Pick(string openai, string anthropic, string ollama) => dialect switch { 1 => anthropic, 2 => ollama, _ => openai };
    }
}
