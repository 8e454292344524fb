namespace Baton.Server.PrConfidence;

/// <summary>Findings as readers see them.</summary>
internal static class Wording
{
    /// <summary>With a capital at the beginning and one mark at the end.</summary>
    public static string Sentence(string text)
    {
        if (text.Length == 0) return "";
        var sentence = char.ToUpperInvariant(text[0]) + text[1..].TrimEnd('.');
        return sentence[^1] is '?' or '!' ? sentence : sentence + ".";
    }

    public static string Count(int count, string one, string many) => $"{count:N0} {(count == 1 ? one : many)}";

    /// <summary>
    /// A text in which what stands between two backticks is a name; a backtick without a partner is text.
    /// </summary>
    public static IEnumerable<(string Text, bool IsName)> Parts(string text)
    {
        var parts = text.Split('`');
        for (var i = 0; i < parts.Length; i++)
        {
            var isLast = i == parts.Length - 1;
            if (i % 2 == 1 && !isLast) yield return (parts[i], true);
            else if (i % 2 == 1) yield return ("`" + parts[i], false);
            else if (parts[i].Length > 0) yield return (parts[i], false);
        }
    }
}
