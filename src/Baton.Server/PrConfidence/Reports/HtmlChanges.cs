namespace Baton.Server.PrConfidence;

/// <summary>The range itself: where, by whom, what it tests and which names it touches. Folded, because reviewers know it from elsewhere.</summary>
internal static class HtmlChanges
{
    private const int MaxRows = 60;

    public static void Add(HtmlText html, PrConfidenceReport report)
    {
        var changes = report.Changes;
        html.Add($"<section><h2>The range</h2>\n");
        Fold(html, "Commits", changes.Totals.Commits);
        foreach (var commit in changes.Commits.Take(MaxRows)) html.Add($"<tr><td class=\"keep\"><code>{HtmlReport.Short(commit.Sha)}</code></td><td>{commit.Subject}</td><td class=\"soft\">{commit.Author}</td><td class=\"soft keep\">{commit.Date:yyyy-MM-dd}</td></tr>\n");
        Close(html, changes.Totals.Commits);
        Fold(html, "Files", changes.Totals.Files);
        foreach (var file in changes.Files.Take(MaxRows))
        {
            var status = file.Similarity is { } similarity ? $"{HtmlReport.Words(file.Status.ToString())} ({similarity} % alike)"
                : HtmlReport.Words(file.Status.ToString());
            html.Add($"<tr><td class=\"path\">{(file.OldPath is null ? "" : file.OldPath + " → ")}{file.Path}</td><td class=\"soft\">{file.Kind.ToString().ToLowerInvariant()}</td><td class=\"soft\">{status}{(file.IsTruncated ? ", cut" : "")}</td><td class=\"n\">+{file.Added} −{file.Deleted}</td></tr>\n");
        }
        Close(html, changes.Totals.Files);
        if (!changes.Tests.IsEmpty)
        {
            Fold(html, "Tests touched", changes.Tests.Length);
            foreach (var test in changes.Tests.Take(MaxRows)) html.Add($"<tr><td>{test.Name}</td><td class=\"path\">{test.File}:{test.Line}</td><td class=\"soft\">{test.Change.ToString().ToLowerInvariant()}</td></tr>\n");
            Close(html, changes.Tests.Length);
        }
        if (!changes.Names.IsEmpty)
        {
            Fold(html, "Names changed", changes.Names.Length);
            foreach (var name in changes.Names.Take(MaxRows))
            {
                var what = name.RenamedTo is { } now ? $"renamed to {now}" : name.Change.ToString().ToLowerInvariant();
                html.Add($"<tr><td class=\"path\">{(name.Container is null ? "" : name.Container + ".")}{name.Name}</td><td class=\"soft\">{HtmlReport.Words(name.Kind.ToString())}</td><td>{what}</td><td class=\"path soft\">{name.File}:{name.Line}</td></tr>\n");
            }
            Close(html, changes.Names.Length);
        }
        html.Add($"</section>\n");
    }

    private static void Fold(HtmlText html, string title, int count) =>
        html.Add($"<details><summary><span class=\"id\">{title}</span><span class=\"what\"></span><span class=\"pill dim\">{count}</span></summary><div class=\"in\"><div class=\"scroll\"><table><tbody>\n");

    private static void Close(HtmlText html, int total)
    {
        html.Add($"</tbody></table></div>");
        HtmlReport.More(html, total, MaxRows);
        html.Add($"</div></details>\n");
    }
}
