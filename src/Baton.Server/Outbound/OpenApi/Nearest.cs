namespace Baton.Server.Outbound;

/// <summary>The names that somebody may have meant.</summary>
internal static class Nearest
{
    private const int Most = 3;

    /// <summary>Up to three names in quotes, nearest first; empty when there are none.</summary>
    public static string Of(string wanted, IEnumerable<string> known) =>
        string.Join(", ", known.Distinct(StringComparer.Ordinal).OrderBy(name => Distance(wanted.ToUpperInvariant(), name.ToUpperInvariant())).ThenBy(name => name, StringComparer.Ordinal).Take(Most).Select(name => $"'{name}'"));

    /// <summary>Fewest insertions, deletions and replacements that make one of the other (Levenshtein, 1966).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
