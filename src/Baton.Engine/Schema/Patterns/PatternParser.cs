using System.Globalization;

namespace Baton.Engine.Schema;

/// <summary>
/// Reads a regular expression of ECMA-262 in Unicode mode, as the specification recommends. As in older scripts, an escaped punctuation
/// mark means itself, and a brace or closing bracket that opens or closes nothing is an ordinary character.
/// </summary>
internal sealed class PatternParser
{
    /// <summary>Longest pattern in UTF-16 units.</summary>
    public const int MaxLength = 4_000;

    private const int MaxNesting = 100;

    private readonly PatternCursor cursor;
    private readonly PatternCharacters characters;
    private readonly List<string?> groups = [];   // the names of the captures, null for those without
    private readonly List<PatternSyntax.BackReference> references = [];
    private int nesting;

    private PatternParser(string text)
    {
        cursor = new PatternCursor(text);
        characters = new PatternCharacters(cursor);
    }

    /// <summary>Reads a pattern; null with a <paramref name="problem"/> that says what is wrong, and where.</summary>
    public static ParsedPattern? Parse(string pattern, out string? problem)
    {
        problem = pattern.Length > MaxLength ? $"is longer than {MaxLength} characters" : null;
        if (problem is not null) return null;
        var parser = new PatternParser(pattern);
        var syntax = parser.ReadChoice();
        if (parser.cursor.More) parser.cursor.Fail("closes a group that was not opened");
        problem = parser.cursor.Problem ?? parser.FindLooseReference();
        return problem is null ? new ParsedPattern(syntax, parser.groups, parser.characters.Ranges) : null;
    }

    private PatternSyntax ReadChoice()
    {
        var options = new List<PatternSyntax>();
        do options.Add(ReadSequence());
        while (cursor.Take('|'));
        return options.Count == 1 ? options[0] : new PatternSyntax.Choice(options);
    }

    private PatternSyntax ReadSequence()
    {
        var parts = new List<PatternSyntax>();
        while (cursor.More && cursor.Peek() is not ('|' or ')')) parts.Add(ReadRepeat(ReadTerm()));
        return parts.Count == 1 ? parts[0] : new PatternSyntax.Sequence(parts);
    }

    private PatternSyntax ReadTerm()
    {
        var first = cursor.Peek();
        if (first == '(') return ReadGroup();
        if (cursor.Take('^')) return new PatternSyntax.Start();
        if (cursor.Take('$')) return new PatternSyntax.End();
        if (cursor.Take("\\b")) return new PatternSyntax.WordBoundary(IsNegative: false);
        if (cursor.Take("\\B")) return new PatternSyntax.WordBoundary(IsNegative: true);
        if (first == '\\' && cursor.Peek(1) is >= '1' and <= '9') return ReadNumberedReference();
        if (cursor.Take("\\k<")) return Refer(0, ReadName());
        if (first is '*' or '+' or '?') cursor.Fail($"repeats nothing with {first}: write \\{first} for the character itself");
        var start = cursor.At;
        if (TryReadBounds(out _, out _)) cursor.Fail("repeats nothing with braces: write \\{ for the character itself", start);
        return new PatternSyntax.Character(characters.Read());
    }

    private PatternSyntax ReadRepeat(PatternSyntax part)
    {
        var start = cursor.At;
        var (least, most) = (0, (int?)null);
        if (cursor.Take('?')) most = 1;
        else if (cursor.Take('+')) least = 1;
        else if (!cursor.Take('*') && !TryReadBounds(out least, out most)) return part;
        if (part is PatternSyntax.Start or PatternSyntax.End or PatternSyntax.WordBoundary or PatternSyntax.Look)
        {
            cursor.Fail("repeats something that has no length, such as ^, $, \\b or a look-around", start);
        }
        if (least > most) cursor.Fail($"asks for at least {least} and at most {most} repetitions: swap the two", start);
        return new PatternSyntax.Repeat(part, least, most, cursor.Take('?'));
    }

