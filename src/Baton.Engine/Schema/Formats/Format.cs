using System.Collections.Frozen;

namespace Baton.Engine.Schema;

/// <summary>A value of <c>format</c> that can be checked.</summary>
/// <param name="Description">What a text must be, with an example: the sentence goes on after "must be".</param>
/// <param name="Cost">What four characters cost in steps.</param>
internal sealed record Format(string Name, string Description, Func<string, bool> Matches, int Cost = 1)
{
    private static readonly FrozenDictionary<string, Format> All = new Format[]
    {
        new("date-time", "a date and time with offset, such as 2026-03-31T17:45:00Z", static text => DateTimeFormats.IsDateTime(text)),
        new("date", "a date, such as 2026-03-31", static text => DateTimeFormats.IsDate(text)),
        new("time", "a time with offset, such as 17:45:00Z", static text => DateTimeFormats.IsTime(text)),
        new("duration", "a duration, such as P3DT12H30M", static text => DateTimeFormats.IsDuration(text)),
        new("email", "an e-mail address, such as ada@example.com", static text => EmailFormat.IsEmail(text, isInternational: false)),
        new("idn-email", "an e-mail address, such as ada@example.com", static text => EmailFormat.IsEmail(text, isInternational: true)),
        new("hostname", "a host name, such as www.example.com", static text => HostFormats.IsHostname(text)),
        new("ipv4", "an IPv4 address, such as 192.0.2.1", static text => HostFormats.IsIPv4(text)),
        new("ipv6", "an IPv6 address, such as 2001:db8::1", static text => HostFormats.IsIPv6(text)),
        new("uri", "a URI, such as https://example.com/a", static text => UriFormats.IsUri(text, isInternational: false)),
        new("uri-reference", "a URI or a relative reference, such as ../a#b", static text => UriFormats.IsReference(text, isInternational: false)),
        new("iri", "an IRI, such as https://example.com/ä", static text => UriFormats.IsUri(text, isInternational: true)),
        new("iri-reference", "an IRI or a relative reference, such as ../ä#b", static text => UriFormats.IsReference(text, isInternational: true)),
        new("uri-template", "a URI template, such as https://example.com/{name}", static text => UriTemplateFormat.IsTemplate(text)),
        new("uuid", "a UUID, such as 2eb8aa08-aa98-11ea-b4aa-73b441d16380", static text => IsUuid(text)),
        new("json-pointer", "a JSON pointer, such as /items/0", static text => JsonPointer.IsValid(text)),
        new("relative-json-pointer", "a relative JSON pointer, such as 1/name", static text => RelativePointerFormat.IsRelativePointer(text)),
        new("regex", "a regular expression of ECMA-262, such as ^[a-z]+$", static text => PatternParser.Parse(text, out _) is not null, Cost: 256),
    }.ToFrozenDictionary(format => format.Name, StringComparer.Ordinal);

    /// <summary>The names of all formats that can be checked. idn-hostname is not among them: it takes tables of Unicode that .NET lacks.</summary>
    public static IEnumerable<string> Names => All.Keys.Order(StringComparer.Ordinal);

    public static Format? Find(string name) => All.GetValueOrDefault(name);

    // RFC 4122. Guid.Parse would also take spaces around it.
    private static bool IsUuid(string text)
    {
        if (text.Length != 36) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? text[i] != '-' : !char.IsAsciiHexDigit(text[i])) return false;
        }
        return true;
    }
}
