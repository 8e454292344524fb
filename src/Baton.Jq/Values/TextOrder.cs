using System.Runtime.CompilerServices;

namespace Baton.Jq;

/// <summary>Strings as jq sees them: sequences of code points, while .NET holds UTF-16.</summary>
internal static class TextOrder
{
    /// <summary>Compares by code point. Ordinal comparison differs: there surrogates stand before U+E000 to U+FFFF.</summary>
    public static int Compare(string a, string b)
    {
        var at = a.AsSpan().CommonPrefixLength(b);
        if (at == a.Length || at == b.Length) return a.Length - b.Length;
        return Weight(a[at]) - Weight(b[at]);
    }

    /// <summary>Whether code points and UTF-16 units are the same in this text.</summary>
    public static bool IsBasicPlane(ReadOnlySpan<char> text) => !text.ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>Number of code points.</summary>
    public static int CodePoints(ReadOnlySpan<char> text)
    {
        var at = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        if (at < 0) return text.Length;
        var count = at;
        for (; at < text.Length; at += Width(text, at)) count++;
        return count;
    }

    /// <summary>The UTF-16 index of the code point after <paramref name="codePoints"/> others, counted from <paramref name="start"/>; at most the length.</summary>
    public static int Skip(ReadOnlySpan<char> text, int start, int codePoints)
    {
        while (codePoints > 0 && start < text.Length)
        {
            start += Width(text, start);
            codePoints--;
        }
        return start;
    }

    /// <summary>How many UTF-16 units the code point at <paramref name="index"/> takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Width(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    // Moves the surrogates behind the rest of the basic plane.
    private static int Weight(char unit) => unit < 0xD800 ? unit : unit < 0xE000 ? unit + 0x2000 : unit - 0x800;
}
