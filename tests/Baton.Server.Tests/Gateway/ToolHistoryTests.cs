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
}
