using System.Numerics;

namespace Baton.Server.Workflows;

/// <summary>The order of versions (Semantic Versioning 2.0.0, section 11). Build metadata does not count.</summary>
internal static class SemanticVersion
{
    public static IComparer<string> Comparer { get; } = Comparer<string>.Create(Compare);

    private static int Compare(string a, string b)
    {
        var (coreA, preA) = Split(a);
        var (coreB, preB) = Split(b);
        for (var i = 0; i < Math.Min(coreA.Length, coreB.Length); i++)
        {
            var order = CompareIdentifiers(coreA[i], coreB[i]);
            if (order != 0) return order;
        }
        if (preA.Length == 0 || preB.Length == 0) return preB.Length.CompareTo(preA.Length) is var shorter && preA.Length == preB.Length ? 0 : shorter;
        for (var i = 0; i < Math.Min(preA.Length, preB.Length); i++)
        {
            var order = CompareIdentifiers(preA[i], preB[i]);
            if (order != 0) return order;
        }
        return preA.Length.CompareTo(preB.Length);
    }

    private static (string[] Core, string[] Pre) Split(string version)
    {
        var text = version.Split('+')[0];
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (text.Split('.'), []) : (text[..dash].Split('.'), text[(dash + 1)..].Split('.'));
    }

    private static int CompareIdentifiers(string a, string b) => (BigInteger.TryParse(a, out var x), BigInteger.TryParse(b, out var y)) switch
    {
        (true, true) => x.CompareTo(y),
        (true, false) => -1,   // numbers come before words
        (false, true) => 1,
        _ => string.CompareOrdinal(a, b),
    };
}
