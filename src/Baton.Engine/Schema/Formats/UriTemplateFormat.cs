using System.Buffers;

namespace Baton.Engine.Schema;

/// <summary>URI templates by the grammar of RFC 6570.</summary>
internal static class UriTemplateFormat
{
    private const string Operators = "+#./;?&=,!@|";

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(" \"'<>\\^`|}");

    public static bool IsTemplate(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var open = text.IndexOf('{');
            if (!IsLiteral(open < 0 ? text : text[..open])) return false;
            if (open < 0) return true;
            var close = text.IndexOf('}');
            if (close < open || !IsExpression(text[(open + 1)..close])) return false;
            text = text[(close + 1)..];
        }
        return true;
    }

    private static bool IsLiteral(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] < ' ' || text[i] == '\u007F' || Forbidden.Contains(text[i])) return false;
            if (text[i] == '%' && !IsEncoded(text[i..])) return false;
        }
        return true;
    }

    private static bool IsExpression(ReadOnlySpan<char> text)
    {
        if (!text.IsEmpty && Operators.Contains(text[0])) text = text[1..];
        foreach (var range in text.Split(','))
        {
            if (!IsVariable(text[range])) return false;
        }
        return true;
    }

    private static bool IsVariable(ReadOnlySpan<char> text)
    {
        if (text.EndsWith("*"))
        {
            text = text[..^1];
        }
        else if (text.IndexOf(':') is >= 0 and var colon)
        {
            var length = text[(colon + 1)..];
            if (length.Length is 0 or > 4 || length[0] == '0' || length.ContainsAnyExceptInRange('0', '9')) return false;
            text = text[..colon];
        }
        if (text.IsEmpty || text[0] == '.' || text[^1] == '.' || text.Contains("..", StringComparison.Ordinal)) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' ? !IsEncoded(text[i..]) : !char.IsAsciiLetterOrDigit(text[i]) && text[i] is not ('_' or '.')) return false;
        }
        return true;
    }

    private static bool IsEncoded(ReadOnlySpan<char> text) => text.Length > 2 && char.IsAsciiHexDigit(text[1]) && char.IsAsciiHexDigit(text[2]);
}
