using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

public sealed class CompileTests
{
    [Theory]
    [InlineData("[]", "", "The schema must be a schema (an object, true or false), but is an array")]
    [InlineData("""{"properties":{"a":7}}""", "/properties/a", "`/properties/a` must be a schema (an object, true or false), but is a number")]
    [InlineData("""{"items":[{}]}""", "/items", "`/items` must be a schema (an object, true or false), but is an array. Schemas for single items are called prefixItems since draft 2020-12")]
    [InlineData("""{"type":"strin"}""", "/type", "`/type` must be null, boolean, object, array, number, string or integer, or an array of these, but is \"strin\"; did you mean \"string\"?")]
    [InlineData("""{"type":["string","string"]}""", "/type", "`/type` must not repeat \"string\"")]
    [InlineData("""{"type":[]}""", "/type", "`/type` must name at least one type")]
    [InlineData("""{"enum":"a"}""", "/enum", "`/enum` must be an array, but is a string")]
    [InlineData("""{"minLength":"3"}""", "/minLength", "`/minLength` must be a whole number from 0 on, but is \"3\"")]
    [InlineData("""{"maxItems":-1}""", "/maxItems", "`/maxItems` must be a whole number from 0 on, but is -1")]
    [InlineData("""{"maxItems":1.5}""", "/maxItems", "`/maxItems` must be a whole number from 0 on, but is 1.5")]
    [InlineData("""{"minimum":"3"}""", "/minimum", "`/minimum` must be a number, but is a string")]
    [InlineData("""{"multipleOf":0}""", "/multipleOf", "`/multipleOf` must be more than 0, but is 0")]
    [InlineData("""{"uniqueItems":1}""", "/uniqueItems", "`/uniqueItems` must be true or false, but is a number")]
    [InlineData("""{"required":"a"}""", "/required", "`/required` must be an array of strings, but is a string")]
    [InlineData("""{"required":["a",1]}""", "/required/1", "`/required/1` must be a string, but is a number")]
    [InlineData("""{"dependentRequired":{"a":["b","b"]}}""", "/dependentRequired/a/1", "`/dependentRequired/a/1` must not repeat \"b\"")]
    [InlineData("""{"allOf":[]}""", "/allOf", "`/allOf` must hold at least one schema: fill it, or leave the keyword out")]
    [InlineData("""{"anyOf":{}}""", "/anyOf", "`/anyOf` must be an array, but is an object")]
    [InlineData("""{"properties":[]}""", "/properties", "`/properties` must be an object, but is an array")]
    [InlineData("""{"pattern":"(a"}""", "/pattern", "`/pattern` is the pattern `(a`, which opens a group that is not closed: write ) at its end, or \\( for the character itself (at character 1)")]
    [InlineData("""{"patternProperties":{"[z-a]":{}}}""", "/patternProperties/[z-a]", "`/patternProperties/[z-a]` is the pattern `[z-a]`, which holds a range whose end comes before its start: swap the two (at character 5)")]
    [InlineData("""{"$ref":"#/$defs/nmae","$defs":{"name":{}}}""", "/$ref", "`/$ref` refers to \"/$defs/nmae\", which does not exist: `/$defs` has no \"nmae\"; did you mean \"name\"?")]
    [InlineData("""{"$ref":"#x","$defs":{"a":{"$anchor":"y"}}}""", "/$ref", "`/$ref` refers to the anchor \"x\", which does not exist. Anchors there are \"y\"")]
    [InlineData("""{"$ref":"#/a~2"}""", "/$ref", "`/$ref` refers to \"/a~2\", which is no JSON pointer: after ~ there must be 0 (for ~) or 1 (for /)")]
    [InlineData("""{"$ref":"other.json"}""", "/$ref", "`/$ref` refers to \"other.json\", but no schema with that URI is known. Give an $id in this schema that URI, or add the schema to the registry in the options: nothing is fetched")]
    [InlineData("""{"$ref":"#/title","title":"a"}""", "/title", "`/title` must be a schema (an object, true or false), but is a string")]
    [InlineData("""{"$id":"http://x/#a"}""", "/$id", "`/$id` must not have a fragment, but is \"http://x/#a\". To name a schema inside of a document, write \"$anchor\"")]
    [InlineData("""{"$anchor":"1"}""", "/$anchor", "`/$anchor` must be a name of letters, digits, hyphens, underscores and periods that starts with a letter or an underscore, but is \"1\"")]
    [InlineData("""{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}""", "/$defs/a/$anchor", "`/$defs/a/$anchor` is the name of another schema too: `/$defs/b`. Each anchor must name one schema")]
    [InlineData("""{"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}}""", "/$defs/a/$id", "`/$defs/a/$id` is the URI of another schema too: `/$defs/b/$id`. Each $id must name one schema")]
    [InlineData("""{"$schema":"https://example.com/meta"}""", "/$schema", "`/$schema` names the metaschema \"https://example.com/meta\", which is not known. Write \"https://json-schema.org/draft/2020-12/schema\", leave $schema out, or add the metaschema to the registry in the options")]
    [InlineData("""{"description":1}""", "/description", "`/description` must be a string, but is a number")]
    [InlineData("""{"then":1}""", "/then", "`/then` must be a schema (an object, true or false), but is a number")]
    public void A_problem_says_where_it_is_and_what_would_be_right(string schema, string place, string message)
    {
        var problem = Schemas.Problem(schema);
        Assert.Equal((place, message), (problem.SchemaPointer, problem.Message));
    }

