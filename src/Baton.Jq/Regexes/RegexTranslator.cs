using System.Globalization;
using System.Text;

namespace Baton.Jq;

/// <summary>A pattern in .NET's syntax, and what else there is to know about it.</summary>
/// <param name="Text">The pattern; its groups are numbered in the order in which they open.</param>
/// <param name="Names">The name of each group, or null.</param>
/// <param name="NeedsBacktracking">Whether only the backtracking engine can match it.</param>
internal sealed record TranslatedPattern(string Text, string?[] Names, bool NeedsBacktracking);

/// <summary>A pattern that Oniguruma would refuse too, or that .NET cannot express.</summary>
internal sealed class RegexSyntaxException(string message) : Exception(message);

/// <summary>
/// Translates the regular expressions of jq (Oniguruma, "Perl NG" syntax) to those of .NET: possessive quantifiers, POSIX brackets, set
/// operations, quoting, mixed named and numbered groups.
/// </summary>
internal sealed partial class RegexTranslator
{
    private const int MaxNesting = 250;

    private readonly string pattern;
    private readonly bool wide;                      // the subject has characters beyond the basic plane
    private readonly StringBuilder target = new();
    private readonly List<string?> names = [];
    private readonly int groups;
    private int at, nesting;
    private bool extended, needsBacktracking;

    private RegexTranslator(string pattern, bool extended, bool wide)
    {
        this.pattern = pattern;
        this.extended = extended;
        this.wide = wide;
        groups = CountGroups(pattern);
    }

    /// <summary>Translates a pattern.</summary>
    /// <param name="pattern">In Oniguruma's syntax.</param>
    /// <param name="extended">Whether white space and comments in it are ignored.</param>
    /// <param name="wide">Whether it must treat surrogate pairs as single characters.</param>
    public static TranslatedPattern Translate(string pattern, bool extended, bool wide)
    {
        wide |= !TextOrder.IsBasicPlane(pattern);
        var translator = new RegexTranslator(pattern, extended, wide);
        // A match never begins inside of a character.
        if (wide) translator.Backtracking("(?![\\uDC00-\\uDFFF])");
        translator.Alternatives();
        if (translator.at < pattern.Length) throw new RegexSyntaxException("unmatched close parenthesis");
        return new TranslatedPattern(translator.target.ToString(), [.. translator.names], translator.needsBacktracking);
    }

    private char Peek(int ahead = 0) => at + ahead < pattern.Length ? pattern[at + ahead] : '\0';

    private void Backtracking(string text)
    {
        needsBacktracking = true;
        target.Append(text);
    }

    private void Alternatives()
    {
        while (at < pattern.Length && Peek() != ')')
        {
            if (Peek() == '|')
            {
                target.Append('|');
                at++;
                continue;
            }
            var start = target.Length;
            if (Atom(out var repeatable)) Quantifiers(start, repeatable);
        }
    }

