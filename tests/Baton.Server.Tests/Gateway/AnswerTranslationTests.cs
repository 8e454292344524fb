using System.Buffers;
using System.Text;
using Baton.Jq;
using Baton.Server.Gateway;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway;

/// <summary>What becomes of answers on their way from one dialect to another.</summary>
public sealed partial class AnswerTranslationTests
{
    private static readonly (Dialect Dialect, string Stream)[] Streams =
    [
        (Dialect.Anthropic, Exchanges.AnthropicText), (Dialect.Anthropic, Exchanges.AnthropicTools), (Dialect.OpenAi, Exchanges.ChatText), (Dialect.OpenAi, Exchanges.ChatTools),
        (Dialect.Ollama, Exchanges.OllamaText), (Dialect.Ollama, Exchanges.OllamaTools),
    ];

    private static readonly Surface[] Callers = [Surface.ChatCompletions, Surface.Responses, Surface.Messages];

    [Fact]
    public void However_the_network_splits_the_bytes_the_answer_is_the_same() => Property.Holds(
        Gen.Zip(Gen.Zip(Gen.Elements(Streams), Gen.Elements(Callers)), Gen.Choose(1, 40).ListOf()).ToArbitrary(),
        one =>
        {
            var ((target, caller), lengths) = one;
            var bytes = Encoding.UTF8.GetBytes(target.Stream);
            return Translate(caller, target.Dialect, [bytes]) == Translate(caller, target.Dialect, Pieces(bytes, [.. lengths]));
        });

    [Fact]
    public void A_text_of_any_dialect_is_a_text_of_every_other()
    {
        foreach (var (dialect, stream) in Streams.Where((_, index) => index % 2 == 0))
        {
            Assert.Equal("Three were late.", string.Concat(Data(Translate(Surface.ChatCompletions, dialect, stream)).Where(chunk => chunk["choices"].AsArray().Count > 0).Select(chunk => chunk["choices"][0]["delta"]["content"]).Where(text => text.IsString).Select(text => text.AsString())));
            Assert.Equal("Three were late.", string.Concat(Data(Translate(Surface.Messages, dialect, stream)).Select(data => data["delta"]["text"]).Where(text => text.IsString).Select(text => text.AsString())));
            Assert.Equal("Three were late.", Data(Translate(Surface.Responses, dialect, stream))[^1]["response"]["output"][0]["content"][0]["text"].AsString());
        }
    }

    [Fact]
    public void That_a_host_is_at_work_is_told_once_there_is_an_answer_and_changes_nothing_else()
    {
        var (quiet, told) = (Stream(), Stream("""{"type":"ping"}"""));
        foreach (var caller in Callers)
        {
            var ping = caller == Surface.Messages ? "event: ping\ndata: {\"type\":\"ping\"}\n\n" : ": ping\n\n";
            var answer = Translate(caller, Dialect.Anthropic, told);
            Assert.Equal(2, answer.Split(ping).Length - 1);   // not before it has said anything
            Assert.Equal(Translate(caller, Dialect.Anthropic, quiet), answer.Replace(ping, "", StringComparison.Ordinal));
        }

        static string Stream(params string[] ping) => Exchanges.Anthropic(
            [
                .. ping,
                """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Three."}}""",
                .. ping,
                """{"type":"content_block_stop","index":0}""",
                """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"count","input":{}}}""",
                """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"what\":"}}""",
                .. ping,
                """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}""",
                """{"type":"content_block_stop","index":1}""",
                """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":9}}""",
            ]);
    }

    [Fact]
    public void Chat_completions_of_Anthropics_tools()
    {
        var chunks = Data(Translate(Surface.ChatCompletions, Dialect.Anthropic, Exchanges.AnthropicTools));
        Assert.Equal(
            [
                """{"role":"assistant","content":""}""",
                """{"reasoning_content":"Look it "}""",
                """{"reasoning_content":"up."}""",
                """{"reasoning_details":[{"type":"reasoning.text","text":"Look it up.","signature":"c2ln"}]}""",
                """{"content":"I look."}""",
                """{"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"count","arguments":""}}]}""",
                """{"tool_calls":[{"index":0,"function":{"arguments":"{\"what\":"}}]}""",
                """{"tool_calls":[{"index":0,"function":{"arguments":"\"late\"}"}}]}""",
                """{"tool_calls":[{"index":1,"id":"toolu_2","type":"function","function":{"name":"now","arguments":""}}]}""",
                """{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}""",
                "{}",
            ], chunks.Take(chunks.Count - 1).Select(chunk => chunk["choices"][0]["delta"].ToJson()));
        Assert.Equal("tool_calls", chunks[^2]["choices"][0]["finish_reason"].AsString());
        Assert.Equal("""{"prompt_tokens":25,"completion_tokens":40,"total_tokens":65,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":0}}""", chunks[^1]["usage"].ToJson());
        Assert.All(chunks, chunk => Assert.Equal(("chatcmpl-7", "chat.completion.chunk", "claude-x"), (chunk["id"].AsString(), chunk["object"].AsString(), chunk["model"].AsString())));
    }

