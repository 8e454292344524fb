namespace Baton.Server.Tests.PrConfidence;

internal static class Expect
{
    /// <summary>The same texts in the same order.</summary>
    public static void Texts(IEnumerable<string> expected, IEnumerable<string?> actual) => Assert.Equal(expected, actual, StringComparer.Ordinal);

    public static void Contains(string part, string whole) => Assert.Contains(part, whole, StringComparison.Ordinal);
}
