using Baton.Engine.Schema;
using Baton.Jq;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

public sealed class StructuredTests
{
    private static readonly JqValue Schema = JqValue.Parse("""{"type":"object","required":["count"],"additionalProperties":false,"properties":{"count":{"type":"integer"}}}""");

    [Theory]
    [InlineData("""{"count":3}""")]
    [InlineData("Here you are:\n```json\n{\"count\":3}\n```\nAnything else?")]
    [InlineData("I counted {\"count\":3}, as far as [I] can see.")]
    [InlineData("Not {\"n\":1} but {\"count\":3}.")]
    [InlineData("<think>Is it {\"count\":4}?</think>\n{\"count\":3}")]
    [InlineData("```\n{\"count\":3}\n```")]
    public void The_value_is_found_in_what_the_model_wrote(string text) =>
        Assert.Equal("""{"count":3}""", Assert.IsType<Reading.Fits>(JsonInText.Read(text, JsonSchema.Compile(Schema))).Value.ToJson());

    [Theory]
    [InlineData("Three.", "it holds no JSON")]
    [InlineData("", "it holds no JSON")]
    [InlineData("""{"count":3""", "it holds no JSON")]
    [InlineData("""Either {"count":3} or {"count":4}.""", "several JSON values that fit")]
    [InlineData("""{"count":"three"}""", "at '/count' (/properties/count/type): ")]
    [InlineData("""{"n":1} {"n":2}""", "2 JSON values, none of which fits")]
    public void What_does_not_fit_is_said_with_its_place(string text, string problem) =>
        Assert.Contains(problem, Assert.IsType<Reading.Misfits>(JsonInText.Read(text, JsonSchema.Compile(Schema))).Problems, StringComparison.Ordinal);

    [Fact]
    public void Many_braces_take_no_time() =>
        Assert.IsType<Reading.Misfits>(JsonInText.Read(string.Concat(Enumerable.Repeat("{\"a\":[", 100_000)), JsonSchema.Compile(Schema)));

    [Theory]
    [InlineData("json_schema", """{"type":"json_schema","json_schema":{"name":"answer","schema":SCHEMA,"strict":true}}""", 1)]
    [InlineData("json_object", """{"type":"json_object"}""", 2)]
    [InlineData("prompt", "null", 2)]
    public async Task An_upstream_is_told_of_the_schema_in_its_way(string mode, string format, int messages)
    {
        JqValue body = default;
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            body = JqValue.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync());
            await Replies.WholeAsync(http, """{"count":3}""");
        });
        using var world = new GatewayWorld(upstream.Address, model => model.StructuredOutput = mode);
        var answer = await world.AnswerAsync(GatewayWorld.Ask() with { Schema = Schema });
        Assert.Equal(("""{"count":3}""", 1), (answer.Output?.ToJson(), answer.Attempts));
        Assert.Equal(format.Replace("SCHEMA", Schema.ToJson(), StringComparison.Ordinal), body["response_format"].ToJson());
        Assert.Equal(messages, body["messages"].AsArray().Count);
    }

    [Fact]
    public void A_schema_outside_of_the_strict_subset_is_sent_without_the_demand()
    {
        Assert.False(StrictSubset.Holds(JqValue.Parse("""{"type":"object","properties":{"a":{}}}""")));
        Assert.False(StrictSubset.Holds(JqValue.Parse("""{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}},"required":[]}""")));
        Assert.False(StrictSubset.Holds(JqValue.Parse("""{"type":"object","additionalProperties":false,"properties":{},"required":[],"allOf":[]}""")));
        Assert.False(StrictSubset.Holds(JqValue.True));
        Assert.True(StrictSubset.Holds(JqValue.Parse("""{"type":"object","additionalProperties":false,"properties":{"a":{"type":["string","null"]},"b":{"type":"array","items":{"anyOf":[{"type":"string"},{"$ref":"#/$defs/x"}]}}},"required":["a","b"],"$defs":{"x":{"type":"integer"}}}""")));
    }

    [Fact]
    public async Task An_answer_that_does_not_fit_is_sent_back_once_to_be_mended()
    {
        var bodies = new List<(JqValue Body, string Key)>();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            bodies.Add((JqValue.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync()), http.Request.Headers["Idempotency-Key"].ToString()));
            await Replies.WholeAsync(http, bodies.Count == 1 ? """{"count":"three"}""" : """{"count":3}""");
        });
        using var world = new GatewayWorld(upstream.Address);
        var answer = await world.AnswerAsync(GatewayWorld.Ask() with { Schema = Schema, IdempotencyKey = "k" });
        Assert.Equal(("""{"count":3}""", 2, new ModelUsage(22, 14, 36)), (answer.Output?.ToJson(), answer.Attempts, answer.Usage));
        Assert.Equal(["k", "k/repair"], bodies.Select(call => call.Key));
        var messages = bodies[1].Body["messages"];
        Assert.Equal("""{"role":"assistant","content":"{\"count\":\"three\"}"}""", messages[1].ToJson());
        Assert.Contains("The JSON does not fit its schema. Mend this place", messages[2]["content"].AsString(), StringComparison.Ordinal);
        Assert.Contains(world.Log.Lines, line => line.StartsWith("An answer of test/model did not fit its schema in 1 places", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("stop", 2, "does not fit its schema, even after a repair: at '/count' (/properties/count/type)")]
    [InlineData("length", 1, "raise max_tokens")]
    public async Task A_second_misfit_is_an_error_and_what_was_cut_is_not_asked_again(string finish, int calls, string says)
    {
        var count = 0;
        await using var upstream = await WebServer.StartAsync(http =>
        {
            count++;
            return Replies.WholeAsync(http, """{"count":"very secret"}""", finish);
        });
        using var world = new GatewayWorld(upstream.Address);
        var error = await world.FailAsync(GatewayWorld.Ask() with { Schema = Schema });
        Assert.Equal(("schema_mismatch", calls), (error.Error.Class, count));
        Assert.Contains(says, error.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("very secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_schema_only_the_answer_that_fits_is_handed_on()
    {
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"));
        var deltas = new List<string>();
        var request = new ModelRequest { Origin = GatewayWorld.Origin, Model = "baton/echo", Schema = Schema, Messages = [ModelMessage.System("""{"answers":["no","{\"count\":3}"],"chunk_chars":2}"""), ModelMessage.User("?")] };
        await world.AnswerAsync(request, (text, _) =>
        {
            deltas.Add(text);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(["""{"count":3}"""], deltas);
    }
}
