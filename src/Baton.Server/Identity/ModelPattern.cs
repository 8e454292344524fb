namespace Baton.Server.Identity;

/// <summary>Names of models with <c>*</c> for any characters; upper and lower case do not matter.</summary>
internal static class ModelPattern
{
    /// <remarks>In time proportional to the product of both lengths at worst: only the last star is gone back to.</remarks>
    public static bool Matches(string pattern, string name)
    {
        var (p, n, star, from) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*') (star, from) = (p++, n);
            else if (p < pattern.Length && char.ToUpperInvariant(pattern[p]) == char.ToUpperInvariant(name[n])) (p, n) = (p + 1, n + 1);
            else if (star >= 0) (p, n) = (star + 1, ++from);
            else return false;
        }
        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
