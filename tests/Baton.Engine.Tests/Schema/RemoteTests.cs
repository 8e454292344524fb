using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

/// <summary>References to other documents, which come from the registry and from nowhere else.</summary>
public sealed class RemoteTests
{
    private const string Host = "https://schemas.example/";

    [Theory]
    [InlineData("""{"$ref":"https://schemas.example/count.json"}""", "7", "\"x\"")]
    [InlineData("""{"$id":"https://schemas.example/main.json","$ref":"count.json"}""", "7", "\"x\"")]
    [InlineData("""{"$id":"https://schemas.example/deep/er/main.json","$ref":"../../count.json#"}""", "7", "\"x\"")]
    [InlineData("""{"$ref":"https://schemas.example/parts.json#/$defs/name"}""", "\"x\"", "7")]
    [InlineData("""{"$ref":"https://schemas.example/parts.json#full%2Dname"}""", "\"x y\"", "\"x\"")]
    [InlineData("""{"$ref":"https://schemas.example/parts.json#/$defs/via"}""", "\"x y\"", "\"x\"")]
    [InlineData("""{"$id":"https://schemas.example/","properties":{"a":{"$id":"folder/","items":{"$ref":"inner.json"}}}}""", """{"a":[null]}""", """{"a":[1]}""")]
    [InlineData("""{"$id":"https://schemas.example/x.json","$ref":"#/$defs/a/items","$defs":{"a":{"$id":"folder/y.json","items":{"$ref":"inner.json"}}}}""", "null", "1")]
    [InlineData("""{"$ref":"https://schemas.example/renamed.json"}""", "true", "1")]
    [InlineData("""{"$ref":"https://elsewhere.example/own-name.json"}""", "true", "1")]
    [InlineData("""{"$ref":"https://schemas.example/urn.json"}""", "true", "1")]
    [InlineData("""{"$ref":"https://schemas.example/nested.json"}""", "\"x\"", "1")]
    [InlineData("""{"$ref":"https://schemas.example/self.json#/$defs/list"}""", "[[],[[]]]", "[[],[1]]")]
    [InlineData("""{"$ref":"https://schemas.example/dynamic.json#/$defs/entry"}""", "1", "\"x\"")]
    public void A_reference_leads_into_a_registered_document(string schema, string valid, string invalid)
    {
        var options = new JsonSchemaOptions { Registry = Documents() };
        Assert.True(Schemas.IsValid(schema, valid, options));
        Assert.False(Schemas.IsValid(schema, invalid, options));
    }

    [Fact]
    public void An_extension_is_called_by_the_document_that_it_extends()
    {
        const string Strict = """{"$id":"https://schemas.example/strict-tree.json","$dynamicAnchor":"branch","$ref":"tree.json","unevaluatedProperties":false}""";
        var options = new JsonSchemaOptions { Registry = Documents() };

        Assert.True(Schemas.IsValid(Strict, """{"label":"a","branches":[{"label":"b","branches":[]}]}""", options));
        Assert.False(Schemas.IsValid(Strict, """{"branches":[{"lable":"b"}]}""", options));
        Assert.True(Schemas.IsValid("""{"$ref":"https://schemas.example/tree.json"}""", """{"branches":[{"lable":"b"}]}""", options));
        Assert.False(Schemas.IsValid("""{"$ref":"https://schemas.example/tree.json"}""", """{"branches":[{"branches":1}]}""", options));
    }

    [Theory]
    [InlineData("""[{"$ref":"box.json"},{"$defs":{"content":{"$dynamicAnchor":"content","type":"string"}}}]""")]
    [InlineData("""[{"$defs":{"content":{"$dynamicAnchor":"content","type":"string"}}},{"$ref":"box.json"}]""")]
    public void What_fills_a_placeholder_may_stand_before_or_after_the_reference(string parts)
    {
        var options = new JsonSchemaOptions { Registry = Documents() };
        var schema = $$"""{"$id":"https://schemas.example/filled.json","allOf":{{parts}}}""";

        Assert.True(Schemas.IsValid(schema, """{"in":["a"]}""", options));
        Assert.False(Schemas.IsValid(schema, """{"in":[1]}""", options));
        Assert.False(Schemas.IsValid(schema, """{"on":[]}""", options));
    }

    [Fact]
    public void A_problem_in_a_registered_document_is_told_with_its_uri()
    {
        var registry = SchemaRegistry.Empty.With(Host + "bad.json", JqValue.Parse("""{"$defs":{"a":{"minLength":"x"},"unused":{"minLength":"y"}}}"""));
        var problem = Schemas.Problem("""{"$ref":"https://schemas.example/bad.json#/$defs/a"}""", new JsonSchemaOptions { Registry = registry });
        Assert.Equal("https://schemas.example/bad.json#/$defs/a/minLength", problem.SchemaPointer);
    }

    [Fact]
    public void A_registry_is_immutable()
    {
        var one = SchemaRegistry.Empty.With(Host + "a.json", JqValue.True);
        var two = one.With(Host + "a.json", JqValue.False);

        Assert.NotEmpty(Schemas.Problems("""{"$ref":"https://schemas.example/a.json"}"""));
        Assert.True(Schemas.IsValid("""{"$ref":"https://schemas.example/a.json"}""", "1", new JsonSchemaOptions { Registry = one }));
        Assert.False(Schemas.IsValid("""{"$ref":"https://schemas.example/a.json"}""", "1", new JsonSchemaOptions { Registry = two }));
    }

