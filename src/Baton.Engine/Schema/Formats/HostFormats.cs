namespace Baton.Engine.Schema;

/// <summary>Host names (RFC 1123) and addresses (RFC 2673, section 3.2; RFC 4291, section 2.2).</summary>
internal static class HostFormats
{
    private const int MaxName = 253, MaxLabel = 63;

    public static bool IsHostname(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxName) return false;
        foreach (var range in text.Split('.'))
        {
            if (!IsLabel(text[range])) return false;
        }
        return true;
    }

    public static bool IsIPv4(ReadOnlySpan<char> text)
    {
        var parts = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (++parts > 4 || part.Length is 0 or > 3 || part.ContainsAnyExceptInRange('0', '9')) return false;
            if ((part.Length > 1 && part[0] == '0') || int.Parse(part) > 255) return false;
        }
        return parts == 4;
    }

    public static bool IsIPv6(ReadOnlySpan<char> text)
    {
        var groups = 8;
        if (text.LastIndexOf(':') is >= 0 and var colon && text[(colon + 1)..].Contains('.'))
        {
            if (!IsIPv4(text[(colon + 1)..])) return false;
            groups = 6;
            // What is left ends with the colon before the address, or with the double colon.
            text = colon > 0 && text[colon - 1] == ':' ? text[..(colon + 1)] : text[..colon];
        }
        var gap = text.IndexOf("::");
        if (gap < 0) return CountGroups(text) == groups;
        var (before, after) = (CountGroups(text[..gap]), CountGroups(text[(gap + 2)..]));
        return before >= 0 && after >= 0 && before + after < groups;
    }

    // How many groups of up to four hexadecimal digits there are between colons; -1 if anything else is.
    private static int CountGroups(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return 0;
        var count = 0;
        foreach (var range in text.Split(':'))
        {
            var group = text[range];
            if (group.Length is 0 or > 4) return -1;
            foreach (var digit in group)
            {
                if (!char.IsAsciiHexDigit(digit)) return -1;
            }
            count++;
        }
        return count;
    }

    private static bool IsLabel(ReadOnlySpan<char> label)
    {
        if (label.Length is 0 or > MaxLabel || label[0] == '-' || label[^1] == '-') return false;
        foreach (var unit in label)
        {
            if (!char.IsAsciiLetterOrDigit(unit) && unit != '-') return false;
        }
        return true;
    }
}
