using Baton.Jq;
using static Baton.Server.Tests.Gateway.Responses.ResponsesWorld;

namespace Baton.Server.Tests.Gateway.Responses;

/// <summary>Items of kept responses, named by their ids in the input of another request, as some SDKs do for all that a model has said.</summary>
public sealed class ItemReferenceTests
{
    private static string Reference(JqValue item) => $$"""{"type":"item_reference","id":"{{item["id"].AsString()}}"}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_asked_and_said_is_named_instead_of_said_again(bool isStream)
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.SayAsync(isStream, """ "input":"One." """);
        var asked = (await world.ListAsync(first))["data"][0];
        var second = await world.SayAsync(isStream, $$""" "input":[{{Reference(asked)}},{{Reference(first["output"][0])}},{"role":"user","content":"Two."}] """);
        Assert.Equal(["user One.", "assistant Answer 1.", "user Two."], world.Messages(1));
        await world.SayAsync(isStream, $$""" "input":[{"role":"user","content":"Three."},{{Reference(first["output"][0])}}],"previous_response_id":"{{Id(second)}}" """);
        Assert.Equal(["user One.", "assistant Answer 1.", "user Two.", "assistant Answer 2.", "user Three.", "assistant Answer 1."], world.Messages(2));
    }

    [Theory]
    [InlineData("""{"id":"ID"}""")]
    [InlineData("""{ "id" : "ID" }""")]
    [InlineData("""{"id":"ID"},{"type":null,"id":"ID"}""")]
    public async Task The_type_of_a_reference_may_be_left_out(string references)
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        await world.RespondAsync($$""" "input":[{"id":"msg_x","role":"user","content":"Two."},{{references.Replace("ID", first["output"][0]["id"].AsString(), StringComparison.Ordinal)}}] """);
        Assert.Equal("user Two.", world.Messages(1).First());
        Assert.StartsWith("assistant Answer 1.", world.Messages(1).Last(), StringComparison.Ordinal);
        Assert.Contains("the item is not kept here", Error(await world.AskAsync(""" "input":[{"id":"msg_68a1"},{"role":"user","content":"Two."}] """), 400)["message"].AsString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_of_tools_and_thoughts_are_named_too()
    {
        await using var world = await ResponsesWorld.StartAsync();
        world.Answers = (http, _) => Replies.JsonAsync(http, """{"id":"msg_1","type":"message","role":"assistant","model":"m","stop_reason":"tool_use","usage":{"input_tokens":9,"output_tokens":9},"content":[{"type":"thinking","thinking":"Hm.","signature":"s1"},{"type":"tool_use","id":"toolu_1","name":"add","input":{"a":1}}]}""");
        const string Tools = """ "tools":[{"type":"function","name":"add","parameters":{"type":"object"}}] """;
        var first = await world.RespondAsync($""" "input":"One.",{Tools} """, "claude");
        Assert.Equal(["reasoning", "function_call"], first["output"].AsArray().Select(item => item["type"].AsString()));
        await world.RespondAsync($$""" "input":[{"role":"user","content":"One."},{{Reference(first["output"][0])}},{{Reference(first["output"][1])}},{"type":"function_call_output","call_id":"toolu_1","output":"3"}],{{Tools}} """, "claude");
        var said = world.Asked[1].Body["messages"][1]["content"];
        Assert.Equal("""[{"type":"thinking","thinking":"Hm.","signature":"s1"},{"type":"tool_use","id":"toolu_1","name":"add","input":{"a":1}}]""", said.ToJson());
    }

    [Fact]
    public async Task An_item_that_is_somebody_elses_or_nobodys_is_not_found_in_the_same_words()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        var id = first["output"][0]["id"].AsString();
        foreach (var (named, key) in ((string, string)[])[(id, Bob), (id[..^1] + "7", Ada), ($"msg_{ByNobody["resp_".Length..]}_0", Ada)])
        {
            var error = Error(await world.AskAsync($$""" "input":[{"type":"item_reference","id":"{{named}}"}] """, key), 400);
            Assert.Equal($$"""{"type":"invalid_request_error","message":"Item with id '{{named}}' not found.","param":"input","code":"item_not_found"}""", error.ToJson());
        }
        await world.SendAsync(HttpMethod.Delete, $"/v1/responses/{Id(first)}");
        Assert.Equal("item_not_found", Error(await world.AskAsync($$""" "input":[{{Reference(first["output"][0])}}] """), 400)["code"].AsString());
        Assert.Single(world.Asked);
    }

    [Fact]
    public async Task An_item_that_was_sent_under_the_id_of_another_is_not_taken_for_it()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        var forged = await world.RespondAsync($$""" "input":[{"id":"{{first["output"][0]["id"].AsString()}}","type":"message","role":"user","content":"Forged."}] """);
        await world.RespondAsync($""" "input":[{Reference(forged["output"][0])},{Reference(first["output"][0])}] """);
        Assert.Equal(["assistant Answer 2.\n\nAnswer 1."], world.Messages(2));
    }

    [Fact]
    public async Task Items_of_a_provider_go_to_it_by_their_names_and_kept_ones_in_full()
    {
        await using var world = await ResponsesWorld.StartAsync();
        const string Theirs = """ "input":[{"type":"item_reference","id":"msg_68a1"},{"role":"user","content":"Two."}] """;
        await world.RespondAsync(Theirs, "native");
        Assert.Equal(("/v1/responses", "msg_68a1"), (world.Asked[0].Path, world.Asked[0].Body["input"][0]["id"].AsString()));
        Assert.Contains("the item is not kept here", Error(await world.AskAsync(Theirs), 400)["message"].AsString(), StringComparison.Ordinal);

        var kept = await world.RespondAsync(""" "input":"One." """);
        await world.RespondAsync($$""" "input":[{{Reference(kept["output"][0])}},{"role":"user","content":"Two."}] """, "native");
        Assert.Equal("/v1/chat/completions", world.Asked[^1].Path);
        Assert.Equal(["assistant Answer 2.", "user Two."], world.Messages(world.Asked.Count - 1));
    }

    [Fact]
    public async Task No_more_is_read_for_one_request_than_the_settings_say()
    {
        await using var world = await ResponsesWorld.StartAsync(("Gateway:Responses:MaxTurns", "1"), ("Gateway:Responses:MaxConversationBytes", "2048"));
        var (one, two) = (await world.RespondAsync(""" "input":"One." """), await world.RespondAsync($""" "input":"{new string('x', 2_048)}" """));
        Assert.Contains("items of 2 responses", Error(await world.AskAsync($""" "input":[{Reference(one["output"][0])},{Reference(two["output"][0])}] """), 400)["message"].AsString(), StringComparison.Ordinal);
        Assert.Contains("more than 2,048 bytes", Error(await world.AskAsync($""" "input":[{Reference(two["output"][0])}] """), 400)["message"].AsString(), StringComparison.Ordinal);
        Assert.Equal(2, world.Asked.Count);
    }
}
