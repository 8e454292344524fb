using System.Text;
using System.Text.Json;

namespace Baton.Jq.Tests.Values;

public sealed class ValueTests
{
    [Fact]
    public void The_default_value_is_null() => Assert.Equal(JqKind.Null, default(JqValue).Kind);

    [Theory]
    [InlineData("null", JqKind.Null, false)]
    [InlineData("false", JqKind.False, false)]
    [InlineData("true", JqKind.True, true)]
    [InlineData("0", JqKind.Number, true)]
    [InlineData("13911860366432393", JqKind.Number, true)]
    [InlineData("\"\"", JqKind.String, true)]
    [InlineData("[]", JqKind.Array, true)]
    [InlineData("{}", JqKind.Object, true)]
    public void Every_kind_is_recognised_and_only_null_and_false_are_not_true(string json, JqKind kind, bool truthy)
    {
        var value = JqValue.Parse(json);
        Assert.Equal(kind, value.Kind);
        Assert.Equal(truthy, value.IsTruthy);
        Assert.Equal(json, value.ToJson());
        Assert.Equal(json, JqValue.From(JsonDocument.Parse(json).RootElement).ToString());
    }

    [Fact]
    public void Values_convert_from_the_types_of_the_language()
    {
        Assert.Equal("""{"a":1,"b":"x","c":[true,null,1.5],"d":9223372036854775807}""", JqValue.Object(
            ("a", 1), ("b", "x"), ("c", JqValue.Array(true, default, 1.5)), ("d", long.MaxValue)).ToJson());
        Assert.True(((JqValue)(string?)null).IsNull);
        JqArray array = [1, "two"];
        JqObject members = [new("a", 1), new("b", 2), new("a", 3)];
        Assert.Equal("[1,\"two\"]", array.ToString());
        Assert.Equal("{\"a\":3,\"b\":2}", members.ToString());
    }

    [Fact]
    public void Reading_a_value_as_the_wrong_kind_names_both_kinds()
    {
        var error = Assert.Throws<InvalidOperationException>(() => JqValue.Parse("[1]").AsString());
        Assert.Equal("Expected a string, but the value is an array.", error.Message);
        Assert.Throws<InvalidOperationException>(() => JqValue.True["a"]);
        Assert.Throws<InvalidOperationException>(() => ((JqValue)"x")[0]);
        Assert.Throws<InvalidOperationException>(() => ((JqValue)1).With("a", 1));
    }

    [Fact]
    public void What_is_absent_reads_as_null_and_a_negative_index_counts_from_the_end()
    {
        var value = JqValue.Parse("""{"a":[1,2,3]}""");
        Assert.Equal(3, value["a"][-1]);
        Assert.True(value["a"][-4].IsNull);
        Assert.True(value["b"]["c"][0].IsNull);
    }

    [Theory]
    [InlineData("1", true, 1)]
    [InlineData("-0", true, 0)]
    [InlineData("1.5", false, 0)]
    [InlineData("1e300", false, 0)]
    [InlineData("9223372036854775807", true, long.MaxValue)]
    [InlineData("9223372036854775808", false, 0)]
    [InlineData("-9223372036854775808", true, long.MinValue)]
    [InlineData("\"1\"", false, 0)]
    public void A_whole_number_is_available_exactly(string json, bool whole, long expected)
    {
        Assert.Equal(whole, JqValue.Parse(json).TryGetInt64(out var number));
        Assert.Equal(expected, number);
    }

    [Fact]
    public void A_record_may_hold_a_value()
    {
        var json = """{"Name":"x","Data":{"b":1,"a":[null,100000000000000000001]}}""";
        var row = JsonSerializer.Deserialize<Row>(json)!;
        Assert.Equal(100000000000000000001d, row.Data["a"][1].AsDouble());
        Assert.Equal(json, JsonSerializer.Serialize(row));
        Assert.Equal("""{"Name":"y","Data":null}""", JsonSerializer.Serialize(JsonSerializer.Deserialize<Row>("""{"Name":"y","Data":null}""")));
    }

    private sealed record Row(string Name, JqValue Data);

    [Fact]
    public void The_writer_of_the_framework_gives_the_same_document()
    {
        var value = JqValue.Parse("""{"a":[1,[],{},"\u00e9<",null,true],"b":{"c":{"d":[[1.5]]}},"e":1e1000}""");
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true })) value.WriteTo(writer);
        Assert.Equal(value, JqValue.Parse(stream.ToArray()));
    }

    [Fact]
    public void Nesting_beyond_any_stack_is_read_compared_and_written()
    {
        const int depth = 200_000;
        var json = new string('[', depth) + new string(']', depth);
        var options = new JqParseOptions { MaxDepth = depth };
        JqValue result = default;
        var small = new Thread(() =>
        {
            var (a, b) = (JqValue.Parse(json, options), JqValue.Parse(json, options));
            result = a.Equals(b) && a.CompareTo(b) == 0 && a.GetHashCode() == b.GetHashCode() ? a.ToJson() : "different";
        }, maxStackSize: 256 * 1024);
        small.Start();
        small.Join();
        Assert.True(result == json);
    }

    [Fact]
    public void Writing_escapes_what_json_demands_and_the_delete_character() =>
        Assert.Equal("""
            "\"\\\b\f\n\r\t\u0000\u001f\u007fé/😀�"
            """, ((JqValue)"\"\\\b\f\n\r\t\0\u001f\u007fé/😀\ud800").ToJson());

    [Fact]
    public void A_long_string_is_written_whole()
    {
        var text = string.Concat(Enumerable.Repeat("😀é\n", 20_000));
        Assert.Equal(text, JqValue.Parse(((JqValue)text).ToUtf8Bytes()).AsString());
        Assert.Equal(Encoding.UTF8.GetBytes(((JqValue)text).ToJson()), ((JqValue)text).ToUtf8Bytes());
    }
}
