using System.Security.Cryptography;
using System.Text;
using Baton.Jq;
using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway;

/// <summary>What becomes of requests on their way from one dialect to another.</summary>
public sealed class RequestTranslationTests
{
    private const string Pixel = "iVBORw0KGgo=";

    private const string Tools = """[{"type":"function","function":{"name":"count","description":"Counts.","parameters":{"type":"object","properties":{"what":{"type":"string"}}}}}]""";

    private const string Schema = """{"type":"object","properties":{"late":{"type":"integer"}},"required":["late"],"additionalProperties":false}""";

    [Fact]
    public void A_chat_becomes_messages() => Same(
        """
        {"model":"upstream","max_tokens":8192,"system":"Be brief.\n\nBe kind.","messages":[
          {"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]},
          {"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"call_1","name":"count","input":{"what":"late"}},{"type":"tool_use","id":"call_2","name":"count","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"3"}]},{"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"0"}]},{"type":"text","text":"Go on."}]}],
         "stream":false,"temperature":1,"stop_sequences":["END"],"metadata":{"user_id":"u1"},
         "tools":[{"name":"count","description":"Counts.","input_schema":{"type":"object","properties":{"what":{"type":"string"}}}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true}}
        """,
        Translate(Surface.ChatCompletions, Dialect.Anthropic, """
        {"model":"m","temperature":1.7,"top_p":0.9,"stop":"END","user":"u1","seed":7,"tools":TOOLS,"tool_choice":"required","parallel_tool_calls":false,"messages":[
          {"role":"system","content":"Be brief."},{"role":"developer","content":[{"type":"text","text":"Be kind."}]},
          {"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,PIXEL"}},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}]},
          {"role":"assistant","content":"I look.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"count","arguments":"{\"what\":\"late\"}"}},{"id":"call_2","type":"function","function":{"name":"count","arguments":""}}]},
          {"role":"tool","tool_call_id":"call_1","content":"3"},{"role":"tool","tool_call_id":"call_2","content":"0"},{"role":"user","content":"Go on."}]}
        """));

    [Fact]
    public void Messages_become_a_chat() => Same(
        """
        {"model":"upstream","messages":[{"role":"system","content":"Be brief.\n\nBe kind."},
          {"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,PIXEL"}},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]},
          {"role":"assistant","content":"I look.","tool_calls":[{"id":"t1","type":"function","function":{"name":"count","arguments":"{\"what\":\"late\"}"}},{"id":"t2","type":"function","function":{"name":"count","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"t1","content":"3"},{"role":"tool","tool_call_id":"t2","content":"Error: none"},{"role":"user","content":"Go on."}],
         "stream":true,"stream_options":{"include_usage":true},"max_tokens":50,"temperature":0.5,"stop":["END"],"user":"u1","reasoning_effort":"medium",
         "tools":TOOLS,"tool_choice":{"type":"function","function":{"name":"count"}},"parallel_tool_calls":false}
        """,
        Translate(Surface.Messages, Dialect.OpenAi, """
        {"model":"m","max_tokens":50,"stream":true,"temperature":0.5,"top_k":5,"stop_sequences":["END"],"metadata":{"user_id":"u1"},"thinking":{"type":"enabled","budget_tokens":5000},
         "system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Be kind."}],
         "tools":[{"name":"count","description":"Counts.","input_schema":{"type":"object","properties":{"what":{"type":"string"}}}}],"tool_choice":{"type":"tool","name":"count","disable_parallel_tool_use":true},
         "messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"PIXEL"}},{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]},
          {"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"c2ln"},{"type":"text","text":"I look."},{"type":"tool_use","id":"t1","name":"count","input":{"what":"late"}},{"type":"tool_use","id":"t2","name":"count","input":{}}]},
          {"role":"user","content":[{"type":"text","text":"Go on."},{"type":"tool_result","tool_use_id":"t1","content":"3"},{"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"none"}]}]}]}
        """));

