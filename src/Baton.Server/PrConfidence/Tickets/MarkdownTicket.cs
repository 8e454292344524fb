using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Finds id, title, description and criteria in a ticket written as text.</summary>
internal static class MarkdownTicket
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private const int MaxDescriptionChars = 4_000;
    private const int MaxTitleChars = 300;

    private static readonly Regex Key = new(@"\b(?<id>[A-Z][A-Z0-9]{1,15}-\d{1,8})\b", Options);
    private static readonly Regex Hash = new(@"(^|[\s(\[])(?<id>#\d{1,8})\b", Options);
    private static readonly Regex LeadingId = new(@"^\W*([A-Z][A-Z0-9]{1,15}-\d{1,8}|#\d{1,8})\W*[:\s–-]\s*", Options);
    private static readonly Regex Property = new(@"^(?<name>[A-Za-z][\w -]{0,30}):\s*(?<value>.*)$", Options);

    public static Ticket Read(string text, string source)
    {
        var (properties, skipped) = FrontMatter(text);
        var lines = MarkdownLines.Read(text);
        lines.RemoveRange(0, Math.Min(skipped, lines.Count));
        var heading = lines.Find(line => line is { Kind: LineKind.Heading, Level: 1 }) ?? lines.Find(line => line.Kind is LineKind.Heading or LineKind.Text);
        var title = properties.GetValueOrDefault("title") ?? properties.GetValueOrDefault("summary") ?? heading?.Text ?? "";
        var id = properties.GetValueOrDefault("id") ?? properties.GetValueOrDefault("key") ?? properties.GetValueOrDefault("ticket") ?? IdIn(title)
            ?? IdIn(Path.GetFileNameWithoutExtension(source));
        var found = CriteriaFinder.Find(heading is null ? lines : [.. lines.Where(line => line != heading)]);
        return Of(id, title, lines, found, source, heading);
    }

    /// <summary>A ticket of which id and title are known from elsewhere.</summary>
    public static Ticket Read(string? id, string title, string text, string source)
    {
        var lines = MarkdownLines.Read(text);
        return Of(id, title, lines, CriteriaFinder.Find(lines), source, heading: null);
    }

    private static Ticket Of(string? id, string title, List<MarkdownLine> lines, CriteriaFound found, string source, MarkdownLine? heading)
    {
        var description = string.Join('\n', lines.Where(line => line != heading && !found.Lines.Contains(line.Number) && line.Text.Length > 0)
            .Select(line => line.Text));
        return new Ticket
        {
            Id = string.IsNullOrWhiteSpace(id) ? null : GitText.Cut(id.Trim(), 40),
            Title = GitText.Cut(WithoutId(title), MaxTitleChars),
            Description = GitText.Cut(description, MaxDescriptionChars),
            Criteria = found.Criteria,
            CriteriaSource = found.Source,
            Source = source,
            Notes = found.Notes,
        };
    }

    private static string? IdIn(string text)
    {
        if (Key.Match(text) is { Success: true } key) return key.Groups["id"].Value;
        return Hash.Match(text) is { Success: true } hash ? hash.Groups["id"].Value : null;
    }

    private static string WithoutId(string title) => LeadingId.Replace(title.Trim(), "") is { Length: > 0 } rest ? rest : title.Trim();

    /// <summary>"---" at the top, then properties, then "---": the lines it takes, and what it says.</summary>
    private static (ImmutableDictionary<string, string> Properties, int Lines) FrontMatter(string text)
    {
        var none = ImmutableDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase);
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', 60);
        if (lines[0].Trim() != "---") return (none, 0);
        var end = Array.FindIndex(lines, 1, line => line.Trim() == "---");
        if (end < 0) return (none, 0);
        var properties = none;
        foreach (var line in lines[1..end])
        {
            if (Property.Match(line) is not { Success: true } match) continue;
            properties = properties.SetItem(match.Groups["name"].Value, match.Groups["value"].Value.Trim().Trim('"', '\''));
        }
        return (properties, end + 1);
    }
}
