using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>Each criterion with its verdict; its evidence unfolds.</summary>
internal static class HtmlCriteria
{
    public static void Add(HtmlText html, PrConfidenceReport report)
    {
        html.Add($"<section><h2>Criteria</h2>\n<p class=\"soft\">From <span class=\"path\">{report.FinalReport.TicketSource}</span>.</p>\n");
        if (report.CrossReferenceAnalysis.Criteria.IsEmpty) html.Add($"<p class=\"card\">The ticket has no acceptance criteria.</p>\n");
        foreach (var criterion in report.CrossReferenceAnalysis.Criteria) Criterion(html, criterion, report.FinalReport.TicketSource);
        html.Add($"</section>\n");
    }

    private static void Criterion(HtmlText html, CriterionReport criterion, string source)
    {
        var verdict = criterion.Verdict;
        html.Add($"<details><summary><span class=\"id\">{criterion.Id}</span><span class=\"what\">");
        html.AddProse(criterion.Text);
        html.Add($"</span><span class=\"pill {HtmlReport.Class(Tones.Of(verdict.Verdict))}\">{verdict.Verdict.ToString().ToLowerInvariant()} · {verdict.Confidence:0.00}</span></summary><div class=\"in\">");
        html.Add($"<p>{verdict.Reason} <span class=\"soft\">Decided by {verdict.DecidedBy.ToString().ToLowerInvariant()}; coverage {criterion.Coverage:0.00}, best passage {criterion.Score:0.00}; {source}:{criterion.Line}.</span></p>");
        Words(html, "Found:", criterion.MatchedWords, "good");
        Words(html, "Not found:", criterion.MissingWords, "bad");
        if (verdict.ByModel is { } said) Model(html, verdict, said);
        if (criterion.Evidence.IsEmpty) html.Add($"<p class=\"soft\">No passage of the range speaks of it.</p>");
        foreach (var evidence in criterion.Evidence) Evidence(html, evidence);
        html.Add($"</div></details>\n");
    }

    private static void Words(HtmlText html, string label, ImmutableArray<string> words, string tone)
    {
        if (words.IsEmpty) return;
        html.Add($"<div class=\"words\"><span class=\"soft\">{label}</span> ");
        foreach (var word in words.Take(40)) html.Add($"<i class=\"{tone}\">{word}</i>");
        html.Add($"</div>");
    }

    private static void Model(HtmlText html, CriterionVerdict verdict, Verdict said)
    {
        html.Add($"<p><b>{verdict.Model ?? "Model"}</b>: {said.ToString().ToLowerInvariant()}, {verdict.ModelConfidence ?? 0:0.00}, after its quotes were looked up {verdict.CheckedModelConfidence ?? 0:0.00}. {verdict.Reasoning}</p>");
        if (verdict.Quotes.IsEmpty) return;
        html.Add($"<ul>");
        foreach (var quote in verdict.Quotes)
        {
            var tone = quote.Status switch { QuoteStatus.Verified => "good", QuoteStatus.OnlyAround => "warning", _ => "bad" };
            html.Add($"<li><code>{quote.Text}</code> <span class=\"pill {tone}\">{HtmlReport.Words(quote.Status.ToString())}</span> <span class=\"soft\">{quote.Where}</span></li>");
        }
        html.Add($"</ul>");
    }

    private static void Evidence(HtmlText html, Evidence evidence)
    {
        html.Add($"<div class=\"evidence\"><div class=\"at\"><span class=\"path\">{evidence.Where}</span><span class=\"soft\">{evidence.Kind.ToString().ToLowerInvariant()}{(evidence.File is not null && evidence.Commit is not null ? $", commit {evidence.Short}" : "")}</span><span class=\"soft\">score {evidence.Score:0.00}</span></div><pre>");
        foreach (var line in evidence.Excerpt.Split('\n'))
        {
            html.Add($"<span class=\"{(evidence.File is null ? "c" : line is ['+', ..] ? "a" : line is ['-', ..] ? "d" : "c")}\">");
            html.AddCode(line);
            html.Add($"</span>");
        }
        html.Add($"</pre></div>");
    }
}
