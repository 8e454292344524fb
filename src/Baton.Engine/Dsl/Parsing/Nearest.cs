namespace Baton.Engine.Dsl.Parsing;

/// <summary>Guesses which known word was meant.</summary>
internal static class Nearest
{
    /// <summary>The known word that is less than half of its length in edits away, or null.</summary>
    public static string? Of(string word, IEnumerable<string> known) =>
        known.Select(candidate => (Word: candidate, Distance: Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .Where(found => found.Distance <= Math.Max(1, Math.Max(word.Length, found.Word.Length) * 9 / 20))
            .OrderBy(found => found.Distance).ThenBy(found => found.Word, StringComparer.Ordinal).Select(found => found.Word).FirstOrDefault();

    /// <summary>"Did you mean 'x'?", or the list of what there is.</summary>
    public static string Hint(string word, IEnumerable<string> known)
    {
        var all = known.Order(StringComparer.Ordinal).ToList();
        if (Of(word, all) is { } near) return $"Did you mean '{near}'?";
        return all.Count == 0 ? "There is none here." : $"Known here: {string.Join(", ", all.Take(30))}.";
    }

    /// <summary>Edits that turn one word into the other, a swap of neighbours counted once (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                var best = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = Math.Min(best, rows[i - 2, j - 2] + 1);
                rows[i, j] = best;
            }
        }
        return rows[a.Length, b.Length];
    }
}
