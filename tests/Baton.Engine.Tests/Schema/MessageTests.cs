using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

public sealed class MessageTests
{
    [Theory]
    [InlineData("""{"type":"number"}""", "\"x\"", "The value must be a number, but is a string")]
    [InlineData("""{"type":"number"}""", "\"3.5\"", "The value must be a number, but is a string: write it without quotes")]
    [InlineData("""{"type":"integer"}""", "3.5", "The value must be a whole number, but is 3.5")]
    [InlineData("""{"type":["string","null"]}""", "[]", "The value must be a string or null, but is an array")]
    [InlineData("""{"type":"boolean"}""", "\"true\"", "The value must be a boolean, but is a string: write it without quotes")]
    [InlineData("""{"const":{"a":1}}""", "2", "The value must be {\"a\":1}, but is 2")]
    [InlineData("""{"enum":["red","green"]}""", "\"gren\"", "The value must be one of \"red\" or \"green\", but is another string")]
    [InlineData("""{"enum":[]}""", "1", "The value cannot be right: the enum lists no values")]
    [InlineData("""{"minimum":5}""", "3", "The value must be at least 5, but is 3")]
    [InlineData("""{"exclusiveMaximum":5}""", "5", "The value must be less than 5, but is 5")]
    [InlineData("""{"multipleOf":0.01}""", "0.005", "The value must be a multiple of 0.01, but is 0.005")]
    [InlineData("""{"minLength":2}""", "\"😀\"", "The value must have at least 2 characters, but has 1")]
    [InlineData("""{"maxLength":1}""", "\"ab\"", "The value must have at most 1 character, but has 2")]
    [InlineData("""{"pattern":"^\\d+$"}""", "\"ab\"", "The value must match the pattern `^\\d+$`")]
    [InlineData("""{"minItems":1}""", "[]", "The value must have at least 1 item, but has 0")]
    [InlineData("""{"maxProperties":0}""", """{"a":1}""", "The value must have at most 0 properties, but has 1")]
    [InlineData("""{"uniqueItems":true}""", "[1,2,1.0]", "The value must not repeat an item, but items 0 and 2 (counted from 0) are equal")]
    [InlineData("""{"contains":{"const":1}}""", "[2]", "The value must hold at least 1 item that fits the schema of contains, but holds 0")]
    [InlineData("""{"contains":{"const":1},"maxContains":2}""", "[1,1,1]", "The value must hold at most 2 items that fit the schema of contains, but holds 3")]
    [InlineData("""{"required":["name"]}""", "{}", "The value must have the property \"name\"")]
    [InlineData("""{"dependentRequired":{"card":["address"]}}""", """{"card":1}""", "The value must have the property \"address\", because it has \"card\"")]
    [InlineData("""{"properties":{"name":{}},"additionalProperties":false}""", """{"nmae":1}""", "`/nmae` is not allowed here; did you mean \"name\"?")]
    [InlineData("""{"properties":{"name":{},"age":{}},"additionalProperties":false}""", """{"x":1}""", "`/x` is not allowed here; known properties are \"name\" and \"age\"")]
    [InlineData("""{"additionalProperties":false}""", """{"x":1}""", "`/x` is not allowed here: leave it out")]
    [InlineData("""{"unevaluatedProperties":false}""", """{"x":1}""", "`/x` is not allowed here: leave it out")]
    [InlineData("""{"propertyNames":{"maxLength":3}}""", """{"long":1}""", "The name of `/long` must have at most 3 characters, but has 4")]
    [InlineData("""{"not":{"type":"string"}}""", "\"x\"", "The value must not fit {\"type\":\"string\"}")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", "1", "The value must fit at least one of 2 alternatives, but fits none")]
    [InlineData("""{"oneOf":[{"type":"string"},{"type":"null"}]}""", "1", "The value must fit exactly one of 2 alternatives, but fits none")]
    [InlineData("""{"oneOf":[{"type":"string"},{"minimum":1},{"minimum":0}]}""", "1", "The value must fit exactly one of 3 alternatives, but fits both number 2 and number 3")]
    [InlineData("false", "1", "The value is not allowed here: leave it out")]
    [InlineData("""{"properties":{"items":{"items":{"properties":{"price":{"type":"number"}}}}}}""", """{"items":[{},{"price":"x"}]}""", "`/items/1/price` must be a number, but is a string")]
    public void A_message_names_the_place_the_rule_and_what_is_there_instead(string schema, string instance, string message) =>
        Assert.Equal(message, Schemas.Error(schema, instance).Message);

    [Fact]
    public void A_format_message_says_what_is_meant_and_shows_an_example() => Assert.Equal(
        "The value must be a date, such as 2026-03-31 (format \"date\")",
        Schemas.Error("""{"format":"date"}""", "\"31.3.2026\"", new JsonSchemaOptions { AssertFormats = true }).Message);

    [Fact]
    public void All_errors_of_a_value_are_found_in_one_go()
    {
        var result = Schemas.Validate(
            """{"required":["id"],"properties":{"age":{"type":"integer","minimum":0},"tags":{"items":{"type":"string"}}},"additionalProperties":false}""",
            """{"age":-1.5,"tags":["a",2,"c",4],"more":1}""");

        Assert.Equal(
            """
            The value must have the property "id"
            `/age` must be a whole number, but is -1.5
            `/age` must be at least 0, but is -1.5
            `/tags/1` must be a string, but is a number
            `/tags/3` must be a string, but is a number
            `/more` is not allowed here; known properties are "age" and "tags"
            """, result.ToString());
        Assert.False(result.IsTruncated);
    }

    [Fact]
    public void A_failed_choice_tells_what_is_wrong_with_each_alternative()
    {
        var error = Schemas.Error(
            """
            {"anyOf":[{"title":"Circle","required":["radius"]},{"$ref":"#/$defs/square"},{"type":"string"}],
             "$defs":{"square":{"properties":{"side":{"type":"number"}},"required":["side"]}}}
            """,
            """{"side":"x"}""");

        Assert.Equal([(1, "Circle"), (2, "square"), (3, null)], error.Alternatives.Select(alternative => (alternative.Number, alternative.Title)));
        Assert.Equal("`/side` must be a number, but is a string", Assert.Single(error.Alternatives[1].Errors).Message);
        Assert.Equal("The value must be a string, but is an object", Assert.Single(error.Alternatives[2].Errors).Message);
    }

    [Fact]
    public void Errors_of_an_alternative_that_does_not_matter_are_not_told() =>
        Assert.Equal("`/b` must be a string, but is a number", Schemas.Error(
            """{"anyOf":[{"required":["x"]},{"type":"object"}],"if":{"required":["y"]},"else":{"properties":{"b":{"type":"string"}}},"not":{"required":["z"]}}""",
            """{"b":1}""").Message);

    [Fact]
    public void A_member_that_a_failing_part_looked_at_is_not_called_unevaluated_as_well() =>
        Assert.Equal(
            """
            `/a` must be a string, but is a number
            `/c` is not allowed here: leave it out
            """, Schemas.Validate("""{"allOf":[{"properties":{"a":{"type":"string"}}}],"unevaluatedProperties":false}""", """{"a":1,"c":1}""").ToString());

    [Fact]
    public void No_message_holds_a_text_of_the_value()
    {
        const string Secret = "sk-very-secret";
        var schema = Schemas.Compile("""
            {"allOf":[{"type":"number"},{"const":1},{"enum":[1,"a"]},{"maxLength":1},{"minLength":99},{"pattern":"^x"},{"format":"date"},{"not":{"type":"string"}},
             {"anyOf":[{"type":"null"}]},{"oneOf":[true,true]},false]}
            """, new JsonSchemaOptions { AssertFormats = true });

        var result = schema.Validate(Secret);
        Assert.Equal(11, result.Errors.Length);
        Assert.All(result.Errors, error => Assert.DoesNotContain(Secret, error.Message, StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, result.ToRepairText(), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, Schemas.Compile("""{"items":{"type":"null"},"uniqueItems":true,"contains":false}""").Validate(JqValue.Array(Secret, Secret)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_stay_short_and_on_one_line_whatever_the_names_hold()
    {
        var name = "line\nbreak" + new string('x', 100_000);
        var value = JqValue.Object((name, JqValue.Object((name, 1))));
        var schema = Schemas.Compile("""{"additionalProperties":{"additionalProperties":{"type":"string"}},"minProperties":2,"dependentRequired":{"a":["b"]}}""");

        Assert.All(schema.Validate(value).Errors, error =>
        {
            Assert.InRange(error.Message.Length, 10, 1_000);
            Assert.DoesNotContain('\n', error.Message);
        });
    }

    [Fact]
    public void Names_in_pointers_of_messages_are_escaped_as_in_pointers() =>
        Assert.Equal("`/a~1b/c~0d/` must be a string, but is a number", Schemas.Error(
            """{"properties":{"a/b":{"properties":{"c~d":{"properties":{"":{"type":"string"}}}}}}}""", """{"a/b":{"c~d":{"":1}}}""").Message);
}
