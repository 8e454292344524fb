using System.Diagnostics;
using System.Text;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

/// <summary>Hostile schemas and values: each ends soon, with a verdict or with the limit that it ran into.</summary>
public sealed class LimitTests
{
    private static readonly JqParseOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    [Fact]
    public void No_more_errors_are_collected_than_asked_for()
    {
        var value = JqValue.Parse($"[{string.Join(',', Enumerable.Range(0, 1_000))}]");
        var schema = Schemas.Compile("""{"items":{"type":"string"}}""", new JsonSchemaOptions { MaxErrors = 7 });

        var result = schema.Validate(value);
        Assert.Equal(7, result.Errors.Length);
        Assert.True(result.IsTruncated);
        Assert.Null(result.Limit);
        Assert.False(Schemas.Compile("""{"items":{"type":"string"}}""", new JsonSchemaOptions { MaxErrors = 1_000 }).Validate(value).IsTruncated);
    }

    [Fact]
    public void Errors_inside_of_alternatives_count_but_do_not_hide_the_choice_that_failed()
    {
        var schema = $$"""{"anyOf":[{{string.Join(',', Enumerable.Repeat("""{"required":["a","b"]}""", 50))}}]}""";
        var result = Schemas.Validate(schema, "{}", new JsonSchemaOptions { MaxErrors = 10 });

        var error = Assert.Single(result.Errors);
        Assert.Equal("/anyOf", error.SchemaPointer);
        Assert.Equal(50, error.Alternatives.Length);
        Assert.Equal(10, error.Alternatives.Sum(alternative => alternative.Errors.Length));
        Assert.True(result.IsTruncated);
    }

