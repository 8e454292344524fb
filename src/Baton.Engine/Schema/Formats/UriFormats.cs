using System.Buffers;

namespace Baton.Engine.Schema;

/// <summary>URIs and relative references by the grammar of RFC 3986, and their international forms (RFC 3987).</summary>
internal static class UriFormats
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    private const string SubDelimiters = "!$&'()*+,;=";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(Unreserved + SubDelimiters);
    private static readonly SearchValues<char> UserCharacters = SearchValues.Create(Unreserved + SubDelimiters + ":");
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(Unreserved + SubDelimiters + ":@/");
    private static readonly SearchValues<char> QueryCharacters = SearchValues.Create(Unreserved + SubDelimiters + ":@/?");

    public static bool IsUri(string text, bool isInternational) =>
        UriReference.Parse(text) is { Scheme: not null } parts && IsRight(parts, isInternational);

    public static bool IsReference(string text, bool isInternational)
    {
        var parts = UriReference.Parse(text);
        // Before the first slash of a relative path a colon would end a scheme.
        if (parts is { Scheme: null, Authority: null } && parts.Path.Split('/', 2)[0].Contains(':')) return false;
        return IsRight(parts, isInternational);
    }

    private static bool IsRight(UriReference parts, bool isInternational) =>
        IsMadeOf(parts.Path, PathCharacters, isInternational)
        && IsMadeOf(parts.Query, QueryCharacters, isInternational)
        && IsMadeOf(parts.Fragment, QueryCharacters, isInternational)
        && (parts.Authority is null || IsAuthority(parts.Authority, isInternational));

    private static bool IsAuthority(ReadOnlySpan<char> authority, bool isInternational)
    {
        if (authority.LastIndexOf('@') is >= 0 and var at)
        {
            if (!IsMadeOf(authority[..at], UserCharacters, isInternational)) return false;
            authority = authority[(at + 1)..];
        }
        if (authority.StartsWith("["))
        {
            var end = authority.IndexOf(']');
            return end > 0 && IsLiteral(authority[1..end]) && IsPort(authority[(end + 1)..]);
        }
        var colon = authority.IndexOf(':');
        return colon < 0
            ? IsMadeOf(authority, NameCharacters, isInternational)
            : IsMadeOf(authority[..colon], NameCharacters, isInternational) && IsPort(authority[colon..]);
    }

    private static bool IsPort(ReadOnlySpan<char> text) => text.IsEmpty || (text[0] == ':' && !text[1..].ContainsAnyExceptInRange('0', '9'));

    private static bool IsLiteral(ReadOnlySpan<char> address)
    {
        if (address is not ['v' or 'V', .. var future]) return HostFormats.IsIPv6(address);
        var dot = future.IndexOf('.');
        if (dot < 1 || dot == future.Length - 1) return false;
        foreach (var digit in future[..dot])
        {
            if (!char.IsAsciiHexDigit(digit)) return false;
        }
        return !future[(dot + 1)..].ContainsAnyExcept(UserCharacters);
    }

    private static bool IsMadeOf(ReadOnlySpan<char> text, SearchValues<char> allowed, bool isInternational)
    {
        for (var rest = text; rest.IndexOfAnyExcept(allowed) is >= 0 and var at; rest = rest[(at + 1)..])
        {
            var unit = rest[at];
            if (unit == '%' && at + 2 < rest.Length && char.IsAsciiHexDigit(rest[at + 1]) && char.IsAsciiHexDigit(rest[at + 2])) continue;
            if (!isInternational || unit < 0xA0) return false;
        }
        return true;
    }
}
