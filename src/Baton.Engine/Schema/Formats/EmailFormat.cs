namespace Baton.Engine.Schema;

/// <summary>Mailboxes of RFC 5321, section 4.1.2, and their international form (RFC 6531).</summary>
internal static class EmailFormat
{
    private const int MaxLocalPart = 64;

    public static bool IsEmail(ReadOnlySpan<char> text, bool isInternational)
    {
        var at = text.LastIndexOf('@');
        if (at is <= 0 or > MaxLocalPart) return false;
        var local = text[..at];
        return (local[0] == '"' ? IsQuoted(local, isInternational) : IsDotted(local, isInternational)) && IsDomain(text[(at + 1)..], isInternational);
    }

    private static bool IsDotted(ReadOnlySpan<char> local, bool isInternational)
    {
        foreach (var range in local.Split('.'))
        {
            if (local[range].IsEmpty) return false;
            foreach (var unit in local[range])
            {
                if (!char.IsAsciiLetterOrDigit(unit) && !"!#$%&'*+-/=?^_`{|}~".Contains(unit) && !(isInternational && unit > 0x7F)) return false;
            }
        }
        return true;
    }

    private static bool IsQuoted(ReadOnlySpan<char> local, bool isInternational)
    {
        if (local.Length < 2 || local[^1] != '"') return false;
        var text = local[1..^1];
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"') return false;
            if (text[i] == '\\' && ++i == text.Length) return false;
            if (text[i] < ' ' || text[i] == '\u007F' || (text[i] > 0x7F && !isInternational)) return false;
        }
        return true;
    }

    private static bool IsDomain(ReadOnlySpan<char> domain, bool isInternational)
    {
        if (domain is ['[', .. var literal, ']'])
        {
            return literal.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase) ? HostFormats.IsIPv6(literal[5..]) : HostFormats.IsIPv4(literal);
        }
        if (!isInternational) return HostFormats.IsHostname(domain);
        // Which letters a domain may have takes tables of Unicode; all of them are let through.
        Span<char> ascii = domain.Length <= 512 ? stackalloc char[domain.Length] : new char[domain.Length];
        for (var i = 0; i < domain.Length; i++) ascii[i] = domain[i] > 0x7F ? 'a' : domain[i];
        return HostFormats.IsHostname(ascii);
    }
}