    // {n}, {n,} or {n,m}; anything else leaves the brace as it is.
    private bool TryReadBounds(out int least, out int? most)
    {
        (least, most) = (0, null);
        if (!cursor.More || cursor.Peek() != '{') return false;
        var end = cursor.Text.IndexOf('}', cursor.At);
        if (end < 0) return false;
        var bounds = cursor.Text[(cursor.At + 1)..end].Split(',');
        if (bounds.Length > 2 || !TryReadCount(bounds[0], out least)) return false;
        if (bounds.Length == 1)
        {
            most = least;
        }
        else if (bounds[1].Length > 0)
        {
            if (!TryReadCount(bounds[1], out var count)) return false;
            most = count;
        }
        cursor.At = end + 1;
        return true;
    }

    private static bool TryReadCount(string digits, out int count)
    {
        count = int.MaxValue;   // what an int cannot hold is as good as endless
        if (digits.Length == 0 || digits.AsSpan().ContainsAnyExceptInRange('0', '9')) return false;
        if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var small)) count = small;
        return true;
    }

    private PatternSyntax ReadGroup()
    {
        var start = cursor.At++;
        if (++nesting > MaxNesting) cursor.Fail($"nests groups deeper than {MaxNesting}", start);
        var wrap = ReadGroupStart();
        var inner = ReadChoice();
        nesting--;
        if (!cursor.Take(')')) cursor.Fail("opens a group that is not closed: write ) at its end, or \\( for the character itself", start);
        return wrap(inner);
    }

    private Func<PatternSyntax, PatternSyntax> ReadGroupStart()
    {
        if (cursor.Take("?:")) return part => new PatternSyntax.Group(part, IsCapture: false);
        if (cursor.Take("?=")) return part => new PatternSyntax.Look(part, IsAhead: true, IsNegative: false);
        if (cursor.Take("?!")) return part => new PatternSyntax.Look(part, IsAhead: true, IsNegative: true);
        if (cursor.Take("?<=")) return part => new PatternSyntax.Look(part, IsAhead: false, IsNegative: false);
        if (cursor.Take("?<!")) return part => new PatternSyntax.Look(part, IsAhead: false, IsNegative: true);
        string? name = null;
        if (cursor.Take("?<"))
        {
            name = ReadName();
            if (groups.Contains(name, StringComparer.Ordinal)) cursor.Fail($"names two groups {Wording.Quote(name)}");
        }
        else if (cursor.Peek() == '?')
        {
            cursor.Fail("opens a group of a kind that ECMA-262 does not have: it has (?:, (?=, (?!, (?<=, (?<! and (?<name>");
        }
        groups.Add(name);
        return part => new PatternSyntax.Group(part, IsCapture: true);
    }

    private string ReadName()
    {
        var end = cursor.Text.IndexOf('>', cursor.At);
        var name = end < 0 ? "" : cursor.Text[cursor.At..end];
        if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(unit => char.IsLetterOrDigit(unit) || unit is '_' or '$')) cursor.Fail("must name a group by letters, digits and _ between < and >");
        else cursor.At = end + 1;
        return name;
    }

    private PatternSyntax.BackReference ReadNumberedReference()
    {
        var start = ++cursor.At;
        while (char.IsAsciiDigit(cursor.Peek())) cursor.At++;
        return Refer(int.TryParse(cursor.Text.AsSpan(start..cursor.At), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue, null);
    }

    private PatternSyntax.BackReference Refer(int number, string? name)
    {
        var reference = new PatternSyntax.BackReference(number, name);
        references.Add(reference);
        return reference;
    }

    // A reference may stand before its group: only at the end it shows whether there is one.
    private string? FindLooseReference()
    {
        var loose = references.Find(reference => reference.Name is { } name ? !groups.Contains(name, StringComparer.Ordinal) : reference.Number > groups.Count);
        return loose is null ? null : $"refers back to the group {loose.Name ?? $"{loose.Number}"}, which does not exist";
    }
}
