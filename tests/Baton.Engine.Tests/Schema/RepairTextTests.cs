using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

public sealed class RepairTextTests
{
    [Fact]
    public void It_lists_what_is_to_be_mended() => Assert.Equal(
        """
        The JSON does not fit its schema. Mend these 2 places and leave the rest as it is:
        - `/items/0/price` must be a number, but is a string: write it without quotes.
        - `/colour` must be one of "red" or "green", but is another string.
        """,
        Schemas.Validate(
            """{"properties":{"items":{"items":{"properties":{"price":{"type":"number"}}}},"colour":{"enum":["red","green"]}}}""",
            """{"items":[{"price":"12.50"}],"colour":"blue"}""").ToRepairText());

    [Fact]
    public void Of_alternatives_it_tells_the_one_that_was_probably_meant() => Assert.Equal(
        """
        The JSON does not fit its schema. Mend this place and leave the rest as it is:
        - `/shape` must fit exactly one of 3 alternatives, but fits none. Nearest is alternative 2 (square):
          - `/shape` must have the property "side".
          - `/shape/colour` must be a string, but is a number.
        """,
        Schemas.Validate(
            """
            {"properties":{"shape":{"oneOf":[{"$ref":"#/$defs/circle"},{"$ref":"#/$defs/square"},{"type":"null"}]}},
             "$defs":{"circle":{"required":["kind","radius"],"properties":{"kind":{"const":"circle"}}},
                      "square":{"required":["kind","side"],"properties":{"kind":{"const":"square"},"colour":{"type":"string"}}}}}
            """,
            """{"shape":{"kind":"square","colour":1}}""").ToRepairText());

    [Fact]
    public void A_valid_value_needs_no_text() => Assert.Equal("", Schemas.Validate("true", "1").ToRepairText());

    [Fact]
    public void It_is_never_longer_than_asked_for_and_says_how_much_is_left_out()
    {
        var value = JqValue.Parse($"[{string.Join(',', Enumerable.Range(0, 90))}]");
        var result = Schemas.Compile("""{"items":{"type":"string"}}""").Validate(value);
        for (var length = 200; length < 6_000; length += 37)
        {
            var text = result.ToRepairText(length);
            Assert.InRange(text.Length, 100, length);
            Assert.Equal(90, text.Split('\n').Count(line => line.EndsWith("but is a number.", StringComparison.Ordinal)) + LeftOut(text));
        }
        Assert.Equal(0, LeftOut(result.ToRepairText(100_000)));
    }

    [Fact]
    public void Of_a_single_error_that_is_too_long_the_beginning_is_told()
    {
        var names = string.Join(',', Enumerable.Range(0, 12).Select(i => $"\"{new string((char)('a' + i), 70)}\""));
        var text = Schemas.Validate($$"""{"enum":[{{names}}]}""", "1").ToRepairText(200);
        Assert.InRange(text.Length, 150, 200);
        Assert.Contains("- The value must be one of \"aaaa", text, StringComparison.Ordinal);
        Assert.EndsWith("…", text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_so_when_there_are_more_errors_than_were_collected() =>
        Assert.StartsWith("The JSON does not fit its schema. Mend these places (there are more) and", Schemas.Validate(
            """{"items":false}""", "[1,2,3]", new JsonSchemaOptions { MaxErrors = 2 }).ToRepairText(), StringComparison.Ordinal);

    private static int LeftOut(string text) =>
        text.Split('\n')[^1] is ['-', ' ', '…', .. var rest] ? int.Parse(rest.Split(' ')[2]) : 0;
}
