using Baton.Jq;
using Baton.Server.Gateway;
using static Baton.Server.Tests.Gateway.RequestTranslationTests;

namespace Baton.Server.Tests.Gateway;

/// <summary>What becomes of tools' calls and their results, of one turn and of several, on their way from one dialect to another.</summary>
public sealed class ToolHistoryTests
{
    [Fact]
    public void Images_of_several_results_come_in_their_order_with_the_call_that_each_is_of()
    {
        var body = Translate(Surface.Messages, Dialect.OpenAi, """
            {"model":"m","max_tokens":50,"messages":[{"role":"user","content":"hi"},
             {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"see","input":{}},{"type":"tool_use","id":"b","name":"see","input":{}}]},
             {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":{"type":"url","url":"https://x/a.png"}}]},
              {"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"Two."},{"type":"image","source":{"type":"url","url":"https://x/b.png"}},{"type":"image","source":{"type":"url","url":"https://x/c.png"}}]},{"type":"text","text":"Go on."}]}]}
            """);
        Assert.Equal("""
            [{"role":"tool","tool_call_id":"a","content":"See the next message."},{"role":"tool","tool_call_id":"b","content":"Two."},
             {"role":"user","content":[{"type":"text","text":"Result of the call a:"},{"type":"image_url","image_url":{"url":"https://x/a.png"}},
              {"type":"text","text":"Result of the call b:"},{"type":"image_url","image_url":{"url":"https://x/b.png"}},{"type":"image_url","image_url":{"url":"https://x/c.png"}},{"type":"text","text":"Go on."}]}]
            """.Replace("\n ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal).Replace(",  ", ",", StringComparison.Ordinal), JqValue.Array([.. body["messages"].AsArray().Skip(2)]).ToJson());
    }

    [Theory]
    [InlineData("call a,system s,result a", "assistant a,tool a,system s")]
    [InlineData("call a,system s,call b,result a,system t,result b,user u", "assistant a b,tool a,tool b,system s,system t,user u")]
    [InlineData("call a,system s,user u", "assistant a,system s,user u")]
    [InlineData("call a,result a,system s,call b,result b", "assistant a,tool a,system s,assistant b,tool b")]
    [InlineData("call a,system s", "assistant a,system s")]
    public void What_the_system_says_between_calls_and_their_results_comes_behind_those(string items, string expected)
    {
        var input = items.Split(',').Select(item => item.Split(' ')).Select(item => item[0] switch
        {
            "call" => $$"""{"type":"function_call","call_id":"{{item[1]}}","name":"f","arguments":"{}"}""",
            "result" => $$"""{"type":"function_call_output","call_id":"{{item[1]}}","output":"3"}""",
            var role => $$"""{"role":"{{role}}","content":"{{item[1]}}"}""",
        });
        var messages = Translate(Surface.Responses, Dialect.OpenAi, $$"""{"input":[{{string.Join(',', input)}}]}""")["messages"].AsArray();
        Assert.Equal(expected, string.Join(',', messages.Select(message => message["role"].AsString() switch
        {
            "assistant" => $"assistant {string.Join(' ', message["tool_calls"].AsArray().Select(call => call["id"].AsString()))}",
            "tool" => $"tool {message["tool_call_id"].AsString()}",
            var role => $"{role} {message["content"].AsString()}",
        })));
    }

    [Fact]
    public void A_turn_of_nothing_but_thoughts_is_no_message_of_a_chat()
    {
        var body = Translate(Surface.Messages, Dialect.OpenAi, """{"messages":[{"role":"user","content":"One."},{"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":""}]},{"role":"user","content":"Two."},{"role":"assistant","content":[{"type":"redacted_thinking","data":"x"}]}]}""");
        Assert.Equal("""[{"role":"user","content":"One."},{"role":"user","content":"Two."}]""", body["messages"].ToJson());
    }

    [Fact]
    public void A_result_is_named_after_the_last_call_of_its_id_that_came_before_it()
    {
        const string call = """{"role":"assistant","content":null,"tool_calls":[{"id":"call_0","type":"function","function":{"name":"NAME","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_0","content":"3"}""";
        var body = Translate(Surface.ChatCompletions, Dialect.Ollama, $$"""{"messages":[{"role":"user","content":"hi"},{{call.Replace("NAME", "one", StringComparison.Ordinal)}},{{call.Replace("NAME", "two", StringComparison.Ordinal)}}]}""");
        Assert.Equal(["one", "two"], body["messages"].AsArray().Where(message => message["role"] == "tool").Select(message => message["tool_name"].AsString()));
    }
}
