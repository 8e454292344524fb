using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

public sealed class ConcurrencyTests
{
    [Fact]
    public void One_schema_serves_many_threads()
    {
        var schema = Schemas.Compile("""
            {"$id":"https://schemas.example/node","$dynamicAnchor":"node","type":"object","required":["name"],
             "properties":{"name":{"type":"string","pattern":"^(?:[a-z]+-?)+$"},"tags":{"uniqueItems":true,"contains":{"const":"x"},"minContains":1},
                           "size":{"oneOf":[{"type":"integer","multipleOf":0.5},{"enum":["small","large"]}]},
                           "children":{"items":{"$dynamicRef":"#node"}}},
             "unevaluatedProperties":false}
            """);
        var valid = JqValue.Parse("""{"name":"a-b","tags":[1,2,3,4,5,6,7,8,9,10,"x"],"size":3,"children":[{"name":"c","children":[{"name":"d","size":"large"}]}]}""");
        var invalid = JqValue.Parse("""{"name":"A","tags":[1,1],"size":3.7,"children":[{"more":1}],"extra":true}""");
        var expected = schema.Validate(invalid).ToString();
        Assert.Equal(7, expected.Split('\n').Length);

        Parallel.For(0, 4_000, i =>
        {
            Assert.True(schema.IsValid(valid));
            Assert.True(schema.Validate(valid).IsValid);
            Assert.False(schema.IsValid(invalid));
            if (i % 10 == 0) Assert.Equal(expected, schema.Validate(invalid).ToString());
        });
    }

    [Fact]
    public void An_error_may_be_read_by_many_threads()
    {
        var error = Schemas.Error("""{"anyOf":[{"required":["a","b"]},{"properties":{"x":{"contains":{"const":1},"maxContains":0}}}]}""", """{"x":[1]}""");
        var (message, place, inner) = (error.Message, error.SchemaPointer, error.Alternatives[1].Errors[0].Message);
        Parallel.For(0, 1_000, _ =>
        {
            Assert.Equal((message, place), (error.Message, error.SchemaPointer));
            Assert.Equal(inner, error.Alternatives[1].Errors[0].Message);
        });
    }

    [Fact]
    public void Schemas_may_be_compiled_at_the_same_time() => Parallel.For(0, 200, i =>
        Assert.False(Schemas.Compile($$$"""{"$ref":"https://json-schema.org/draft/2020-12/schema","properties":{"title":{"pattern":"^\\p{L}x{{{i}}}" } } }""")
            .IsValid(JqValue.Parse("""{"type":7}"""))));

    [Fact]
    public void A_valid_value_costs_no_memory()
    {
        var schema = Schemas.Compile("""
            {"type":"object","required":["id","tags"],"unevaluatedProperties":false,"allOf":[{"$ref":"#/$defs/named"}],
             "properties":{"id":{"type":"integer","multipleOf":0.01,"minimum":1},"tags":{"type":"array","uniqueItems":true,"items":{"pattern":"^[a-z]+$"},"contains":{"const":"x"}},
                           "kind":{"oneOf":[{"const":"a"},{"enum":[1,2,[3]]},{"type":"null"}]},"text":{"minLength":3,"maxLength":9}},
             "$defs":{"named":{"if":{"required":["text"]},"then":{"properties":{"name":{"type":"string"}}}}}}
            """);
        var value = JqValue.Parse("""{"id":3,"tags":["a","b","c","d","e","f","g","h","i","x"],"kind":"a","text":"😀😀😀","name":"n"}""");
        Assert.True(schema.IsValid(value));

        // Code that is not yet optimised boxes here and there, and when it is optimised is for the runtime to say: on a busy core, late.
        var (allocated, started) = (long.MaxValue, TimeProvider.System.GetTimestamp());
        while (allocated > 1_000 && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++) schema.IsValid(value);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.InRange(allocated, 0, 1_000);   // less than a byte a call: the pool of arrays is not ours
    }
}