    [Theory]
    [InlineData("anyOf", "1")]
    [InlineData("oneOf", "1")]
    [InlineData("allOf", "\"x\"")]
    public void Alternatives_that_double_at_each_level_run_into_the_step_limit(string keyword, string instance)
    {
        var definitions = string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""
            "d{{i}}":{"{{keyword}}":[{"$ref":"#/$defs/d{{i + 1}}"},{"$ref":"#/$defs/d{{i + 1}}"}]}
            """));
        var schema = Schemas.Compile($$"""{"$ref":"#/$defs/d0","$defs":{ {{definitions}},"d60":{"type":"string"} } }""");

        var result = Ends(() => schema.Validate(JqValue.Parse(instance)));
        Assert.False(result.IsValid);
        Assert.Equal(ValidationLimit.Steps, result.Limit);
        Assert.StartsWith("The value was not checked to its end: schema and value together ask for more than 10,000,000 steps", result.Errors[^1].Message, StringComparison.Ordinal);
        Assert.False(Ends(() => schema.IsValid(JqValue.Parse(instance))));
    }

    [Fact]
    public void The_step_limit_is_what_the_options_say()
    {
        var value = JqValue.Parse($"[{string.Join(',', Enumerable.Range(0, 100))}]");
        Assert.True(Schemas.Compile("""{"items":{"type":"number"}}""", new JsonSchemaOptions { MaxSteps = 200 }).IsValid(value));
        Assert.Equal(ValidationLimit.Steps, Schemas.Compile("""{"items":{"type":"number"}}""", new JsonSchemaOptions { MaxSteps = 50 }).Validate(value).Limit);
    }

    [Theory]
    [InlineData("""{"items":{"$ref":"#"}}""")]
    [InlineData("""{"$dynamicAnchor":"x","items":{"anyOf":[{"allOf":[{"$dynamicRef":"#x"}]}]},"unevaluatedItems":false}""")]
    [InlineData("""{"uniqueItems":true,"items":{"$ref":"#"}}""")]
    public void A_value_nested_too_deep_is_not_followed_to_its_end(string text)
    {
        var schema = Schemas.Compile(text, new JsonSchemaOptions { MaxDepth = 10_000 });
        var value = Nested(200_000);

        var result = Ends(() => schema.Validate(value));
        Assert.Equal(ValidationLimit.Depth, result.Limit);
        Assert.Contains("nested deeper than 10,000 schemas", result.Errors[^1].Message, StringComparison.Ordinal);
        OnSmallStack(() => Assert.Equal(ValidationLimit.Depth, schema.Validate(value).Limit));
    }

    [Fact]
    public void The_depth_limit_is_what_the_options_say()
    {
        Assert.True(Schemas.IsValid("""{"items":{"$ref":"#"}}""", Nested(49).ToJson(), new JsonSchemaOptions { MaxDepth = 100 }));
        Assert.False(Schemas.IsValid("""{"items":{"$ref":"#"}}""", Nested(51).ToJson(), new JsonSchemaOptions { MaxDepth = 100 }));
    }

    [Fact]
    public void Values_to_compare_may_be_nested_as_deep_as_they_like()
    {
        var value = Nested(100_000);
        var schema = JsonSchema.Compile(JqValue.Object(("const", value), ("enum", JqValue.Array(value, 1))));
        OnSmallStack(() => Assert.Equal(ValidationLimit.Depth, schema.Validate(value).Limit));
    }

    [Fact]
    public void A_dynamic_reference_that_only_a_value_shows_to_be_endless_runs_into_the_depth_limit()
    {
        var result = Ends(() => Schemas.Validate(
            """
            {"$id":"https://a.example/outer","$dynamicAnchor":"x","$ref":"inner",
             "$defs":{"inner":{"$id":"inner","$dynamicRef":"#x","$defs":{"x":{"$dynamicAnchor":"x"}}}}}
            """, "1"));
        Assert.Equal(ValidationLimit.Depth, result.Limit);
    }

    [Fact]
    public void Schemas_may_be_nested_as_deep_as_they_like()
    {
        var deep = JqValue.Parse(Repeat("{\"items\":", 100_000) + "{}" + Repeat("}", 100_000), AnyDepth);
        var negated = JqValue.Parse(Repeat("{\"not\":", 100_000) + "{}" + Repeat("}", 100_000), AnyDepth);
        OnSmallStack(() =>
        {
            Assert.True(JsonSchema.Compile(deep).IsValid(JqValue.Parse("[[1]]")));
            Assert.Equal(ValidationLimit.Depth, JsonSchema.Compile(negated).Validate(1).Limit);
            Assert.NotEmpty(Schemas.Problems(JqValue.Parse(Repeat("{\"items\":", 50_000) + "7" + Repeat("}", 50_000), AnyDepth))[0].Message);
        });
    }

    [Fact]
    public void A_long_chain_of_references_compiles_and_runs_into_the_depth_limit()
    {
        var definitions = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $$"""
            "d{{i}}":{"$ref":"#/$defs/d{{i + 1}}"}
            """));
        Assert.Equal(ValidationLimit.Depth, Ends(() => Schemas.Validate($$"""{"$ref":"#/$defs/d0","$defs":{ {{definitions}},"d20000":{} } }""", "1")).Limit);
    }

    [Theory]
    [InlineData("{{\"a\":{0}}}")]                      // objects of one shape
    [InlineData("3.0000000000000000000000{0}1")]       // literals near one double
    [InlineData("1e{0}0000")]
    [InlineData("\"{0}\"")]
    [InlineData("[[[[[[{0}]]]]]]")]
    public void Large_arrays_of_unique_items_do_not_take_quadratic_time(string item)
    {
        var value = JqValue.Parse($"[{string.Join(',', Enumerable.Range(1, 100_000).Select(i => string.Format(item, i)))}]");
        Assert.True(Ends(() => Schemas.Compile("""{"uniqueItems":true}""").IsValid(value)));
    }

    [Fact]
    public void Items_that_differ_only_very_deep_run_into_the_step_limit()
    {
        var value = JqValue.Parse($"[{string.Join(',', Enumerable.Range(0, 5_000).Select(i => Repeat("[", 80) + i + Repeat("]", 80)))}]");
        Assert.Equal(ValidationLimit.Steps, Ends(() => Schemas.Compile("""{"uniqueItems":true}""").Validate(value)).Limit);
    }

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("(a|a)*c")]
    [InlineData("^(?=(a+)+c)")]
    [InlineData(@"(a*)*\1c")]
    [InlineData(@"^(a|ab)*\bc")]
    [InlineData("[ab]*a[ab]{500}c")]
    [InlineData("^(?:a?){60}a{60}$")]
    [InlineData("a{0,100000}c")]
    public void A_pattern_that_could_take_for_ever_does_not(string pattern)
    {
        var schema = JsonSchema.Compile(JqValue.Object(("items", JqValue.Object(("pattern", pattern)))), new JsonSchemaOptions { PatternBudget = TimeSpan.FromMilliseconds(200) });
        var items = Enumerable.Range(0, 500).Select(i => (JqValue)(Repeat(i % 2 == 0 ? "a" : "ab", 2_000) + "!")).ToArray();
        var result = Ends(() => schema.Validate(JqValue.Array(items)));
        Assert.True(result.Limit is null or ValidationLimit.Patterns);
        if (result.Limit is not null) Assert.Contains("matching patterns took longer than 200 ms", result.Errors[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_must_backtrack_is_not_tried_on_texts_that_would_fill_the_memory()
    {
        var schema = JsonSchema.Compile(JqValue.Object(("pattern", @"^(a|b)*\1$")));
        Assert.True(schema.IsValid(Repeat("a", 20_000)));
        Assert.Equal(ValidationLimit.Patterns, schema.Validate(Repeat("a", 1_000_001)).Limit);
        Assert.True(JsonSchema.Compile(JqValue.Object(("pattern", "^(?:a|b)*$"))).IsValid(Repeat("a", 1_000_001)));
    }

    [Theory]
    [InlineData("too many", 1_001, 1)]
    [InlineData("too many ranges", 30, 20)]
    public void Patterns_are_limited_in_number_and_size(string what, int count, int length)
    {
        var patterns = Enumerable.Range(0, count).Select(i => KeyValuePair.Create($"{i}{Repeat(length > 1 ? @"\p{L}" : "x", length)}", JqValue.True)).ToArray();
        var problem = Ends(() => Schemas.Problems(JqValue.Object(("patternProperties", JqObject.Create(patterns)))))[0];
        Assert.True(problem.Message.Contains("one pattern too many", StringComparison.Ordinal), $"{what}: {problem}");
    }

    [Fact]
    public void A_pattern_may_neither_be_too_long_nor_nested_too_deep()
    {
        Assert.Contains("is longer than 4000 characters", Schemas.Problems(JqValue.Object(("pattern", Repeat("a", 4_001))))[0].Message, StringComparison.Ordinal);
        Assert.Contains("nests groups deeper than 100", Schemas.Problems(JqValue.Object(("pattern", Repeat("(", 1_000) + Repeat(")", 1_000))))[0].Message, StringComparison.Ordinal);
        Assert.Contains("is too large", Schemas.Problems(JqValue.Object(("pattern", Repeat(@"\p{L}", 500))))[0].Message, StringComparison.Ordinal);
        Assert.Empty(Schemas.Problems(JqValue.Object(("pattern", string.Concat(Enumerable.Range(0x10000, 2_000).Select(char.ConvertFromUtf32))))));
    }

    [Fact]
    public void Many_errors_below_a_long_name_do_not_fill_the_memory()
    {
        var name = Repeat("k", 2_000_000);
        var value = JqValue.Object((name, JqValue.Parse($"[{string.Join(',', Enumerable.Range(0, 500))}]")));
        var schema = Schemas.Compile("""{"additionalProperties":{"items":{"type":"string"}}}""");

        var before = GC.GetAllocatedBytesForCurrentThread();
        var text = schema.Validate(value).ToRepairText(10_000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
        Assert.Contains("/0` must be a string", text, StringComparison.Ordinal);
        Assert.Equal(name.Length + 3, schema.Validate(value).Errors[0].InstancePointer.Length);
    }

    [Theory]
    [InlineData("""{"properties":{"a":{}}}""")]
    [InlineData("""{"required":["a"]}""")]
    [InlineData("""{"contains":{"const":1}}""")]
    [InlineData("""{"unevaluatedProperties":{},"unevaluatedItems":{}}""")]
    [InlineData("""{"additionalProperties":{},"items":{}}""")]
    [InlineData("""{"propertyNames":{"maxLength":9}}""")]
    public void The_same_rule_a_thousand_times_over_is_paid_for(string rule)
    {
        var schema = Schemas.Compile($$"""{"allOf":[{{string.Join(',', Enumerable.Repeat(rule, 1_000))}}]}""");
        var members = JqObject.Create([.. Enumerable.Range(0, 100_000).Select(i => KeyValuePair.Create($"k{i}", JqValue.Null))]);
        var items = JqValue.Parse($"[{string.Join(',', Enumerable.Repeat("0", 100_000))}]");

        Ends(() => schema.Validate(members));
        Ends(() => schema.Validate(items));
    }

    [Fact]
    public void Uris_of_schemas_are_limited_in_length() =>
        Assert.Contains("longer than 2,000 characters", Schemas.Problems(JqValue.Object(("$id", "https://example.com/" + Repeat("x", 2_000))))[0].Message, StringComparison.Ordinal);

    // Ends within a time that no test machine misses, while what it guards against would take minutes to ages.
    private static T Ends<T>(Func<T> action)
    {
        var started = Stopwatch.GetTimestamp();
        var result = action();
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        return result;
    }

    private static void OnSmallStack(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }
        }, maxStackSize: 256 * 1024);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    private static JqValue Nested(int depth) => JqValue.Parse(Repeat("[", depth) + Repeat("]", depth), AnyDepth);

    private static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();
}
