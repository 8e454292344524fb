using System.Globalization;
using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Text of strangers made safe to look at. Control characters could drive a terminal; characters that reorder or hide text could make a line of
/// code look like another one (CVE-2021-42574). Both are shown as escapes.
/// </summary>
internal static class Visible
{
    /// <summary>One line: line breaks are shown as escapes too.</summary>
    public static string Line(string text) => Show(text, keepLines: false);

    /// <summary>Keeps line feeds; a tab becomes four spaces.</summary>
    public static string Lines(string text) => Show(text, keepLines: true);

    private static string Show(string text, bool keepLines)
    {
        if (text.All(c => c is >= ' ' and <= '~')) return text;
        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n' && keepLines) shown.Append(c);
            else if (c == '\t') shown.Append(keepLines ? "    " : " ");
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) shown.Append(c).Append(text[++i]);
            else if (IsHidden(c)) shown.Append(Escape(c));
            else shown.Append(c);
        }
        return shown.ToString();
    }

    private static bool IsHidden(char c) => char.GetUnicodeCategory(c) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate;

    private static string Escape(char c) => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        _ => $"\\u{(int)c:X4}",
    };
}
