using System.Globalization;
using System.Text;

namespace Baton.Jq;

internal sealed partial class RegexTranslator
{
    private bool Escape(out bool repeatable)
    {
        repeatable = true;
        if (at + 1 >= pattern.Length) throw new RegexSyntaxException("end pattern at escape");
        var c = Peek(1);
        switch (c)
        {
            case 'A' or 'Z' or 'z' or 'b' or 'B':
                target.Append('\\').Append(c);
                at += 2;
                repeatable = false;
                return true;
            case 'G':
                Backtracking("\\G");
                at += 2;
                repeatable = false;
                return true;
            case 'd' or 's' or 'w':
                target.Append('\\').Append(c);
                at += 2;
                return true;
            case 'D' or 'S' or 'W':
                at += 2;
                Complement($"\\{c}");
                return true;
            case 'p' or 'P':
                var negated = c == 'P';
                at += 2;
                var property = RegexClass.Property(pattern, ref at, ref negated);
                if (negated) Complement($"[^{property}]");
                else target.Append($"[{property}]");
                return true;
            case 'Q':
                return Quote();
            case 'k':
                return NamedReference();
            case 'g':
                throw new RegexSyntaxException("subexpression calls are not supported");
            case 'K':
                throw new RegexSyntaxException("\\K is not supported");
            case >= '1' and <= '9' when TryReference():
                return true;
            default:
                Literal(Character(pattern, ref at));
                return true;
        }
    }

    /// <summary>A character class that is the complement of another: whole characters beyond the basic plane belong to it.</summary>
    private void Complement(string basic)
    {
        if (wide) Backtracking($"(?>[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|{basic})");
        else target.Append(basic);
    }

    private bool Quote()
    {
        var end = pattern.IndexOf("\\E", at + 2, StringComparison.Ordinal);
        var quoted = end < 0 ? pattern[(at + 2)..] : pattern[(at + 2)..end];
        at = end < 0 ? pattern.Length : end + 2;
        if (quoted.Length == 0) return false;
        // A quantifier behind it counts for the last character only, so the others are done with here.
        var runes = quoted.EnumerateRunes().ToArray();
        foreach (var rune in runes.AsSpan(0, runes.Length - 1)) Literal(rune.Value);
        var start = target.Length;
        Literal(runes[^1].Value);
        Quantifiers(start, repeatable: true);
        return false;
    }

    private bool TryReference()
    {
        var end = at + 1;
        while (end < pattern.Length && end < at + 4 && char.IsAsciiDigit(pattern[end])) end++;
        var number = int.Parse(pattern.AsSpan(at + 1, end - at - 1), CultureInfo.InvariantCulture);
        if (number > groups && number > 9) return false;   // an octal number then
        if (number > groups) throw new RegexSyntaxException("invalid backref number/name");
        at = end;
        Backtracking($"(?:\\{number})");
        return true;
    }

    private bool NamedReference()
    {
        var close = Peek(2) == '<' ? pattern.IndexOf('>', at) : Peek(2) == '\'' ? pattern.IndexOf('\'', at + 3) : -1;
        if (close < 0) throw new RegexSyntaxException("invalid backref number/name");
        var name = pattern[(at + 3)..close];
        at = close + 1;
        if (int.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            if (number < 0) number += names.Count + 1;
            if (number < 1 || number > groups) throw new RegexSyntaxException("invalid backref number/name");
            Backtracking($"(?:\\{number})");
            return true;
        }
        // Several groups may share a name; the latest that matched counts.
        var named = Enumerable.Range(1, names.Count).Where(index => names[index - 1] == name).Reverse().ToArray();
        if (named.Length == 0) throw new RegexSyntaxException($"undefined name <{name}> reference");
        Backtracking($"(?:{string.Join('|', named.Select(index => $"\\{index}"))})");
        return true;
    }

    /// <summary>Reads an escape that stands for one character.</summary>
    public static int Character(string pattern, ref int at)
    {
        var c = pattern[at + 1];
        at += 2;
        switch (c)
        {
            case 't':
                return '\t';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'a':
                return '\a';
            case 'e':
                return 0x1B;
            case 'x' when at < pattern.Length && pattern[at] == '{':
                var close = pattern.IndexOf('}', at);
                if (close < 0 || !int.TryParse(pattern.AsSpan(at + 1, close - at - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                    || !Rune.IsValid(code))
                {
                    throw new RegexSyntaxException("invalid code point value");
                }
                at = close + 1;
                return code;
            case 'x':
                return Digits(pattern, ref at, 16, 2);
            case 'u':
                return Digits(pattern, ref at, 16, 4);
            case 'c' when at < pattern.Length:
                return pattern[at++] & 0x1F;
            case >= '0' and <= '7':
                at--;
                return Digits(pattern, ref at, 8, 3);
            default:
                at--;
                var rune = Rune.TryGetRuneAt(pattern, at, out var whole) ? whole : Rune.ReplacementChar;
                at += rune.Utf16SequenceLength;
                return rune.Value;
        }
    }

    private static int Digits(string pattern, ref int at, int radix, int most)
    {
        var value = 0;
        for (var end = at + most; at < end && at < pattern.Length; at++)
        {
            var digit = char.IsAsciiHexDigit(pattern[at]) ? Convert.ToInt32(pattern[at].ToString(), 16) : radix;
            if (digit >= radix) break;
            value = value * radix + digit;
        }
        return value & 0xFFFF;
    }
}
