using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Server.PrConfidence;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Server.Tests.PrConfidence;

public sealed class ReportTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    /// <summary>A report in which every text of a stranger is the given one.</summary>
    private static PrConfidenceReport Report(string text, int copies = 1)
    {
        var commit = new Commit(Ranges.Sha, text, Start, text, text, IsMerge: false);
        var changes = Ranges.Of([commit], [.. Enumerable.Range(0, copies).Select(i => ($"src/{text}{i}.py", "+x"))]) with
        {
            Base = new(text, Ranges.Sha),
            Head = new(text, Ranges.Sha),
            Names = [.. Enumerable.Range(0, copies).Select(_ => new ChangedName { Name = text, Container = text, Kind = NameKind.Method,
                Change = NameChange.Renamed, RenamedTo = text, Language = "python", File = text, Line = 1, StillUsedIn = [text] })],
            Tests = [.. Enumerable.Range(0, copies).Select(_ => new TouchedTest(text, 1, text, TestChange.Added))],
            Notes = [new("note", text)],
        };
        var ticket = Ranges.Ticket([.. Enumerable.Repeat(text, copies)]) with { Title = text, Source = text };
        var mention = new StaleMention { File = text, Line = 1, Name = text, Kind = NameKind.Flag, Change = NameChange.Removed,
            Certainty = Certainty.Definite, Reason = text, Excerpt = text, ChangedAt = text, Commit = Ranges.Sha };
        var docs = new StaleDocs { Mentions = [.. Enumerable.Repeat(mention, copies)], DocsSearched = 1, DocsMentioning = [text], NamesSearched = 1,
            Notes = [] };
        var match = Ranges.Match("AC-1", 0.7, Ranges.Evidence(file: text, excerpt: "+" + text),
            Ranges.Evidence(EvidenceKind.Test, file: text, excerpt: "+" + text)) with { MatchedWords = [text], MissingWords = [text] };
        var crossReference = Ranges.CrossReference([.. Enumerable.Range(1, copies)
            .Select(i => match with { CriterionId = $"AC-{i}" })]) with { UnclaimedFiles = [text] };
        ImmutableArray<ModelAnswer> answers = [new("AC-1", new(Verdict.Partial, 0.9, text) { Evidence = [text + " and more words"] }, Model: text)];
        var verdicts = VerdictDecider.Decide(new(ticket, changes, crossReference) { Answers = answers });
        return ReportBuilder.Build(new()
        {
            WorkflowId = text,
            StartTime = Start,
            EndTime = Start.AddSeconds(3),
            Ticket = ticket,
            Changes = changes,
            CrossReference = crossReference,
            Verdicts = verdicts,
            Score = Scorer.Score(new(ticket, changes, crossReference, verdicts, docs)),
            StaleDocs = docs,
            Steps = [new("1", StepType.Analysis, text, 0.5, Success: true, 0.8, text), new("2", StepType.Analysis, "score", 0.3, Success: false, null),
                new("3", StepType.ServiceIntegration, "git", 1.0, Success: true)],
            Prompts = [new(text, text, text, 2)],
        });
    }

    [Fact]
    public void The_report_carries_every_field_that_was_asked_for()
    {
        using var json = JsonDocument.Parse(JsonReport.Render(Report("text")));
        foreach (var path in """
            workflow_id timestamp aggregated_at analysis_type start_time end_time documents_used prompts_used analysis_steps final_report
            cross_reference_analysis.criteria cross_reference_analysis.data_sources
            confidence_analysis.overall_score confidence_analysis.scoring_methodology confidence_analysis.confidence_factors
            gap_analysis.detected_gaps gap_analysis.gap_severity gap_analysis.recommended_actions
            performance_metrics.total_analysis_time performance_metrics.steps_completed performance_metrics.data_sources_used
            result_categories.analysis.total_analyses result_categories.analysis.analysis_types result_categories.analysis.confidence_scores result_categories.analysis.average_confidence
            result_categories.analysis.performance_metrics.total_time result_categories.analysis.performance_metrics.average_time result_categories.analysis.performance_metrics.success_rate
            result_categories.documents.total_documents result_categories.integrations.total_integrations
            summary_metrics.total_steps summary_metrics.successful_steps summary_metrics.failed_steps summary_metrics.total_execution_time summary_metrics.average_step_time summary_metrics.overall_success_rate
            correlations
            """.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            var element = json.RootElement;
            foreach (var name in path.Split('.')) Assert.True(element.TryGetProperty(name, out element), path);
        }
        Assert.Equal("pr_confidence_analysis", json.RootElement.GetProperty("analysis_type").GetString());
        Assert.Equal("weighted_average", json.RootElement.GetProperty("confidence_analysis").GetProperty("scoring_methodology").GetString());
        Assert.Equal("2026-03-02T10:00:00+00:00", json.RootElement.GetProperty("start_time").GetString());
    }

    [Fact]
    public void Sums_over_the_steps_are_right()
    {
        var report = Report("text");
        Assert.Equal(new SummaryMetrics(3, 2, 1, 1.8, 0.6, 0.6667), report.SummaryMetrics);
        Assert.Equal((2, 0.8, new StepMetrics(0.8, 0.4, 0.5)), (report.ResultCategories.Analysis.TotalAnalyses,
            report.ResultCategories.Analysis.AverageConfidence, report.ResultCategories.Analysis.PerformanceMetrics));
        Assert.Equal((3.0, 2, 2), (report.PerformanceMetrics.TotalAnalysisTime, report.PerformanceMetrics.StepsCompleted,
            report.PerformanceMetrics.ModelCalls));
        Expect.Texts(["commits", "diff", "documents", "model", "tests", "ticket"], report.CrossReferenceAnalysis.DataSources.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_belongs_together_is_found()
    {
        var report = Report("text", copies: 2);
        Expect.Texts(["commit_left_docs_behind", "criteria_share_files"], report.Correlations.Select(correlation => correlation.Kind)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.All(report.Correlations, correlation => Assert.InRange(correlation.Strength, 0.5, 1));
    }

    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Tag = new("<[^>]*>", Linear);
    private static readonly Regex Fetching = new(@"\b(src|href|srcset|action|style|on\w+)\s*=|^<(script|link|iframe|object)", Linear);

    private static string[] Tags(string html) => [.. Tag.Matches(html).Select(tag => tag.Value).Where(tag => tag is not ("<code>" or "</code>"))];

    private static readonly Gen<string> Hostile = Gen.OneOf(
        Gen.Elements("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x", "</style><style>", "</pre></details>", "<!--",
            "-->", "]]>", "&lt;", "&amp;#60;", "javascript:x", "\u202e\u2066", "\u0000",
            "\ud800", "`code`", "`", "\t", "{x}", "<", ">", "&", "\"", "'"),
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get.Replace('\n', ' ').Replace('\r', ' ')));

    /// <summary>The same text with harmless signs in place of those that mean something in HTML.</summary>
    private static string Harmless(string text) => string.Concat(text.Select(c => "<>&\"'`".IndexOf(c, StringComparison.Ordinal) is >= 0 and var at
        ? "«»§¨´¸"[at] : c));

    [Fact]
    public void No_text_changes_the_markup_of_the_page() => Property.Holds(Arb.From(Hostile.NonEmptyListOf().Select(parts => "x" + string.Concat(parts))),
        text =>
        Tags(HtmlReport.Render(Report(text))).SequenceEqual(Tags(HtmlReport.Render(Report(Harmless(text)))), StringComparer.Ordinal));

    [Fact]
    public void The_page_asks_for_nothing_and_its_policy_allows_only_its_own_style()
    {
        var html = HtmlReport.Render(Report("https://evil.example/x.js"));
        var tags = Tags(html);
        Assert.DoesNotContain(tags, Fetching.IsMatch);
        var css = html[(html.IndexOf("<style>", StringComparison.Ordinal) + 7)..html.IndexOf("</style>", StringComparison.Ordinal)];
        var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(css)));
        Expect.Contains($"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'", html);
        Assert.DoesNotContain("url(", css, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", css, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_opened_tag_is_closed()
    {
        var open = new Stack<string>();
        foreach (var tag in Tags(HtmlReport.Render(Report("text", copies: 3)))
            .Where(tag => !tag.EndsWith("/>", StringComparison.Ordinal) && !tag.StartsWith("<!", StringComparison.Ordinal)
            && !tag.StartsWith("<meta", StringComparison.Ordinal)))
        {
            var name = tag.Trim('<', '>', '/').Split(' ')[0];
            if (!tag.StartsWith("</", StringComparison.Ordinal)) open.Push(name);
            else Assert.Equal(open.Pop(), name);
        }
        Assert.Empty(open);
    }

    [Fact]
    public void Characters_that_hide_or_reorder_text_are_shown_as_escapes()
    {
        Assert.Equal("a\\u202Eb\\u001B[31m\\n", Visible.Line("a\u202Eb\u001B[31m\n"));
        Assert.Equal("a\nb    c😀\\uD800", Visible.Lines("a\nb\tc😀\uD800"));
        var report = Report("evil\u202E\u001B[2J\u0007");
        foreach (var text in new[] { HtmlReport.Render(report), MarkdownReport.Render(report), PlainTables.Render(TerminalTables.Of(report)) })
            Assert.DoesNotContain(text, c => c is '\u202E' or '\u001B' or '\u0007');
    }

    [Fact]
    public void Markdown_takes_no_markup_from_strangers()
    {
        var markdown = MarkdownReport.Render(Report("a|b <b>c</b> [x](http://y) @team ```` **d**\n# e"));
        Expect.Contains("a\\|b &lt;b>c&lt;/b>", markdown);
        Expect.Contains("\\[x\\](http://y) @\u200Bteam \\`\\`\\`\\` \\*\\*d\\*\\*\\\\n\\# e", markdown);
        Expect.Contains("`````diff\n+a|b", markdown);
        Assert.All(markdown.Split('\n').Where(line => line.StartsWith("| AC-", StringComparison.Ordinal)), line =>
            Assert.Equal(6, line.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|')));
    }

    [Fact]
    public void Long_lists_are_cut_and_counted()
    {
        var report = Report("name", copies: 130);
        Expect.Contains("and 100 more", MarkdownReport.Render(report));
        Expect.Contains("and 30 more", HtmlReport.Render(report));
        var terminal = TerminalTables.Of(report, maxRows: 5);
        Assert.Equal("and 125 more", terminal.Tables.Single(table => table.Title == "Criteria").Footer);
        Assert.All(terminal.Tables, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Length, row.Length)));
        Assert.All(terminal.Tables.Where(table => table.Title != "Score"), table => Assert.InRange(table.Rows.Length, 1, 5));
    }

    [Fact]
    public void Plain_tables_line_up()
    {
        var table = new TableModel("T", [new("Name"), new("N", Side.Right)], [[new("a"), new("1")], [new("long name"), new("100")]], "and 2 more");
        Assert.Equal("H\nS\n\nT\n  Name         N\n  ---------  ---\n  a            1\n  long name  100\n  and 2 more\n",
            PlainTables.Render(new("H", "S", Tone.Plain, [table])));
    }

    [Theory]
    [InlineData(1, "1 commit, 1 file, ")]
    [InlineData(2, "2 commits, 2 files, ")]
    public void One_is_not_counted_like_many(int count, string expected)
    {
        var report = Report("x");
        report = report with { Changes = report.Changes with { Totals = report.Changes.Totals with { Commits = count, Files = count } } };
        Assert.Contains(expected, PlainTables.Render(TerminalTables.Of(report)), StringComparison.Ordinal);
        Assert.Contains(expected, MarkdownReport.Render(report), StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_about_nothing_can_be_shown()
    {
        var (ticket, changes) = (Ranges.Ticket() with { Id = null }, Ranges.Of([], []));
        var back = JsonSerializer.Deserialize(JsonSerializer.Serialize(ticket, PrConfidenceJson.Default.Ticket), PrConfidenceJson.Default.Ticket)!;
        Assert.Null(back.Id);
        var (crossReference, verdicts) = (CrossReferencer.Run(new(ticket, changes)), new VerdictReport { Criteria = [], Models = [] });
        var report = ReportBuilder.Build(new() { WorkflowId = "w", StartTime = Start, EndTime = Start, Ticket = ticket, Changes = changes,
            CrossReference = crossReference, Verdicts = verdicts, Score = Scorer.Score(new(ticket, changes, crossReference, verdicts)) });
        // What is missing is said to be missing, and the report can be read back.
        var json = JsonSerializer.Serialize(report, PrConfidenceJson.Default.PrConfidenceReport);
        Expect.Contains("\"overall_score\":null", json);
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, PrConfidenceJson.Default.PrConfidenceReport)!, PrConfidenceJson.Default.PrConfidenceReport));
        Expect.Contains("Not judged", HtmlReport.Render(report));
        Expect.Contains("Not judged", MarkdownReport.Render(report));
        Expect.Contains("not judged", PlainTables.Render(TerminalTables.Of(report)));
        Assert.Equal(0, report.SummaryMetrics.OverallSuccessRate);
    }
}
