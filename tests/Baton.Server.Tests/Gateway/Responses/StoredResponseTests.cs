using Baton.Jq;
using Baton.Server.Tests.Support;
using static Baton.Server.Tests.Gateway.Responses.ResponsesWorld;

namespace Baton.Server.Tests.Gateway.Responses;

/// <summary>Responses that the gateway keeps where its targets keep none, and that callers go on from.</summary>
public class StoredResponseTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_conversation_goes_on_from_the_id_of_its_last_response(bool isStream)
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.SayAsync(isStream, """ "input":"One.","instructions":"Be brief." """);
        var second = await world.SayAsync(isStream, $$""" "input":[{"role":"user","content":"Two."}],"previous_response_id":"{{Id(first)}}" """);
        var third = await world.SayAsync(isStream, $$""" "input":"Three.","instructions":"Be long.","previous_response_id":"{{Id(second)}}" """);
        Assert.Equal(["user One.", "assistant Answer 1.", "user Two."], world.Messages(1));   // instructions are of one request
        Assert.Equal(["system Be long.", "user One.", "assistant Answer 1.", "user Two.", "assistant Answer 2.", "user Three."], world.Messages(2));
        Assert.Equal((Id(second), "completed", true), (third["previous_response_id"].AsString(), third["status"].AsString(), third["store"].AsBoolean()));
        Assert.Equal("Answer 3.", Text(third));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_kept_is_what_was_told(bool isStream)
    {
        await using var world = await ResponsesWorld.StartAsync();
        var told = await world.SayAsync(isStream, """ "input":"One.","metadata":{"who":"ada"},"temperature":0.5 """);
        var kept = JqValue.Parse((await world.GetAsync($"/v1/responses/{Id(told)}")).Ok().Text);
        Assert.Equal(told, kept);
        Assert.Equal(("ada", 18L), (kept["metadata"]["who"].AsString(), kept["usage"]["total_tokens"].TryGetInt64(out var tokens) ? tokens : 0));
    }

    [Fact]
    public async Task The_input_of_a_response_is_listed_with_all_that_came_before_it()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        var second = await world.RespondAsync($$""" "input":[{"role":"user","content":"Two."},{"id":"msg_mine","type":"message","role":"user","content":[{"type":"input_text","text":"Three."}]}],"previous_response_id":"{{Id(first)}}" """);
        var all = await world.ListAsync(second, "?order=asc");
        Assert.Equal(["One.", "Answer 1.", "Two.", "Three."], Texts(all));
        Assert.Equal(("list", false, all["data"][0]["id"].AsString(), "msg_mine"), (all["object"].AsString(), all["has_more"].AsBoolean(), all["first_id"].AsString(), all["last_id"].AsString()));
        Assert.Equal(["Three.", "Two.", "Answer 1.", "One."], Texts(await world.ListAsync(second)));
        var page = await world.ListAsync(second, "?order=asc&limit=2");
        Assert.Equal((true, "One. Answer 1."), (page["has_more"].AsBoolean(), string.Join(' ', Texts(page))));
        Assert.Equal(["Two.", "Three."], Texts(await world.ListAsync(second, $"?order=asc&limit=2&after={page["last_id"].AsString()}")));
        Assert.Equal(["Answer 1.", "One."], Texts(await world.ListAsync(second, $"?after={all["data"][2]["id"].AsString()}")));
        foreach (var wrong in (string[])["limit=0", "limit=101", "order=up", "after=msg_none"])
        {
            Assert.Equal(wrong.Split('=')[0], Error(await world.GetAsync($"/v1/responses/{Id(second)}/input_items?{wrong}"), 400)["param"].AsString());
        }
    }

    [Fact]
    public async Task Who_removes_a_response_ends_what_was_built_on_it()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        var second = await world.RespondAsync($$""" "input":"Two.","previous_response_id":"{{Id(first)}}" """);
        Assert.Equal($$"""{"id":"{{Id(first)}}","object":"response","deleted":true}""", (await world.SendAsync(HttpMethod.Delete, $"/v1/responses/{Id(first)}")).Ok().Text);
        Assert.Equal("response_not_found", Error(await world.SendAsync(HttpMethod.Delete, $"/v1/responses/{Id(first)}"), 404)["code"].AsString());
        Assert.Equal("response_not_found", Error(await world.GetAsync($"/v1/responses/{Id(first)}"), 404)["code"].AsString());
        Assert.Equal("response_not_found", Error(await world.GetAsync($"/v1/responses/{Id(first)}/input_items"), 404)["code"].AsString());
        Assert.Equal(200, (await world.GetAsync($"/v1/responses/{Id(second)}")).Status);
        foreach (var id in (string[])[Id(first), Id(second)]) Assert.Equal("previous_response_not_found", Error(await world.AskAsync($$""" "input":"Three.","previous_response_id":"{{id}}" """), 400)["code"].AsString());
        Assert.Equal(2, world.Asked.Count);
    }

    [Fact]
    public async Task Somebody_elses_response_is_nobodys_in_the_same_words()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var id = Id(await world.RespondAsync(""" "input":"One." """));
        foreach (var (asked, key) in ((string, string)[])[(id, Bob), (ByNobody, Ada), ("resp_1", Ada)])
        {
            var error = Error(await world.AskAsync($$""" "input":"Two.","previous_response_id":"{{asked}}" """, key), 400);
            Assert.Equal($$"""{"type":"invalid_request_error","message":"Previous response with id '{{asked}}' not found.","param":"previous_response_id","code":"previous_response_not_found"}""", error.ToJson());
        }
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Delete]) Error(await world.SendAsync(method, $"/v1/responses/{id}", Bob), 404);
        Error(await world.GetAsync($"/v1/responses/{id}/input_items", Bob), 404);
        Assert.Equal(200, (await world.GetAsync($"/v1/responses/{id}")).Status);
        Assert.Equal("invalid_api_key", Error(await world.GetAsync($"/v1/responses/{id}", "somebody"), 401)["code"].AsString());
    }

    [Fact]
    public async Task A_key_that_was_made_here_sees_what_was_made_with_it_and_the_tenants_own_credentials_see_all()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var (one, other) = (await KeyAsync("one"), await KeyAsync("other"));
        var id = JqValue.Parse((await world.AskAsync(""" "input":"One." """, one)).Ok().Text)["id"].AsString();
        Assert.Equal((200, 404, 200), ((await world.GetAsync($"/v1/responses/{id}", one)).Status, (await world.GetAsync($"/v1/responses/{id}", other)).Status, (await world.GetAsync($"/v1/responses/{id}")).Status));
        var more = $$""" "input":"Two.","previous_response_id":"{{id}}" """;
        Assert.Equal((400, 200, 200), ((await world.AskAsync(more, other)).Status, (await world.AskAsync(more, one)).Status, (await world.AskAsync(more)).Status));

        async Task<string> KeyAsync(string name) => (await world.SendAsync(HttpMethod.Post, "/api/v1/keys", Ada, $$"""{"name":"{{name}}"}""")).Ok(201)["secret"].GetString()!;
    }

    [Fact]
    public async Task Calls_of_tools_and_their_results_go_on()
    {
        await using var world = await ResponsesWorld.StartAsync();
        world.Answers = (http, body) => world.Asked.Count == 1 ? Replies.StreamAsync(http, Exchanges.ChatTools) : Replies.WholeAsync(http, "Three.");
        const string Tools = """ "tools":[{"type":"function","name":"count","parameters":{"type":"object"},"strict":false}] """;
        var called = await world.StreamAsync($""" "input":"How many?",{Tools}""");
        var calls = called["output"].AsArray().AsSpan().ToArray().Where(item => item["type"] == "function_call").ToArray();
        Assert.Equal(["count", "now"], calls.Select(call => call["name"].AsString()));
        var results = string.Join(',', calls.Select(call => $$"""{"type":"function_call_output","call_id":"{{call["call_id"].AsString()}}","output":"3"}"""));
        Assert.Equal("Three.", Text(await world.RespondAsync($$""" "input":[{{results}}],"previous_response_id":"{{Id(called)}}",{{Tools}}""")));
        var messages = world.Asked[1].Body["messages"];
        Assert.Equal(["user", "assistant", "tool", "tool"], messages.AsArray().AsSpan().ToArray().Select(message => message["role"].AsString()));
        Assert.Equal(("call_a", "call_b"), (messages[1]["tool_calls"][0]["id"].AsString(), messages[3]["tool_call_id"].AsString()));
        Assert.Equal("Look it up.", messages[1]["reasoning_content"].AsString());
    }

    [Fact]
    public async Task Thoughts_go_back_to_who_signed_them()
    {
        await using var world = await ResponsesWorld.StartAsync();
        world.Answers = (http, body) => body["stream"] == true ? Replies.StreamAsync(http, Exchanges.AnthropicTools) : Replies.JsonAsync(http, Exchanges.AnthropicWhole);
        const string Tools = """ "tools":[{"type":"function","name":"count","parameters":{"type":"object"},"strict":false}],"reasoning":{"effort":"low"} """;
        var called = await world.StreamAsync($""" "input":"How many?",{Tools}""", "claude");
        await world.RespondAsync($$""" "input":[{"type":"function_call_output","call_id":"toolu_1","output":"3"},{"type":"function_call_output","call_id":"toolu_2","output":"now"}],"previous_response_id":"{{Id(called)}}",{{Tools}}""", "claude");
        var said = world.Asked[1].Body["messages"][1]["content"];
        Assert.Equal(("thinking", "Look it up.", "c2ln"), (said[0]["type"].AsString(), said[0]["thinking"].AsString(), said[0]["signature"].AsString()));
        Assert.Equal("tool_use", said[2]["type"].AsString());
    }

    [Fact]
    public async Task An_answer_that_was_cut_short_can_be_gone_on_from()
    {
        await using var world = await ResponsesWorld.StartAsync();
        world.Answers = (http, _) => Replies.WholeAsync(http, "Answ", finish: "length");
        var cut = await world.RespondAsync(""" "input":"One." """);
        Assert.Equal(("incomplete", true), (cut["status"].AsString(), cut["store"].AsBoolean()));
        await world.RespondAsync($$""" "input":"Go on.","previous_response_id":"{{Id(cut)}}" """);
        Assert.Equal(["user One.", "assistant Answ", "user Go on."], world.Messages(1));
    }

    [Fact]
    public async Task Two_who_go_on_from_the_same_response_each_have_a_conversation_of_their_own()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        var branches = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => world.RespondAsync($$""" "input":"Branch {{i}}.","previous_response_id":"{{Id(first)}}" """)));
        Assert.Equal(8, branches.Select(Id).Distinct().Count());
        for (var i = 0; i < 8; i++) Assert.Equal(["One.", "Answer 1.", $"Branch {i}."], Texts(await world.ListAsync(branches[i], "?order=asc")));
    }

    [Fact]
    public async Task A_conversation_outlives_the_server()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.StreamAsync(""" "input":"One." """);
        await world.RestartAsync();
        await world.RespondAsync($$""" "input":"Two.","previous_response_id":"{{Id(first)}}" """);
        Assert.Equal(["user One.", "assistant Answer 1.", "user Two."], world.Messages(1));
    }

    [Fact]
    public async Task All_turns_of_a_conversation_go_where_the_first_one_went()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Yes."));
        (string, string)[] targets = [.. Enumerable.Range(0, 6).SelectMany(i => ((string, string)[])[($"near:Targets:{i}:BaseUrl", new Uri(upstream.Address, "/v1").ToString()), ($"near:Targets:{i}:Responses", "false"), ($"near:Targets:{i}:Name", $"t{i}")])];
        await using var world = await ResponsesWorld.StartAsync([("near:Strategy", "prefix_affine"), .. targets]);
        var firsts = new HashSet<string>();
        for (var conversation = 0; conversation < 6; conversation++)
        {
            var (went, previous) = (new HashSet<string>(), "");
            for (var turn = 0; turn < 4; turn++)
            {
                var answer = (await world.AskAsync($$""" "input":"Turn {{turn}} of {{conversation}}.","instructions":"Be brief."{{previous}} """, model: "near")).Ok();
                went.Add(answer.Headers.GetValues("x-baton-route").Single());
                previous = $""","previous_response_id":"{answer["id"].GetString()}" """;
            }
            firsts.Add(Assert.Single(went));
        }
        Assert.True(firsts.Count > 1);
    }

    [Fact]
    public async Task A_conversation_that_is_kept_here_goes_on_at_a_target_that_keeps_its_own_by_translation()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        var second = await world.RespondAsync($$""" "input":"Two.","previous_response_id":"{{Id(first)}}" """, "native");
        Assert.Equal("/v1/chat/completions", world.Asked[1].Path);
        Assert.Equal(["user One.", "assistant Answer 1.", "user Two."], world.Messages(1));
        await world.RespondAsync($$""" "input":"Three.","previous_response_id":"{{Id(second)}}" """);
        Assert.Equal(["user One.", "assistant Answer 1.", "user Two.", "assistant Answer 2.", "user Three."], world.Messages(2));
    }

    [Theory]
    [InlineData("resp_67ccd3a9da748190baa7f1570fe91ac604becb25c45c1d41")]
    [InlineData(ByNobody)]
    public async Task What_is_not_kept_here_is_the_business_of_a_target_that_keeps_its_own(string id)
    {
        await using var world = await ResponsesWorld.StartAsync();
        await world.RespondAsync($$""" "input":"Two.","previous_response_id":"{{id}}" """, "native");
        Assert.Equal(("/v1/responses", $$"""{"model":"native","input":"Two.","previous_response_id":"{{id}}"}"""), (world.Asked[0].Path, world.Asked[0].Body.ToJson()));
        Assert.Equal(0, await world.CountAsync());
    }

    [Fact]
    public async Task Of_targets_of_both_kinds_the_one_that_may_know_an_id_is_asked()
    {
        await using var world = await ResponsesWorld.StartAsync();
        await using var mixed = await ResponsesWorld.StartAsync(
            ("mixed:Strategy", "priority"), ("mixed:Targets:0:BaseUrl", new Uri(world.Upstream.Address, "/v1").ToString()), ("mixed:Targets:0:Dialect", "anthropic"), ("mixed:Targets:1:BaseUrl", new Uri(world.Upstream.Address, "/v1").ToString()));
        await mixed.RespondAsync($$""" "input":"Two.","previous_response_id":"{{ByNobody}}" """, "mixed");
        Assert.Equal("/v1/responses", Assert.Single(world.Asked).Path);
    }
}

public sealed class StoredResponsesOnPostgres : StoredResponseTests, IOnPostgres;
