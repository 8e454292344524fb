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
    [InlineData("""{"model":"baton/echo"}""", "'messages' must be a list")]
    [InlineData("""{"model":"baton/echo","messages":[{"role":"user","content":"a"}],"tools":[{}]}""", "calls no tools")]
    [InlineData("""{"model":"baton/echo","messages":[3]}""", "of another type")]
    public async Task What_they_cannot_do_is_refused(string body, string message)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Contains(message, (await server.PostAsync("/v1/chat/completions", body)).Ok(400)["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
