namespace Baton.Server.Words;

/// <summary>
/// Text and source code as comparable terms: identifiers are split at case changes, underscores, hyphens and between letters and digits,
/// then lowered, freed of stop words, and stemmed. "parseHTTPResponse_v2", "parse the http responses" share parse, http and respons.
/// </summary>
internal static class Tokenizer
{
    private const int MaxWordChars = 40;

    /// <summary>Terms in their order, repeated as often as they occur.</summary>
    public static IEnumerable<string> Terms(string text)
    {
        foreach (var word in Words(text))
        {
            if (Term(word) is { } term) yield return term;
        }
    }

    /// <summary>The comparable form of one lower-case word; null if it says nothing.</summary>
    public static string? Term(string word)
    {
        if (word.Length < 2 || StopWords.Contains(word)) return null;
        if (char.IsAsciiDigit(word[0])) return word;
        return PorterStemmer.Stem(Abbreviations.Full(word));
    }

    /// <summary>Parts of identifiers and words, in lower case, nothing left out.</summary>
    public static IEnumerable<string> Words(string text)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            if (start >= 0 && (i == text.Length || IsBoundary(text, i)))
            {
                if (i - start <= MaxWordChars) yield return text[start..i].ToLowerInvariant();
                start = -1;
            }
            if (start < 0 && i < text.Length && char.IsLetterOrDigit(text[i])) start = i;
        }
    }

    /// <summary>A word ends before this character.</summary>
    private static bool IsBoundary(string text, int i)
    {
        var (before, here) = (text[i - 1], text[i]);
        if (!char.IsLetterOrDigit(here)) return true;
        if (char.IsDigit(before) != char.IsDigit(here)) return true;
        if (!char.IsUpper(here)) return false;
        // "fooBar" splits before B; "HTTPServer" splits before S: the last capital belongs to what follows.
        return char.IsLower(before) || (char.IsUpper(before) && i + 1 < text.Length && char.IsLower(text[i + 1]));
    }
}
