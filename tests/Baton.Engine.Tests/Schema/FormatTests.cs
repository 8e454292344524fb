using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

public sealed class FormatTests
{
    private static readonly JsonSchemaOptions Asserting = new() { AssertFormats = true };

    [Theory]
    [InlineData("date-time", "2026-03-31T17:45:00Z", "2026-03-31t17:45:00.123z", "2024-02-29T00:00:00-08:30", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.5-08:00")]
    [InlineData("date", "2026-03-31", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31")]
    [InlineData("time", "17:45:00Z", "00:00:00.000001+23:59", "23:59:60Z", "01:29:60+01:30", "12:34:56-00:00")]
    [InlineData("duration", "P1Y2M3DT4H5M6S", "P2W", "PT36H", "P1M2D", "PT0S")]
    [InlineData("email", "ada@example.com", "a.b+c~d@x-y.io", "\"a b\\\"@..\"@example.com", "a@[127.0.0.1]", "a@[IPv6:::1]")]
    [InlineData("idn-email", "ädä@exämple.com", "ada@example.com", "\"ä\"@a.b", "실례@실례.테스트", "a@[127.0.0.1]")]
    [InlineData("hostname", "example.com", "a", "xn--4gbwdl.xn--wgbh1c", "1.2.3", "A-b")]
    [InlineData("ipv4", "127.0.0.1", "0.0.0.0", "255.255.255.255", "1.20.3.4", "8.8.8.8")]
    [InlineData("ipv6", "::", "::1", "2001:db8:0:0:0:0:0:1", "1:2:3:4:5:6:7::", "::ffff:192.0.2.1")]
    [InlineData("ipv6", "1::", "a:B:c:d:e:f:0:1", "1:2:3:4:5:6:1.2.3.4", "1::3:4:5:6:7:8", "fe80::1")]
    [InlineData("uri", "https://u:p@example.com:80/a/b;c?d=e#f", "urn:isbn:1", "mailto:a@b.c", "http://[2001:db8::7]/", "a:")]
    [InlineData("uri-reference", "", "../a?b#c", "//host/path", "#x", "https://example.com")]
    [InlineData("iri", "https://exämple.com/ä?ö#ü", "http://[::1]", "urn:ä", "https://example.com", "a:b")]
    [InlineData("iri-reference", "ä/ö", "#ü", "", "//ä", "https://ä")]
    [InlineData("uri-template", "https://e.com/{a}{?b,c*}{/d:3}", "{+path}/here", "", "{a.b}", "%20{%41}")]
    [InlineData("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "98d80576-482e-427f-8434-7f86890ab222")]
    [InlineData("json-pointer", "", "/", "/a~1b/~0", "/0//x", "/ä")]
    [InlineData("relative-json-pointer", "0", "1/a/b", "0#", "2+1/x", "0-0")]
    [InlineData("regex", "^[a-z]+$", "", "(?<a>x)\\k<a>", "\\p{L}", "a{2,3}")]
    public void A_text_of_the_format_is_valid(string format, params string[] texts) => Assert.All(texts, text => Assert.True(IsValid(format, text), $"{text} is a {format}"));

    [Theory]
    [InlineData("date-time", "2026-03-31 17:45:00Z", "2026-03-31T17:45:00", "2026-02-30T00:00:00Z", "2026-03-31T24:00:00Z", "2026-03-31T17:45Z")]
    [InlineData("date", "2026-3-31", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10")]
    [InlineData("date", "20260331", "2026-04-31", "2026-03-31 ", "২026-03-31", "2026-03-00")]
    [InlineData("time", "17:45:00", "24:00:00Z", "12:60:00Z", "12:00:61Z", "22:59:60Z")]
    [InlineData("time", "12:00:00.Z", "12:00:00+24:00", "12:00:00+0100", "12:00:00Z+01:00", "1২:00:00Z")]
    [InlineData("duration", "P", "PT", "P1Y2D", "P1D2H", "PT0.5S")]
    [InlineData("duration", "P1Y2W", "1D", "P-1D", "P1D ", "PT1H2S")]
    [InlineData("email", "ada", "@example.com", "a..b@c.d", "a@b_c", "a@b.c\n")]
    [InlineData("email", "a b@c.d", "ä@c.d", "\"a@c.d", "a@[1.2.3]", "\"\\©\"@c.d")]
    [InlineData("idn-email", "ä", "ä@", "ä ä@b.c", ".ä@b.c", "ä@-b.c")]
    [InlineData("hostname", "", "-a", "a-", "a_b", "a..b")]
    [InlineData("ipv4", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", "1.2.3.৪")]
    [InlineData("ipv6", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", ":1", "1:2:3:4:5:6:7")]
    [InlineData("ipv6", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "g::", "::1%eth0", "1.2.3.4")]
    [InlineData("uri", "", "/a", "http://exa mple.com", "http://ä.com", "1a:b")]
    [InlineData("uri", "http://a/%zz", "http://[::1", "http://a:b/", "http://a\\b", "http://[v1.]/")]
    [InlineData("uri-reference", "a b", "ä", "\\a", "a:b:%", "1a:b")]
    [InlineData("iri", "ä", "https://a b", "https://[ä]", "", "http://a\u0080")]
    [InlineData("iri-reference", "a b", "ä:b", "<", "\u0080", "%ä")]
    [InlineData("uri-template", "{", "}", "{a", "{a:10000}", "{=}{")]
    [InlineData("uri-template", "{}", "{a b}", "{a,}", "a b", "{.}")]
    [InlineData("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa9811eab4aa73b441d16380", " 2eb8aa08-aa98-11ea-b4aa-73b441d1638", "{2eb8aa08-aa98-11ea-b4aa-73b441d163}", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g")]
    [InlineData("json-pointer", "a", "/~", "/~2", "#/a", "/a~")]
    [InlineData("relative-json-pointer", "", "/a", "01", "-1", "0##")]
    [InlineData("relative-json-pointer", "0+", "0-01", "1a", "0/~2", "+1")]
    public void Any_other_text_is_not(string format, params string[] texts) => Assert.All(texts, text => Assert.False(IsValid(format, text), $"{text} is no {format}"));

    [Fact]
    public void A_label_of_a_host_name_has_at_most_63_characters_and_the_name_253()
    {
        var label = new string('a', 63);
        Assert.True(IsValid("hostname", label));
        Assert.False(IsValid("hostname", label + "a"));
        Assert.True(IsValid("hostname", string.Join('.', label, label, label, new string('a', 61))));
        Assert.False(IsValid("hostname", string.Join('.', label, label, label, new string('a', 62))));
    }

    [Fact]
    public void By_default_a_format_only_describes()
    {
        Assert.True(Schemas.IsValid("""{"format":"ipv4"}""", "\"x\""));
        Assert.False(Schemas.IsValid("""{"format":"ipv4"}""", "\"x\"", Asserting));
    }

    [Theory]
    [InlineData("""{"format":"no-such-format"}""", "\"x\"")]
    [InlineData("""{"format":"ipv4"}""", "12")]
    [InlineData("""{"format":"ipv4"}""", "null")]
    [InlineData("""{"format":"ipv4"}""", "[]")]
    public void A_format_says_nothing_about_other_kinds_and_unknown_formats_nothing_at_all(string schema, string instance) =>
        Assert.True(Schemas.IsValid(schema, instance, Asserting));

    private static bool IsValid(string format, string text) => JsonSchema.Compile(JqValue.Object(("format", format)), Asserting).IsValid(text);
}
