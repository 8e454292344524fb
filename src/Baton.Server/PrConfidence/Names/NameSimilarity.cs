using Baton.Server.Words;

namespace Baton.Server.PrConfidence;

/// <summary>How likely it is that one name replaced another.</summary>
internal static class NameSimilarity
{
    /// <summary>Below this, two names are two names.</summary>
    public const double Threshold = 0.5;

    /// <summary>
    /// In [0,1]: 1 if the declarations are equal but for the name; else the larger of the Dice coefficient of the words of the names
    /// (Dice 1945) and 1 minus their relative edit distance.
    /// </summary>
    public static double Of(Declaration before, Declaration after)
    {
        if (before.Kind != after.Kind) return 0;
        var likeness = OfNames(before.Name, after.Name);
        var masked = Mask(before);
        // A signature that is nothing but the name and common words says too little: "class X", "X = ".
        return masked.Length >= 24 && masked == Mask(after) ? Math.Max(likeness, likeness > 0 ? 0.9 : 0.5) : likeness;
    }

    public static double OfNames(string before, string after)
    {
        var (a, b) = (Tokenizer.Words(before).ToHashSet(StringComparer.Ordinal), Tokenizer.Words(after).ToHashSet(StringComparer.Ordinal));
        var dice = a.Count + b.Count == 0 ? 0 : 2.0 * a.Intersect(b, StringComparer.Ordinal).Count() / (a.Count + b.Count);
        var longest = Math.Max(before.Length, after.Length);
        var edits = longest is 0 or > 100 ? 0 : 1 - ((double)Revisions.EditDistance(before, after) / longest);
        return Math.Max(dice, edits >= 0.7 ? edits : 0);
    }

    private static string Mask(Declaration declaration) => declaration.Signature.Replace(declaration.Name, "\0", StringComparison.Ordinal);
}