    [Fact]
    public void All_problems_are_told_at_once_also_those_of_definitions_that_nothing_uses()
    {
        var problems = Schemas.Problems("""{"type":7,"properties":{"a":{"minimum":"1","pattern":"["}},"$defs":{"unused":{"maxLength":-1}}}""");
        Assert.Equal("/type /$defs/unused/maxLength /properties/a/minimum /properties/a/pattern", string.Join(' ', problems.Select(problem => problem.SchemaPointer)));
    }

    [Fact]
    public void The_exception_holds_all_problems_and_shows_the_first()
    {
        var thrown = Assert.Throws<JsonSchemaException>(() => Schemas.Compile("""{"minLength":-1,"maxLength":-1,"minItems":-1,"maxItems":-1,"minProperties":-1,"maxProperties":-1}"""));
        Assert.Equal(6, thrown.Problems.Length);
        Assert.StartsWith("The JSON Schema has 6 problems: `/minLength` must be a whole number from 0 on, but is -1; ", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_more_problems_are_collected_than_asked_for() =>
        Assert.Equal(3, Schemas.Problems("""{"anyOf":[1,2,3,4,5]}""", new JsonSchemaOptions { MaxErrors = 3 }).Length);

    [Theory]
    [InlineData("""{"typ":"string","x-note":[1],"propertyOrder":7}""")]
    [InlineData("""{"enum":[{"$id":7,"$ref":"nowhere"}],"const":{"type":"nonsense"},"default":{"type":1},"examples":[{"$ref":1}]}""")]
    [InlineData("""{"properties":{"type":{},"$ref":{"type":"string"},"enum":true}}""")]
    [InlineData("""{"minLength":1e400,"maxItems":2.0}""")]
    [InlineData("""{"format":"no-such-format","contentEncoding":"base64","contentSchema":{"type":"object"}}""")]
    [InlineData("""{"$comment":"x","title":"","description":"","deprecated":true,"readOnly":false,"writeOnly":false,"minContains":0}""")]
    public void Unknown_keywords_and_values_that_are_no_schemas_are_left_alone(string schema) => Assert.Empty(Schemas.Problems(schema));

    [Theory]
    [InlineData("""{"$ref":"#"}""", "/$ref")]
    [InlineData("""{"$dynamicRef":"#"}""", "/$dynamicRef")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[{"$ref":"#/$defs/a"}]}}}""", "/$defs/b/anyOf/0/$ref")]
    [InlineData("""{"if":{"not":{"$ref":"#"}}}""", "/if/not/$ref")]
    [InlineData("""{"dependentSchemas":{"a":{"oneOf":[{"$ref":"#"}]}}}""", "/dependentSchemas/a/oneOf/0/$ref")]
    public void References_that_lead_back_without_a_step_into_the_value_are_refused(string schema, string place)
    {
        var problem = Schemas.Problem(schema);
        Assert.Equal(place, problem.SchemaPointer);
        Assert.Contains("would never end", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"properties":{"next":{"$ref":"#"}}}""")]
    [InlineData("""{"items":{"anyOf":[{"type":"number"},{"$ref":"#"}]}}""")]
    [InlineData("""{"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#/$defs/b"},"b":{}}}""")]
    [InlineData("""{"propertyNames":{"$ref":"#"},"contains":{"$ref":"#"},"unevaluatedProperties":{"$ref":"#"}}""")]
    public void Recursion_into_the_value_is_fine(string schema) => Assert.Empty(Schemas.Problems(schema));

    [Fact]
    public void A_schema_of_an_earlier_draft_is_read_as_the_current_one() =>
        Assert.False(Schemas.IsValid("""{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"type":"string"}},"$ref":"#/definitions/a"}""", "1"));

    [Theory]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":["b"]}}""", "/dependencies")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"additionalItems":false}}}""", "/properties/a/additionalItems")]
    [InlineData("""{"$schema":"https://json-schema.org/draft/2019-09/schema","items":{"$recursiveRef":"#"}}""", "/items/$recursiveRef")]
    public void A_keyword_that_an_earlier_draft_knew_by_that_name_is_not_silently_ignored(string schema, string place)
    {
        var problem = Schemas.Problem(schema);
        Assert.Equal(place, problem.SchemaPointer);
        Assert.Contains("has another name since draft 2020-12", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new JsonSchemaOptions { MaxErrors = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new JsonSchemaOptions { MaxDepth = 10_001 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new JsonSchemaOptions { MaxSteps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new JsonSchemaOptions { PatternBudget = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => Schemas.Validate("false", "1").ToRepairText(100));
        Assert.Throws<ArgumentException>(() => SchemaRegistry.Empty.With("relative.json", JqValue.True));
        Assert.Throws<ArgumentException>(() => SchemaRegistry.Empty.With("https://example.com/a#b", JqValue.True));
    }
}
