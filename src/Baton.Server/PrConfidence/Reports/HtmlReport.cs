using System.Collections.Immutable;
using Baton.Server.Words;

namespace Baton.Server.PrConfidence;

/// <summary>The report as one page that needs nothing else: no script, no font, no image, no request. It may be mailed and opened anywhere.</summary>
internal static class HtmlReport
{
    private const int MaxRows = 100;

    public static string Render(PrConfidenceReport report)
    {
        var html = new HtmlText();
        var changes = report.Changes;
        html.Add($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{HtmlStyle.Hash}'; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <title>{report.FinalReport.Title} – PR confidence</title>
            <style>
            """);
        html.AddStyle();
        html.Add($"""
            </style>
            </head>
            <body>
            <main>
            <header>
            <div class="eyebrow">PR confidence</div>
            <h1>{report.FinalReport.Title}</h1>
            <div class="meta"><span class="path">{changes.Base.Name}</span> … <span class="path">{changes.Head.Name}</span> at <code>{Short(changes.Head.Sha)}</code>, merge base <code>{Short(changes.MergeBase)}</code> · {report.Timestamp:yyyy-MM-dd HH:mm} UTC</div>
            </header>

            """);
        HtmlScore.Hero(html, report);
        HtmlCriteria.Add(html, report);
        Gaps(html, report.GapAnalysis);
        Documentation(html, report.Documentation);
        HtmlScore.Explain(html, report.ConfidenceAnalysis);
        HtmlChanges.Add(html, report);
        Background(html, report);
        html.Add($"""
            <footer>Workflow {report.WorkflowId}. Relevance: {report.CrossReferenceAnalysis.Method}, over {report.CrossReferenceAnalysis.PassagesCompared} passages. Coverage and scores count words and lines: they show where to look, not that the code is right.</footer>
            </main>
            </body>
            </html>

            """);
        return html.ToString();
    }

    internal static string Short(string sha) => sha.Length <= 10 ? sha : sha[..10];

    internal static string Class(Tone tone) => tone == Tone.Plain ? "dim" : tone.ToString().ToLowerInvariant();

    internal static void More(HtmlText html, int total, int shown)
    {
        if (total > shown) html.Add($"<p class=\"meta\">and {total - shown} more</p>\n");
    }

    private static void Gaps(HtmlText html, GapAnalysis analysis)
    {
        html.Add($"<section><h2>Gaps</h2>\n");
        if (analysis.DetectedGaps.IsEmpty) html.Add($"<p class=\"card\">None found.</p>\n");
        foreach (var gap in analysis.DetectedGaps.Take(MaxRows))
        {
            html.Add($"<details{Open(gap)}><summary><span class=\"id\">{gap.Id}</span><span class=\"what\">");
            html.AddProse(gap.Title);
            html.Add($"</span><span class=\"pill {Class(Tones.Of(gap.Severity))}\">{gap.Severity.ToString().ToLowerInvariant()}</span></summary><div class=\"in\">");
            html.Add($"<p>");
            html.AddProse(gap.Detail);
            html.Add($"</p><p class=\"action\">{gap.Action}</p>");
            Places(html, gap.Where);
            html.Add($"</div></details>\n");
        }
        More(html, analysis.DetectedGaps.Length, MaxRows);
        html.Add($"</section>\n");

        static string Open(Gap gap) => gap.Severity >= Severity.High ? " open" : "";
    }

    private static void Places(HtmlText html, ImmutableArray<string> places)
    {
        if (places.IsEmpty) return;
        html.Add($"<ul>");
        foreach (var place in places) html.Add($"<li class=\"path\">{place}</li>");
        html.Add($"</ul>");
    }

    private static void Documentation(HtmlText html, StaleDocs? docs)
    {
        if (docs is null) return;
        html.Add($"<section><h2>Documentation</h2>\n<p class=\"soft\">{docs.DocsSearched} documents at head were searched for {docs.NamesSearched} names that the range removed, renamed or altered.</p>\n");
        if (docs.Mentions.IsEmpty) html.Add($"<p class=\"card\">No stale mention found.</p>\n");
        else
        {
            html.Add($"<div class=\"scroll\"><table><thead><tr><th>Document</th><th>Says</th><th>What changed</th><th>Certainty</th></tr></thead><tbody>\n");
            foreach (var mention in docs.Mentions.Take(MaxRows))
            {
                var tone = mention.Certainty == Certainty.Definite ? Tone.Bad : Tone.Warning;
                html.Add($"<tr><td class=\"path\">{mention.Where}</td><td><code>{mention.Excerpt}</code></td><td>{mention.Reason}<div class=\"meta\">{mention.ChangedAt}{Commit(mention.Commit)}</div></td><td><span class=\"pill {Class(tone)}\">{mention.Certainty.ToString().ToLowerInvariant()}</span></td></tr>\n");
            }
            html.Add($"</tbody></table></div>\n");
            More(html, docs.Mentions.Length, MaxRows);
        }
        html.Add($"</section>\n");

        static string Commit(string? sha) => sha is null ? "" : $", commit {Short(sha)}";
    }

    private static void Background(HtmlText html, PrConfidenceReport report)
    {
        if (!report.Correlations.IsEmpty)
        {
            html.Add($"<section><h2>What belongs together</h2>\n<div class=\"scroll\"><table><thead><tr><th>Finding</th><th class=\"n\">Strength</th></tr></thead><tbody>\n");
            foreach (var correlation in report.Correlations.Take(12)) html.Add($"<tr><td>{correlation.Description}</td><td class=\"n\">{correlation.Strength:0.00}</td></tr>\n");
            html.Add($"</tbody></table></div>\n");
            More(html, report.Correlations.Length, 12);
            html.Add($"</section>\n");
        }
        html.Add($"<section><h2>How this was made</h2>\n");
        foreach (var note in report.Notes) html.Add($"<p class=\"card\">{note.Message}</p>\n");
        html.Add($"<div class=\"scroll\"><table><thead><tr><th>Step</th><th>Kind</th><th>Result</th><th class=\"n\">Seconds</th></tr></thead><tbody>\n");
        foreach (var step in report.AnalysisSteps)
            html.Add($"<tr><td>{step.Name}</td><td class=\"soft\">{Words(step.StepType.ToString())}</td><td>{step.Detail ?? (step.Success ? "done" : "failed")}</td><td class=\"n\">{step.ExecutionTime:0.000}</td></tr>\n");
        html.Add($"</tbody></table></div>\n<h3>Documents read</h3>\n<ul>\n");
        foreach (var document in report.DocumentsUsed.Take(MaxRows)) html.Add($"<li><span class=\"path\">{document.Path}</span> <span class=\"soft\">{Words(document.Role)}</span></li>\n");
        html.Add($"</ul>\n");
        More(html, report.DocumentsUsed.Length, MaxRows);
        if (!report.PromptsUsed.IsEmpty)
        {
            html.Add($"<h3>Prompts</h3>\n<ul>\n");
            foreach (var prompt in report.PromptsUsed) html.Add($"<li>{prompt.Name} {prompt.Version} to {prompt.Model}: {prompt.Calls} calls</li>\n");
            html.Add($"</ul>\n");
        }
        html.Add($"</section>\n");
    }

    /// <summary>"DocumentProcessing" and "changed_document" as words.</summary>
    internal static string Words(string name) => string.Join(' ', Tokenizer.Words(name));
}
