using Baton.Engine.Schema;
using Baton.Jq;
using FsCheck.Fluent;

namespace Baton.Engine.Tests.Schema;

public sealed class PropertyTests
{
    private static readonly JsonSchema Metaschema = Schemas.Compile("""{"$ref":"https://json-schema.org/draft/2020-12/schema"}""");

    [Fact]
    public void What_was_made_to_fit_is_valid() => Properties.Check(RandomSchemas.Fitting, pair => Compile(pair.Schema).Validate(pair.Value).IsValid, tests: 1_000);

    [Fact]
    public void IsValid_and_Validate_agree_and_errors_lead_to_what_is_there() => Properties.Check(Gen.Zip(RandomSchemas.Schema, RandomSchemas.Value), pair =>
    {
        if (!JsonSchema.TryCompile(pair.Item1, null, out var schema, out _)) return true;   // random references may run in circles
        var result = schema.Validate(pair.Item2);
        return schema.IsValid(pair.Item2) == result.IsValid
            && result.Errors.All(error => Exists(pair.Item1, error.SchemaPointer) && Exists(pair.Item2, error.InstancePointer) && error.Message.Length > 10);
    }, tests: 2_000);

    [Fact]
    public void The_verdict_is_that_of_the_specification_read_word_by_word() => Properties.Check(Gen.Zip(RandomSchemas.Schema, RandomSchemas.Value.ListOf(5)), pair =>
        !JsonSchema.TryCompile(pair.Item1, null, out var schema, out _)
        || pair.Item2.All(value => schema.IsValid(value) == new Oracle(pair.Item1).IsValid(value)), tests: 3_000);

    [Fact]
    public void What_a_branch_that_does_not_count_looked_at_stays_unevaluated() => Properties.Check(Gen.Zip(RandomSchemas.Schema, RandomSchemas.Value), pair =>
    {
        var (schema, value) = pair;
        if (!JsonSchema.TryCompile(schema, null, out _, out _)) return true;
        var definitions = schema["$defs"];
        JqValue Closed(params ReadOnlySpan<(string, JqValue)> rules) => JqValue.Object([.. rules, ("$defs", definitions), ("unevaluatedProperties", false), ("unevaluatedItems", false)]);
        var nothing = Compile(Closed()).IsValid(value);
        var isValid = Compile(schema).IsValid(value);

        // A schema that fails, or only negates, or only guards, must leave no mark behind.
        return Compile(Closed(("not", JqValue.Object(("not", schema))))).IsValid(value) == (isValid && nothing)
            && Compile(Closed(("anyOf", JqValue.Array(JqValue.Object(("allOf", JqValue.Array(schema, JqValue.False))), JqValue.True)))).IsValid(value) == nothing
            && Compile(Closed(("oneOf", JqValue.Array(JqValue.Object(("allOf", JqValue.Array(schema, JqValue.False))), JqValue.True)))).IsValid(value) == nothing
            && Compile(Closed(("if", JqValue.Object(("allOf", JqValue.Array(schema, JqValue.False)))))).IsValid(value) == nothing
            && (isValid || Compile(Closed(("if", schema))).IsValid(value) == nothing);
    }, tests: 1_000);

    [Fact]
    public void Nothing_but_the_documented_exception_is_thrown() => Properties.Check(Gen.Zip(RandomSchemas.AlmostSchema, RandomSchemas.Value), pair =>
    {
        try
        {
            _ = JsonSchema.Compile(pair.Item1, new JsonSchemaOptions { AssertFormats = true, MaxErrors = 3, MaxSteps = 1_000, MaxDepth = 20 }).Validate(pair.Item2).ToRepairText();
        }
        catch (JsonSchemaException refused)
        {
            return refused.Problems.All(problem => Exists(pair.Item1, problem.SchemaPointer) && problem.Message.Length > 10);
        }
        return true;
    }, tests: 3_000);

    [Fact]
    public void What_is_refused_is_what_the_metaschema_refuses() => Properties.Check(RandomSchemas.AlmostSchema, schema =>
        JsonSchema.TryCompile(schema, null, out _, out _) == Metaschema.IsValid(schema), tests: 3_000);

    [Fact]
    public void Low_limits_change_no_verdict_but_to_stopped() => Properties.Check(Gen.Zip(RandomSchemas.Schema, RandomSchemas.Value), pair =>
    {
        if (!JsonSchema.TryCompile(pair.Item1, null, out var schema, out _)) return true;
        var limited = JsonSchema.Compile(pair.Item1, new JsonSchemaOptions { MaxSteps = 20, MaxDepth = 6, MaxErrors = 1 }).Validate(pair.Item2);
        return limited.Limit is not null || limited.IsValid == schema.IsValid(pair.Item2);
    }, tests: 1_000);

    private static JsonSchema Compile(JqValue schema) => JsonSchema.Compile(schema);

    private static bool Exists(JqValue value, string place) => Schemas.TryFollow(value, place, out _);
}
