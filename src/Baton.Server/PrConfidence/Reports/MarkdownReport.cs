using System.Collections.Immutable;
using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>The report as Markdown, for a comment under a change or a file beside it. Lists are capped; the rest is counted.</summary>
internal static class MarkdownReport
{
    private const int MaxEvidence = 3;
    private const int MaxRows = 30;
    private const int MaxCells = 200;

    public static string Render(PrConfidenceReport report)
    {
        var text = new StringBuilder();
        var changes = report.Changes;
        Line(text, $"# PR confidence: {Escape(report.FinalReport.Title)}");
        Line(text, "");
        Line(text, $"{Code(changes.Base.Name)} … {Code(changes.Head.Name)} at {Code(changes.Head.Sha[..10])}: {Wording.Count(changes.Totals.Commits, "commit", "commits")}, {Wording.Count(changes.Totals.Files, "file", "files")}, +{changes.Totals.Added} −{changes.Totals.Deleted} lines.");
        Line(text, "");
        Line(text, $"**{Escape(report.FinalReport.Summary)}**");
        Criteria(text, report);
        Gaps(text, report.GapAnalysis);
        Documentation(text, report.Documentation);
        Score(text, report.ConfidenceAnalysis);
        Evidence(text, report.CrossReferenceAnalysis.Criteria);
        if (!report.Notes.IsEmpty)
        {
            Heading(text, "Notes");
            foreach (var note in report.Notes) Line(text, $"- {Escape(note.Message)}");
        }
        Line(text, "");
        Line(text, $"Workflow {Code(report.WorkflowId)}, {report.Timestamp:yyyy-MM-dd HH:mm} UTC. {Escape(report.CrossReferenceAnalysis.Method)}.");
        return text.ToString();
    }

    private static void Criteria(StringBuilder text, PrConfidenceReport report)
    {
        var criteria = report.CrossReferenceAnalysis.Criteria;
        if (criteria.IsEmpty) return;
        Heading(text, "Criteria");
        Table(text, ["", "Criterion", "Verdict", "Sure", "Best evidence"], criteria, criterion =>
        [
            criterion.Id, Prose(Short(criterion.Text)), $"**{criterion.Verdict.Verdict.ToString().ToLowerInvariant()}**",
                $"{criterion.Verdict.Confidence:0.00}",
            criterion.Verdict.Verdict == Verdict.Missing || criterion.Evidence.IsEmpty ? "none" : Code(criterion.Evidence[0].Where),
        ]);
    }

    private static void Gaps(StringBuilder text, GapAnalysis analysis)
    {
        Heading(text, "Gaps");
        if (analysis.DetectedGaps.IsEmpty) Line(text, "None found.");
        foreach (var gap in analysis.DetectedGaps.Take(MaxRows))
        {
            Line(text, $"- **{gap.Severity.ToString().ToLowerInvariant()}**: {Prose(gap.Title)}. {Prose(gap.Detail)} *{Escape(gap.Action)}*{(gap.Where.IsEmpty ? "" : " " + string.Join(", ", gap.Where.Take(4).Select(Code)))}");
        }
        More(text, analysis.DetectedGaps.Length);
    }

    private static void Documentation(StringBuilder text, StaleDocs? docs)
    {
        if (docs is null || docs.Mentions.IsEmpty) return;
        Heading(text, "Stale documents");
        Table(text, ["Document", "Says", "What changed", "Certainty"], docs.Mentions,
            mention => [Code(mention.Where), Code(mention.Excerpt), $"{Escape(mention.Reason)} ({Code(mention.ChangedAt)})", mention.Certainty.ToString()
                .ToLowerInvariant()]);
    }