    [Fact]
    public void Anthropics_events_of_calls_that_come_by_turns()
    {
        var events = Data(Translate(Surface.Messages, Dialect.OpenAi, Exchanges.ChatTools));
        Assert.Equal(
            [
                "message_start", "content_block_start 0", "content_block_delta 0", "content_block_stop 0", "content_block_start 1", "content_block_delta 1", "content_block_delta 1", "content_block_stop 1",
                "content_block_start 2", "content_block_delta 2", "content_block_delta 2", "content_block_delta 2", "content_block_stop 2", "message_delta", "message_stop",
            ], events.Select(data => data["index"].IsNull ? data["type"].AsString() : $"{data["type"].AsString()} {data["index"].ToJson()}"));
        Assert.Equal("""{"type":"tool_use","id":"call_a","name":"count","input":{}}""", events[4]["content_block"].ToJson());
        Assert.Equal("""{"what":"la}te\""}""", Fragments(events, 1));
        Assert.Equal("""{"zone":"UTC"}""", Fragments(events, 2));
        Assert.Equal("""{"stop_reason":"tool_use","stop_sequence":null}""", events[^2]["delta"].ToJson());
        Assert.Equal("""{"input_tokens":22,"cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":9}""", events[^2]["usage"].ToJson());

        static string Fragments(List<JqValue> events, int index) => string.Concat(events.Where(data => data["type"] == "content_block_delta" && data["index"] == index).Select(data => data["delta"]["partial_json"].AsString()));
    }

    [Fact]
    public void Responses_have_their_events_in_order()
    {
        var events = Data(Translate(Surface.Responses, Dialect.Anthropic, Exchanges.AnthropicTools, """{"model":"m","input":"hi","stream":true,"instructions":"Be brief."}"""));
        Assert.Equal(Enumerable.Range(0, events.Count).Select(number => (JqValue)number), events.Select(data => data["sequence_number"]));
        Assert.Equal(
            [
                "created", "in_progress",
                "output_item.added 0", "reasoning_summary_part.added 0", "reasoning_summary_text.delta 0", "reasoning_summary_text.delta 0", "reasoning_summary_text.done 0", "reasoning_summary_part.done 0", "output_item.done 0",
                "output_item.added 1", "content_part.added 1", "output_text.delta 1", "output_text.done 1", "content_part.done 1", "output_item.done 1",
                "output_item.added 2", "function_call_arguments.delta 2", "function_call_arguments.delta 2", "function_call_arguments.done 2", "output_item.done 2",
                "output_item.added 3", "function_call_arguments.delta 3", "function_call_arguments.done 3", "output_item.done 3",
                "completed",
            ], events.Select(data => $"{data["type"].AsString()["response.".Length..]}{(data["output_index"].IsNull ? "" : $" {data["output_index"].ToJson()}")}"));
        var response = events[^1]["response"];
        Assert.Equal(("resp_7", "completed", "Be brief.", "claude-x"), (response["id"].AsString(), response["status"].AsString(), response["instructions"].AsString(), response["model"].AsString()));
        Assert.Equal("""{"id":"rs_7_0","type":"reasoning","summary":[{"type":"summary_text","text":"Look it up."}],"encrypted_content":"anthropic.signature:c2ln"}""", response["output"][0].ToJson());
        Assert.Equal("""{"id":"fc_7_2","type":"function_call","status":"completed","call_id":"toolu_1","name":"count","arguments":"{\"what\":\"late\"}"}""", response["output"][2].ToJson());
        Assert.Equal("""{"input_tokens":25,"input_tokens_details":{"cached_tokens":3},"output_tokens":40,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":65}""", response["usage"].ToJson());
        Assert.Equal(events.Where(data => data["type"] == "response.output_item.done").Select(data => data["item"].ToJson()), response["output"].AsArray().Select(item => item.ToJson()));
    }

