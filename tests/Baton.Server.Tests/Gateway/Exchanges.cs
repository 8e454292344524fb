namespace Baton.Server.Tests.Gateway;

/// <summary>Answers as the providers' documentation describes them, whole and as streams.</summary>
internal static class Exchanges
{
    public const string AnthropicWhole = """
        {"id":"msg_01","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Three were late."}],"stop_reason":"end_turn","stop_sequence":null,
         "usage":{"input_tokens":20,"cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":9}}
        """;

    public const string OllamaWhole = """{"model":"qwen3","created_at":"2026-11-28T10:00:00Z","message":{"role":"assistant","content":"Three were late."},"done":true,"done_reason":"stop","prompt_eval_count":25,"eval_count":9}""";

    public static string AnthropicText { get; } = Anthropic(
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """{"type":"ping"}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Three "}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"were late."}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}""");

    /// <summary>Thoughts with their signature, a text, and two calls, the second without parameters.</summary>
    public static string AnthropicTools { get; } = Anthropic(
        """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Look it "}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"up."}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I look."}}""",
        """{"type":"content_block_stop","index":1}""",
        """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"count","input":{}}}""",
        """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}""",
        """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"what\":"}}""",
        """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"late\"}"}}""",
        """{"type":"content_block_stop","index":2}""",
        """{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}""",
        """{"type":"content_block_stop","index":3}""",
        """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":40}}""");

    public static string AnthropicFormatTool { get; } = Anthropic(
        """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"give_answer","input":{}}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"late\""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":":3}"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":9}}""");

    public static string AnthropicOverloaded { get; } = "event: error\n" + Replies.Data("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""");

    public static string ChatText { get; } = Chat("""{"role":"assistant","content":""}""", """{"content":"Three "}""", """{"content":"were late."}""") + ChatEnd("stop");

    /// <summary>Thoughts, and two calls whose arguments come by turns.</summary>
    public static string ChatTools { get; } = Chat(
        """{"role":"assistant","reasoning_content":"Look it up."}""",
        """{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"count","arguments":""}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"{\"what\":"}}]}""",
        """{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"now","arguments":"{\"zone\":"}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"\"la}te\\\"\"}"}},{"index":1,"function":{"arguments":"\"U"}}]}""",
        """{"tool_calls":[{"index":1,"function":{"arguments":"TC\"}"}}]}""") + ChatEnd("tool_calls");

    public static string OllamaText { get; } = """
        {"model":"qwen3","created_at":"2026-11-28T10:00:00Z","message":{"role":"assistant","content":"Three "},"done":false}
        {"model":"qwen3","created_at":"2026-11-28T10:00:00Z","message":{"role":"assistant","content":"were late."},"done":false}
        {"model":"qwen3","created_at":"2026-11-28T10:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":25,"eval_count":9}

        """;

    public static string OllamaTools { get; } = """
        {"model":"qwen3","message":{"role":"assistant","content":"","thinking":"Look it up."},"done":false}
        {"model":"qwen3","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"count","arguments":{"what":"late"}}},{"function":{"name":"now","arguments":{}}}]},"done":false}
        {"model":"qwen3","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":25,"eval_count":9}

        """;

    public static string Anthropic(params string[] events) =>
        string.Concat(events.Prepend("""{"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":20,"cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":1}}}""")
            .Append("""{"type":"message_stop"}""").Select(data => $"event: {System.Text.Json.JsonElement.Parse(data).GetProperty("type").GetString()}\n{Replies.Data(data)}"));

    public static string Chat(params string[] deltas) => string.Concat(deltas.Select(delta => Replies.Data($$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[{"index":0,"delta":{{delta}},"finish_reason":null}]}""")));

    public static string ChatEnd(string reason) => Replies.Data($$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[{"index":0,"delta":{},"finish_reason":"{{reason}}"}]}""")
        + Replies.Data("""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[],"usage":{"prompt_tokens":25,"completion_tokens":9,"total_tokens":34,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":4}}}""") + Replies.Done;
}
