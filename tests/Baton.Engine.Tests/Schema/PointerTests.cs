using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

public sealed class PointerTests
{
    [Fact]
    public void An_error_says_where_the_value_the_rule_and_the_way_to_it_are()
    {
        var error = Schemas.Error(
            """{"properties":{"items":{"items":{"properties":{"price":{"$ref":"#/$defs/price"}}}}},"$defs":{"price":{"allOf":[{"type":"number"}]}}}""",
            """{"items":[{"price":1},{"price":"x"}]}""");

        Assert.Equal("/items/1/price", error.InstancePointer);
        Assert.Equal("/$defs/price/allOf/0/type", error.SchemaPointer);
        Assert.Equal("/properties/items/items/properties/price/$ref/allOf/0/type", error.KeywordLocation);
        Assert.Equal("type", error.Keyword);
    }

    [Fact]
    public void The_root_has_the_empty_pointer()
    {
        var error = Schemas.Error("""{"type":"string"}""", "1");
        Assert.Equal(("", "/type", "/type"), (error.InstancePointer, error.SchemaPointer, error.KeywordLocation));
    }

    [Fact]
    public void Several_references_are_followed_in_the_keyword_location()
    {
        var error = Schemas.Error(
            """{"$ref":"#/$defs/a","$defs":{"a":{"items":{"$ref":"#/$defs/b"}},"b":{"properties":{"x/y":{"$dynamicRef":"#c"}}},"c":{"$dynamicAnchor":"c","minimum":1}}}""",
            """[{"x/y":0}]""");

        Assert.Equal("/0/x~1y", error.InstancePointer);
        Assert.Equal("/$defs/c/minimum", error.SchemaPointer);
        Assert.Equal("/$ref/items/$ref/properties/x~1y/$dynamicRef/minimum", error.KeywordLocation);
    }

    [Fact]
    public void A_rule_in_another_document_is_named_by_its_uri()
    {
        var registry = SchemaRegistry.Empty.With("https://example.com/price.json", JqValue.Parse("""{"$defs":{"amount":{"minimum":0}}}"""));
        var error = Schemas.Error("""{"$ref":"https://example.com/price.json#/$defs/amount"}""", "-1", new JsonSchemaOptions { Registry = registry });

        Assert.Equal("https://example.com/price.json#/$defs/amount/minimum", error.SchemaPointer);
        Assert.Equal("/$ref/minimum", error.KeywordLocation);
    }

    [Theory]
    [InlineData("""{"additionalProperties":false}""", """{"a":1}""", "/a", "/additionalProperties")]
    [InlineData("""{"properties":{"a":false}}""", """{"a":1}""", "/a", "/properties/a")]
    [InlineData("""{"patternProperties":{"^a":{"type":"string"}}}""", """{"ab":1}""", "/ab", "/patternProperties/^a/type")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":false}""", """["a",1]""", "/1", "/items")]
    [InlineData("""{"contains":{"type":"string"},"minContains":2}""", """["a"]""", "", "/minContains")]
    [InlineData("""{"contains":{"type":"string"}}""", """[]""", "", "/contains")]
    [InlineData("""{"propertyNames":{"maxLength":1}}""", """{"ab":1}""", "/ab", "/propertyNames/maxLength")]
    [InlineData("""{"if":true,"then":{"type":"string"}}""", "1", "", "/then/type")]
    [InlineData("""{"dependentSchemas":{"a":{"required":["b"]}}}""", """{"a":1}""", "", "/dependentSchemas/a/required")]
    [InlineData("""{"unevaluatedItems":{"type":"string"}}""", "[1]", "/0", "/unevaluatedItems/type")]
    [InlineData("""{"oneOf":[true,true]}""", "1", "", "/oneOf")]
    public void Each_kind_of_rule_points_to_itself(string schema, string instance, string instancePointer, string schemaPointer)
    {
        var error = Schemas.Error(schema, instance);
        Assert.Equal((instancePointer, schemaPointer), (error.InstancePointer, error.SchemaPointer));
    }

    [Fact]
    public void Pointers_lead_back_to_what_they_point_to()
    {
        const string Schema = """{"properties":{"~ /":{"items":{"additionalProperties":{"type":"null"}}}}}""";
        const string Instance = """{"~ /":[{},{"a/b~c":1},{"":2}]}""";

        foreach (var error in Schemas.Validate(Schema, Instance).Errors)
        {
            Assert.True(Schemas.TryFollow(JqValue.Parse(Instance), error.InstancePointer, out var value) && value.IsNumber);
            Assert.True(Schemas.TryFollow(JqValue.Parse(Schema), error.SchemaPointer, out var rule) && rule == "null");
        }
    }
}
