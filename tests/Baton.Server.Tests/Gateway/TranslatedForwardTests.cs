using Baton.Jq;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>Targets of other dialects by the rules of all targets.</summary>
public sealed class TranslatedForwardTests
{
    private const string AskMessages = """{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_target_of_another_dialect_takes_over_from_one_that_fails(bool isStream)
    {
        await using var broken = await WebServer.StartAsync(http => Replies.JsonAsync(http, "{}", 500));
        await using var other = await WebServer.StartAsync(http => isStream ? Replies.StreamAsync(http, Exchanges.AnthropicText) : Replies.JsonAsync(http, Exchanges.AnthropicWhole));
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], ("Targets:1:Dialect", "anthropic"));
        var reply = await world.SendAsync(isStream ? ForwardWorld.AskStream : ForwardWorld.Ask());
        Assert.Equal((200, "m/t1", "2", isStream ? "text/event-stream" : "application/json"), (reply.Status, reply["x-baton-route"], reply["x-baton-attempts"], reply.Type));
        Assert.Contains(isStream ? "chat.completion.chunk" : "\"content\":\"Three were late.\"", reply.Body, StringComparison.Ordinal);
        Assert.Equal(isStream, reply.Body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n")]
    [InlineData("data: garbage\n\n")]
    [InlineData("")]
    public async Task What_begins_with_an_error_or_says_nothing_is_no_answer(string stream)
    {
        await using var broken = await WebServer.StartAsync(http => Replies.StreamAsync(http, stream));
        await using var other = await WebServer.StartAsync(http => Replies.StreamAsync(http, Exchanges.ChatText));
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], ("Targets:0:Dialect", "anthropic"));
        Assert.Equal(Exchanges.ChatText, (await world.SendAsync(ForwardWorld.Ask(""","stream":true,"stream_options":{"include_usage":true}"""))).Body);
    }

    [Fact]
    public async Task What_one_target_has_no_word_for_is_asked_of_another()
    {
        await using var ollama = await WebServer.StartAsync(http => throw new InvalidOperationException("it must not be asked"));
        await using var openai = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([ollama.Address, openai.Address], ("Targets:0:Dialect", "ollama"));
        var reply = await world.SendAsync(ForwardWorld.Ask(""","n":2"""));
        Assert.Equal((Replies.Completion("Three."), "1"), (reply.Body, reply["x-baton-attempts"]));
    }

    [Fact]
    public async Task A_thread_that_a_provider_would_hold_is_refused_in_the_words_by_which_its_SDKs_send_the_whole_conversation()
    {
        await using var upstream = await WebServer.StartAsync(http => throw new InvalidOperationException("it must not be asked"));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        foreach (var thread in (string[])["""{"type":"create"}""", """{"type":"continue","previous_message_id":"msg_1"}"""])
        {
            var reply = await world.SendAsync(AskMessages.Replace("{\"model\"", $"{{\"thread\":{thread},\"model\"", StringComparison.Ordinal), "/v1/messages");
            Assert.Equal(400, reply.Status);
            Assert.Equal("""{"error_code":"thread_unsupported_request","unsupported":["thread"]}""", JqValue.Parse(reply.Body)["error"]["details"].ToJson());
        }
    }

    [Fact]
    public async Task A_failure_is_told_rather_than_what_another_target_has_no_word_for()
    {
        await using var broken = await WebServer.StartAsync(http => Replies.JsonAsync(http, """{"error":{"message":"broken"}}""", 500));
        await using var world = await ForwardWorld.StartAsync([broken.Address, broken.Address], ("Targets:1:Dialect", "ollama"));
        Assert.Equal(500, (await world.SendAsync(ForwardWorld.Ask(""","n":2"""))).Status);
    }

    [Fact]
    public async Task Responses_are_put_into_chat_completions_where_a_host_has_none()
    {
        var asked = "";
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            asked = $"{http.Request.Path} {await new StreamReader(http.Request.Body).ReadToEndAsync()}";
            await Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Responses", "false"), ("Targets:0:Model", "u"));
        var reply = await world.SendAsync("""{"model":"m","input":"hi"}""", "/v1/responses");
        Assert.Equal("""/v1/chat/completions {"model":"u","messages":[{"role":"user","content":"hi"}],"stream":false}""", asked);
        Assert.Equal("Three.", JqValue.Parse(reply.Body)["output"][0]["content"][0]["text"].AsString());
    }

    [Fact]
    public async Task A_stream_that_comes_byte_by_byte_is_the_same()
    {
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
            foreach (var one in System.Text.Encoding.UTF8.GetBytes(Exchanges.Chat("""{"content":"Grüße 🚚"}""") + Exchanges.ChatEnd("stop"))) await connection.WriteAsync([one]);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        var reply = await world.SendAsync(AskMessages.Replace("{\"model\"", "{\"stream\":true,\"model\"", StringComparison.Ordinal), "/v1/messages");
        var said = reply.Body.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => JqValue.Parse(line["data: ".Length..])["delta"]["text"]);
        Assert.Equal("Grüße 🚚", string.Concat(said.Select(text => text.TryGetString(out var piece) ? piece : "")));
        Assert.EndsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_breaks_ends_with_the_callers_error_event()
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Exchanges.Chat("""{"content":"Thr"}"""));
            await heard.Task;   // together with the error it would be no answer, and the error alone be told
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, Replies.Data("""{"error":{"message":"out of memory","code":"boom"}}"""));
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        using var response = await world.OpenAsync(AskMessages.Replace("{\"model\"", "{\"stream\":true,\"model\"", StringComparison.Ordinal), "/v1/messages");
        heard.SetResult();
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"text\":\"Thr\"", body, StringComparison.Ordinal);
        Assert.Contains("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"out of memory\"}", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_keeps_its_status_and_how_long_to_wait_and_loses_the_key()
    {
        await using var upstream = await WebServer.StartAsync(http =>
        {
            http.Response.Headers.RetryAfter = "7";
            return Replies.JsonAsync(http, $$$"""{"error":{"message":"too many requests of {{{ForwardWorld.Key}}}"}}""", 429);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Dialect", "ollama"));
        var reply = await world.SendAsync(AskMessages, "/v1/messages");
        Assert.Equal((429, "7"), (reply.Status, reply["Retry-After"]));
        Assert.StartsWith("""{"type":"error","error":{"type":"rate_limit_error","message":"too many requests of """, reply.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(ForwardWorld.Key, reply.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"detail":[{"type":"missing","loc":["body","messages",0,"role"],"msg":"Field required","input":"hi"},{"loc":["body"],"msg":"Too long"}]}""", "body.messages.0.role: Field required; body: Too long")]
    [InlineData("""{"detail":[{"msg":"Field required"},7]}""", "Field required")]
    [InlineData("""{"detail":[]}""", "The target says only that it failed.")]
    public async Task What_a_host_finds_wrong_in_a_request_is_told_with_its_places(string said, string expected)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, said, 422));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        var reply = await world.SendAsync(AskMessages, "/v1/messages");
        Assert.Equal((422, expected), (reply.Status, JqValue.Parse(reply.Body)["error"]["message"].AsString()));
    }

    [Fact]
    public async Task Headers_of_a_provider_go_to_those_who_speak_its_dialect()
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await using var upstream = await WebServer.StartAsync(http =>
        {
            foreach (var (name, value) in http.Request.Headers) seen[name] = value.ToString();
            return Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        await world.SendAsync(AskMessages, "/v1/messages", ("anthropic-beta", "x"), ("openai-beta", "y"));
        Assert.False(seen.ContainsKey("anthropic-beta"));
        Assert.Equal("y", seen["openai-beta"]);
    }

    [Fact]
    public async Task What_cannot_be_translated_says_where_to_ask_instead()
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9")], ("Targets:0:Dialect", "ollama"));
        var reply = await world.SendAsync("""{"model":"m","input":"hi"}""", "/v1/embeddings");
        Assert.Equal(400, reply.Status);
        Assert.Contains("do not speak the dialect of /v1/embeddings", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_estimate_of_tokens_says_that_it_is_one()
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9")]);
        var reply = await world.SendAsync("""{"model":"m","messages":[{"role":"user","content":"How many parcels were late?"}]}""", "/v1/messages/count_tokens");
        Assert.Equal((200, """{"input_tokens":11}""", "input_tokens"), (reply.Status, reply.Body, reply["x-baton-estimate"]));
    }
}
