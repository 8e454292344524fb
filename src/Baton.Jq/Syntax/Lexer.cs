using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace Baton.Jq;

/// <summary>Cuts a program into tokens, one at a time: what a quote or a closing bracket means only the parser knows.</summary>
internal sealed class Lexer(string source)
{
    private static readonly FrozenSet<string> Keywords = new[]
    {
        "as", "import", "include", "module", "def", "if", "then", "else", "elif", "end", "reduce", "foreach", "and", "or",
        "try", "catch", "label", "break", "__loc__",
    }.ToFrozenSet();

    // The longest match wins, so longer ones stand first.
    private static readonly string[] Operators =
    [
        "?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=", "/=", "%=", "<=", ">=", "..",
        ".", "?", "=", ";", ",", ":", "|", "+", "-", "*", "/", "%", "<", ">", "(", ")", "[", "]", "{", "}",
    ];

    private static readonly SearchValues<char> StringEnd = SearchValues.Create('"', '\\');

    private int at;

    public string Source => source;

    public static bool IsName(ReadOnlySpan<char> text) =>
        !text.IsEmpty && IsNameStart(text[0]) && !text.ContainsAnyExcept(NameCharacters);

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    /// <summary>The next token.</summary>
    public Token Next()
    {
        SkipSpaceAndComments();
        var start = at;
        if (at >= source.Length) return new Token(TokenKind.End, start, start, "");
        var c = source[at];
        if (c == '"') return Take(TokenKind.Quote, start, at + 1);
        if (c == '.' && IsNameStart(Peek(1))) return Take(TokenKind.Field, start, NameEnd(at + 1), skip: 1);
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1)))) return Take(TokenKind.Number, start, NumberEnd());
        if (c == '$' && IsNameStart(Peek(1)))
        {
            var token = Take(TokenKind.Variable, start, QualifiedNameEnd(at + 1), skip: 1);
            return token.Text == "__loc__" ? token with { Kind = TokenKind.Location } : token;
        }
        if (c == '@' && NameEnd(at + 1) > at + 1) return Take(TokenKind.Format, start, NameEnd(at + 1), skip: 1);
        if (IsNameStart(c))
        {
            var token = Take(TokenKind.Identifier, start, QualifiedNameEnd(at));
            return Keywords.Contains(token.Text) ? token with { Kind = TokenKind.Keyword } : token;
        }
        foreach (var symbol in Operators)
        {
            if (string.CompareOrdinal(source, at, symbol, 0, symbol.Length) == 0)
            {
                at += symbol.Length;
                return new Token(TokenKind.Operator, start, at, symbol);
            }
        }
        var found = Rune.TryGetRuneAt(source, at, out var rune) ? $"'{rune}'" : $"U+{(int)c:X4}";
        throw new JqSyntaxException($"syntax error, unexpected character {found}", source, at);
    }

    /// <summary>
    /// Reads the rest of a string up to its closing quote, or up to an interpolation: then the next token is the first one inside.
    /// </summary>
    /// <param name="start">Where the string started, for the message if it never ends.</param>
    /// <param name="interpolated">Whether an interpolation follows.</param>
    public string StringPart(int start, out bool interpolated)
    {
        var text = new StringBuilder();
        while (true)
        {
            var stop = source.AsSpan(at).IndexOfAny(StringEnd);
            if (stop < 0) throw new JqSyntaxException("syntax error, the string does not end", source, start);
            text.Append(source, at, stop);
            at += stop;
            interpolated = source[at] == '\\' && Peek(1) == '(';
            if (interpolated || source[at] == '"')
            {
                at += interpolated ? 2 : 1;
                return text.ToString();
            }
            var escape = Encoding.UTF8.GetBytes(source.AsSpan(at, Math.Min(12, source.Length - at)).ToArray());
            ReadOnlySpan<byte> rest = escape;
            if (!JsonEscapes.TryRead(ref rest, text)) throw new JqSyntaxException("Invalid escape", source, at, 2);
            at += escape.Length - rest.Length;
        }
    }

    private Token Take(TokenKind kind, int start, int end, int skip = 0)
    {
        at = end;
        return new Token(kind, start, end, source[(start + skip)..end]);
    }

    private char Peek(int ahead) => at + ahead < source.Length ? source[at + ahead] : '\0';

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private int NameEnd(int from)
    {
        var length = source.AsSpan(from).IndexOfAnyExcept(NameCharacters);
        return length < 0 ? source.Length : from + length;
    }

    private int QualifiedNameEnd(int from)
    {
        var end = NameEnd(from);
        while (end + 2 < source.Length && source[end] == ':' && source[end + 1] == ':' && IsNameStart(source[end + 2])) end = NameEnd(end + 2);
        return end;
    }

    private int NumberEnd()
    {
        var end = DigitsEnd(at);
        if (end < source.Length && source[end] == '.') end = DigitsEnd(end + 1);
        if (end < source.Length && source[end] is 'e' or 'E')
        {
            var digits = end + 1 < source.Length && source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (digits < source.Length && char.IsAsciiDigit(source[digits])) end = DigitsEnd(digits);
        }
        return end;
    }

    private int DigitsEnd(int from)
    {
        while (from < source.Length && char.IsAsciiDigit(source[from])) from++;
        return from;
    }

    private void SkipSpaceAndComments()
    {
        while (at < source.Length)
        {
            if (source[at] is ' ' or '\t' or '\n' or '\r') at++;
            else if (source[at] == '#') at = CommentEnd();
            else break;
        }
    }

    // An odd number of backslashes before the end of the line continues a comment, as in Tcl.
    private int CommentEnd()
    {
        var end = at;
        while (true)
        {
            end = source.IndexOf('\n', end);
            if (end < 0) return source.Length;
            var last = end - (source[end - 1] == '\r' ? 1 : 0);
            var backslashes = 0;
            while (source[last - 1 - backslashes] == '\\') backslashes++;
            if (backslashes % 2 == 0) return end;
            end++;
        }
    }
}