    [Fact]
    public void What_comes_whole_says_the_same_as_a_stream()
    {
        foreach (var (dialect, stream) in Streams)
        {
            var whole = JqValue.Parse(Translate(Surface.Messages, dialect, stream, """{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"""));
            var events = Data(Translate(Surface.Messages, dialect, stream));
            Assert.Equal(events.Count(data => data["type"] == "content_block_start"), whole["content"].AsArray().Count);
            Assert.Equal(events[^2]["delta"]["stop_reason"], whole["stop_reason"]);
            Assert.Equal(events[^2]["usage"], whole["usage"]);
        }
    }

    [Fact]
    public void Ollamas_calls_get_ids_and_stop_for_the_tool()
    {
        var chunks = Data(Translate(Surface.ChatCompletions, Dialect.Ollama, Exchanges.OllamaTools));
        Assert.Equal(["call_7_0", "call_7_1"], chunks.Where(chunk => chunk["choices"].AsArray().Count > 0).Select(chunk => chunk["choices"][0]["delta"]["tool_calls"][0]["id"]).Where(id => id.IsString).Select(id => id.AsString()));
        Assert.Equal("tool_calls", chunks[^2]["choices"][0]["finish_reason"].AsString());
    }

    [Theory]
    [InlineData("end_turn", "stop", "completed")]
    [InlineData("max_tokens", "length", "incomplete")]
    [InlineData("stop_sequence", "stop", "completed")]
    [InlineData("refusal", "content_filter", "incomplete")]
    [InlineData("pause_turn", "stop", "completed")]
    [InlineData("model_context_window_exceeded", "length", "incomplete")]
    public void Every_reason_to_stop_has_its_word(string anthropic, string chat, string status)
    {
        var whole = Exchanges.AnthropicWhole.Replace("end_turn", anthropic, StringComparison.Ordinal);
        Assert.Equal(chat, Whole(Surface.ChatCompletions, Dialect.Anthropic, whole)["choices"][0]["finish_reason"].AsString());
        Assert.Equal(status, Whole(Surface.Responses, Dialect.Anthropic, whole)["status"].AsString());
    }

    [Theory]
    [InlineData("stop", "end_turn")]
    [InlineData("length", "max_tokens")]
    [InlineData("content_filter", "refusal")]
    [InlineData("made_up", "end_turn")]
    public void So_has_every_reason_of_chat_completions(string chat, string anthropic) =>
        Assert.Equal(anthropic, Whole(Surface.Messages, Dialect.OpenAi, Replies.Completion("Three.", chat))["stop_reason"].AsString());

    [Fact]
    public void The_text_that_ended_an_answer_is_named_where_the_host_names_it()
    {
        var message = Whole(Surface.Messages, Dialect.OpenAi, """{"id":"1","model":"u","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop","stop_reason":"END"}]}""");
        Assert.Equal(("stop_sequence", "END"), (message["stop_reason"].AsString(), message["stop_sequence"].AsString()));
    }

    [Fact]
    public void A_forced_tool_that_carries_the_format_becomes_the_text()
    {
        const string ask = """{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}}}""";
        var chunks = Data(Translate(Surface.ChatCompletions, Dialect.Anthropic, Exchanges.AnthropicFormatTool, ask));
        Assert.Equal("""{"late":3}""", string.Concat(chunks.Select(chunk => chunk["choices"][0]["delta"]["content"]).Where(text => text.IsString).Select(text => text.AsString())));
        Assert.Equal("stop", chunks[^1]["choices"][0]["finish_reason"].AsString());
    }