    [Fact]
    public void The_schema_itself_goes_before_the_registry()
    {
        var registry = SchemaRegistry.Empty.With(Host + "a.json", JqValue.False);
        Assert.True(Schemas.IsValid("""{"$ref":"https://schemas.example/a.json","$defs":{"a":{"$id":"https://schemas.example/a.json"}}}""", "1", new JsonSchemaOptions { Registry = registry }));
    }

    [Fact]
    public void The_metaschema_needs_no_registry()
    {
        const string Meta = """{"$ref":"https://json-schema.org/draft/2020-12/schema"}""";
        Assert.True(Schemas.IsValid(Meta, """{"type":"object","properties":{"a":{"minLength":1}}}"""));
        Assert.False(Schemas.IsValid(Meta, """{"properties":{"a":{"minLength":-1}}}"""));
        Assert.False(Schemas.IsValid("""{"$ref":"https://json-schema.org/draft/2020-12/meta/validation#/$defs/stringArray"}""", """["a","a"]"""));
    }

    [Fact]
    public void A_metaschema_switches_vocabularies_off()
    {
        var options = new JsonSchemaOptions { Registry = Documents() };
        const string Schema = """{"$schema":"https://schemas.example/no-validation","properties":{"never":false,"n":{"minimum":10,"maxLength":"nonsense"}}}""";
        Assert.True(Schemas.IsValid(Schema, """{"n":1}""", options));
        Assert.False(Schemas.IsValid(Schema, """{"never":1}""", options));
    }

    [Fact]
    public void A_vocabulary_that_nobody_knows_is_ignored_if_it_is_optional_and_refused_if_not()
    {
        var options = new JsonSchemaOptions { Registry = Documents() };
        Assert.False(Schemas.IsValid("""{"$schema":"https://schemas.example/optional","type":"number"}""", "\"x\"", options));
        Assert.Contains("\"https://schemas.example/vocab/colours\", which is not known here", Schemas.Problem("""{"$schema":"https://schemas.example/demanding"}""", options).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_metaschema_may_demand_that_formats_are_checked()
    {
        var options = new JsonSchemaOptions { Registry = Documents() };
        Assert.False(Schemas.IsValid("""{"$schema":"https://schemas.example/formats","format":"ipv4"}""", "\"x\"", options));
        Assert.Contains("which is not known", Schemas.Problem("""{"$schema":"https://schemas.example/formats","format":"colour"}""", options).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_metaschema_may_describe_itself()
    {
        const string Schema = """{"$schema":"https://schemas.example/me","$id":"https://schemas.example/me","$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/core":true},"type":"nonsense"}""";
        Assert.True(Schemas.IsValid(Schema, "1"));
    }

    private static SchemaRegistry Documents()
    {
        (string Name, string Text)[] documents =
        [
            ("count.json", """{"type":"integer","minimum":0}"""),
            ("parts.json", """{"$defs":{"name":{"type":"string"},"full":{"$anchor":"full-name","$ref":"#/$defs/name","pattern":" "},"via":{"$ref":"#full-name"}}}"""),
            ("folder/inner.json", """{"type":"null"}"""),
            ("renamed.json", """{"$id":"https://elsewhere.example/own-name.json","$ref":"#/$defs/flag","$defs":{"flag":{"type":"boolean"}}}"""),
            ("urn.json", """{"$id":"urn:example:flag","$ref":"#/$defs/flag","$defs":{"flag":{"type":"boolean"}}}"""),
            ("nested.json", """{"$ref":"https://elsewhere.example/text.json","$defs":{"text":{"$id":"https://elsewhere.example/text.json","type":"string"}}}"""),
            ("self.json", """{"$defs":{"list":{"type":"array","items":{"$ref":"self.json#/$defs/list"}}}}"""),
            ("dynamic.json", """{"$id":"https://schemas.example/dynamic.json","$defs":{"entry":{"$dynamicRef":"#target"},"target":{"$dynamicAnchor":"target","type":"integer"}}}"""),
            ("tree.json", """{"$id":"https://schemas.example/tree.json","$dynamicAnchor":"branch","properties":{"label":true,"branches":{"type":"array","items":{"$dynamicRef":"#branch"}}}}"""),
            ("box.json", """{"$id":"https://schemas.example/box.json","required":["in"],"properties":{"in":{"items":{"$dynamicRef":"#content"}}},"$defs":{"any":{"$dynamicAnchor":"content"}}}"""),
            ("no-validation", """{"$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/core":true,"https://json-schema.org/draft/2020-12/vocab/applicator":true}}"""),
            ("optional", """{"$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/core":true,"https://json-schema.org/draft/2020-12/vocab/validation":true,"https://schemas.example/vocab/colours":false}}"""),
            ("demanding", """{"$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/core":true,"https://schemas.example/vocab/colours":true}}"""),
            ("formats", """{"$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/core":true,"https://json-schema.org/draft/2020-12/vocab/format-assertion":true}}"""),
        ];
        return documents.Aggregate(SchemaRegistry.Empty, (registry, document) => registry.With(Host + document.Name, JqValue.Parse(document.Text)));
    }
}
