using System.Text;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>A conversation in Anthropic's words that goes to and fro between Anthropic and targets of other dialects.</summary>
public sealed class MixedDialectTests
{
    private const string Thought = """{"type":"thinking","thinking":"Hm.","signature":""}""", Signed = """{"type":"thinking","thinking":"Hm.","signature":"c2ln"}""", Said = """{"type":"text","text":"One."}""";

    [Theory]
    [InlineData(Thought + "," + Said, Said)]
    [InlineData(Thought + " , " + Said, Said)]
    [InlineData(Said + " , " + Thought, Said)]
    [InlineData(Said + "," + Thought + "," + Thought + ", " + Said, Said + ", " + Said)]
    [InlineData(Thought + "," + Thought + "," + Said, Said)]
    [InlineData("""{"thinking":"Hm.","type":"thinking"},""" + Said, Said)]
    [InlineData("""{"signature":null,"thinking":"Hm.","type":"thinking"},""" + Said, Said)]
    [InlineData(Signed + "," + Said, Signed + "," + Said)]
    [InlineData("""{"type":"tool_use","id":"functions.get:0","name":"get","input":{"id":"a.b","type":"thinking"}}""", """{"type":"tool_use","id":"functions_get_0","name":"get","input":{"id":"a.b","type":"thinking"}}""")]
    [InlineData("""{"type":"tool_result" ,"tool_use_id": "functions.get:0","content":"thinking"}""", """{"type":"tool_result" ,"tool_use_id": "functions_get_0","content":"thinking"}""")]
    [InlineData("""{"type":"text","text":"\"type\":\"thinking\""}""", """{"type":"text","text":"\"type\":\"thinking\""}""")]
    public void Unsigned_thoughts_and_ids_that_Anthropic_refuses_are_changed_and_no_other_byte(string content, string expected)
    {
        const string head = """{ "model":"m","thinking":{"type":"adaptive"}, "messages": [ {"role":"user","content":"hi \"tool_use\""} , {"role":"assistant","content": [ """, tail = """ ] }, {"role":"user","content":[ ]}] , "note":[{"type":"thinking"}] }""";
        Assert.Equal(head + expected + tail, Encoding.UTF8.GetString(MixedHistory.ForAnthropic(Encoding.UTF8.GetBytes(head + content + tail)).Span));
    }

    [Theory]
    [InlineData("""[{"role":"user","content":"a"}, {"role":"assistant","content":[THOUGHT,THOUGHT]}, {"role":"user","content":"b"}]""", """[{"role":"user","content":"a"}, {"role":"user","content":"b"}]""")]
    [InlineData("""[{"content":[THOUGHT],"role":"assistant"} , {"role":"user","content":"b"}]""", """[{"role":"user","content":"b"}]""")]
    [InlineData("""[{"role":"user","content":"a"},{"role":"assistant","content":[ THOUGHT ]}]""", """[{"role":"user","content":"a"}]""")]
    public void A_message_of_nothing_else_goes_as_a_whole(string messages, string expected)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"messages":{{messages.Replace("THOUGHT", Thought, StringComparison.Ordinal)}}}""");
        Assert.Equal($$"""{"messages":{{expected}}}""", Encoding.UTF8.GetString(MixedHistory.ForAnthropic(body).Span));
    }

    [Fact]
    public async Task What_another_target_thought_and_called_does_not_keep_Anthropic_from_the_next_turn()
    {
        var (asked, isBusy) = ("", false);
        await using var chat = await WebServer.StartAsync(http => isBusy ? Replies.JsonAsync(http, "{}", 503)
            : Replies.StreamAsync(http, Exchanges.Chat("""{"reasoning_content":"Hm."}""", """{"tool_calls":[{"index":0,"id":"functions.get:0","type":"function","function":{"name":"get","arguments":"{}"}}]}""") + Exchanges.ChatEnd("tool_calls")));
        await using var anthropic = await WebServer.StartAsync(async http =>
        {
            asked = await new StreamReader(http.Request.Body).ReadToEndAsync();
            await Replies.JsonAsync(http, Exchanges.AnthropicWhole);
        });
        await using var world = await ForwardWorld.StartAsync([chat.Address, anthropic.Address], ("Targets:1:Dialect", "anthropic"));
        const string question = """{"role":"user","content":"hi"}""";
        var first = (await world.SendAsync($$"""{"model":"m","max_tokens":50,"stream":true,"messages":[{{question}}]}""", "/v1/messages")).Body;
        Assert.Contains("\"thinking\":\"Hm.\"", first, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"functions.get:0\"", first, StringComparison.Ordinal);   // some models know their calls by such ids only
        isBusy = true;
        var reply = await world.SendAsync($$$"""{"model":"m","max_tokens":50,"messages":[{{{question}}},{"role":"assistant","content":[{{{Thought}}},{"type":"tool_use","id":"functions.get:0","name":"get","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"functions.get:0","content":"3"}]}]}""", "/v1/messages");
        Assert.Equal((200, "m/t1"), (reply.Status, reply["x-baton-route"]));
        Assert.Equal($$$"""{"model":"m","max_tokens":50,"messages":[{{{question}}},{"role":"assistant","content":[{"type":"tool_use","id":"functions_get_0","name":"get","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"functions_get_0","content":"3"}]}]}""", asked);
    }

    [Fact]
    public async Task Where_all_targets_speak_Anthropics_dialect_its_requests_stay_as_they_are()
    {
        var asked = "";
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            asked = await new StreamReader(http.Request.Body).ReadToEndAsync();
            await Replies.JsonAsync(http, Exchanges.AnthropicWhole);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Dialect", "anthropic"));
        var body = $$"""{"model":"m","max_tokens":50,"messages":[{"role":"assistant","content":[{{Thought}},{{Said}}]},{"role":"user","content":"hi"}]}""";
        await world.SendAsync(body, "/v1/messages");
        Assert.Equal(body, asked);
    }
}
