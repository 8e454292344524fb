using Baton.Jq;
using Baton.Server.Outbound;

namespace Baton.Server.Tests.Outbound;

public sealed class YamlReaderTests
{
    [Theory]
    [InlineData("null", "null")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("true", "true")]
    [InlineData("FALSE", "false")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("on", "\"on\"")]
    [InlineData("0", "0")]
    [InlineData("-12", "-12")]
    [InlineData("+7", "7")]
    [InlineData("007", "7")]
    [InlineData("0o17", "15")]
    [InlineData("0o18", "\"0o18\"")]
    [InlineData("0x1F", "31")]
    [InlineData("0xZ", "\"0xZ\"")]
    [InlineData("1.5", "1.5")]
    [InlineData(".5", "0.5")]
    [InlineData("1.", "1")]
    [InlineData("1e3", "1000")]
    [InlineData("-1.5E-2", "-0.015")]
    [InlineData("1e", "\"1e\"")]
    [InlineData("1e+", "\"1e+\"")]
    [InlineData("+-1", "\"+-1\"")]
    [InlineData("-", "\"-\"")]
    [InlineData(".", "\".\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("2026-03-01", "\"2026-03-01\"")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("12345678901234567890", "12345678901234567890")]
    public void A_plain_scalar_is_what_the_core_schema_says(string text, string json) => Assert.Equal(JqValue.Parse(json), YamlReader.Resolve(text));

    [Theory]
    [InlineData("a: 1\nb: [x, 'true', \"2\"]\nc: {d: ~}\n", """{"a":1,"b":["x","true","2"],"c":{"d":null}}""")]
    [InlineData("200: ok\ntrue: yes\n", """{"200":"ok","true":"yes"}""")]
    [InlineData("- |\n  two\n  lines\n- >-\n  one\n  line\n", """["two\nlines\n","one line"]""")]
    [InlineData("a: &x {b: 1}\nc: *x\n", """{"a":{"b":1},"c":{"b":1}}""")]
    [InlineData("a: !!str 1\nb: !!int 2\nc: !!float 3\nd: !!null ''\ne: !!bool true\nf: !!seq []\ng: !!map {}\nh: ! 4\n", """{"a":"1","b":2,"c":3,"d":null,"e":true,"f":[],"g":{},"h":"4"}""")]
    [InlineData("", "null")]
    [InlineData("--- \na: 1\n...\n", """{"a":1}""")]
    [InlineData("# only a comment", "null")]
    [InlineData("{\"a\": [1, 2], 'b': }", """{"a":[1,2],"b":null}""")]
    public void A_document_is_read_as_json(string yaml, string json) => Assert.Equal(JqValue.Parse(json), YamlReader.Read(yaml));

    [Theory]
    [InlineData("a: 1\na: 2", "The key 'a' stands twice")]
    [InlineData("<<: {a: 1}", "Merge keys")]
    [InlineData("a: *x", "alias 'x'")]
    [InlineData("? [1]\n: 2", "A key must be a string")]
    [InlineData("a: 1\n---\nb: 2", "A second document")]
    [InlineData("a: [1", "line")]
    [InlineData("a:\n\t- 1", "invalid tab")]
    [InlineData("a: !!int x", "cannot be of the type")]
    [InlineData("a: !custom x", "cannot be of the type")]
    [InlineData("a: !custom {}", "is not known")]
    [InlineData("a: &a [*a]", "alias 'a'")]
    public void What_cannot_be_read_is_said_with_its_place(string yaml, string reason)
    {
        var e = Assert.Throws<YamlException>(() => YamlReader.Read(yaml));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_few_lines_that_stand_for_a_billion_values_are_refused()
    {
        var bomb = string.Concat(Enumerable.Range(0, 12).Select(i => $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat(i == 0 ? "x" : $"*a{i - 1}", 10))}]\n"));
        Assert.Contains("expand", Assert.Throws<YamlException>(() => YamlReader.Read(bomb)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_beyond_measure_is_refused() =>
        Assert.Contains("nesting", Assert.Throws<YamlException>(() => YamlReader.Read(new string('[', 100_000))).Message, StringComparison.Ordinal);
}
