using System.Text;
using Baton.Server.Gateway;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway.Accounting;

public sealed class UsageTapTests
{
    private const string OpenAi = """{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"say \"usage\":{\"prompt_tokens\":1}"}}],"usage":{"prompt_tokens":30,"completion_tokens":7,"total_tokens":37,"prompt_tokens_details":{"cached_tokens":20,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4}}}""";

    private const string OpenAiStream = """
        data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}

        data: {"choices":[{"index":0,"delta":{"content":"\"usage\""}}],"usage":null}

        data: {"choices":[{"index":0,"delta":{"content":"usage"}}],"usage":null}

        data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

        data: {"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":7,"total_tokens":37,"prompt_tokens_details":{"cached_tokens":20},"completion_tokens_details":{"reasoning_tokens":4}}}

        data: [DONE]


        """;

    /// <summary>vLLM with continuous usage: each chunk says what it came to so far.</summary>
    private const string Continuous = """
        data: {"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":30,"total_tokens":31,"completion_tokens":1}}

        data: {"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":null}],"usage":{"prompt_tokens":30,"total_tokens":32,"completion_tokens":2}}


        """;

    private const string ContinuousToItsEnd = Continuous + """
        data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"total_tokens":32,"completion_tokens":2}}


        """;

    /// <summary>As some hosts end: the reason first, then what it came to beside an empty choice.</summary>
    private const string UsageBesideAChoice = """
        data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}

        data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}

        data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],"usage":{"prompt_tokens":30,"completion_tokens":7,"total_tokens":37}}

        data: [DONE]


        """;

    private const string Responses = """
        event: response.created
        data: {"type":"response.created","response":{"id":"r","metadata":{"usage":"none"},"tools":[{"parameters":{"properties":{"usage":{"input_tokens":99}}}}],"usage":null}}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","delta":"usage"}

        event: response.completed
        data: {"type":"response.completed","response":{"id":"r","output":[{"content":[{"text":"{\"usage\":{\"input_tokens\":1}}"}]}],"tools":[{"parameters":{"properties":{"usage":{"input_tokens":99}}}}],"usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":20},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":37}}}


        """;

    private const string Anthropic = """{"id":"m","type":"message","content":[{"type":"tool_use","input":{"usage":{"input_tokens":999,"output_tokens":999}}}],"stop_reason":"tool_use","usage":{"input_tokens":6,"cache_creation_input_tokens":4,"cache_read_input_tokens":20,"cache_creation":{"ephemeral_5m_input_tokens":4},"output_tokens":7}}""";

    private const string AnthropicStart = """
        event: message_start
        data: {"type":"message_start","message":{"id":"m","type":"message","content":[],"usage":{"input_tokens":6,"cache_creation_input_tokens":4,"cache_read_input_tokens":20,"output_tokens":1}}}

        event: ping
        data: {"type": "ping"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello, I have this to say: usage"}}


        """;

    private const string AnthropicStream = AnthropicStart + """
        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private const string Ollama = """
        {"model":"q","message":{"role":"assistant","content":"a"},"done":false}
        {"model":"q","message":{"role":"assistant","content":""},"done":true,"total_duration":1,"prompt_eval_count":30,"prompt_eval_duration":5,"eval_count":7,"eval_duration":9}

