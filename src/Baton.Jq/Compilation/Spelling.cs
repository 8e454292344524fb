namespace Baton.Jq;

/// <summary>Finds what a misspelt name may have meant.</summary>
internal static class Spelling
{
    /// <summary>The known <c>name/arity</c> closest to an unknown one, if any is close: the same name first, then by edit distance.</summary>
    public static string? Nearest(string signature, IEnumerable<string> known)
    {
        var name = Name(signature);
        var limit = Math.Max(1, name.Length / 3);
        return known
            .Where(candidate => !candidate.StartsWith('_') && candidate != signature)
            .Select(candidate => (Candidate: candidate, Distance: Distance(name, Name(candidate))))
            .Where(entry => entry.Distance <= limit)
            .OrderBy(entry => entry.Distance)
            .ThenBy(entry => entry.Candidate, StringComparer.Ordinal)
            .Select(entry => entry.Candidate)
            .FirstOrDefault();
    }

    private static string Name(string signature) => signature[..signature.IndexOf('/', StringComparison.Ordinal)];

    // V. I. Levenshtein's distance, with two rows of the table.
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > Math.Max(a.Length, b.Length) / 2 || a.Length > 64 || b.Length > 64) return int.MaxValue;
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        var row = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }
            (previous, row) = (row, previous);
        }
        return previous[b.Length];
    }
}
