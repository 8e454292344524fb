namespace Baton.Server.Words;

/// <summary>Strips English endings, so that "retries", "retried" and "retry" compare equal.</summary>
/// <remarks>M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, pp. 130-137; steps are numbered as there.</remarks>
internal static class PorterStemmer
{
    private static readonly (string Ending, string Replacement)[] Step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"), ("alli", "al"), ("entli", "ent"),
        ("eli", "e"), ("ousli", "ous"),
        ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
        ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ];

    private static readonly (string Ending, string Replacement)[] Step3 =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    // Longest first: the paper applies the longest ending that matches, and no other.
    private static readonly string[] Step4 =
    [
        "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ion", "ism", "ate", "iti", "ous", "ive", "ize", "al", "er", "ic", "ou",
    ];

    /// <param name="word">In lower case; what is not written in the letters a to z, or has fewer than three of them, is returned as it is.</param>
    public static string Stem(string word)
    {
        if (word.Length < 3 || !word.All(char.IsAsciiLetterLower)) return word;
        var stem = Step1c(Step1b(Step1a(word)));
        stem = Replace(stem, Step2);
        stem = Replace(stem, Step3);
        return Step5(Remove4(stem));
    }

    private static string Step1a(string w)
    {
        if (Ends(w, "sses") || Ends(w, "ies")) return w[..^2];
        return Ends(w, "s") && !Ends(w, "ss") ? w[..^1] : w;
    }

    private static string Step1b(string w)
    {
        if (Ends(w, "eed")) return Measure(w[..^3]) > 0 ? w[..^1] : w;
        var ending = Ends(w, "ed") ? 2 : Ends(w, "ing") ? 3 : 0;
        if (ending == 0 || !HasVowel(w[..^ending])) return w;
        var stem = w[..^ending];
        if (Ends(stem, "at") || Ends(stem, "bl") || Ends(stem, "iz")) return stem + "e";
        if (EndsDouble(stem) && stem[^1] is not ('l' or 's' or 'z')) return stem[..^1];
        return Measure(stem) == 1 && EndsShort(stem) ? stem + "e" : stem;
    }

    private static string Step1c(string w) => Ends(w, "y") && HasVowel(w[..^1]) ? w[..^1] + "i" : w;

    private static string Replace(string w, (string Ending, string Replacement)[] rules)
    {
        foreach (var (ending, replacement) in rules)
        {
            if (!Ends(w, ending)) continue;
            var stem = w[..^ending.Length];
            return Measure(stem) > 0 ? stem + replacement : w;
        }
        return w;
    }

    private static string Remove4(string w)
    {
        foreach (var ending in Step4)
        {
            if (!Ends(w, ending)) continue;
            var stem = w[..^ending.Length];
            if (ending == "ion" && !(Ends(stem, "s") || Ends(stem, "t"))) return w;
            return Measure(stem) > 1 ? stem : w;
        }
        return w;
    }

    private static string Step5(string w)
    {
        if (Ends(w, "e"))
        {
            var stem = w[..^1];
            var measure = Measure(stem);
            if (measure > 1 || (measure == 1 && !EndsShort(stem))) w = stem;
        }
        return Ends(w, "ll") && Measure(w[..^1]) > 1 ? w[..^1] : w;
    }

    private static bool Ends(string w, string ending) => w.EndsWith(ending, StringComparison.Ordinal);

    private static bool IsConsonant(string w, int i) => w[i] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => i == 0 || !IsConsonant(w, i - 1),
        _ => true,
    };

    private static bool HasVowel(string stem) => Enumerable.Range(0, stem.Length).Any(i => !IsConsonant(stem, i));

    private static bool EndsDouble(string w) => w.Length > 1 && w[^1] == w[^2] && IsConsonant(w, w.Length - 1);

    /// <summary>Consonant, vowel, consonant, the last not w, x or y: the paper's *o.</summary>
    private static bool EndsShort(string w) =>
        w.Length > 2 && IsConsonant(w, w.Length - 3) && !IsConsonant(w, w.Length - 2) && IsConsonant(w, w.Length - 1) && w[^1] is not ('w' or 'x' or 'y');

    /// <summary>The paper's m: how often a run of vowels is followed by a run of consonants.</summary>
    private static int Measure(string stem)
    {
        var measure = 0;
        for (var i = 1; i < stem.Length; i++)
        {
            if (IsConsonant(stem, i) && !IsConsonant(stem, i - 1)) measure++;
        }
        return measure;
    }
}
