using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <param name="Number">From 1.</param>
/// <param name="Text">As written.</param>
/// <param name="IsCode">In a fenced or literal block.</param>
/// <param name="IsHistory">Under a heading that announces history: old names belong there.</param>
internal sealed record DocLine(int Number, string Text, bool IsCode, bool IsHistory)
{
    private static readonly Regex Span = new("`+(?<code>[^`]+)`+", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    /// <summary>What stands in code spans, with where it begins.</summary>
    public IEnumerable<(string Code, int Start)> Spans => IsCode ? [(Text, 0)] : Span.Matches(Text)
        .Select(match => (match.Groups["code"].Value, match.Groups["code"].Index));

    public bool IsInCode(int position) => IsCode || Spans.Any(span => position >= span.Start && position < span.Start + span.Code.Length);
}

/// <summary>A document in Markdown, reStructuredText, AsciiDoc or plain text as lines, with what a search for names needs to know of each.</summary>
internal static class DocLines
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase;
    private const int MaxLineChars = 2_000;
    private static readonly Regex Heading = new(@"^\s{0,3}(#{1,6}|={1,6})\s+(?<text>\S.*)$", Options);
    private static readonly Regex Underline = new(@"^[=\-~^""#*+]{3,}\s*$", Options);
    private static readonly Regex History = new(@"\b(changelog|change log|history|release notes|what'?s new|migrat\w*|upgrad\w*|breaking changes?|deprecat\w*|removed|renamed)\b", Options);

    public static IEnumerable<DocLine> Read(string path, string text)
    {
        var isAdoc = Path.GetExtension(path).StartsWith(".a", StringComparison.OrdinalIgnoreCase);
        var isRst = Path.GetExtension(path).Equals(".rst", StringComparison.OrdinalIgnoreCase);
        var (fence, literal, isHistory) = (default(string), -1, false);
        var lines = text.Replace("\r", "", StringComparison.Ordinal).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Length > MaxLineChars ? lines[i][..MaxLineChars] : lines[i];
            var start = line.TrimStart();
            if (FenceOf(start, isAdoc) is { } mark && (fence is null || mark == fence))
            {
                fence = fence is null ? mark : null;
                continue;
            }
            if (fence is not null)
            {
                yield return new(i + 1, line, IsCode: true, isHistory);
                continue;
            }
            // A literal block of reStructuredText is what is indented after a line that ends in "::".
            if (literal >= 0 && start.Length > 0 && line.Length - start.Length <= literal) literal = -1;
            var isHeading = Heading.Match(line) is { Success: true } || (i + 1 < lines.Length && start.Length > 0 && Underline.IsMatch(lines[i + 1])
                && lines[i + 1].Trim().Length >= 3);
            if (isHeading) isHistory = History.IsMatch(line);
            yield return new(i + 1, line, IsCode: literal >= 0 && start.Length > 0, isHistory);
            if (isRst && literal < 0 && (line.TrimEnd().EndsWith("::", StringComparison.Ordinal)
                || start.StartsWith(".. code", StringComparison.Ordinal))) literal = line.Length - start.Length;
        }
    }

    private static string? FenceOf(string start, bool isAdoc)
    {
        if (start.StartsWith("```", StringComparison.Ordinal)) return "```";
        if (start.StartsWith("~~~", StringComparison.Ordinal)) return "~~~";
        return isAdoc && start.TrimEnd() is "----" or "...." ? start.TrimEnd() : null;
    }
}
