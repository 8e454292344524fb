using System.Text;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>How messages name kinds, counts, texts and values. Everything is bounded, whatever stands in the data.</summary>
internal static class Wording
{
    /// <summary>Longest excerpt of a value or name in a message.</summary>
    public const int ExcerptLength = 80;

    private const int ListLength = 12;

    /// <summary>The kind with its article: "a string".</summary>
    public static string Kind(in JqValue value) => Kind(value.Kind);

    /// <inheritdoc cref="Kind(in JqValue)"/>
    public static string Kind(JqKind kind) => kind switch
    {
        JqKind.Null => "null",
        JqKind.False or JqKind.True => "a boolean",
        JqKind.Number => "a number",
        JqKind.String => "a string",
        JqKind.Array => "an array",
        _ => "an object",
    };

    /// <summary>"1 item", "3 items", "2 properties".</summary>
    public static string Count(long count, string noun) =>
        count == 1 ? $"1 {noun}" : noun.EndsWith('y') ? $"{count} {noun[..^1]}ies" : $"{count} {noun}s";

    /// <summary>"a", "a or b", "a, b or c"; of long lists the first dozen and how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> words, string conjunction) => List(words, words.Count, conjunction);

    /// <inheritdoc cref="List(IReadOnlyCollection{string}, string)"/>
    /// <param name="count">How many words there are: only the first dozen is asked for.</param>
    public static string List(IEnumerable<string> words, int count, string conjunction)
    {
        if (count > ListLength) return $"{string.Join(", ", words.Take(ListLength))} {conjunction} {count - ListLength} more";
        var all = words.ToList();
        return count < 2 ? string.Concat(all) : $"{string.Join(", ", all.SkipLast(1))} {conjunction} {all[^1]}";
    }

    /// <summary>A text in quotes, as JSON writes it, shortened.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder();
        AppendText(quoted, text);
        return quoted.ToString();
    }

    /// <summary>The beginning of a value as JSON.</summary>
    public static string Excerpt(in JqValue value)
    {
        var json = new StringBuilder();
        Append(json, value);
        return json.Length <= ExcerptLength ? json.ToString() : $"{json.ToString(0, ExcerptLength)}…";
    }

    /// <summary>A text as it is, but shortened and on one line.</summary>
    public static string Plain(string text, int length = ExcerptLength)
    {
        var plain = new StringBuilder();
        AppendPlain(plain, text, length, toEscape: "");
        return plain.ToString();
    }

    // Recursion is bounded by the length: every level writes a bracket first.
    private static void Append(StringBuilder json, in JqValue value)
    {
        if (json.Length > ExcerptLength) return;
        if (value.TryGetArray(out var items))
        {
            json.Append('[');
            for (var i = 0; i < items.Count && json.Length <= ExcerptLength; i++)
            {
                if (i > 0) json.Append(',');
                Append(json, items[i]);
            }
            json.Append(']');
        }
        else if (value.TryGetObject(out var members))
        {
            json.Append('{');
            var first = true;
            foreach (var (key, member) in members)
            {
                if (json.Length > ExcerptLength) break;
                if (!first) json.Append(',');
                first = false;
                AppendText(json, key);
                json.Append(':');
                Append(json, member);
            }
            json.Append('}');
        }
        else if (value.TryGetString(out var text))
        {
            AppendText(json, text);
        }
        else
        {
            json.Append(value.ToJson());
        }
    }

    private static void AppendText(StringBuilder json, string text)
    {
        json.Append('"');
        AppendPlain(json, text, ExcerptLength, toEscape: "\"\\");
        json.Append('"');
    }

    private static void AppendPlain(StringBuilder plain, string text, int length, string toEscape)
    {
        var end = Math.Min(text.Length, length);
        if (end < text.Length && char.IsSurrogatePair(text[end - 1], text[end])) end--;
        foreach (var unit in text.AsSpan(0, end))
        {
            _ = unit switch
            {
                '\n' => plain.Append("\\n"),
                '\r' => plain.Append("\\r"),
                '\t' => plain.Append("\\t"),
                < ' ' or '\u007F' or '\u0085' or '\u2028' or '\u2029' => plain.Append($"\\u{(int)unit:x4}"),
                _ when toEscape.Contains(unit) => plain.Append('\\').Append(unit),
                _ => plain.Append(unit),
            };
        }
        if (end < text.Length) plain.Append('…');
    }
}