    [Fact]
    public void Responses_become_a_chat() => Same(
        """
        {"model":"upstream","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"How many?"},
          {"role":"assistant","content":"I look.","tool_calls":[{"id":"c1","type":"function","function":{"name":"count","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"count","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"c1","content":"3"},{"role":"tool","tool_call_id":"c2","content":"4"}],
         "stream":false,"max_tokens":50,"reasoning_effort":"low","response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":SCHEMA,"strict":true}},"tools":TOOLS}
        """,
        Translate(Surface.Responses, Dialect.OpenAi, """
        {"model":"m","instructions":"Be brief.","max_output_tokens":50,"reasoning":{"effort":"low"},"text":{"format":{"type":"json_schema","name":"answer","schema":SCHEMA,"strict":true}},
         "tools":[{"type":"function","name":"count","description":"Counts.","parameters":{"type":"object","properties":{"what":{"type":"string"}}}}],
         "input":[{"role":"user","content":[{"type":"input_text","text":"How many?"}]},{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"opaque"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]},
          {"type":"function_call","call_id":"c1","name":"count","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"count","arguments":"{}"},
          {"type":"function_call_output","call_id":"c1","output":"3"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"4"}]}]}
        """));

    [Fact]
    public void A_chat_becomes_Ollamas_own() => Same(
        """
        {"model":"upstream","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What is this?","images":["PIXEL"]},
          {"role":"assistant","content":"","thinking":"Hm.","tool_calls":[{"function":{"name":"count","arguments":{"what":"late"} }}]},{"role":"tool","content":"3","tool_name":"count"}],
         "stream":false,"format":SCHEMA,"think":true,"tools":TOOLS,"options":{"num_predict":50,"temperature":0.5,"top_p":0.9,"seed":7,"stop":["END"]}}
        """,
        Translate(Surface.ChatCompletions, Dialect.Ollama, """
        {"model":"m","temperature":0.5,"top_p":0.9,"stop":["END"],"seed":7,"max_completion_tokens":50,"reasoning_effort":"high","tools":TOOLS,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":SCHEMA}},"messages":[
          {"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,PIXEL"}}]},
          {"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"count","arguments":"{\"what\":\"late\"}"}}]},{"role":"tool","tool_call_id":"call_1","content":"3"}]}
        """));

