using System.Globalization;

namespace Baton.Engine.Schema;

/// <summary>Reads what stands for characters in a pattern: classes, escapes, sets such as <c>\d</c> or <c>\p{L}</c>.</summary>
internal sealed class PatternCharacters(PatternCursor cursor)
{
    private static readonly CodePointSet Digits = CodePointSet.Of(('0', '9'));
    private static readonly CodePointSet WordCharacters = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));
    private static readonly CodePointSet Spaces = CodePointSet.Of(
        ('\t', '\r'), (' ', ' '), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF));

    /// <summary>What a period stands for.</summary>
    public static CodePointSet NoLineEnds { get; } = CodePointSet.Of(('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)).Complement();

    /// <summary>How many ranges were in all sets so far: of members of classes, too, because making their union costs as much.</summary>
    public int Ranges { get; private set; }

    /// <summary>Most ranges in all sets of a pattern: <c>\p{L}</c> alone has nearly 700.</summary>
    private const int MaxRanges = 20_000;

    /// <summary>Reads one character or one set.</summary>
    public CodePointSet Read()
    {
        if (cursor.Take('.')) return Count(NoLineEnds);
        if (cursor.Peek() == '[') return Count(ReadClass());
        if (cursor.Peek() == '\\') return TryReadSet(out var set) ? set : Count(CodePointSet.Single(ReadEscape()));
        return Count(CodePointSet.Single(cursor.TakeCodePoint()));
    }

    private CodePointSet ReadClass()
    {
        var start = cursor.At++;
        var isNegative = cursor.Take('^');
        var sets = new List<CodePointSet>();
        while (cursor.More && cursor.Peek() != ']')
        {
            if (IsSet(ahead: 0) && TryReadSet(out var set))
            {
                sets.Add(set);
                continue;
            }
            var first = ReadMember();
            var last = first;
            // A hyphen makes a range only between two single characters.
            if (cursor.Peek() == '-' && cursor.Peek(1) is not (']' or '\0') && !IsSet(ahead: 1))
            {
                cursor.At++;
                last = ReadMember();
                if (last < first) cursor.Fail("holds a range whose end comes before its start: swap the two");
            }
            sets.Add(CodePointSet.Of((first, last)));
        }
        if (!cursor.Take(']')) cursor.Fail("opens a class that is not closed: write ] at its end, or \\[ for the character itself", start);
        var union = CodePointSet.Union(sets);
        return isNegative ? union.Complement() : union;
    }

    private int ReadMember() => cursor.Peek() != '\\' ? cursor.TakeCodePoint() : cursor.Take("\\b") ? '\b' : ReadEscape();

    private bool IsSet(int ahead) => cursor.Peek(ahead) == '\\' && cursor.Peek(ahead + 1) is 'd' or 'D' or 'w' or 'W' or 's' or 'S' or 'p' or 'P';

    // \d \D \w \W \s \S \p{...} \P{...}
    private bool TryReadSet(out CodePointSet set)
    {
        set = Digits;
        var letter = cursor.Peek(1);
        var found = letter switch
        {
            'd' or 'D' => Digits,
            'w' or 'W' => WordCharacters,
            's' or 'S' => Spaces,
            'p' or 'P' => ReadProperty(),
            _ => null,
        };
        if (found is null) return false;
        if (letter is not ('p' or 'P')) cursor.At += 2;
        set = Count(char.IsUpper(letter) ? found.Complement() : found);
        return true;
    }

    private CodePointSet ReadProperty()
    {
        var end = cursor.Text.IndexOf('}', cursor.At);
        if (end < 0 || cursor.Peek(2) != '{')
        {
            cursor.Fail("must name a property in braces, such as \\p{L}");
            return Digits;
        }
        var name = cursor.Text[(cursor.At + 3)..end];
        if (UnicodeProperty.Find(name) is not { } set)
        {
            cursor.Fail($"asks for the Unicode property {Wording.Quote(name)}, which is not known here: write its ranges, such as [\\u0370-\\u03FF]. Known are {UnicodeProperty.Known}");
            return Digits;
        }
        cursor.At = end + 1;
        return set;
    }

    // An escape that stands for one character.
    private int ReadEscape()
    {
        var start = cursor.At++;
        if (!cursor.More) return cursor.Fail("ends with a backslash: write \\\\ for the character itself");
        var letter = cursor.Peek();
        if (!char.IsAsciiLetterOrDigit(letter)) return cursor.TakeCodePoint();
        cursor.At++;
        switch (letter)
        {
            case 't': return '\t';
            case 'n': return '\n';
            case 'v': return '\v';
            case 'f': return '\f';
            case 'r': return '\r';
            case '0' when !char.IsAsciiDigit(cursor.Peek()): return 0;
            case 'c' when char.IsAsciiLetter(cursor.Peek()): return cursor.Text[cursor.At++] % 32;
            case 'x' when TryReadHex(2, out var value): return value;
            case 'u' when TryReadHex(4, out var unit): return ReadPair(unit);
            case 'u' when TryReadBracedHex(out var value): return value;
            default: return cursor.Fail($"holds \\{letter}, which ECMA-262 does not know there{Advice(letter)}", start);
        }
    }

    private static string Advice(char letter) => letter switch
    {
        'A' => ": write ^ for the start",
        'z' or 'Z' => ": write $ for the end",
        'u' => ": write \\u and four hexadecimal digits, or \\u{1F600}",
        'x' => ": write \\x and two hexadecimal digits",
        'c' => ": write \\c and a letter",
        'h' => ": write [ \\t]",
        'R' => ": write \\r?\\n",
        _ => "",
    };

    // Two escapes may make one character.
    private int ReadPair(int unit)
    {
        if (!char.IsSurrogate((char)unit)) return unit;
        if (char.IsHighSurrogate((char)unit) && cursor.Take("\\u") && TryReadHex(4, out var low) && char.IsLowSurrogate((char)low)) return char.ConvertToUtf32((char)unit, (char)low);
        return cursor.Fail("asks for half of a surrogate pair, which no text holds: write the character itself, or \\u{1F600}");
    }

    private bool TryReadHex(int digits, out int value)
    {
        value = 0;
        if (cursor.At + digits > cursor.Text.Length || !TryParseHex(cursor.Text.AsSpan(cursor.At, digits), out value)) return false;
        cursor.At += digits;
        return true;
    }

    private bool TryReadBracedHex(out int value)
    {
        value = 0;
        var end = cursor.Text.IndexOf('}', cursor.At);
        if (cursor.Peek() != '{' || end <= cursor.At + 1) return false;
        if (!TryParseHex(cursor.Text.AsSpan((cursor.At + 1)..end), out value) || value is < 0 or > CodePointSet.Last or (>= 0xD800 and <= 0xDFFF)) return false;
        cursor.At = end + 1;
        return true;
    }

    private static bool TryParseHex(ReadOnlySpan<char> digits, out int value) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private CodePointSet Count(CodePointSet set)
    {
        Ranges += set.Ranges.Length;
        if (Ranges > MaxRanges) cursor.Fail($"is too large: its sets hold more than {MaxRanges:N0} ranges of characters");
        return set;
    }
}
