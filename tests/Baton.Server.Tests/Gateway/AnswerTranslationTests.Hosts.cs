using System.Buffers;
using System.Text;
using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway;

/// <summary>What some hosts say otherwise than the documentation has it.</summary>
public sealed partial class AnswerTranslationTests
{
    [Theory]
    [InlineData("""{"content":"a\ud83d"}~{"content":"\ude00b"}""", "a😀b")]
    [InlineData("""{"content":"\ud83d"}~{"content":"\ude00"}""", "😀")]
    [InlineData("""{"content":"\ud83d"}~{"reasoning_content":"why"}~{"content":"\ude00"}""", "why😀")]
    [InlineData("""{"reasoning_content":"\ud83d"}~{"reasoning_content":"\ude00"}""", "😀")]
    [InlineData("""{"refusal":"\ud83d"}~{"refusal":"\ude00"}""", "😀")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":\"\ud83d"}}]}~{"tool_calls":[{"index":0,"function":{"arguments":"\ude00\"}"}}]}""", """{"x":"😀"}""")]
    [InlineData("""{"content":"a\ud83d"}~{"content":"b"}""", "a\uFFFDb")]
    [InlineData("""{"content":"a\ude00b"}""", "a\uFFFDb")]
    [InlineData("""{"content":"a\ud83d"}""", "a\uFFFD")]
    [InlineData("""{"content":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00 é"}""", "\"\\/\b\f\n\r\té😀 é")]
    public void A_sign_that_a_host_cuts_in_two_is_put_together_and_half_of_one_is_replaced(string deltas, string expected)
    {
        var events = Data(Translate(Surface.Messages, Dialect.OpenAi, Exchanges.Chat(deltas.Split('~')) + Exchanges.ChatEnd("stop")));
        Assert.Equal(expected, string.Concat(events.Select(data => data["delta"]).SelectMany(delta => new[] { delta["text"], delta["thinking"], delta["partial_json"] }).Where(text => text.IsString).Select(text => text.AsString())));
    }

    [Fact]
    public void Half_a_sign_in_a_whole_answer_is_replaced() =>
        Assert.Equal("a\uFFFD", Whole(Surface.Messages, Dialect.OpenAi, """{"choices":[{"index":0,"message":{"content":"a\ud83d"},"finish_reason":"stop"}]}""")["content"][0]["text"].AsString());

    [Fact]
    public void Bytes_that_are_no_text_are_replaced()
    {
        byte[] stream = [.. """{"model":"q","message":{"role":"assistant","content":"a"""u8, 0xFF, .. """b\n"},"done":false}"""u8, (byte)'\n', .. """{"model":"q","message":{"content":""},"done":true}"""u8, (byte)'\n'];
        Assert.Equal("a\uFFFDb\n", string.Concat(Data(Translate(Surface.Messages, Dialect.Ollama, [stream])).Select(data => data["delta"]["text"]).Where(text => text.IsString).Select(text => text.AsString())));
    }

    [Theory]
    [InlineData("", "call_7_0 call_7_1")]
    [InlineData("a", "a call_7_1")]
    public void Each_call_of_a_whole_answer_is_one_whatever_its_id(string id, string expected)
    {
        var calls = Whole(Surface.Messages, Dialect.OpenAi, $$$"""{"choices":[{"index":0,"message":{"tool_calls":[{"id":"{{{id}}}","function":{"name":"f","arguments":"{}"}},{"id":"{{{id}}}","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}]}""")["content"].AsArray();
        Assert.Equal(expected, string.Join(' ', calls.Select(call => call["id"].AsString())));
        Assert.Equal(["{}", """{"x":1}"""], calls.Select(call => call["input"].ToJson()));
    }

    [Fact]
    public void Who_declines_in_words_stops_for_it_where_the_dialect_says_so()
    {
        const string Declined = """{"choices":[{"index":0,"message":{"content":null,"refusal":"I cannot."},"finish_reason":"stop"}]}""";
        Assert.Equal("refusal", Whole(Surface.Messages, Dialect.OpenAi, Declined)["stop_reason"].AsString());
        Assert.Equal("refusal", Data(Translate(Surface.Messages, Dialect.OpenAi, Exchanges.Chat("""{"refusal":"I cannot."}""") + Exchanges.ChatEnd("stop")))[^2]["delta"]["stop_reason"].AsString());
        Assert.Equal("completed", Whole(Surface.Responses, Dialect.OpenAi, Declined)["status"].AsString());
    }

    [Theory]
    [InlineData("Anthropic")]
    [InlineData("OpenAi")]
    [InlineData("Ollama")]
    public void The_last_event_needs_nothing_behind_it(string target)
    {
        var (dialect, stream) = Streams.First(one => one.Dialect.ToString() == target);
        var whole = dialect == Dialect.OpenAi ? Exchanges.ChatText[..Exchanges.ChatText.IndexOf("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\",\"choices\":[],", StringComparison.Ordinal)] : stream;
        Assert.Equal((true, null), End(dialect, whole.TrimEnd('\n')));
    }

    [Theory]
    [InlineData(Dialect.OpenAi, "data: {\"choices\":[{\"ind")]
    [InlineData(Dialect.OpenAi, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}")]
    [InlineData(Dialect.Ollama, "{\"message\":{\"con")]
    internal void Half_of_one_is_an_answer_that_broke_off(Dialect dialect, string stream) => Assert.Equal((false, null), End(dialect, stream));

    /// <summary>A stream whose connection ends.</summary>
    private static (bool IsComplete, string? Failure) End(Dialect dialect, string stream)
    {
        using var translation = Start(Surface.Messages, dialect, null);
        var told = new ArrayBufferWriter<byte>();
        translation.Translate(Encoding.UTF8.GetBytes(stream), told);
        translation.Finish(told);
        return (translation.IsComplete, translation.Failure?.Message);
    }

    [Fact]
    public void Space_behind_a_call_that_is_finished_is_no_part_of_what_follows()
    {
        var events = Data(Translate(Surface.Messages, Dialect.OpenAi, Exchanges.Chat("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}""", """{"content":"Now."}""", """{"tool_calls":[{"index":0,"function":{"arguments":" \n"}}]}""") + Exchanges.ChatEnd("tool_calls")));
        Assert.Equal(["input_json_delta 0", "text_delta 1"], events.Where(data => data["type"] == "content_block_delta").Select(data => $"{data["delta"]["type"].AsString()} {data["index"].ToJson()}"));
    }

    [Theory]
    [InlineData("data:\n\n")]
    [InlineData("data\n\ndata:  \n\n")]
    public void An_event_without_data_says_nothing(string empty) =>
        Assert.Equal(Translate(Surface.Messages, Dialect.OpenAi, Exchanges.ChatText), Translate(Surface.Messages, Dialect.OpenAi, empty + Exchanges.ChatText));

    [Theory]
    [InlineData("length", "completed incomplete")]
    [InlineData("tool_calls", "completed completed")]
    public void An_item_that_is_cut_off_is_told_as_incomplete_when_it_is_done(string reason, string expected)
    {
        var events = Data(Translate(Surface.Responses, Dialect.OpenAi, Exchanges.Chat("""{"content":"I look."}""", """{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}""") + Exchanges.ChatEnd(reason)));
        Assert.Equal(expected, string.Join(' ', events.Where(data => data["type"] == "response.output_item.done").Select(data => data["item"]["status"].AsString())));
        Assert.Equal(events.Where(data => data["type"] == "response.output_item.done").Select(data => data["item"]), events[^1]["response"]["output"].AsArray());
    }
}
