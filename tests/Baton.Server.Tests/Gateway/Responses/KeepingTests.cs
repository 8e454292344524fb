using Baton.Jq;
using Baton.Server.Tests.Support;
using static Baton.Server.Tests.Gateway.Responses.ResponsesWorld;

namespace Baton.Server.Tests.Gateway.Responses;

/// <summary>What is kept of responses and what is not, and the bounds of going on from them.</summary>
public class KeepingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_not_to_be_stored_is_not(bool isStream)
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        var told = await world.SayAsync(isStream, $$""" "input":"Two.","store":false,"previous_response_id":"{{Id(first)}}" """);
        Assert.False(told["store"].AsBoolean());
        Assert.Equal(["user One.", "assistant Answer 1.", "user Two."], world.Messages(1));
        Error(await world.GetAsync($"/v1/responses/{Id(told)}"), 404);
        Error(await world.AskAsync($$""" "input":"Three.","previous_response_id":"{{Id(told)}}" """), 400);
    }

    [Fact]
    public async Task Where_nothing_is_kept_responses_say_so()
    {
        await using var world = await ResponsesWorld.StartAsync(("Gateway:Responses:KeepFor", "00:00:00"));
        var told = await world.RespondAsync(""" "input":"One.","store":true """);
        Assert.False(told["store"].AsBoolean());
        Error(await world.GetAsync($"/v1/responses/{Id(told)}"), 404);
        Assert.Equal("previous_response_not_found", Error(await world.AskAsync($$""" "input":"Two.","previous_response_id":"{{Id(told)}}" """), 400)["code"].AsString());
    }

    [Fact]
    public async Task A_stream_that_breaks_and_an_answer_that_fails_leave_nothing()
    {
        await using var world = await ResponsesWorld.StartAsync();
        world.Answers = (http, _) => Replies.StreamAsync(http, Replies.Chunk("Ans"));
        var broken = (await world.AskAsync(""" "input":"One.","stream":true """)).Ok().Text;
        Assert.Contains("event: error", broken, StringComparison.Ordinal);
        Error(await world.GetAsync($"/v1/responses/{broken[broken.IndexOf("resp_", StringComparison.Ordinal)..][..37]}"), 404);
        world.Answers = (http, _) => Replies.JsonAsync(http, """{"error":{"message":"no"}}""", 500);
        Assert.Equal(500, (await world.AskAsync(""" "input":"One." """)).Status);
        Assert.Equal(0, await world.CountAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_cannot_be_stored_is_given_and_says_so(bool isStream)
    {
        await using var world = await ResponsesWorld.StartAsync();
        await world.RunAsync("ALTER TABLE responses RENAME TO away");
        var told = await world.SayAsync(isStream, """ "input":"One." """);
        Assert.Equal(("Answer 1.", false), (Text(told), told["store"].AsBoolean()));
        Assert.Contains(world.Server.Log.AboveTrace, line => line.Contains("could not be kept", StringComparison.Ordinal));
        await world.RunAsync("ALTER TABLE away RENAME TO responses");
        Error(await world.GetAsync($"/v1/responses/{Id(told)}"), 404);
        Assert.True((await world.RespondAsync(""" "input":"Two." """))["store"].AsBoolean());
    }

    [Fact]
    public async Task While_the_database_is_away_nobody_can_go_on_and_is_told_to_come_again()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var first = await world.RespondAsync(""" "input":"One." """);
        await world.RunAsync("ALTER TABLE responses RENAME TO away");
        foreach (var answer in (Answer[])[await world.AskAsync($$""" "input":"Two.","previous_response_id":"{{Id(first)}}" """), await world.GetAsync($"/v1/responses/{Id(first)}"), await world.GetAsync($"/v1/responses/{Id(first)}/input_items")])
        {
            Assert.Equal("storage_unavailable", Error(answer, 503)["code"].AsString());
            Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter!.Delta);
        }
        Assert.Single(world.Asked);
    }

    [Fact]
    public async Task A_stream_that_can_be_taken_up_is_kept_once()
    {
        await using var world = await ResponsesWorld.StartAsync();
        var told = (await world.AskAsync(""" "input":"One.","stream":true """, headers: ("x-baton-resumable", "true"))).Ok();
        Assert.Equal("true", told.Headers.GetValues("x-baton-resumable").Single());
        Assert.Equal(200, (await world.GetAsync($"/v1/responses/{told.Text[told.Text.IndexOf("resp_", StringComparison.Ordinal)..][..37]}")).Status);
        Assert.Equal(1, await world.CountAsync());
    }

    [Fact]
    public async Task Stored_responses_are_never_shared()
    {
        await using var world = await ResponsesWorld.StartAsync(("m:Cache:Ttl", "01:00:00"), ("m:Cache:Requests", "all"));
        var (one, two) = (await world.RespondAsync(""" "input":"One." """), await world.RespondAsync(""" "input":"One." """));
        Assert.NotEqual(Id(one), Id(two));
        foreach (var told in (JqValue[])[one, two]) Assert.Equal(200, (await world.GetAsync($"/v1/responses/{Id(told)}")).Status);
        var rest = $$""" "input":"Two.","store":false,"previous_response_id":"{{Id(one)}}" """;   // nor what is made of one
        Assert.NotEqual(Id(await world.RespondAsync(rest)), Id(await world.RespondAsync(rest)));
        Assert.Equal(4, world.Asked.Count);
        Assert.Equal(Id(await world.RespondAsync(""" "input":"One.","store":false """)), Id(await world.RespondAsync(""" "input":"One.","store":false """)));
        Assert.Equal(2, await world.CountAsync());
    }

    [Theory]
    [InlineData("MaxTurns", "2")]
    [InlineData("MaxConversationBytes", "1024")]
    public async Task A_conversation_has_bounds(string setting, string most)
    {
        await using var world = await ResponsesWorld.StartAsync(($"Gateway:Responses:{setting}", most));
        var first = await world.RespondAsync(""" "input":"One." """);
        var second = await world.RespondAsync($$""" "input":"{{new string('x', 1024)}}","previous_response_id":"{{Id(first)}}" """);
        var error = Error(await world.AskAsync($$""" "input":"Three.","previous_response_id":"{{Id(second)}}" """), 400);
        Assert.Equal(("conversation_too_long", "previous_response_id"), (error["code"].AsString(), error["param"].AsString()));
        Assert.Contains(setting, error["message"].AsString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_came_before_counts_within_limits_of_tokens()
    {
        await using var world = await ResponsesWorld.StartAsync();
        world.Answers = (http, _) => Replies.JsonAsync(http, Replies.Completion("Long.").Replace("\"completion_tokens\":7", "\"completion_tokens\":100000", StringComparison.Ordinal));
        var key = (await world.SendAsync(HttpMethod.Post, "/api/v1/keys", Ada, """{"name":"k","limits":[{"tokens":150000,"window_seconds":3600}]}""")).Ok(201)["secret"].GetString()!;
        var first = (await world.AskAsync(""" "input":"One.","max_output_tokens":50 """, key)).Ok()["id"].GetString();
        Assert.Equal("rate_limit_exceeded", Error(await world.AskAsync($$""" "input":"Two.","max_output_tokens":50,"previous_response_id":"{{first}}" """, key), 429)["code"].AsString());
        Assert.Equal(200, (await world.AskAsync(""" "input":"Two.","max_output_tokens":50 """, key)).Status);
    }

    [Theory]
    [InlineData(""" "input":"x","background":true """, "background")]
    [InlineData(""" "input":"x","conversation":"conv_1" """, "conversation")]
    [InlineData(""" "input":"x","store":"yes" """, "store")]
    [InlineData(""" "input":"x","previous_response_id":7 """, "previous_response_id")]
    [InlineData(""" "input":"x","prompt":{"id":"pmpt_1"} """, "prompt")]
    public async Task What_cannot_be_met_is_refused(string rest, string field)
    {
        await using var world = await ResponsesWorld.StartAsync();
        Assert.Equal(field, Error(await world.AskAsync(rest), 400)["param"].AsString());
        Assert.Empty(world.Asked);
    }
}

public sealed class KeepingOnPostgres : KeepingTests, IOnPostgres;
