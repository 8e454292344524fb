namespace Baton.Jq.Tests.Values;

public sealed class ParseTests
{
    [Theory]
    [InlineData("", 0, 1, 1)]
    [InlineData("  ", 2, 1, 3)]
    [InlineData("[1,]", 3, 1, 4)]
    [InlineData("[1 2]", 3, 1, 4)]
    [InlineData("{\"a\"}", 4, 1, 5)]
    [InlineData("{\"a\":1,}", 7, 1, 8)]
    [InlineData("{a:1}", 1, 1, 2)]
    [InlineData("[\n  tru]", 4, 2, 3)]
    [InlineData("01", 1, 1, 2)]
    [InlineData("1.", 2, 1, 3)]
    [InlineData("-", 1, 1, 2)]
    [InlineData("1e", 2, 1, 3)]
    [InlineData("nan", 0, 1, 1)]
    [InlineData("\"a", 0, 1, 1)]
    [InlineData("\"a\nb\"", 2, 1, 3)]
    [InlineData("\"\\x\"", 1, 1, 2)]
    [InlineData("\"\\u12g4\"", 1, 1, 2)]
    [InlineData("1 1", 2, 1, 3)]
    [InlineData("[", 1, 1, 2)]
    [InlineData("]", 0, 1, 1)]
    public void A_text_that_is_no_json_is_refused_with_its_position(string json, int offset, int line, int column)
    {
        var error = Assert.Throws<JqParseException>(() => JqValue.Parse(json));
        Assert.Equal((offset, line, column), (error.Offset, error.Line, error.Column));
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_with_their_position()
    {
        var error = Assert.Throws<JqParseException>(() => JqValue.Parse([(byte)'"', (byte)'a', 0xff, (byte)'"']));
        Assert.Equal(2, error.Offset);
    }

    [Fact]
    public void Surrogates_without_a_partner_become_replacement_characters() =>
        Assert.Equal("\uFFFDx\uFFFD😀", JqValue.Parse("\"\\ud800x\\udc00\\ud83d\\ude00\"").AsString());

    [Fact]
    public void Nesting_is_limited()
    {
        var options = new JqParseOptions { MaxDepth = 3 };
        Assert.Equal("[[[1]]]", JqValue.Parse("[[[1]]]", options).ToJson());
        Assert.Equal(3, Assert.Throws<JqParseException>(() => JqValue.Parse("[[[[1]]]]", options)).Offset);
        Assert.Throws<JqParseException>(() => JqValue.Parse(new string('[', 257) + new string(']', 257)));
    }

    [Fact]
    public void Length_is_limited() =>
        Assert.Throws<JqParseException>(() => JqValue.Parse("[1,2]", new JqParseOptions { MaxLength = 4 }));

    [Fact]
    public void Of_equal_keys_the_last_value_wins_at_the_place_of_the_first() =>
        Assert.Equal("""{"a":4,"b":3}""", JqValue.Parse("""{"a":1,"b":2,"b":3,"a":4}""").ToJson());

    [Fact]
    public void Equal_keys_are_refused_on_demand_with_a_pointer()
    {
        var error = Assert.Throws<JqParseException>(() =>
            JqValue.Parse("""[0,{"x/y":[{"a":1,"b":2,"a":3}]}]""", new JqParseOptions { RejectDuplicateKeys = true }));
        Assert.Equal("/1/x~1y/0/a", error.Pointer);
    }

    [Fact]
    public void A_byte_order_mark_is_skipped() => Assert.Equal(1, JqValue.Parse("\uFEFF1"));

    [Fact]
    public void Objects_of_differing_shapes_do_not_disturb_each_other() =>
        Assert.Equal(
            """[{"id":1,"a":1},{"id":2,"b":2},{"id":3},{"id":4,"a":4,"c":1},{"":1},{"a":2},{"id":5,"b":3}]""",
            JqValue.Parse("""[{"id":1,"a":1},{"id":2,"b":2},{"id":3},{"id":4,"a":4,"c":1},{"":1},{"\u0061":2},{"id":5,"b":3}]""").ToJson());
}
