using System.Collections.Immutable;
using System.Text;
using Baton.Server.Words;

namespace Baton.Server.PrConfidence;

/// <summary>Passages as text: short for a reader, longer for a language model, bounded for both.</summary>
internal static class EvidenceText
{
    private const int ExcerptLines = 8;
    private const int MaxExcerptChars = 600;
    private const int MaxExcerptLineChars = 160;
    private const int MinRoom = 120;

    /// <summary>The neighbouring lines of the passage that share most with the criterion.</summary>
    public static string Excerpt(Passage passage, HashSet<string> terms)
    {
        if (passage.Kind == EvidenceKind.Commit) return GitText.Cut(passage.Title, MaxExcerptLineChars * 2);
        var lines = passage.Lines;
        var values = lines.Select(line => (line[0] == ' ' ? 0.2 : 1.0) * Tokenizer.Terms(line).Where(terms.Contains).ToHashSet(StringComparer.Ordinal).Count)
            .ToArray();
        var best = 0;
        var most = -1.0;
        for (var start = 0; start <= Math.Max(0, lines.Length - ExcerptLines); start++)
        {
            var sum = values.Skip(start).Take(ExcerptLines).Sum();
            if (sum > most) (best, most) = (start, sum);
        }
        var window = lines.Skip(best).Take(ExcerptLines).SkipWhile(IsBlank).Reverse().SkipWhile(IsBlank).Reverse();
        return Join(window.Select(line => GitText.Cut(line, MaxExcerptLineChars)), MaxExcerptChars);
    }

    private static bool IsBlank(string line) => line.AsSpan(1).IsWhiteSpace();

    /// <summary>
    /// The passages that speak of a criterion, best first, as many as fit. Each begins with a line that says where it is, in the form in which an
    /// answer may cite it. The criterion itself is left out: a model that quotes what it was given must not find the question there.
    /// </summary>
    public static string Of(ImmutableArray<Passage> ranked, int maxChars)
    {
        if (ranked.IsEmpty) return GitText.Cut("No changed passage shares enough words with this criterion.\n", maxChars);
        var text = new StringBuilder();
        foreach (var passage in ranked)
        {
            var header = Header(passage);
            var room = maxChars - text.Length - header.Length - 2;
            if (room < MinRoom) break;
            text.Append(header).Append('\n').Append(Join(passage.Lines, room)).Append('\n');
        }
        return GitText.Cut(text.ToString(), maxChars);
    }

    private static string Header(Passage passage)
    {
        var commit = passage.Commit is { } sha ? $" (commit {sha[..Math.Min(10, sha.Length)]})" : "";
        return passage.File is null
            ? $"--- commit message{commit}: {Visible.Line(passage.Title)}"
            : $"--- {passage.Kind.ToString().ToLowerInvariant()} {Visible.Line(passage.File)}:{passage.StartLine}-{passage.EndLine}{commit}";
    }

    /// <summary>Whole lines as long as they fit.</summary>
    private static string Join(IEnumerable<string> lines, int maxChars)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            if (text.Length + line.Length + 1 > maxChars) return text.Append('…').ToString();
            if (text.Length > 0) text.Append('\n');
            text.Append(line);
        }
        return text.ToString();
    }
}