    [Theory]
    [InlineData("json_schema", Schema, "output_config")]
    [InlineData("json_schema", """{"type":"object","properties":{"late":{"type":"integer","minimum":0}},"required":["late"],"additionalProperties":false}""", "tool")]
    [InlineData("tool", Schema, "tool")]
    [InlineData("prompt", Schema, "system")]
    [InlineData("json_schema", """{"type":"array"}""", "system")]
    public void A_format_is_told_to_Anthropic_in_the_strictest_way_that_it_takes(string mode, string schema, string expected)
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, Ask(""","response_format":{"type":"json_schema","json_schema":{"name":"a","schema":""" + schema + "}}"), options => options.StructuredOutput = mode);
        Assert.Equal(expected == "output_config" ? JqValue.Parse(schema) : JqValue.Null, body["output_config"]["format"]["schema"]);
        Assert.Equal(expected == "tool" ? """{"type":"tool","name":"give_answer"}""" : "null", body["tool_choice"].ToJson());
        Assert.Equal(expected == "tool" ? JqValue.Parse(schema) : JqValue.Null, body["tools"][0]["input_schema"]);
        Assert.Equal(expected == "system", body["system"].IsString);
    }

    [Fact]
    public void A_forced_format_leaves_other_tools_their_chance()
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, Ask(""","tools":TOOLS,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":SCHEMA}}"""), options => options.StructuredOutput = "tool");
        Assert.Equal("""{"type":"any"}""", body["tool_choice"].ToJson());
        Assert.Equal(["count", "give_answer"], body["tools"].AsArray().Select(tool => tool["name"].AsString()));
    }

    [Theory]
    [InlineData(""","reasoning_effort":"none" """, "null", "null", 8192)]
    [InlineData(""","reasoning_effort":"medium" """, """{"type":"adaptive"}""", """{"effort":"medium"}""", 8192)]
    [InlineData(""","reasoning_effort":"xhigh","temperature":0.2""", """{"type":"adaptive"}""", """{"effort":"high"}""", 8192)]
    [InlineData(""","reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required" """, "null", "null", 8192)]
    public void How_much_to_think_is_told_by_effort(string rest, string thinking, string config, int tokens)
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, Ask(rest));
        Assert.Equal((thinking, config, tokens), (body["thinking"].ToJson(), body["output_config"].ToJson(), (int)body["max_tokens"].AsDouble()));
        Assert.True(thinking == "null" || body["temperature"].IsNull);
    }

    [Theory]
    [InlineData("", 8192, 16_384)]
    [InlineData(""","max_tokens":20000""", 8192, 20_000)]
    [InlineData(""","max_tokens":9000""", 4500, 9000)]
    [InlineData(""","max_tokens":5000""", 2500, 5000)]
    [InlineData(""","max_tokens":1500""", 0, 1500)]
    public void Or_by_a_number_of_tokens_that_leaves_half_for_the_answer(string rest, int budget, int tokens)
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, Ask(""","reasoning_effort":"medium" """ + rest), options => options.Thinking = "budget");
        Assert.Equal(budget == 0 ? "null" : $$"""{"type":"enabled","budget_tokens":{{budget}}}""", body["thinking"].ToJson());
        Assert.Equal(tokens, body["max_tokens"].AsDouble());
    }

    [Theory]
    [InlineData("adaptive", "high")]
    [InlineData("disabled", null)]   // so it is there anyhow, and many hosts of this dialect refuse the word
    [InlineData("between_tools", null)]
    public void How_Anthropics_callers_want_it_to_think_is_told_by_effort(string type, string? effort)
    {
        var told = Translate(Surface.Messages, Dialect.OpenAi, Ask($$""","thinking":{"type":"{{type}}"}"""))["reasoning_effort"];
        Assert.Equal(effort ?? "", told.TryGetString(out var word) ? word : "");
    }

    [Fact]
    public void Ollama_is_told_not_to_think_where_Anthropics_callers_say_so() =>
        Assert.Equal("false", Translate(Surface.Messages, Dialect.Ollama, Ask(""","thinking":{"type":"disabled"}"""))["think"].ToJson());

    [Fact]
    public void Signed_thoughts_come_back_to_Anthropic_by_way_of_each_dialect()
    {
        const string expected = """[{"type":"thinking","thinking":"Hm.","signature":"c2ln"},{"type":"tool_use","id":"c1","name":"count","input":{}}]""";
        var chat = Translate(Surface.ChatCompletions, Dialect.Anthropic, """
            {"model":"m","reasoning_effort":"low","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"reasoning_content":"Hm.","reasoning_details":[{"type":"reasoning.text","text":"Hm.","signature":"c2ln"}],
             "tool_calls":[{"id":"c1","type":"function","function":{"name":"count","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"3"}]}
            """);
        var responses = Translate(Surface.Responses, Dialect.Anthropic, """
            {"model":"m","reasoning":{"effort":"low"},"input":[{"role":"user","content":"hi"},{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"anthropic.signature:c2ln"},
             {"type":"function_call","call_id":"c1","name":"count","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"3"}]}
            """);
        Assert.Equal(expected, chat["messages"][1]["content"].ToJson());
        Assert.Equal(expected, responses["messages"][1]["content"].ToJson());
        Assert.Equal("""{"type":"adaptive"}""", chat["thinking"].ToJson());
    }

    [Fact]
    public void In_the_middle_of_work_with_tools_Anthropic_thinks_only_on_from_its_own_thoughts()
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, """
            {"model":"m","reasoning_effort":"low","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c.1","type":"function","function":{"name":"count","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c.1","content":"3"}]}
            """);
        Assert.True(body["thinking"].IsNull);
        Assert.Equal(("c_1", "c_1"), (body["messages"][1]["content"][0]["id"].AsString(), body["messages"][2]["content"][0]["tool_use_id"].AsString()));
    }

    [Theory]
    [InlineData("""ASSISTANT_CALL,RESULT,{"role":"developer","content":"Be brief."}""", false)]
    [InlineData("""ASSISTANT_CALL,RESULT,{"role":"developer","content":"Be brief."},{"role":"user","content":"Well?"}""", false)]
    [InlineData("""{"role":"assistant","content":"Three"}""", false)]
    [InlineData("""{"role":"assistant","content":"Three"},{"role":"developer","content":"Be brief."}""", false)]
    [InlineData("""{"role":"assistant","content":"Three."},{"role":"user","content":"And four?"},{"role":"developer","content":"Be brief."}""", true)]
    public void It_does_not_think_in_the_middle_of_its_work_or_of_its_answer_whatever_the_system_says_behind(string rest, bool thinks)
    {
        var messages = rest.Replace("ASSISTANT_CALL", """{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"count","arguments":"{}"}}]}""", StringComparison.Ordinal)
            .Replace("RESULT", """{"role":"tool","tool_call_id":"c1","content":"3"}""", StringComparison.Ordinal);
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, $$"""{"model":"m","reasoning_effort":"low","messages":[{"role":"user","content":"hi"},{{messages}}]}""");
        Assert.Equal(thinks, !body["thinking"].IsNull);
    }

    [Theory]
    [InlineData(""","n":2""", "n")]
    [InlineData(""","logprobs":true""", "logprobs")]
    [InlineData(""","logit_bias":{"50256":-100}""", "logit_bias")]
    [InlineData(""","modalities":["text","audio"]""", "modalities")]
    [InlineData(""","tools":[{"type":"custom","custom":{"name":"x"}}]""", "tools[0]")]
    [InlineData(""","tool_choice":{"type":"allowed_tools"}""", "tool_choice")]
    [InlineData(""","temperature":3""", "temperature")]
    [InlineData(""","stop":[1]""", "stop[0]")]
    [InlineData(""","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]""", "messages[0].content[0].type")]
    [InlineData(""","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}]""", "messages[0].content[0].image_url.url")]
    [InlineData(""","messages":[{"role":"bot","content":"x"}]""", "messages[0].role")]
    [InlineData(""","messages":[{"content":"x"}]""", "messages[0].role")]
    [InlineData(""","messages":[7]""", "messages[0].role")]
    [InlineData(""","messages":{}""", "messages")]
    public void What_has_no_word_elsewhere_is_refused_by_its_path(string rest, string path) => Assert.Equal(path, Refused(Surface.ChatCompletions, Dialect.Anthropic, Ask(rest)).Field);

    [Theory]
    [InlineData(""","functions":[]""")]
    [InlineData(""","functions":null,"logit_bias":{}""")]
    public void Nothing_of_it_is_no_reason_to_refuse(string rest) => Assert.Equal("hi", Translate(Surface.ChatCompletions, Dialect.Anthropic, Ask(rest))["messages"][0]["content"][0]["text"].AsString());

    [Theory]
    [InlineData("""{"input":"hi","conversation":"conv_1"}""", "conversation")]
    [InlineData("""{"input":"hi","background":true}""", "background")]
    [InlineData("""{"input":"hi","tools":[{"type":"web_search"}]}""", "tools[0].type")]
    [InlineData("""{"input":[{"type":"item_reference","id":"x"}]}""", "input[0]")]
    [InlineData("""{"input":[{"type":"computer_call"}]}""", "input[0].type")]
    [InlineData("{}", "input")]
    public void So_are_members_of_responses(string body, string path) => Assert.Equal(path, Refused(Surface.Responses, Dialect.OpenAi, body).Field);

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"server_tool_use"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}""", "messages[0].content[0].source.type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]}""", "tools[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":1.5}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"mcp_servers":[{}]}""", "mcp_servers")]
    public void And_of_messages(string body, string path) => Assert.Equal(path, Refused(Surface.Messages, Dialect.OpenAi, body).Field);

    [Theory]
    [InlineData("""{"edits":[{"type":"clear_tool_uses_20250919"}]}""")]
    [InlineData("""{"edits":[{"type":"compact_20260112"}]}""")]
    public void What_only_makes_a_long_conversation_shorter_is_dropped(string management) =>
        Assert.True(Translate(Surface.Messages, Dialect.OpenAi, Ask(""","context_management":""" + management))["context_management"].IsNull);

    [Theory]
    [InlineData(""","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required" """, "tool_choice")]
    [InlineData(""","tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false""", "parallel_tool_calls")]
    [InlineData(""","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]""", "messages")]
    public void Ollama_cannot_be_asked_everything(string rest, string path)
    {
        var refused = Refused(Surface.ChatCompletions, Dialect.Ollama, Ask(rest));
        Assert.Equal((path, "not_translatable"), (refused.Field, refused.Code));
    }

    [Theory]
    [InlineData("image/jpg", "image/jpeg")]
    [InlineData("IMAGE/PNG", "image/png")]
    [InlineData("image/webp;x=y", "image/webp")]
    public void An_image_is_of_the_type_by_its_registered_name(string type, string expected)
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, $$$"""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:{{{type}}};base64,PIXEL"}}]}]}""");
        Assert.Equal(expected, body["messages"][0]["content"][0]["source"]["media_type"].AsString());
    }

    [Fact]
    public void Turns_without_anything_that_Anthropic_takes_are_left_out()
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"One."},{"role":"assistant","content":" ","reasoning_content":"Hm."},{"role":"user","content":"Two."}]}""");
        Assert.Equal("""[{"role":"user","content":[{"type":"text","text":"One."}]},{"role":"user","content":[{"type":"text","text":"Two."}]}]""", body["messages"].ToJson());
    }

    [Fact]
    public void A_system_message_alone_is_the_question_to_Anthropic()
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, """{"messages":[{"role":"system","content":"Say hi."}]}""");
        Assert.Equal(("""[{"role":"user","content":[{"type":"text","text":"Say hi."}]}]""", true), (body["messages"].ToJson(), body["system"].IsNull));
    }

    [Fact]
    public void Earlier_items_come_before_those_of_the_request()
    {
        var earlier = JqValue.Parse("""[{"role":"user","content":"One."},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Two."}]}]""").AsArray();
        var translation = Translation.Read(Surface.Responses, """{"previous_response_id":"resp_1","instructions":"Be brief.","input":"Three."}"""u8.ToArray(), earlier, out _)!;
        Assert.Equal(["Be brief.", "One.", "Two.", "Three."], translation.Conversation.Turns.Select(turn => ((Part.Text)turn.Parts.Single()).Value));
    }

    [Theory]
    [InlineData("u1", false)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123", false)]
    [InlineData("user_01234567890123456789012345678901234567890123456789_session_9", true)]
    public void Who_asks_becomes_a_hash_where_it_is_longer_than_OpenAI_takes(string user, bool isHidden) =>
        Assert.Equal(isHidden ? HashOf(user) : user, Translate(Surface.Messages, Dialect.OpenAi, Ask($$""","metadata":{"user_id":"{{user}}"}"""))["user"].AsString());

    [Theory]
    [InlineData("u1", false)]
    [InlineData("123456", false)]
    [InlineData("team-1-2026-11-30", false)]
    [InlineData("jane@acme.com", true)]
    [InlineData("+49 (151) 123-45.67", true)]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456", true)]
    public void And_where_Anthropic_would_take_it_for_an_address_or_a_telephone_number(string user, bool isHidden) =>
        Assert.Equal(isHidden ? HashOf(user) : user, Translate(Surface.ChatCompletions, Dialect.Anthropic, Ask($$""","user":"{{user}}" """))["metadata"]["user_id"].AsString());

    [Theory]
    [InlineData(null, null, 8192)]
    [InlineData(null, 100, 100)]
    [InlineData(50, 100, 50)]
    [InlineData(500, 100, 100)]
    public void Anthropic_is_always_told_how_many_tokens_an_answer_may_have(int? asked, int? ceiling, int expected)
    {
        var body = Translate(Surface.ChatCompletions, Dialect.Anthropic, Ask(asked is null ? "" : $",\"max_tokens\":{asked}"), options => options.MaxOutputTokens = ceiling);
        Assert.Equal(expected, body["max_tokens"].AsDouble());
    }

    private static string Ask(string rest) => rest.Contains("\"messages\"", StringComparison.Ordinal) ? $$"""{"model":"m"{{rest}}}""" : $$"""{"model":"m","messages":[{"role":"user","content":"hi"}]{{rest}}}""";

    internal static JqValue Translate(Surface caller, Dialect target, string body, Action<ModelOptions>? configure = null)
    {
        var options = new ModelOptions();
        configure?.Invoke(options);
        var translation = Translation.Read(caller, Encoding.UTF8.GetBytes(Fill(body)), null, out var problem);
        Assert.Null(problem);
        var written = translation!.Write(target, "upstream", options, null, true, out problem);
        Assert.Null(problem);
        return JqValue.Parse(written.Span);
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Fill(string text) => text.Replace("PIXEL", Pixel, StringComparison.Ordinal).Replace("TOOLS", Tools, StringComparison.Ordinal).Replace("SCHEMA", Schema, StringComparison.Ordinal);

    private static GatewayError Refused(Surface caller, Dialect target, string body)
    {
        var translation = Translation.Read(caller, Encoding.UTF8.GetBytes(body), null, out var problem);
        translation?.Write(target, "upstream", new ModelOptions(), null, true, out problem);
        Assert.NotNull(problem);
        Assert.Equal(400, problem.Status);
        Assert.StartsWith($"'{problem.Field}' ", problem.Message, StringComparison.Ordinal);
        return problem;
    }

    private static void Same(string expected, JqValue seen)
    {
        var wanted = JqValue.Parse(Fill(expected));
        Assert.True(wanted == seen, $"wanted {wanted.ToJson()}\nseen   {seen.ToJson()}");
    }
}
