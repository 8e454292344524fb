using System.Text.Json;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>The built-in models, asked as an application asks any model.</summary>
public sealed class BuiltInCompletionTests
{
    [Fact]
    public async Task Without_any_setting_a_question_about_a_text_is_answered()
    {
        await using var server = await TestServer.StartAsync();
        var answer = (await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":[{"type":"text","text":"<question>How many parcels were late?</question>"},{"type":"text","text":"<text>It rained. Three parcels were late on Monday.</text>"}]}]}""")).Ok();
        Assert.Equal("chat.completion", answer["object"].GetString());
        Assert.Contains("Three parcels were late", answer["choices"][0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.True(answer["usage"].GetProperty("total_tokens").GetInt64() > 0);
    }

    [Fact]
    public async Task A_stream_has_the_chunks_that_its_script_asks_for_and_the_usage_when_it_is_wanted()
    {
        await using var server = await TestServer.StartAsync();
        var text = (await server.PostAsync("/v1/chat/completions", """{"model":"baton/echo","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"system","content":"{\"chunk_chars\":3}"},{"role":"user","content":"abcdefg"}]}""")).Ok().Text;
        var frames = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(frames, frame => Assert.StartsWith("data: ", frame, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", frames[^1]);
        var chunks = frames[..^1].Select(frame => JsonElement.Parse(frame["data: ".Length..])).ToList();
        Assert.Equal(["", "abc", "def", "g"], chunks.Take(4).Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta").GetProperty("content").GetString()));
        Assert.Equal("stop", chunks[4].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.True(chunks[5].GetProperty("usage").GetProperty("completion_tokens").GetInt64() > 0);
    }

    [Fact]
    public async Task Scripted_faults_are_errors_before_the_first_chunk_and_events_after_it()
    {
        await using var server = await TestServer.StartAsync();
        static string Ask(int after) => $$"""{"model":"baton/echo","stream":true,"messages":[{"role":"system","content":"{\"chunk_chars\":1,\"fault\":\"rate_limit\",\"fault_after_chunks\":{{after}},\"retry_after_ms\":2500}"},{"role":"user","content":"abc"}]}""";
        var early = await server.PostAsync("/v1/chat/completions", Ask(0));
        Assert.Equal(("rate_limit_exceeded", "3"), (early.Ok(429)["error"].GetProperty("code").GetString(), early.Headers.GetValues("Retry-After").Single()));
        var late = (await server.PostAsync("/v1/chat/completions", Ask(2))).Ok().Text;
        Assert.Contains("\"code\":\"rate_limit_exceeded\"", late, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", late, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"How many parcels were late?"}]}""", 6)]
    [InlineData("""{"model":"baton/extract","system":"Say it in short.","messages":[{"role":"user","content":[{"type":"text","text":"How many parcels were late?"}]}]}""", 11)]
    public async Task A_prompt_counts_before_it_is_asked_what_it_is_charged_after(string body, int tokens)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(tokens, (await server.PostAsync("/v1/messages/count_tokens", body)).Ok()["input_tokens"].GetInt64());
        var asked = (await server.PostAsync("/v1/messages", $$"""{"max_tokens":100,{{body[1..]}}""")).Ok();
        Assert.Equal(tokens, asked["usage"].GetProperty("input_tokens").GetInt64());
    }

    [Fact]
    public async Task Who_asks_in_Anthropics_words_is_answered_in_them()
    {
        await using var server = await TestServer.StartAsync();
        static string Ask(string rest) => $$"""{"model":"baton/echo","max_tokens":100,"messages":[{"role":"user","content":"abcdef"}]{{rest}}}""";
        var whole = (await server.PostAsync("/v1/messages", Ask(""))).Ok();
        Assert.Equal(("message", "abcdef", "end_turn"), (whole["type"].GetString(), whole["content"][0].GetProperty("text").GetString(), whole["stop_reason"].GetString()));
        Assert.True(whole["usage"].GetProperty("output_tokens").GetInt64() > 0);
        var events = (await server.PostAsync("/v1/messages", Ask(""","stream":true,"system":"{\"chunk_chars\":3}" """))).Ok().Text;
        Assert.Equal(["message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop", "message_delta", "message_stop"], Names(events));
        var broken = (await server.PostAsync("/v1/messages", Ask(""","stream":true,"system":"{\"chunk_chars\":1,\"fault\":\"rate_limit\",\"fault_after_chunks\":2}" """))).Ok().Text;
        Assert.Equal("error", Names(broken)[^1]);
        var refused = (await server.PostAsync("/v1/messages", Ask(""","tools":[{"name":"add","input_schema":{"type":"object"}}]"""))).Ok(400);
        Assert.Contains("calls no tools", refused["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("wrong_dialect", (await server.PostAsync("/v1/embeddings", """{"model":"baton/echo","input":"a"}""")).Ok(400)["error"].GetProperty("code").GetString());
    }

    [Fact]
    public async Task Their_responses_are_kept_and_gone_on_from()
    {
        await using var server = await TestServer.StartAsync();
        var first = (await server.PostAsync("/v1/responses", """{"model":"baton/echo","input":"One."}""")).Ok();
        var id = first["id"].GetString();
        Assert.Equal(("completed", true, "One."), (first["status"].GetString(), first["store"].GetBoolean(), Said(first["output"])));
        var events = (await server.PostAsync("/v1/responses", $$"""{"model":"baton/echo","input":"Two.","previous_response_id":"{{id}}","stream":true}""")).Ok().Text;
        Assert.Equal(("response.created", "response.completed"), (Names(events)[0], Names(events)[^1]));
        var second = JsonElement.Parse(events.Split('\n').Last(line => line.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..]).GetProperty("response");
        Assert.Equal("Two.", Said(second.GetProperty("output")));
        using var http = server.HttpClient(null);
        var input = (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/v1/responses/{second.GetProperty("id").GetString()}/input_items?order=asc"), http)).Ok();
        Assert.Equal(["One.", "One.", "Two."], input["data"].EnumerateArray().Select(item => item.GetProperty("content")[0].GetProperty("text").GetString()));
        Assert.Equal("previous_response_not_found", (await server.PostAsync("/v1/responses", $$"""{"model":"baton/echo","input":"Two.","previous_response_id":"{{id}}0"}""")).Ok(400)["error"].GetProperty("code").GetString());

        static string? Said(JsonElement output) => output[0].GetProperty("content")[0].GetProperty("text").GetString();
    }

    [Theory]
    [InlineData("""{"model":"baton/echo"}""", "'messages' must be a list")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"tools":[{}]}""", "calls no tools")]
    [InlineData("""{"model":"baton/echo","messages":[3]}""", "of another type")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"n":2}""", "'n' must be 1")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"max_tokens":-1}""", "'max_tokens' must be a whole number of at least 1")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"max_completion_tokens":0}""", "'max_completion_tokens' must be")]
    [InlineData("""{"model":"baton/extract","messages":[{"role":"user","content":"a"}],"temperature":"hot"}""", "'temperature' must be a number from 0 to 2")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"stop":5}""", "'stop' must be a list")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"stop":["a",5]}""", "'stop[1]' must be a text")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"seed":"x"}""", "'seed' must be a whole number")]
    public async Task What_they_cannot_do_is_refused(string body, string message)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Contains(message, (await server.PostAsync("/v1/chat/completions", body)).Ok(400)["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"max_tokens\":3", "One, two", "length")]
    [InlineData("\"max_completion_tokens\":1,\"max_tokens\":3", "One", "length")]
    [InlineData("\"max_tokens\":7", "One, two three. 🙂", "stop")]
    [InlineData("\"max_tokens\":6", "One, two three.", "length")]
    [InlineData("\"stop\":\" three\"", "One, two", "stop")]
    [InlineData("\"stop\":[\"three\",\", \",\"\"]", "One", "stop")]
    [InlineData("\"stop\":[\"three\"],\"max_tokens\":1", "One", "length")]
    public async Task Echo_ends_where_the_request_wants_its_answer_to_end(string members, string said, string reason)
    {
        await using var server = await TestServer.StartAsync();
        var answer = (await server.PostAsync("/v1/chat/completions", $$"""{"model":"baton/echo","messages":[{"role":"user","content":"One, two three. 🙂"}],{{members}}}""")).Ok();
        Assert.Equal((said, reason), (answer["choices"][0].GetProperty("message").GetProperty("content").GetString(), answer["choices"][0].GetProperty("finish_reason").GetString()));
    }

    [Fact]
    public async Task Who_asks_in_Anthropics_words_is_told_that_echo_was_cut()
    {
        await using var server = await TestServer.StartAsync();
        var answer = (await server.PostAsync("/v1/messages", """{"model":"baton/echo","max_tokens":1,"messages":[{"role":"user","content":"One two"}]}""")).Ok();
        Assert.Equal(("One", "max_tokens", 1L), (answer["content"][0].GetProperty("text").GetString(), answer["stop_reason"].GetString(), answer["usage"].GetProperty("output_tokens").GetInt64()));
    }

    private static List<string> Names(string events) => [.. events.Split('\n').Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(line => line["event: ".Length..])];
}
