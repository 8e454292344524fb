using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Baton.Server.Gateway;

/// <summary>A sentence of prose or a line of code or of a list, where it stands in the text.</summary>
/// <param name="Block">The number of the paragraph or passage that it belongs to.</param>
internal sealed record Sentence(int Start, int Length, int Block)
{
    public string In(string text) => text.Substring(Start, Length);
}

/// <param name="Heading">The line that says where a passage is from; empty for a paragraph.</param>
internal sealed record TextBlock(string Heading, ImmutableArray<Sentence> Sentences);

/// <summary>
/// Cuts a text into sentences. Paragraphs end at blank lines. A line that begins with <c>--- </c> begins a passage of a diff, as long as its lines
/// begin with plus, minus or blank: each added line is a sentence then, without its mark; the others say what is not, or was there before.
/// </summary>
internal static class Sentences
{
    private const string PassageMark = "--- ";

    private static readonly FrozenSet<string> Abbreviations = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "e.g", "i.e", "mr", "mrs", "ms", "dr", "vs", "cf", "st", "no", "fig", "approx");

    public static ImmutableArray<TextBlock> Of(string text)
    {
        var blocks = ImmutableArray.CreateBuilder<TextBlock>();
        var found = new List<Sentence>();
        var (heading, isPassage, open) = ("", false, -1);   // open: where a sentence has begun that a line end did not end
        foreach (var (start, end) in Lines(text))
        {
            var line = text.AsSpan(start, end - start);
            var isHeading = line.StartsWith(PassageMark, StringComparison.Ordinal);
            var isPassageLine = isPassage && line is ['+' or '-' or ' ', ..] && !isHeading;
            if (isPassageLine)
            {
                if (line[0] == '+') Add(start + 1, end);
                continue;
            }
            if (isHeading || isPassage || line.IsWhiteSpace())
            {
                CloseBlock(start);
                (heading, isPassage) = (isHeading ? line.Trim().ToString() : "", isHeading);
                if (isHeading || line.IsWhiteSpace()) continue;
            }
            if (open >= 0 && BeginsItem(line)) Close(start);
            if (open < 0) open = start;
            Split(start, end);
        }
        CloseBlock(text.Length);
        return blocks.ToImmutable();

        void Split(int from, int end)
        {
            for (var i = from; i < end; i++)
            {
                if (EndsSentence(text, open, i)) Close(i + 1);
                if (open < 0 && i + 1 < end) open = i + 1;
            }
            if (open < 0) return;
            // A heading is no part of the sentence below it.
            if (text.AsSpan(open, end - open).TrimStart() is ['#', ..]) Close(end);
        }

        void Close(int end)
        {
            if (open >= 0) Add(open, end);
            open = -1;
        }

        void CloseBlock(int end)
        {
            Close(end);
            if (found.Count > 0 || heading.Length > 0) blocks.Add(new TextBlock(heading, [.. found]));
            found.Clear();
        }

        void Add(int from, int to)
        {
            while (from < to && char.IsWhiteSpace(text[from])) from++;
            while (to > from && char.IsWhiteSpace(text[to - 1])) to--;
            if (to > from) found.Add(new Sentence(from, to - from, blocks.Count));
        }
    }

    private static IEnumerable<(int Start, int End)> Lines(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            if (end < 0) end = text.Length;
            yield return (start, end);
            start = end + 1;
        }
    }

    private static bool BeginsItem(ReadOnlySpan<char> line)
    {
        line = line.TrimStart();
        if (line is ['-' or '*' or '+' or '•', ' ', ..] or ['#', ..] or ['|', ..] or ['>', ..]) return true;
        var digits = line.IndexOfAnyExceptInRange('0', '9');
        return digits is > 0 and <= 3 && line[digits..] is ['.' or ')', ' ', ..];
    }

    private static bool EndsSentence(string text, int open, int at)
    {
        if (text[at] is '。' or '！' or '？') return true;
        if (text[at] is not ('.' or '!' or '?')) return false;
        if (at + 1 < text.Length && !char.IsWhiteSpace(text[at + 1])) return false;
        var next = text.AsSpan(at + 1).TrimStart();
        if (next.Length > 0 && char.IsLower(next[0])) return false;
        if (text[at] != '.') return true;
        var word = text.AsSpan(open, at - open);
        word = word[(word.LastIndexOfAny(' ', '\n', '(') + 1)..];
        if (word.Length == 1) return !char.IsLetter(word[0]);   // an initial
        return word.Length > 0 && !Abbreviations.Contains(word.ToString());
    }
}
