using System.Globalization;
using System.Text;

namespace Baton.Engine.Schema;

/// <summary>JSON pointers (RFC 6901) as text.</summary>
internal static class JsonPointer
{
    public static string Escape(string token) =>
        token.AsSpan().ContainsAny('~', '/') ? token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal) : token;

    public static string Of(IEnumerable<string> tokens)
    {
        var pointer = new StringBuilder();
        foreach (var token in tokens) pointer.Append('/').Append(Escape(token));
        return pointer.ToString();
    }

    /// <summary>The tokens of a pointer; null when a tilde stands without 0 or 1 behind it, or the pointer does not start with a slash.</summary>
    public static string[]? Parse(string pointer)
    {
        if (pointer.Length == 0) return [];
        if (!IsValid(pointer)) return null;
        var tokens = pointer[1..].Split('/');
        for (var i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].Contains('~')) tokens[i] = tokens[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        }
        return tokens;
    }

    public static bool IsValid(ReadOnlySpan<char> pointer)
    {
        if (pointer.IsEmpty) return true;
        if (pointer[0] != '/') return false;
        for (var rest = pointer; rest.IndexOf('~') is >= 0 and var at; rest = rest[(at + 1)..])
        {
            if (at + 1 == rest.Length || rest[at + 1] is not ('0' or '1')) return false;
        }
        return true;
    }

    /// <summary>The index that a token names, without leading zeros; -1 for any other token.</summary>
    public static int Index(string token) =>
        token.Length > 0 && (token.Length == 1 || token[0] != '0') && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : -1;
}
