namespace Baton.Server.Gateway;

/// <summary>How many letters must be put in, left out or changed to make one name of another.</summary>
/// <remarks>V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", Soviet Physics Doklady 10(8), 1966; with two rows of the table.</remarks>
internal static class EditDistance
{
    private const int MaxLength = 200;

    public static int Between(string a, string b)
    {
        if (a.Length > MaxLength || b.Length > MaxLength) return MaxLength;
        var (above, row) = (Enumerable.Range(0, b.Length + 1).ToArray(), new int[b.Length + 1]);
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }
            (above, row) = (row, above);
        }
        return above[b.Length];
    }
}
