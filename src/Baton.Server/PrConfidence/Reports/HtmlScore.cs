using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>The score as pictures, and how it was made.</summary>
internal static class HtmlScore
{
    private const int RowHeight = 28;
    private const int Width = 520;
    private const int BarStart = 132;
    private const int BarWidth = 226;

    public static void Hero(HtmlText html, PrConfidenceReport report)
    {
        var analysis = report.ConfidenceAnalysis;
        var totals = report.Changes.Totals;
        html.Add($"<section class=\"card hero\">\n<div>");
        Gauge(html, analysis);
        html.Add($"</div>\n<div><p class=\"say\">{report.FinalReport.Summary}</p>");
        Bars(html, analysis);
        html.Add($"</div>\n</section>\n<div class=\"tiles\">");
        Tile(html, $"{report.FinalReport.Criteria.Met} / {report.FinalReport.Criteria.Total}", "criteria met");
        Tile(html, $"{report.GapAnalysis.DetectedGaps.Length}", "gaps");
        Tile(html, $"{report.Changes.Tests.Count(test => test.Change != TestChange.Removed)}", "tests touched");
        Tile(html, $"{totals.Commits}", "commits");
        Tile(html, $"{totals.Files}", "files");
        Tile(html, $"+{totals.Added} −{totals.Deleted}", "lines");
        html.Add($"</div>\n");
    }

    private static void Tile(HtmlText html, string number, string label) => html.Add($"<div class=\"tile\"><b>{number}</b><span>{label}</span></div>");

    /// <summary>Three quarters of a circle. pathLength makes its whole circumference 100, so that dashes are percentages.</summary>
    private static void Gauge(HtmlText html, ConfidenceAnalysis analysis)
    {
        const double whole = 75;
        var score = analysis.OverallScore ?? 0;
        var tone = HtmlReport.Class(Tones.Of(analysis.Level));
        var shown = analysis.OverallScore is null ? "–" : $"{Math.Round(score * 100):0}";
        html.Add($"""
            <svg class="gauge" viewBox="0 0 200 178" role="img" aria-label="Overall score {shown} of 100, {Summary.Level(analysis.Level)}">
            <g fill="none" stroke-width="15" stroke-linecap="round" transform="rotate(135 100 100)">
            <circle class="track" cx="100" cy="100" r="80" pathLength="100" stroke-dasharray="{whole:0} 100"/>
            """);
        if (score > 0) html.Add($"<circle class=\"s-{tone}\" cx=\"100\" cy=\"100\" r=\"80\" pathLength=\"100\" stroke-dasharray=\"{score * whole:0.##} 100\"/>");
        html.Add($"""
            </g>
            <text x="100" y="112" text-anchor="middle" font-size="50" font-weight="700">{shown}</text>
            <text class="unit" x="100" y="136" text-anchor="middle" font-size="14">of 100</text>
            <text x="100" y="170" text-anchor="middle" font-size="15" font-weight="650">{Summary.Level(analysis.Level)}</text>
            </svg>
            """);
    }

    /// <summary>A bar for each factor: the fill is its value, the figures its weight and contribution.</summary>
    private static void Bars(HtmlText html, ConfidenceAnalysis analysis)
    {
        var height = RowHeight * (analysis.ConfidenceFactors.Length + analysis.FactorsLeftOut.Length);
        html.Add($"<svg class=\"bars\" viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"Factors of the score\">");
        var y = 0;
        foreach (var factor in analysis.ConfidenceFactors)
        {
            Row(html, y, factor.Title, factor.Value, HtmlReport.Class(Tones.Of(factor.Value)), $"{factor.Value:0.00}",
                $"× {factor.Weight:0.00} → {factor.Contribution:0.000}");
            y += RowHeight;
        }
        foreach (var factor in analysis.FactorsLeftOut)
        {
            Row(html, y, factor.Title, 0, "dim", "–", "left out");
            y += RowHeight;
        }
        html.Add($"</svg>\n");
    }

    private static void Row(HtmlText html, int y, string title, double value, string tone, string figure, string detail)
    {
        html.Add($"<text x=\"0\" y=\"{y + 19}\" font-size=\"13\">{title}</text><rect class=\"trackfill\" x=\"{BarStart}\" y=\"{y + 8}\" width=\"{BarWidth}\" height=\"14\" rx=\"7\"/>");
        if (value > 0) html.Add($"<rect class=\"f-{tone}\" x=\"{BarStart}\" y=\"{y + 8}\" width=\"{Math.Max(14, value * BarWidth):0.#}\" height=\"14\" rx=\"7\"/>");
        html.Add($"<text x=\"{BarStart + BarWidth + 10}\" y=\"{y + 19}\" font-size=\"13\" font-weight=\"650\">{figure}</text><text class=\"unit\" x=\"{Width}\" y=\"{y + 19}\" font-size=\"11\" text-anchor=\"end\">{detail}</text>");
    }

    public static void Explain(HtmlText html, ConfidenceAnalysis analysis)
    {
        html.Add($"<section><h2>How the score was made</h2>\n<p class=\"soft\">The weighted average of the factors that could be judged: contribution = weight × value ÷ sum of the weights judged. The contributions sum to the score.</p>\n");
        html.Add($"<div class=\"scroll\"><table><thead><tr><th>Factor</th><th class=\"n\">Weight</th><th class=\"n\">Value</th><th class=\"n\">Contribution</th><th>From</th></tr></thead><tbody>\n");
        foreach (var factor in analysis.ConfidenceFactors)
        {
            html.Add($"<tr><td class=\"keep\">{factor.Title}</td><td class=\"n\">{factor.Weight:0.00}</td><td class=\"n\">{factor.Value:0.00}</td><td class=\"n\">{factor.Contribution:0.000}</td><td>{factor.Explanation}");
            Evidence(html, factor.Evidence);
            html.Add($"</td></tr>\n");
        }
        foreach (var factor in analysis.FactorsLeftOut)
            html.Add($"<tr><td class=\"keep soft\">{factor.Title}</td><td class=\"n soft\">{factor.Weight:0.00}</td><td class=\"n soft\">–</td><td class=\"n soft\">left out</td><td class=\"soft\">{factor.Reason}</td></tr>\n");
        html.Add($"<tr class=\"sum\"><td>Overall</td><td></td><td></td><td class=\"n\">{(analysis.OverallScore is { } score ? $"{score:0.000}" : "–")}</td><td>{Summary.Level(analysis.Level)}{(analysis.LevelCappedBy is { } cap ? $", held down because {cap}" : "")}</td></tr>\n");
        html.Add($"</tbody></table></div>\n<h3>How far to believe it: {analysis.ScoreConfidence:0.00}</h3>\n<p class=\"soft\">The product of:</p>\n<div class=\"scroll\"><table><tbody>\n");
        foreach (var input in analysis.ScoreConfidenceInputs) html.Add($"<tr><td class=\"n\">{input.Value:0.00}</td><td>{input.Reason}</td></tr>\n");
        html.Add($"</tbody></table></div>\n</section>\n");
    }

    private static void Evidence(HtmlText html, ImmutableArray<string> places)
    {
        if (places.IsEmpty) return;
        html.Add($"<ul class=\"meta\">");
        foreach (var place in places) html.Add($"<li>{place}</li>");
        html.Add($"</ul>");
    }
}