    [Theory]
    [InlineData("""{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{\"x\":1}"}}]}""", """a:f{}|b:g{"x":1}""")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{\"x\""}}]}~{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]}""", """a:f{"x":1}""")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}]}""", """a:f{"x":1}""")]
    [InlineData("""{"tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]}~{"tool_calls":[{"index":1,"function":{"name":"g","arguments":"{\"x\":1}"}}]}""", """call_7_0:f|call_7_1:g{"x":1}""")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}~{"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{\"x\""}}]}~{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}""", """a:f{}|b:f{"x":1}""")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}~{"tool_calls":[{"index":0,"id":"b","function":{"arguments":":1}"}}]}""", """a:f{"x":1}""")]
    [InlineData("""{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1}"}}]}~{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":2}"}}]}""", """call_7_0:f{"x":1}|call_7_1:f{"x":2}""")]
    [InlineData("""{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}~{"tool_calls":[{"function":{"name":"g","arguments":""}}]}""", """call_7_0:f{}|call_7_1:g""")]
    [InlineData("""{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\""}}]}~{"tool_calls":[{"function":{"name":"f","arguments":":1}"}}]}~{"tool_calls":[{"function":{"name":"f","arguments":""}}]}""", """call_7_0:f{"x":1}""")]
    public void No_fragment_of_a_call_is_lost_however_a_host_tells_of_it(string deltas, string expected)
    {
        var calls = new List<string>();
        foreach (var chunk in Data(Translate(Surface.ChatCompletions, Dialect.OpenAi, Exchanges.Chat(deltas.Split('~')) + Exchanges.ChatEnd("stop"))).Where(chunk => chunk["choices"].AsArray().Count > 0))
        {
            var call = chunk["choices"][0]["delta"]["tool_calls"][0];
            if (call["id"].TryGetString(out var id)) calls.Add($"{id}:{call["function"]["name"].AsString()}");
            if (!call.IsNull) calls[^1] += call["function"]["arguments"].AsString();
        }
        Assert.Equal(expected, string.Join('|', calls));
    }

    [Fact]
    public void An_error_in_a_stream_keeps_its_kind()
    {
        using var translation = Start(Surface.ChatCompletions, Dialect.Anthropic, null);
        var told = new ArrayBufferWriter<byte>();
        translation.Translate(Encoding.UTF8.GetBytes(Exchanges.AnthropicOverloaded), told);
        Assert.Equal((503, "overloaded_error", "Overloaded", false), (translation.Failure!.Status, translation.Failure.Type, translation.Failure.Message, translation.HasSaid));
    }

    [Theory]
    [InlineData("data: {\n\n")]
    [InlineData("data: <html>\n\n")]
    [InlineData("data: {\"\\ud83d\":1,\"choices\":[]}\n\n")]
    public void What_is_no_answer_is_a_broken_one(string stream)
    {
        using var translation = Start(Surface.Messages, Dialect.OpenAi, null);
        translation.Translate(Encoding.UTF8.GetBytes(stream), new ArrayBufferWriter<byte>());
        Assert.Equal("stream_interrupted", translation.Failure!.Code);
    }

    private static AnswerTranslation Start(Surface caller, Dialect target, string? request)
    {
        request ??= caller == Surface.Responses ? """{"model":"m","input":"hi","stream":true}""" : """{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}""";
        var translation = Translation.Read(caller, Encoding.UTF8.GetBytes(request), null, out var problem);
        Assert.Null(problem);
        return translation!.Answer(target, new ModelOptions(), "7", DateTimeOffset.UnixEpoch, "m");
    }

    private static string Translate(Surface caller, Dialect target, string stream, string? request = null) => Translate(caller, target, [Encoding.UTF8.GetBytes(stream)], request);

    private static string Translate(Surface caller, Dialect target, IEnumerable<byte[]> pieces, string? request = null)
    {
        using var translation = Start(caller, target, request);
        var told = new ArrayBufferWriter<byte>();
        foreach (var piece in pieces) translation.Translate(piece, told);
        Assert.True(translation.IsComplete, translation.Failure?.Message);
        return Encoding.UTF8.GetString(told.WrittenSpan);
    }

    private static JqValue Whole(Surface caller, Dialect target, string answer)
    {
        using var translation = Start(caller, target, caller == Surface.Responses ? """{"model":"m","input":"hi"}""" : """{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}""");
        var told = new ArrayBufferWriter<byte>();
        translation.TranslateWhole(Encoding.UTF8.GetBytes(answer), told);
        Assert.Null(translation.Failure);
        return JqValue.Parse(told.WrittenSpan);
    }

    /// <summary>The data of all events; their names must be those within.</summary>
    private static List<JqValue> Data(string stream)
    {
        var (parser, found) = (new SseParser(), new List<JqValue>());
        ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(stream);
        while (parser.TryTake(ref bytes, out var one))
        {
            if (one.Data == "[DONE]") continue;
            found.Add(JqValue.Parse(one.Data));
            Assert.Equal(one.Type, found[^1]["type"].IsString ? found[^1]["type"].AsString() : "message");
        }
        return found;
    }

    private static IEnumerable<byte[]> Pieces(byte[] bytes, int[] lengths)
    {
        for (int at = 0, i = 0; at < bytes.Length; i++)
        {
            var length = Math.Min(lengths.Length == 0 ? 1 : lengths[i % lengths.Length], bytes.Length - at);
            yield return bytes[at..(at + length)];
            at += length;
        }
    }
}
