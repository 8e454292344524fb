namespace Baton.Engine;

/// <summary>Finds the names that somebody may have meant. Strangers' names are welcome: what is long or much is left out rather than compared.</summary>
public static class Nearest
{
    private const int MaxLength = 64, MaxCandidates = 1_000, MaxListed = 30;

    /// <summary>The known name with the fewest edits, if fewer than half of the longer one's letters (or a single one) are wrong; else null.</summary>
    public static string? Find(string name, IEnumerable<string> known) =>
        Ranked(name, known).Where(found => found.Edits <= Math.Max(1, Math.Max(name.Length, found.Name.Length) * 9 / 20)).Select(found => found.Name).FirstOrDefault();

    /// <summary>The known names with the fewest edits, nearest first, however many those are.</summary>
    /// <param name="count">Most names.</param>
    public static IEnumerable<string> Few(string name, IEnumerable<string> known, int count) => Ranked(name, known).Take(count).Select(found => found.Name);

    /// <summary>"Did you mean 'x'?", or what there is.</summary>
    public static string Hint(string name, IEnumerable<string> known)
    {
        var all = known.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (Find(name, all) is { } near) return $"Did you mean '{near}'?";
        return all.Count == 0 ? "There is none here." : $"Known here: {string.Join(", ", all.Take(MaxListed))}.";
    }

    private static IEnumerable<(string Name, int Edits)> Ranked(string name, IEnumerable<string> known) => name.Length is 0 or > MaxLength ? []
        : known.Distinct(StringComparer.Ordinal).Take(MaxCandidates).Where(candidate => candidate.Length <= MaxLength)
            .Select(candidate => (Name: candidate, Edits: Edits(name, candidate))).OrderBy(found => found.Edits).ThenBy(found => found.Name, StringComparer.Ordinal);

    // Insertions, deletions, replacements and swaps of neighbours; the case of a letter counts nothing. Optimal string alignment, three rows.
    private static int Edits(string a, string b)
    {
        Span<int> beforeLast = stackalloc int[b.Length + 1], last = stackalloc int[b.Length + 1], row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + same);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1])) row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
            var free = beforeLast;
            beforeLast = last;
            last = row;
            row = free;
        }
        return last[b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
