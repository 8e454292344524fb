using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Jira's wiki markup as Markdown. Text without any of its marks comes out unchanged, so plain text and Markdown may pass through.</summary>
internal static class WikiMarkup
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Heading = new(@"^\s*h(?<level>[1-6])\.\s+(?<text>.*)$", Options);
    private static readonly Regex Bullets = new(@"^\s*(?<marks>[*-]{1,6})\s+(?<text>.+)$", Options);
    private static readonly Regex Numbers = new(@"^\s*(?<marks>[*#]{0,5}#)\s+(?<text>.+)$", Options);
    private static readonly Regex Code = new(@"^\s*\{(code|noformat)(:(?<language>[\w.-]+)[^}]*)?\}\s*$", Options);
    private static readonly Regex Frame = new(@"\{(panel|quote|color|info|note|warning)(:[^}]*)?\}", Options);
    private static readonly Regex Mono = new(@"\{\{(?<text>[^}]*)\}\}", Options);
    private static readonly Regex Bold = new(@"(?<before>^|[\s(])\*(?<text>[^*\s][^*]*)\*(?<after>[\s.,:;)]|$)", Options);
    private static readonly Regex Link = new(@"\[(?<text>[^|\]\[]+)\|[^\]\[]+\]", Options);
    private static readonly Regex Icon = new(@"\((/|x|!|\?|\*|on|off)\)\s*", Options);
    private static readonly Regex MarkdownHeading = new(@"^#{1,6}\s+\S.*$", Options | RegexOptions.Multiline);
    private static readonly Regex WikiSign = new(@"^\s*(h[1-6]\.\s|\{(code|noformat|panel|quote))|\{\{|\[[^\]|]+\|", Options | RegexOptions.Multiline);

    public static string ToMarkdown(string wiki)
    {
        // "# text" is a numbered item in one and a heading in the other. Without any sign of wiki markup, a lone "#" line is a heading.
        var isWiki = WikiSign.IsMatch(wiki) || !MarkdownHeading.IsMatch(wiki) || MarkdownHeading.Count(wiki) > 3;
        var text = new StringBuilder(wiki.Length + 64);
        var inCode = false;
        foreach (var line in wiki.Replace("\r", "", StringComparison.Ordinal).Split('\n'))
        {
            if (Code.Match(line) is { Success: true } fence)
            {
                text.Append("```").Append(inCode ? "" : fence.Groups["language"].Value).Append('\n');
                inCode = !inCode;
            }
            else text.Append(inCode ? line : Line(line, isWiki)).Append('\n');
        }
        return text.ToString();
    }

    private static string Line(string line, bool isWiki)
    {
        var plain = Icon.Replace(Frame.Replace(line, ""), "");
        plain = Bold.Replace(Link.Replace(Mono.Replace(plain, "`${text}`"), "${text}"), "${before}**${text}**${after}");
        if (Heading.Match(plain) is { Success: true } heading) return new string('#', heading.Groups["level"].Value[0] - '0') + " "
            + heading.Groups["text"].Value;
        if (isWiki && Numbers.Match(plain) is { Success: true } numbered) return Indent(numbered) + "1. " + numbered.Groups["text"].Value;
        if (Bullets.Match(plain) is { Success: true } bullet && bullet.Groups["marks"].Value is var marks && (marks[0] == '*' || marks.Length == 1))
            return (marks.Length == 1 ? plain[..(plain.Length - plain.TrimStart().Length)] : Indent(bullet)) + "- " + bullet.Groups["text"].Value;
        return plain;
    }

    private static string Indent(Match match) => new(' ', 2 * (match.Groups["marks"].Length - 1));
}
