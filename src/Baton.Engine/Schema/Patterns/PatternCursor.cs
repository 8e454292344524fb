using System.Text;

namespace Baton.Engine.Schema;

/// <summary>A place in the text of a pattern, and the first thing that was wrong with it. Whoever reads on after a problem reads nothing.</summary>
internal sealed class PatternCursor(string text)
{
    public string Text => text;

    public int At { get; set; }

    /// <summary>What is wrong, and where: the sentence goes on after the pattern.</summary>
    public string? Problem { get; private set; }

    public bool More => At < text.Length && Problem is null;

    /// <summary>The unit so many places further on, or NUL beyond the end.</summary>
    public char Peek(int ahead = 0) => At + ahead < text.Length ? text[At + ahead] : '\0';

    public bool Take(char unit)
    {
        if (!More || text[At] != unit) return false;
        At++;
        return true;
    }

    public bool Take(string start)
    {
        if (!More || string.CompareOrdinal(text, At, start, 0, start.Length) != 0) return false;
        At += start.Length;
        return true;
    }

    public int TakeCodePoint()
    {
        if (!More) return Fail("ends too early");
        if (!Rune.TryGetRuneAt(text, At, out var rune)) return Fail("holds half of a surrogate pair");
        At += rune.Utf16SequenceLength;
        return rune.Value;
    }

    /// <summary>Notes a problem, unless there is one already.</summary>
    /// <param name="start">Where it begins; by default here.</param>
    /// <returns>0.</returns>
    public int Fail(string what, int? start = null)
    {
        Problem ??= $"{what} (at character {(start ?? At) + 1})";
        return 0;
    }
}
