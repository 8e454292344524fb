using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Blanks comments and strings out of a source, character by character. It knows just enough of each language to see where they begin and
/// end.
/// </summary>
internal static class SourceMask
{
    public static (string Code, string Text) Apply(string source, string language)
    {
        var code = new StringBuilder(source.Length);
        var text = new StringBuilder(source.Length);
        var i = 0;
        while (i < source.Length)
        {
            var (length, isString) = SpanAt(source, i, language);
            if (length == 0)
            {
                code.Append(source[i]);
                text.Append(source[i++]);
                continue;
            }
            for (var end = i + length; i < end; i++)
            {
                // The quotes stay visible in the code, so that a recogniser sees that there is an argument.
                var isEdge = isString && source[i] is '"' or '\'' or '`';
                code.Append(source[i] is '\n' || isEdge ? source[i] : ' ');
                text.Append(source[i] is '\n' || isString ? source[i] : ' ');
            }
        }
        return (code.ToString(), text.ToString());
    }

    /// <summary>The length of the comment or string that begins here; 0 if neither does.</summary>
    private static (int Length, bool IsString) SpanAt(string s, int i, string language)
    {
        var c = s[i];
        if (language == Languages.Python)
        {
            if (c == '#') return (ToLineEnd(s, i), false);
            if (c is not ('"' or '\'')) return default;
            return (IsTriple(s, i, c) ? ToFence(s, i, 3, new string(c, 3), escapes: true) : Quoted(s, i, c, manyLines: false), true);
        }
        if (c == '/' && Next(s, i) == '/') return (ToLineEnd(s, i), false);
        if (c == '/' && Next(s, i) == '*') return (ToFence(s, i, 2, "*/", escapes: false), false);
        if (c == '"' && IsTriple(s, i, c) && language is Languages.CSharp or Languages.Java) return (TripleQuoted(s, i), true);
        if (language == Languages.CSharp && c == '@' && VerbatimStart(s, i) is var start and > 0) return (start + Verbatim(s, i + start), true);
        if (language == Languages.Rust && c == 'r' && !IsWord(s, i - 1) && RawHashes(s, i) is var hashes and >= 0)
            return (ToFence(s, i, hashes + 2, "\"" + new string('#', hashes), escapes: false), true);
        if (c == '"') return (Quoted(s, i, c, manyLines: language == Languages.Rust), true);
        if (c == '`' && language is Languages.TypeScript or Languages.JavaScript) return (Quoted(s, i, c, manyLines: true), true);
        if (c == '`' && language == Languages.Go) return (ToFence(s, i, 1, "`", escapes: false), true);
        if (c != '\'') return default;
        if (language is Languages.TypeScript or Languages.JavaScript) return (Quoted(s, i, c, manyLines: false), true);
        return (CharacterLength(s, i), true);    // a lifetime of Rust ('a) is none and has length 0
    }

    private static char Next(string s, int i) => i + 1 < s.Length ? s[i + 1] : '\0';

    private static bool IsWord(string s, int i) => i >= 0 && (char.IsLetterOrDigit(s[i]) || s[i] == '_');

    private static bool IsTriple(string s, int i, char quote) => i + 2 < s.Length && s[i + 1] == quote && s[i + 2] == quote;

    private static int ToLineEnd(string s, int i) => (s.IndexOf('\n', i) is var end and >= 0 ? end : s.Length) - i;

    private static int ToFence(string s, int i, int opening, string fence, bool escapes)
    {
        for (var at = i + opening; at < s.Length; at++)
        {
            if (escapes && s[at] == '\\') at++;
            else if (string.CompareOrdinal(s, at, fence, 0, fence.Length) == 0) return at + fence.Length - i;
        }
        return s.Length - i;
    }

    private static int Quoted(string s, int i, char quote, bool manyLines)
    {
        for (var at = i + 1; at < s.Length; at++)
        {
            if (s[at] == '\n' && !manyLines) return at - i;    // not closed: the damage ends with the line
            if (s[at] == '\\') at++;
            else if (s[at] == quote) return at + 1 - i;
        }
        return s.Length - i;
    }

    /// <summary>Three quotes or more of C#, or a text block of Java: closed by as many quotes as opened it.</summary>
    private static int TripleQuoted(string s, int i)
    {
        var quotes = 3;
        while (i + quotes < s.Length && s[i + quotes] == '"') quotes++;
        return ToFence(s, i, quotes, new string('"', quotes), escapes: false);
    }

    /// <summary>Characters before the quote of @"..." or @$"..."; 0 if this is neither.</summary>
    private static int VerbatimStart(string s, int i) => Next(s, i) == '"' ? 1 : Next(s, i) == '$' && i + 2 < s.Length && s[i + 2] == '"' ? 2 : 0;

    private static int Verbatim(string s, int quote)
    {
        for (var at = quote + 1; at < s.Length; at++)
        {
            if (s[at] != '"') continue;
            if (Next(s, at) != '"') return at + 1 - quote;
            at++;
        }
        return s.Length - quote;
    }

    private static int RawHashes(string s, int i)
    {
        var at = i + 1;
        while (at < s.Length && s[at] == '#') at++;
        return at < s.Length && s[at] == '"' ? at - i - 1 : -1;
    }

    private static int CharacterLength(string s, int i)
    {
        if (Next(s, i) == '\\') return Quoted(s, i, '\'', manyLines: false);
        return i + 2 < s.Length && s[i + 2] == '\'' ? 3 : 0;
    }
}