    private static void Score(StringBuilder text, ConfidenceAnalysis analysis)
    {
        Heading(text, "Score");
        Line(text, "| Factor | Weight | Value | Contribution | From |");
        Line(text, "| --- | ---: | ---: | ---: | --- |");
        foreach (var factor in analysis.ConfidenceFactors) Line(text,
            $"| {factor.Title} | {factor.Weight:0.00} | {factor.Value:0.00} | {factor.Contribution:0.000} | {Escape(factor.Explanation)} |");
        foreach (var factor in analysis.FactorsLeftOut) Line(text, $"| {factor.Title} | {factor.Weight:0.00} | – | left out | {Escape(factor.Reason)} |");
        Line(text, $"| **Overall** | | | **{(analysis.OverallScore is { } score ? $"{score:0.000}" : "–")}** | {Summary.Level(analysis.Level)}{(analysis.LevelCappedBy is { } cap ? $", held down because {Escape(cap)}" : "")} |");
        Line(text, "");
        Line(text, $"Confidence in this score: {analysis.ScoreConfidence:0.00} ({Escape(string.Join("; ", analysis.ScoreConfidenceInputs.Select(input => $"{input.Reason}: {input.Value:0.00}")))}).");
    }

    private static void Evidence(StringBuilder text, ImmutableArray<CriterionReport> criteria)
    {
        if (criteria.All(criterion => criterion.Evidence.IsEmpty)) return;
        Heading(text, "Evidence");
        foreach (var criterion in criteria.Take(MaxRows))
        {
            Line(text, $"**{criterion.Id}** {criterion.Verdict.Verdict.ToString().ToLowerInvariant()}: {Escape(criterion.Verdict.Reason)}");
            Line(text, "");
            foreach (var evidence in criterion.Evidence.Take(MaxEvidence))
            {
                Line(text, $"{Code(evidence.Where)}{(evidence.File is not null && evidence.Commit is not null ? $", commit {Code(evidence.Short)}" : "")}, score {evidence.Score:0.00}");
                Fence(text, evidence.Excerpt);
            }
            if (criterion.Evidence.Length > MaxEvidence) Line(text, $"and {criterion.Evidence.Length - MaxEvidence} more\n");
        }
        More(text, criteria.Length);
    }

    private static void Table<T>(StringBuilder text, string[] headers, ImmutableArray<T> items, Func<T, string[]> row)
    {
        Line(text, $"| {string.Join(" | ", headers)} |");
        Line(text, $"|{string.Concat(headers.Select(_ => " --- |"))}");
        foreach (var item in items.Take(MaxRows)) Line(text, $"| {string.Join(" | ", row(item))} |");
        More(text, items.Length);
    }

    private static void More(StringBuilder text, int total)
    {
        if (total > MaxRows) Line(text, $"\nand {total - MaxRows} more");
    }

    private static void Heading(StringBuilder text, string title) => Line(text, $"\n## {title}\n");

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');

    private static string Short(string text) => GitText.Cut(text, MaxCells);

    /// <summary>A fence longer than any in the content.</summary>
    private static void Fence(StringBuilder text, string content)
    {
        var fence = new string('`', Math.Max(3, LongestRun(content) + 1));
        Line(text, $"\n{fence}diff\n{Visible.Lines(content)}\n{fence}\n");
    }

    /// <summary>A code span, with as many backticks as it needs; a pipe would end the cell even there.</summary>
    private static string Code(string value)
    {
        var shown = Visible.Line(Short(value)).Replace("|", "¦", StringComparison.Ordinal);
        var ticks = new string('`', LongestRun(shown) + 1);
        var space = shown.StartsWith('`') || shown.EndsWith('`') || shown.Length == 0 ? " " : "";
        return $"{ticks}{space}{shown}{space}{ticks}";
    }

    private static int LongestRun(string text)
    {
        var (longest, run) = (0, 0);
        foreach (var c in text)
        {
            run = c == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }
        return longest;
    }

    /// <summary>A sentence in which names stand between backticks.</summary>
    private static string Prose(string text) => string.Concat(Wording.Parts(text).Select(part => part.IsName ? Code(part.Text) : Escape(part.Text)));

    /// <summary>No character of a stranger's text is markup. A zero-width space behind an @ keeps hosts from notifying whoever is called so.</summary>
    private static string Escape(string value)
    {
        var text = new StringBuilder(value.Length + 16);
        foreach (var c in Visible.Line(value))
        {
            if (c == '<') text.Append("&lt;");
            else if (c == '&') text.Append("&amp;");
            else if (c is '\\' or '`' or '*' or '_' or '[' or ']' or '|' or '~' or '#' or '!') text.Append('\\').Append(c);
            else text.Append(c);
            if (c == '@') text.Append('\u200B');
        }
        return text.ToString();
    }
}
