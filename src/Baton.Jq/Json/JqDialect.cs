using System.Text;

namespace Baton.Jq;

/// <summary>
/// JSON as jq's own parser reads it: also <c>nan</c>, <c>Infinity</c> and numbers like <c>+1</c>, <c>.5</c> or <c>01</c>, with jq's words
/// for errors. The ordinary parser goes first; this one settles what it refuses.
/// </summary>
internal ref struct JqDialect
{
    private const int MaxDepth = 10_000;

    private static readonly JqParseOptions Options = new() { MaxDepth = MaxDepth };

    private readonly ReadOnlySpan<byte> text;
    private readonly Stack<(JqArray.Builder? Elements, JqObject.Builder? Members, string? Key)> open = new();
    private readonly List<byte> token = [];
    private JqValue next;
    private bool hasNext;
    private int line = 1, column;

    private JqDialect(ReadOnlySpan<byte> text) => this.text = text;

    /// <summary>Reads one value.</summary>
    public static bool TryParse(string text, out JqValue value, out string error)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        error = "";
        if (JsonParser.TryParse(utf8, Options, out value)) return true;
        var reason = new JqDialect(utf8).Run(out value);
        if (reason is null) return true;
        error = $"{reason} (while parsing '{text}')";
        return false;
    }

    private string? Run(out JqValue value)
    {
        value = default;
        var hasValue = false;
        var at = text.StartsWith("\uFEFF"u8) ? 3 : 0;
        var (inString, escaped) = (false, false);
        string? error;
        for (; at < text.Length; at++)
        {
            var c = text[at];
            column++;
            if (c == '\n') (line, column) = (line + 1, 0);
            if (inString)
            {
                if (c != '"' || escaped)
                {
                    token.Add(c);
                    escaped = c == '\\' && !escaped;
                    continue;
                }
                inString = false;
                error = EndString();
            }
            else
            {
                var isLiteral = c is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'"'
                    or (byte)'[' or (byte)',' or (byte)']' or (byte)'{' or (byte)':' or (byte)'}');
                if (isLiteral)
                {
                    token.Add(c);
                    continue;
                }
                error = EndLiteral();
                if (error is null && Finished(ref value, ref hasValue)) return "Unexpected extra JSON values";
                if (error is null && c == '"') inString = true;
                else error ??= Structure(c);
            }
            if (error is not null) return $"{error} at line {line}, column {column}";
            if (Finished(ref value, ref hasValue)) return "Unexpected extra JSON values";
        }
        error = inString ? "Unfinished string" : EndLiteral() ?? (open.Count > 0 ? "Unfinished JSON term" : null);
        if (error is not null) return $"{error} at EOF at line {line}, column {column}";
        if (Finished(ref value, ref hasValue)) return "Unexpected extra JSON values";
        return hasValue ? null : "Expected JSON value";
    }

    /// <summary>Takes a complete value; true when it is the second one.</summary>
    private bool Finished(ref JqValue value, ref bool hasValue)
    {
        if (open.Count > 0 || !hasNext) return false;
        if (hasValue) return true;
        (value, hasValue, hasNext) = (next, true, false);
        return false;
    }

    private string? Value(JqValue value)
    {
        if (hasNext) return "Expected separator between values";
        (next, hasNext) = (value, true);
        return null;
    }

    private string? EndString()
    {
        if (token.Exists(static unit => unit < 0x20)) return "Invalid string: control characters from U+0000 through U+001F must be escaped";
        var builder = new StringBuilder();
        ReadOnlySpan<byte> rest = token.ToArray();
        while (!rest.IsEmpty)
        {
            var stop = rest.IndexOf((byte)'\\');
            builder.Append(Encoding.UTF8.GetString(stop < 0 ? rest : rest[..stop]));
            if (stop < 0) break;
            rest = rest[stop..];
            if (!JsonEscapes.TryRead(ref rest, builder)) return rest.Length > 1 && rest[1] == 'u' ? "Invalid \\uXXXX escape" : "Invalid escape";
        }
        token.Clear();
        return Value(builder.ToString());
    }

    private string? EndLiteral()
    {
        if (token.Count == 0) return null;
        var literal = Encoding.UTF8.GetString([.. token]);
        token.Clear();
        switch (literal[0])
        {
            case 't':
                return literal == "true" ? Value(true) : "Invalid literal";
            case 'f':
                return literal == "false" ? Value(false) : "Invalid literal";
            case '\'':
                return "Invalid string literal; expected \", but got '";
            case 'n' when literal.Length > 1 && literal[1] == 'u':
                return literal == "null" ? Value(default) : "Invalid literal";
            default:
                return Numbers.TryRead(literal, out var number) ? Value(number) : "Invalid numeric literal";
        }
    }

    private string? Structure(byte c)
    {
        switch ((char)c)
        {
            case '[' or '{':
                if (open.Count >= MaxDepth) return "Exceeds depth limit for parsing";
                if (hasNext) return "Expected separator between values";
                open.Push(c == '[' ? (new JqArray.Builder(), null, null) : (null, new JqObject.Builder(), null));
                return null;
            case ':':
                if (!hasNext) return "Expected string key before ':'";
                if (!open.TryPop(out var top) || top.Members is null || top.Key is not null) return "':' not as part of an object";
                if (!next.IsString) return "Object keys must be strings";
                open.Push((null, top.Members, next.AsString()));
                hasNext = false;
                return null;
            case ',':
                if (!hasNext) return "Expected value before ','";
                if (open.Count == 0) return "',' not as part of an object or array";
                return Add() ? null : "Objects must consist of key:value pairs";
            case ']':
                if (!open.TryPeek(out top) || top.Elements is null) return "Unmatched ']'";
                if (!hasNext && top.Elements.Count > 0) return "Expected another array element";
                if (hasNext) Add();
                open.Pop();
                return Value(top.Elements.ToArray());
            case '}':
                if (!open.TryPeek(out top)) return "Unmatched '}'";
                if (hasNext)
                {
                    if (top.Key is null) return "Objects must consist of key:value pairs";
                    Add();
                    open.TryPeek(out top);
                }
                else if (top.Members is null || top.Key is not null)
                {
                    return "Unmatched '}'";
                }
                else if (top.Members.Count > 0)
                {
                    return "Expected another key-value pair";
                }
                open.Pop();
                return Value(top.Members!.ToObject());
            default:
                return null;   // white space
        }
    }

    private bool Add()
    {
        var top = open.Pop();
        hasNext = false;
        if (top.Elements is not null) top.Elements.Add(next);
        else if (top.Key is not null) top.Members![top.Key] = next;
        else return false;
        open.Push((top.Elements, top.Members, null));
        return true;
    }
}
