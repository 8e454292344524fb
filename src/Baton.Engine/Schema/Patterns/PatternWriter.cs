using System.Globalization;
using System.Text;

namespace Baton.Engine.Schema;

/// <summary>Writes a syntax tree as a .NET expression that means the same on texts which an <see cref="AstralMap"/> has rewritten.</summary>
internal sealed class PatternWriter
{
    private const string WordClass = "[0-9A-Z_a-z]";

    private readonly StringBuilder text = new();
    private readonly IReadOnlyList<string?> groups;
    private readonly AstralMap map;

    private PatternWriter(IReadOnlyList<string?> groups, AstralMap map)
    {
        this.groups = groups;
        this.map = map;
    }

    /// <summary>Whether the expression needs more than an automaton: look-arounds, <c>\b</c> (which is Unicode's in .NET) or back references.</summary>
    public bool NeedsBacktracking { get; private set; }

    public bool HasBackReferences { get; private set; }

    public static (string Text, PatternWriter Writer) Write(ParsedPattern parsed, AstralMap map)
    {
        var writer = new PatternWriter(parsed.Groups, map);
        writer.Write(parsed.Syntax);
        return (writer.text.ToString(), writer);
    }

    private void Write(PatternSyntax syntax)
    {
        switch (syntax)
        {
            case PatternSyntax.Character character:
                WriteSet(character.Set);
                break;
            case PatternSyntax.Sequence sequence:
                foreach (var part in sequence.Parts) Write(part);
                break;
            case PatternSyntax.Choice choice:
                for (var i = 0; i < choice.Options.Count; i++)
                {
                    if (i > 0) text.Append('|');
                    Write(choice.Options[i]);
                }
                break;
            case PatternSyntax.Group group:
                Enclose(group.IsCapture ? "(" : "(?:", group.Part);
                break;
            case PatternSyntax.Repeat repeat:
                Enclose("(?:", repeat.Part);
                text.Append(CultureInfo.InvariantCulture, $"{{{repeat.Least},{repeat.Most}}}");
                if (repeat.IsLazy) text.Append('?');
                break;
            case PatternSyntax.Look look:
                NeedsBacktracking = true;
                Enclose($"(?{(look.IsAhead ? "" : "<")}{(look.IsNegative ? '!' : '=')}", look.Part);
                break;
            case PatternSyntax.Start:
                text.Append('^');
                break;
            case PatternSyntax.End:
                text.Append("\\z");   // $ would also match before a line feed at the end
                break;
            case PatternSyntax.WordBoundary boundary:
                NeedsBacktracking = true;
                text.Append(boundary.IsNegative
                    ? $"(?:(?<={WordClass})(?={WordClass})|(?<!{WordClass})(?!{WordClass}))"
                    : $"(?:(?<={WordClass})(?!{WordClass})|(?<!{WordClass})(?={WordClass}))");
                break;
            case PatternSyntax.BackReference reference:
                NeedsBacktracking = HasBackReferences = true;
                var number = reference.Name is { } name ? IndexOf(name) + 1 : reference.Number;
                text.Append(CultureInfo.InvariantCulture, $"(?({number})\\{number})");   // a group that captured nothing matches the empty text
                break;
        }
    }

    private int IndexOf(string name) => groups.TakeWhile(group => group != name).Count();

    private void Enclose(string start, PatternSyntax part)
    {
        text.Append(start);
        Write(part);
        text.Append(')');
    }

    private void WriteSet(CodePointSet set)
    {
        if (set.Ranges is [var only] && only.First == only.Last && only.First < 0x10000)
        {
            WriteUnit(only.First);
            return;
        }
        var start = text.Length;
        text.Append('[');
        foreach (var (first, last) in set.Ranges)
        {
            // Surrogates stand for other characters here.
            WriteRange(first, Math.Min(last, 0xD7FF));
            WriteRange(Math.Max(first, 0xE000), Math.Min(last, 0xFFFF));
        }
        foreach (var (first, last) in map.UnitsOf(set)) WriteRange(first, last);
        if (text.Length == start + 1) text.Append("^\\u0000-\\uFFFF");   // nothing at all
        text.Append(']');
    }

    private void WriteRange(int first, int last)
    {
        if (first > last) return;
        WriteUnit(first);
        if (last == first) return;
        text.Append('-');
        WriteUnit(last);
    }

    private void WriteUnit(int unit)
    {
        if (char.IsAsciiLetterOrDigit((char)unit)) text.Append((char)unit);
        else text.Append(CultureInfo.InvariantCulture, $"\\u{unit:X4}");
    }
}
