using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

internal enum LineKind
{
    Blank,
    Text,
    Heading,
    Bullet,
    Numbered,
    Checkbox,
    TableRow,

    /// <summary>A step of a scenario: Given, When, Then, And, But.</summary>
    Step,

    /// <summary>The name of a scenario.</summary>
    Scenario,

    /// <summary>Inside a fence that is no scenario.</summary>
    Code,
}

/// <param name="Kind">What it is.</param>
/// <param name="Text">Without its mark and without emphasis.</param>
/// <param name="Indent">Columns before it.</param>
/// <param name="Number">From 1.</param>
internal sealed record MarkdownLine(LineKind Kind, string Text, int Indent, int Number)
{
    /// <summary>Of a heading: 1 to 6.</summary>
    public int Level { get; init; }

    /// <summary>It is an item of a list; a step may be one.</summary>
    public bool IsItem { get; init; }
}

/// <summary>
/// Markdown as a list of classified lines. A ticket is read line by line, because each criterion must name its source line and because half of all
/// tickets are only nearly Markdown.
/// </summary>
internal static class MarkdownLines
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase;
    private const int MaxLineChars = 4_000;

    private static readonly Regex Fence = new(@"^\s*(```+|~~~+)\s*(?<language>[\w-]*)", Options);
    private static readonly Regex Heading = new(@"^\s{0,3}(?<marks>#{1,6})\s+(?<text>.*?)(\s+#+)?\s*$", Options);
    private static readonly Regex BoldLine = new(@"^\s*(\*\*|__)(?<text>[^*_]{2,80})(\*\*|__):?\s*$", Options);
    private static readonly Regex Underline = new(@"^\s{0,3}(=+|-{3,})\s*$", Options);
    private static readonly Regex Rule = new(@"^\s*([-*_]\s*){3,}$", Options);
    private static readonly Regex Checkbox = new(@"^(?<indent>\s*)([-*+]|\d{1,3}[.)])\s+\[[ xX/-]?\]\s+(?<text>.+)$", Options);
    private static readonly Regex Numbered = new(@"^(?<indent>\s*)\(?(\d{1,3}[.)]|AC[-\s]?\d{1,3}\s*[:.)-])\s+(?<text>.+)$", Options);
    private static readonly Regex Bullet = new(@"^(?<indent>\s*)[-*+•–]\s+(?<text>.+)$", Options);
    private static readonly Regex TableRule = new(@"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$", Options);
    private static readonly Regex Scenario = new(@"^\s*(?<text>(scenario( outline)?|example)\s*\d*\s*:.*)$", Options);
    private static readonly Regex Step = new(@"^(?<text>(given|when|then|and|but)\b.*)$", Options);
    private static readonly Regex Link = new(@"!?\[(?<text>[^\]\[]*)\]\([^()\s]*(\s+""[^""]*"")?\)", Options);
    private static readonly Regex Comment = new(@"<!--.*?-->", Options);

    public static List<MarkdownLine> Read(string text)
    {
        var lines = new List<MarkdownLine>();
        var source = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        var (fence, isScenario) = (default(string), false);
        for (var i = 0; i < source.Length; i++)
        {
            var line = GitText.Cut(source[i], MaxLineChars);
            if (Fence.Match(line) is { Success: true } mark && (fence is null || line.TrimStart().StartsWith(fence, StringComparison.Ordinal)))
            {
                isScenario = fence is null && mark.Groups["language"].Value.ToLowerInvariant() is "gherkin" or "feature" or "cucumber";
                fence = fence is null ? line.TrimStart()[..3] : null;
                lines.Add(new(LineKind.Blank, "", 0, i + 1));
            }
            else if (fence is not null && !isScenario) lines.Add(new(LineKind.Code, line, 0, i + 1));
            else if (!string.IsNullOrWhiteSpace(line) && i + 1 < source.Length && Underline.IsMatch(source[i + 1]) && IsProse(line))
                lines.Add(new(LineKind.Heading, Plain(line), 0, i + 1) { Level = source[i + 1].TrimStart()[0] == '=' ? 1 : 2 });
            else lines.Add(Classify(line, i + 1));
        }
        return lines;
    }

    private static MarkdownLine Classify(string line, int number)
    {
        if (string.IsNullOrWhiteSpace(line) || Underline.IsMatch(line) || Rule.IsMatch(line)) return new(LineKind.Blank, "", 0, number);
        if (TableRule.IsMatch(line)) return new(LineKind.TableRow, "", 0, number);
        if (Heading.Match(line) is { Success: true } heading)
            return new(LineKind.Heading, Plain(heading.Groups["text"].Value), 0, number) { Level = heading.Groups["marks"].Length };
        if (BoldLine.Match(line) is { Success: true } bold) return new(LineKind.Heading, Plain(bold.Groups["text"].Value), 0, number) { Level = 6 };
        foreach (var (pattern, kind) in new[] { (Checkbox, LineKind.Checkbox), (Numbered, LineKind.Numbered), (Bullet, LineKind.Bullet) })
        {
            if (pattern.Match(line) is not { Success: true } item) continue;
            var text = Plain(item.Groups["text"].Value);
            return new(kind == LineKind.Bullet && Step.IsMatch(text) ? LineKind.Step : kind, text, Columns(item.Groups["indent"].Value),
                number) { IsItem = true };
        }
        var plain = Plain(line);
        if (line.TrimStart().StartsWith('|')) return new(LineKind.TableRow, plain, 0, number);
        var indent = Columns(line[..(line.Length - line.TrimStart().Length)]);
        if (Scenario.IsMatch(plain)) return new(LineKind.Scenario, plain, indent, number);
        return new(Step.IsMatch(plain) ? LineKind.Step : LineKind.Text, plain, indent, number);
    }

    private static bool IsProse(string line) => Classify(line, 0).Kind is LineKind.Text or LineKind.Step;

    private static int Columns(string indent) => indent.Sum(c => c == '\t' ? 4 : 1);

    /// <summary>Without emphasis, links and comments. Code spans stay: what stands in them is a name.</summary>
    internal static string Plain(string text)
    {
        var plain = Link.Replace(Comment.Replace(text, ""), "${text}");
        return plain.Replace("**", "", StringComparison.Ordinal).Replace("__", "", StringComparison.Ordinal).Replace("\\", "", StringComparison.Ordinal)
            .Trim().Trim('|').Trim();
    }
}
