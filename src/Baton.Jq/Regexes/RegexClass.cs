using System.Collections.Frozen;
using System.Text;

namespace Baton.Jq;

/// <summary>A character class in brackets, with POSIX classes, nested classes and intersections.</summary>
/// <param name="pattern">The whole pattern.</param>
/// <param name="start">Behind the opening bracket.</param>
/// <param name="wide">Whether surrogate pairs are single characters.</param>
internal ref struct RegexClass(string pattern, int start, bool wide)
{
    private const int MaxNesting = 100;

    private static readonly FrozenDictionary<string, string> Properties = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["alnum"] = @"\p{L}\p{M}\p{Nd}", ["alpha"] = @"\p{L}\p{M}", ["ascii"] = @"\u0000-\u007F", ["blank"] = @"\t\p{Zs}",
        ["cntrl"] = @"\p{Cc}", ["digit"] = @"\d", ["graph"] = @"\u0021-\u007E\u00A1-\u1FFF\u200B-\u2027\u202A-\uD7FF\uE000-\uFFFD",
        ["lower"] = @"\p{Ll}", ["print"] = @"\u0020-\u007E\u00A0-\u2027\u202A-\uD7FF\uE000-\uFFFD",
        ["punct"] = @"\p{P}$+<=>^`|~", ["space"] = @"\s", ["upper"] = @"\p{Lu}", ["xdigit"] = "0-9A-Fa-f", ["word"] = @"\w",
        ["any"] = @"\s\S", ["assigned"] = @"\P{Cn}",
        ["Arabic"] = @"\u0600-\u06FF\u0750-\u077F\u08A0-\u08FF\uFB50-\uFDFF\uFE70-\uFEFE", ["Cyrillic"] = @"\u0400-\u052F\u1C80-\u1C8F\u2DE0-\u2DFF\uA640-\uA69F",
        ["Devanagari"] = @"\u0900-\u097F\uA8E0-\uA8FF", ["Greek"] = @"\u0370-\u03FF\u1F00-\u1FFF", ["Han"] = @"\u2E80-\u2FDF\u3005\u3007\u3021-\u3029\u3038-\u303B\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF",
        ["Hangul"] = @"\u1100-\u11FF\u3130-\u318F\uA960-\uA97F\uAC00-\uD7FF", ["Hebrew"] = @"\u0590-\u05FF\uFB1D-\uFB4F",
        ["Hiragana"] = @"\u3041-\u309F", ["Katakana"] = @"\u30A0-\u30FF\u31F0-\u31FF\uFF66-\uFF9F", ["Latin"] = @"A-Za-z\u00AA\u00BA\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02B8\u1E00-\u1EFF\u2C60-\u2C7F\uA720-\uA7FF\uFB00-\uFB06\uFF21-\uFF3A\uFF41-\uFF5A",
        ["Thai"] = @"\u0E01-\u0E7F",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Categories = new[]
    {
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co", "Cn",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private int at = start;
    private int nesting;

    /// <summary>The class in .NET's syntax, as a term that matches one character.</summary>
    public string Translate(out int end, ref bool needsBacktracking)
    {
        var text = Class(ref needsBacktracking);
        end = at;
        return text;
    }

    /// <summary>Reads <c>{Name}</c> or <c>{^Name}</c> and gives what may stand in brackets for it.</summary>
    public static string Property(string pattern, ref int at, ref bool negated)
    {
        var close = at < pattern.Length && pattern[at] == '{' ? pattern.IndexOf('}', at) : -1;
        if (close < 0) throw new RegexSyntaxException("invalid character property name {" + pattern[at..] + "}");
        var name = pattern[(at + 1)..close];
        at = close + 1;
        if (name.StartsWith('^'))
        {
            negated = !negated;
            name = name[1..];
        }
        if (Properties.TryGetValue(name, out var property)) return property;
        if (!Categories.TryGetValue(name, out var category)) throw new RegexSyntaxException($"invalid character property name {{{name}}}");
        return $"\\p{{{char.ToUpperInvariant(category[0])}{category[1..].ToLowerInvariant()}}}";
    }

    private string Class(ref bool needsBacktracking)
    {
        if (++nesting > MaxNesting) throw new RegexSyntaxException("too deep nest level");
        var negated = at < pattern.Length && pattern[at] == '^';
        if (negated) at++;
        var sets = new List<string>();
        do
        {
            sets.Add(Union(isFirst: sets.Count == 0, ref needsBacktracking));
        }
        while (TryTake("&&"));
        if (!TryTake("]")) throw new RegexSyntaxException("premature end of char-class");
        nesting--;

        var isPlain = sets.Count == 1 && sets[0].StartsWith('[') && sets[0].IndexOf(']', StringComparison.Ordinal) == sets[0].Length - 1;
        if (isPlain && !negated) return sets[0];
        if (isPlain && !wide) return $"[^{sets[0][1..]}";
        needsBacktracking = true;
        const string any = @"[\s\S]";
        var character = wide ? $@"(?>[\uD800-\uDBFF][\uDC00-\uDFFF]|{any})" : any;
        // All sets but the last only look; the last one takes the character.
        var all = string.Concat(sets.Take(sets.Count - 1).Select(set => $"(?={set})")) + sets[^1];
        return negated ? $"(?:(?!{all}){character})" : $"(?:{all})";
    }

    /// <summary>Reads up to <c>]</c> or <c>&amp;&amp;</c>.</summary>
    private string Union(bool isFirst, ref bool needsBacktracking)
    {
        var simple = new StringBuilder();
        var others = new List<string>();
        for (var first = isFirst; ; first = false)
        {
            if (at >= pattern.Length) throw new RegexSyntaxException("premature end of char-class");
            if (pattern[at] == ']' && !first) break;
            if (string.CompareOrdinal(pattern, at, "&&", 0, 2) == 0) break;
            if (pattern[at] == '[')
            {
                if (TryPosix(simple, others)) continue;
                at++;
                others.Add(Class(ref needsBacktracking));
                continue;
            }
            if (TrySet(simple, others)) continue;
            Range(simple, others);
        }
        var alternatives = new List<string>(others);
        if (simple.Length > 0) alternatives.Insert(0, $"[{simple}]");
        return alternatives.Count switch
        {
            0 => throw new RegexSyntaxException("empty char-class"),
            1 => alternatives[0],
            _ => $"(?:{string.Join('|', alternatives)})",
        };
    }

    private bool TryPosix(StringBuilder simple, List<string> others)
    {
        if (string.CompareOrdinal(pattern, at, "[:", 0, 2) != 0) return false;
        var close = pattern.IndexOf(":]", at + 2, StringComparison.Ordinal);
        if (close < 0) return false;
        var name = pattern[(at + 2)..close];
        var negated = name.StartsWith('^');
        if (!Properties.TryGetValue(negated ? name[1..] : name, out var set)) return false;
        at = close + 2;
        Add(set, negated, simple, others);
        return true;
    }

    private bool TrySet(StringBuilder simple, List<string> others)
    {
        if (pattern[at] != '\\' || at + 1 >= pattern.Length) return false;
        var c = pattern[at + 1];
        switch (c)
        {
            case 'd' or 's' or 'w':
                at += 2;
                simple.Append('\\').Append(c);
                return true;
            case 'D' or 'S' or 'W':
                at += 2;
                Add($"\\{char.ToLowerInvariant(c)}", negated: true, simple, others);
                return true;
            case 'p' or 'P':
                at += 2;
                var negated = c == 'P';
                var set = Property(pattern, ref at, ref negated);
                Add(set, negated, simple, others);
                return true;
            default:
                return false;
        }
    }

    private readonly void Add(string set, bool negated, StringBuilder simple, List<string> others)
    {
        if (!negated) simple.Append(set);
        else if (set.Length == 2) simple.Append(set.ToUpperInvariant());   // \d, \s, \w
        else others.Add(wide ? $@"(?>[\uD800-\uDBFF][\uDC00-\uDFFF]|[^{set}])" : $"[^{set}]");
    }

    private void Range(StringBuilder simple, List<string> others)
    {
        var first = Character();
        var last = first;
        if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] is not (']' or '['))
        {
            at++;
            last = Character();
            if (last < first) throw new RegexSyntaxException("empty range in char class");
        }
        if (first <= char.MaxValue) Append(simple, first, Math.Min(last, char.MaxValue));
        if (last > char.MaxValue) others.AddRange(Pairs(Math.Max(first, 0x10000), last));
    }

    private int Character()
    {
        if (pattern[at] == '\\')
        {
            if (at + 1 >= pattern.Length) throw new RegexSyntaxException("end pattern at escape");
            if (pattern[at + 1] != 'b') return RegexTranslator.Character(pattern, ref at);
            at += 2;
            return '\b';
        }
        var rune = Rune.TryGetRuneAt(pattern, at, out var whole) ? whole : Rune.ReplacementChar;
        at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private bool TryTake(string symbol)
    {
        if (string.CompareOrdinal(pattern, at, symbol, 0, symbol.Length) != 0) return false;
        at += symbol.Length;
        return true;
    }

    private static void Append(StringBuilder simple, int first, int last)
    {
        simple.Append($"\\u{first:X4}");
        if (last > first) simple.Append($"-\\u{last:X4}");
    }

    /// <summary>The surrogate pairs of a range beyond the basic plane.</summary>
    private static IEnumerable<string> Pairs(int first, int last)
    {
        while (first <= last)
        {
            var high = 0xD800 + ((first - 0x10000) >> 10);
            var blockEnd = Math.Min(last, ((first - 0x10000) | 0x3FF) + 0x10000);
            var isWhole = (first & 0x3FF) == 0 && blockEnd == ((first - 0x10000) | 0x3FF) + 0x10000;
            if (isWhole && last - first >= 0x7FF)
            {
                // Several whole blocks share one class of low surrogates.
                var blocks = (last - first + 1) >> 10;
                yield return $"[\\u{high:X4}-\\u{high + blocks - 1:X4}][\\uDC00-\\uDFFF]";
                first += blocks << 10;
                continue;
            }
            yield return $"\\u{high:X4}[\\u{0xDC00 + (first & 0x3FF):X4}-\\u{0xDC00 + (blockEnd & 0x3FF):X4}]";
            first = blockEnd + 1;
        }
    }
}