    /// <summary>Reads one term; false for what leaves nothing to repeat, like a comment.</summary>
    private bool Atom(out bool repeatable)
    {
        repeatable = true;
        var c = Peek();
        if (extended && (char.IsWhiteSpace(c) || c == '#'))
        {
            at = c == '#' ? LineEnd() : at + 1;
            return false;
        }
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                target.Append(new RegexClass(pattern, at + 1, wide).Translate(out at, ref needsBacktracking));
                return true;
            case '.':
                at++;
                if (wide) Backtracking("(?>[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|.)");
                else target.Append('.');
                return true;
            case '^' or '$':
                target.Append(c);
                at++;
                repeatable = false;
                return true;
            case '\\':
                return Escape(out repeatable);
            case '*' or '+' or '?':
                throw new RegexSyntaxException("target of repeat operator is not specified");
            default:
                var rune = Rune.TryGetRuneAt(pattern, at, out var whole) ? whole : Rune.ReplacementChar;
                at += rune.Utf16SequenceLength;
                Literal(rune.Value);
                return true;
        }
    }

    private void Quantifiers(int start, bool repeatable)
    {
        var repeated = false;
        while (true)
        {
            while (extended && char.IsWhiteSpace(Peek())) at++;
            var from = at;
            if (!Quantifier(out var quantifier)) return;
            if (!repeatable) throw new RegexSyntaxException("target of repeat operator is invalid");
            if (repeated)
            {
                target.Insert(start, "(?:").Append(')');   // .NET refuses a quantifier on a quantifier
            }
            if (Peek() == '+' && pattern[from] != '}')
            {
                at++;
                needsBacktracking = true;
                target.Insert(start, "(?>").Append(quantifier).Append(')');
            }
            else
            {
                target.Append(quantifier);
                if (Peek() == '?')
                {
                    target.Append('?');
                    at++;
                }
            }
            repeated = true;
        }
    }

    private bool Quantifier(out string quantifier)
    {
        quantifier = Peek().ToString();
        if (Peek() is '*' or '+' or '?')
        {
            at++;
            return true;
        }
        if (Peek() != '{') return false;
        var end = pattern.IndexOf('}', at);
        if (end < 0) return false;
        var bounds = pattern[(at + 1)..end].Split(',');
        if (bounds.Length > 2 || bounds.All(string.IsNullOrEmpty) || !bounds.All(bound => bound.All(char.IsAsciiDigit))) return false;
        if (bounds.Any(bound => bound.Length > 6 || (bound.Length > 0 && int.Parse(bound, CultureInfo.InvariantCulture) > 100_000)))
        {
            throw new RegexSyntaxException("too big number is specified as repeat operator limit");
        }
        at = end + 1;
        quantifier = bounds.Length == 1 ? $"{{{bounds[0]}}}" : $"{{{(bounds[0].Length == 0 ? "0" : bounds[0])},{bounds[1]}}}";
        return true;
    }

    private bool Group()
    {
        if (++nesting > MaxNesting) throw new RegexSyntaxException("too deep nest level");
        at++;
        var outer = extended;
        var wasOption = false;
        if (Peek() != '?') Capture(null);
        else if (!SpecialGroup(ref wasOption, ref outer)) return false;
        if (!wasOption)
        {
            Alternatives();
            if (Peek() != ')' || at >= pattern.Length) throw new RegexSyntaxException("end pattern with unmatched parenthesis");
            at++;
            target.Append(')');
        }
        extended = outer;
        nesting--;
        return !wasOption;
    }

    /// <summary>What begins with <c>(?</c>; false for a comment.</summary>
    private bool SpecialGroup(ref bool wasOption, ref bool outer)
    {
        at++;
        switch (Peek())
        {
            case '#':
                var end = pattern.IndexOf(')', at);
                if (end < 0) throw new RegexSyntaxException("end pattern in group");
                at = end + 1;
                nesting--;
                return false;
            case ':':
                at++;
                target.Append("(?:");
                return true;
            case '=' or '!' or '>':
                Backtracking($"(?{Peek()}");
                at++;
                return true;
            case '<' when Peek(1) is '=' or '!':
                Backtracking($"(?<{Peek(1)}");
                at += 2;
                return true;
            case '<' or '\'':
                var close = pattern.IndexOf(Peek() == '<' ? '>' : '\'', at + 1);
                if (close < 0) throw new RegexSyntaxException("end pattern in group");
                var name = pattern[(at + 1)..close];
                if (name.Length == 0) throw new RegexSyntaxException("group name is empty");
                if (char.IsAsciiDigit(name[0]) || !name.All(c => char.IsLetterOrDigit(c) || c == '_')) throw new RegexSyntaxException($"invalid group name <{name}>");
                at = close + 1;
                Capture(name);
                return true;
            default:
                Options(ref wasOption, ref outer);
                return true;
        }
    }

    private void Options(ref bool wasOption, ref bool outer)
    {
        var start = at;
        var on = true;
        var inside = extended;
        for (; Peek() is 'i' or 'm' or 's' or 'x' or '-'; at++)
        {
            if (Peek() == '-') on = false;
            else if (Peek() == 'x') inside = on;
        }
        // White space is dealt with here, so that option stays behind.
        var options = pattern[start..at].Replace("x", "", StringComparison.Ordinal).TrimEnd('-');
        switch (Peek())
        {
            case ')':
                at++;
                wasOption = true;
                outer = inside;
                if (options.Length > 0) target.Append($"(?{options})");
                break;
            case ':':
                at++;
                target.Append(options.Length > 0 ? $"(?{options}:" : "(?:");
                extended = inside;
                break;
            default:
                throw new RegexSyntaxException("undefined group option");
        }
    }

    private void Capture(string? name)
    {
        names.Add(name);
        target.Append($"(?<{names.Count}>");
    }

    private int LineEnd()
    {
        var end = pattern.IndexOf('\n', at);
        return end < 0 ? pattern.Length : end + 1;
    }

    private void Literal(int codePoint) => target.Append(codePoint > char.MaxValue
        ? $"(?:{Regex16(codePoint)})"
        : System.Text.RegularExpressions.Regex.Escape(((char)codePoint).ToString()).Replace("]", "\\]", StringComparison.Ordinal).Replace("}", "\\}", StringComparison.Ordinal));

    private static string Regex16(int codePoint) => string.Concat(char.ConvertFromUtf32(codePoint).Select(unit => $"\\u{(int)unit:X4}"));

    private static int CountGroups(string pattern)
    {
        var count = 0;
        var inClass = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\') i++;
            else if (pattern[i] == '[') inClass++;
            else if (pattern[i] == ']' && inClass > 0) inClass--;
            else if (pattern[i] == '(' && inClass == 0)
            {
                var isSpecial = i + 1 < pattern.Length && pattern[i + 1] == '?';
                var isNamed = isSpecial && i + 3 < pattern.Length && (pattern[i + 2] == '\'' || (pattern[i + 2] == '<' && pattern[i + 3] is not ('=' or '!')));
                if (!isSpecial || isNamed) count++;
            }
        }
        return count;
    }
}