        """;

    private const string Embeddings = """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-0.2,3e-5]}],"model":"e","usage":{"prompt_tokens":30,"total_tokens":30}}""";

    private const string Pretty = """
        {
          "choices": [ { "text": "a" } ],
          "usage" : {
            "prompt_tokens": 30,
            "completion_tokens": 7
          }
        }
        """;

    public static readonly TheoryData<string, bool, string> Told = new()
    {
        { OpenAi, false, "30 20 0 7 4" }, { OpenAiStream, true, "30 20 0 7 4" }, { ContinuousToItsEnd, true, "30 0 0 2 0" }, { UsageBesideAChoice, true, "30 0 0 7 0" }, { Responses, true, "30 20 0 7 4" }, { Anthropic, false, "30 20 4 7 0" }, { AnthropicStream, true, "30 20 4 7 0" },
        { Ollama, true, "30 0 0 7 0" }, { Embeddings, false, "30 0 0 0 0" }, { Pretty, false, "30 0 0 7 0" },
        { """{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":40,"completion_tokens_details":{"reasoning_tokens":25}}}""", false, "10 0 0 30 25" },   // counted beside, not within
        { """{"usage":{"prompt_tokens":10,"completion_tokens":-5,"prompt_cache_hit_tokens":4}}""", false, "10 4 0 0 0" },
    };

    [Theory]
    [MemberData(nameof(Told))]
    public void Every_shape_tells_what_it_used(string answer, bool isStream, string expected)
    {
        var (usage, isEstimated) = Read(isStream, [Encoding.UTF8.GetBytes(answer)]);
        Assert.Equal((expected, false), (Say(usage), isEstimated));
    }

    [Theory]
    [MemberData(nameof(Told))]
    public void Byte_by_byte_and_with_other_ends_of_lines_it_is_the_same(string answer, bool isStream, string expected)
    {
        foreach (var text in new[] { answer, answer.Replace("\n", "\r\n", StringComparison.Ordinal) }) Assert.Equal(expected, Say(Read(isStream, [.. Encoding.UTF8.GetBytes(text).Select(one => new[] { one })]).Usage));
    }

    [Fact]
    public void However_the_network_splits_the_bytes_the_usage_is_the_same() => Property.Holds(
        Gen.Zip(Gen.Elements(OpenAiStream, Continuous, ContinuousToItsEnd, UsageBesideAChoice, Responses, AnthropicStream, AnthropicStart, Ollama, ": ping {\"\n\n", "data: {\"broken\": [\n\n", "data: {\"usage\":{\"prompt_tokens\":3\n\n", "event: \"usage\": {\n\n", "data: {\"usage\"\t:\t{\"input_tokens\":5}}\n\n").ListOf(), Gen.Choose(1, 60).ListOf()).ToArbitrary(),
        stream =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(stream.Item1));
            return Read(true, [bytes]) == Read(true, Pieces(bytes, [.. stream.Item2]));
        });

    [Fact]
    public void Whole_answers_too() => Property.Holds(
        Gen.Zip(Gen.Elements(OpenAi, Anthropic, Embeddings, Pretty, "not json at all", "[{\"usage\":{\"prompt_tokens\":3}}]"), Gen.Choose(1, 60).ListOf()).ToArbitrary(),
        one => Read(false, [Encoding.UTF8.GetBytes(one.Item1)]) == Read(false, Pieces(Encoding.UTF8.GetBytes(one.Item1), [.. one.Item2])));

    [Fact]
    public void A_stream_that_breaks_off_is_estimated_by_its_events()
    {
        var cut = string.Concat(Enumerable.Repeat("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", 12));
        Assert.Equal(("100 0 0 12 0", true), Estimate(true, cut));
        Assert.Equal(("0 0 0 0 0", true), Estimate(true, ""));
        // Anthropic has told the prompt's; its events hold several tokens each.
        var (usage, isEstimated) = Read(true, [Encoding.UTF8.GetBytes(AnthropicStart + string.Concat(Enumerable.Repeat($$$"""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{new string('x', 40)}}}"}}""" + "\n\n", 5)))]);
        Assert.Equal((30, 20, 4, true), (usage.Input, usage.CachedInput, usage.CacheWriteInput, isEstimated));
        Assert.InRange(usage.Output, 35, 65);   // 232 bytes of text
        Assert.Equal(("100 0 0 25 0", true), Estimate(false, new string('x', 100)));
    }

    [Fact]
    public void What_is_told_before_the_end_is_the_least_and_not_the_whole()
    {
        Assert.Equal(("30 0 0 2 0", true), Estimate(true, Continuous));
        var first = """data: {"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":0}}""" + "\n\n";
        var chunks = string.Concat(Enumerable.Repeat("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", 12));
        Assert.Equal(("30 0 0 13 0", true), Estimate(true, first + chunks));
        Assert.Equal(("30 0 0 14 0", true), Estimate(true, first + chunks + "data: [DONE]\n\n"));   // nobody has said what it came to
        Assert.Equal(("30 0 0 40 0", true), Estimate(true, first + chunks + first.Replace(":[],", ":[{}],", StringComparison.Ordinal).Replace(":0}", ":40}", StringComparison.Ordinal)));
        const string Begun = """data: {"type":"response.in_progress","response":{"usage":{"input_tokens":30,"output_tokens":0}}}""" + "\n\n";
        Assert.True(Estimate(true, Begun).IsEstimated);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"cost":0.5}""")]
    public void Usage_that_counts_no_tokens_tells_nothing(string usage)
    {
        var (used, isEstimated) = Estimate(false, $$$"""{"choices":[{"message":{"content":"{{{new string('x', 400)}}}"}}],"usage":{{{usage}}} }""");
        Assert.True(isEstimated);
        Assert.StartsWith("100 0 0 11", used, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_model_says_is_never_taken_for_a_count()
    {
        const string Lie = """data: {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":{"usage":{"prompt_tokens":0,"completion_tokens":0}}}}]}}]}""";
        Assert.True(Estimate(true, Lie + "\n\n").IsEstimated);
        Assert.True(Estimate(false, """{"content":[{"input":{"message":{"usage":{"output_tokens":0}}}}]}""").IsEstimated);
    }

    [Fact]
    public void Observing_allocates_nothing()
    {
        var (tap, chunk, last) = (new UsageTap(isStream: true), Encoding.UTF8.GetBytes(OpenAiStream), Encoding.UTF8.GetBytes(AnthropicStream));
        tap.Observe(chunk);
        tap.Observe(last);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            tap.Observe(chunk);
            tap.Observe(last);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_prompt_is_estimated_by_its_texts_and_not_by_its_pictures()
    {
        var words = string.Concat(Enumerable.Repeat("word ", 800));
        Assert.InRange(PromptTokens($$"""{"messages":[{"role":"user","content":"{{words}}"}]}"""), 1000, 1003);
        Assert.InRange(PromptTokens($$$"""{"messages":[{"role":"user","content":[{"type":"image","source":{"data":"{{{new string('A', 1_000_000)}}}"}}]}]}"""), 1000, 1003);
        Assert.Equal(5, PromptTokens("""{"a":"1234","b":[["1234",{"c":"12345678"}],1,"1234"],"d":{}}"""));
    }

    [Fact]
    public void A_long_text_without_spaces_is_no_picture_and_counts_the_same_escaped_or_not()
    {
        var text = string.Concat(Enumerable.Repeat("漢字", 20_000));
        var escaped = string.Concat(text.Select(one => $"\\u{(int)one:x4}"));
        Assert.InRange(PromptTokens($$"""{"messages":[{"content":"{{text}}"}]}"""), 30_000, 30_003);
        Assert.InRange(PromptTokens($$"""{"messages":[{"content":"{{escaped}}"}]}"""), 30_000, 30_003);
        Assert.InRange(PromptTokens($$"""{"messages":[{"image_url":"data:{{text}}"}]}"""), 30_000, 30_004);
        Assert.InRange(PromptTokens($$"""{"messages":[{"content":"{{string.Concat(Enumerable.Repeat("\\\\u", 4_000))}}"}]}"""), 3_000, 3_003);   // a backslash and a u
    }

    [Theory]
    [InlineData("data:image/png;base64,")]
    [InlineData("data:image\\/png;base64,\\/9j\\/4AA\\u002BQ\\u003d\\u003D\\n")]
    [InlineData("_-+/")]
    public void A_picture_is_one_in_whichever_way_it_is_written(string head) =>
        Assert.InRange(PromptTokens($$$"""{"messages":[{"content":[{"image_url":{"url":"{{{head}}}{{{new string('A', 100_000)}}}=="}}]}]}"""), 1000, 1003);

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"TEXT"}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"text","text":"TEXT"}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"image_url","image_url":{"url":"http://h"}},{"type":"text","text":"data:;base64,TEXT"}]}]}""")]
    [InlineData("""{"input":"TEXT"}""")]
    public void Encoded_data_in_a_text_is_a_text_like_any_other(string body) =>
        Assert.InRange(PromptTokens(body.Replace("TEXT", new string('A', 100_000), StringComparison.Ordinal)), 25_000, 25_010);

    [Fact]
    public void A_prompt_that_is_given_as_tokens_has_so_many_and_each_has_one_at_least()
    {
        Assert.Equal(4, PromptTokens("""{"input":[[1,2],[3,4]],"dimensions":512}""", Surface.Embeddings));
        Assert.Equal(3, PromptTokens("""{"prompt":[1,2,3],"max_tokens":7}""", Surface.Completions));
        Assert.Equal(1, PromptTokens("""{"input":"a"}""", Surface.Embeddings));
        Assert.Equal(1, PromptTokens("{}"));
    }

    private static long PromptTokens(string body, Surface? surface = null) => RequestPeek.Read(Encoding.UTF8.GetBytes(body), surface ?? Surface.ChatCompletions, out _)!.Value.PromptTokens;

    private static (string Usage, bool IsEstimated) Estimate(bool isStream, string text)
    {
        var (usage, isEstimated) = Read(isStream, [Encoding.UTF8.GetBytes(text)]);
        return (Say(usage), isEstimated);
    }

    private static string Say(TokenUsage usage) => $"{usage.Input} {usage.CachedInput} {usage.CacheWriteInput} {usage.Output} {usage.Reasoning}";

    private static (TokenUsage Usage, bool IsEstimated) Read(bool isStream, IEnumerable<byte[]> pieces)
    {
        var tap = new UsageTap(isStream);
        foreach (var piece in pieces) tap.Observe(piece);
        return (tap.Usage(promptTokens: 100, out var isEstimated), isEstimated);
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
