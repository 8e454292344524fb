using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;

namespace Baton.Engine.Schema;

/// <summary>The sets behind <c>\p{...}</c>: all general categories by their short and long names, and a few more that need no tables of ours.</summary>
internal static class UnicodeProperty
{
    private static readonly FrozenDictionary<string, UnicodeCategory[]> Categories = new Dictionary<string, UnicodeCategory[]>(StringComparer.Ordinal)
    {
        ["Lu Uppercase_Letter"] = [UnicodeCategory.UppercaseLetter],
        ["Ll Lowercase_Letter"] = [UnicodeCategory.LowercaseLetter],
        ["Lt Titlecase_Letter"] = [UnicodeCategory.TitlecaseLetter],
        ["LC Cased_Letter"] = [UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter],
        ["Lm Modifier_Letter"] = [UnicodeCategory.ModifierLetter],
        ["Lo Other_Letter"] = [UnicodeCategory.OtherLetter],
        ["L Letter"] = [UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter, UnicodeCategory.ModifierLetter, UnicodeCategory.OtherLetter],
        ["Mn Nonspacing_Mark"] = [UnicodeCategory.NonSpacingMark],
        ["Mc Spacing_Mark"] = [UnicodeCategory.SpacingCombiningMark],
        ["Me Enclosing_Mark"] = [UnicodeCategory.EnclosingMark],
        ["M Mark Combining_Mark"] = [UnicodeCategory.NonSpacingMark, UnicodeCategory.SpacingCombiningMark, UnicodeCategory.EnclosingMark],
        ["Nd Decimal_Number digit"] = [UnicodeCategory.DecimalDigitNumber],
        ["Nl Letter_Number"] = [UnicodeCategory.LetterNumber],
        ["No Other_Number"] = [UnicodeCategory.OtherNumber],
        ["N Number"] = [UnicodeCategory.DecimalDigitNumber, UnicodeCategory.LetterNumber, UnicodeCategory.OtherNumber],
        ["Pc Connector_Punctuation"] = [UnicodeCategory.ConnectorPunctuation],
        ["Pd Dash_Punctuation"] = [UnicodeCategory.DashPunctuation],
        ["Ps Open_Punctuation"] = [UnicodeCategory.OpenPunctuation],
        ["Pe Close_Punctuation"] = [UnicodeCategory.ClosePunctuation],
        ["Pi Initial_Punctuation"] = [UnicodeCategory.InitialQuotePunctuation],
        ["Pf Final_Punctuation"] = [UnicodeCategory.FinalQuotePunctuation],
        ["Po Other_Punctuation"] = [UnicodeCategory.OtherPunctuation],
        ["P Punctuation punct"] =
        [
            UnicodeCategory.ConnectorPunctuation, UnicodeCategory.DashPunctuation, UnicodeCategory.OpenPunctuation, UnicodeCategory.ClosePunctuation,
            UnicodeCategory.InitialQuotePunctuation, UnicodeCategory.FinalQuotePunctuation, UnicodeCategory.OtherPunctuation,
        ],
        ["Sm Math_Symbol"] = [UnicodeCategory.MathSymbol],
        ["Sc Currency_Symbol"] = [UnicodeCategory.CurrencySymbol],
        ["Sk Modifier_Symbol"] = [UnicodeCategory.ModifierSymbol],
        ["So Other_Symbol"] = [UnicodeCategory.OtherSymbol],
        ["S Symbol"] = [UnicodeCategory.MathSymbol, UnicodeCategory.CurrencySymbol, UnicodeCategory.ModifierSymbol, UnicodeCategory.OtherSymbol],
        ["Zs Space_Separator"] = [UnicodeCategory.SpaceSeparator],
        ["Zl Line_Separator"] = [UnicodeCategory.LineSeparator],
        ["Zp Paragraph_Separator"] = [UnicodeCategory.ParagraphSeparator],
        ["Z Separator"] = [UnicodeCategory.SpaceSeparator, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator],
        ["Cc Control cntrl"] = [UnicodeCategory.Control],
        ["Cf Format"] = [UnicodeCategory.Format],
        ["Cn Unassigned"] = [UnicodeCategory.OtherNotAssigned],
        ["Co Private_Use"] = [UnicodeCategory.PrivateUse],
        ["C Other"] = [UnicodeCategory.Control, UnicodeCategory.Format, UnicodeCategory.OtherNotAssigned, UnicodeCategory.PrivateUse],
    }.SelectMany(entry => entry.Key.Split(' ').Select(name => KeyValuePair.Create(name, entry.Value))).ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly Lazy<CodePointSet[]> ByCategory = new(Scan);

    private static readonly ConcurrentDictionary<string, CodePointSet> Sets = new(StringComparer.Ordinal);   // as many as there are names

    /// <summary>What a message offers when a property is not known.</summary>
    public const string Known = "general categories such as \\p{L}, \\p{Lu} or \\p{Letter}, and Any, Assigned, ASCII, ASCII_Hex_Digit and White_Space";

    /// <summary>The set of a property as it stands between the braces, or null.</summary>
    public static CodePointSet? Find(string expression)
    {
        var name = expression.StartsWith("General_Category=", StringComparison.Ordinal) || expression.StartsWith("gc=", StringComparison.Ordinal)
            ? expression[(expression.IndexOf('=', StringComparison.Ordinal) + 1)..]
            : expression;
        return Sets.TryGetValue(name, out var known) ? known : Make(name) is { } made ? Sets.GetOrAdd(name, made) : null;
    }

    private static CodePointSet? Make(string name)
    {
        if (Categories.TryGetValue(name, out var categories)) return CodePointSet.Union(categories.Select(category => ByCategory.Value[(int)category]));
        return name switch
        {
            "Any" => CodePointSet.Of((0, CodePointSet.Last)),
            "Assigned" => ByCategory.Value[(int)UnicodeCategory.OtherNotAssigned].Complement(),
            "ASCII" => CodePointSet.Of((0, 0x7F)),
            "ASCII_Hex_Digit" or "AHex" => CodePointSet.Of(('0', '9'), ('A', 'F'), ('a', 'f')),
            "White_Space" or "space" => CodePointSet.Of(Enumerable.Range(0, 0x10000).Where(unit => char.IsWhiteSpace((char)unit)).Select(unit => (unit, unit))),
            _ => null,
        };
    }

    // A few milliseconds, once, and only if some pattern asks for a category.
    private static CodePointSet[] Scan()
    {
        var ranges = new List<(int, int)>[(int)UnicodeCategory.OtherNotAssigned + 1];
        for (var i = 0; i < ranges.Length; i++) ranges[i] = [];
        var first = 0;
        for (var next = 1; next <= CodePointSet.Last + 1; next++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(first);
            if (next <= CodePointSet.Last && CharUnicodeInfo.GetUnicodeCategory(next) == category) continue;
            ranges[(int)category].Add((first, next - 1));
            first = next;
        }
        return [.. ranges.Select(list => CodePointSet.Of(list))];
    }
}
