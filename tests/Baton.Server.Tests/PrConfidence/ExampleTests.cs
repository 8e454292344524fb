using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

/// <summary>The shipped example: its range misses one criterion and leaves one document behind. Both are found without a model.</summary>
public sealed class ExampleTests : IDisposable
{
    private readonly string folder = GitFixture.NewFolder();

    private static string Example(string file)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Baton.slnx"))) root = root.Parent
            ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return Path.Combine(root.FullName, "examples", "pr-confidence", file);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<string> UnpackAsync() =>
        Assert.IsType<UnpackResult.Unpacked>(await new RepositoryBundle(TimeProvider.System)
            .UnpackAsync(Example("parcel-tracker.bundle"), Path.Combine(folder, "repo"), TestContext.Current.CancellationToken)).Repo;

    private async Task<PrConfidenceReport> AnalyseAsync(AskModel? ask = null)
    {
        var result = await new PrConfidenceAnalysis(TimeProvider.System)
            .RunAsync("run_1", new(await UnpackAsync(), "main", "feature/webhooks"), Example("ticket.md"), ask, TestContext.Current.CancellationToken);
        return Assert.IsType<AnalysisResult.Analysed>(result).Report;
    }

    [Fact]
    public async Task The_criterion_that_was_not_implemented_is_the_only_one_called_missing()
    {
        var criteria = (await AnalyseAsync()).CrossReferenceAnalysis.Criteria;
        Assert.Equal(7, criteria.Length);
        var missing = Assert.Single(criteria, criterion => criterion.Verdict.Verdict == Verdict.Missing);
        Expect.Contains("purged by a nightly cleanup job", missing.Text);
        Assert.All(criteria.Where(criterion => criterion != missing), criterion => Assert.Equal(Verdict.Met, criterion.Verdict.Verdict));
    }

    [Fact]
    public async Task The_document_that_was_left_behind_is_the_only_one_called_stale()
    {
        var report = await AnalyseAsync();
        Assert.Equal([("docs/operations.md:7", "--interval"), ("docs/operations.md:10", "--interval")],
            report.Documentation!.Mentions.Select(mention => (mention.Where, mention.Name)));
        Assert.All(report.Documentation.Mentions, mention => Assert.Equal((Certainty.Definite, "--interval-seconds"), (mention.Certainty, mention.RenamedTo)));
    }

    [Fact]
    public async Task Both_faults_are_gaps_and_hold_the_level_down()
    {
        var report = await AnalyseAsync();
        Assert.Equal([("criterion_missing", Severity.High), ("stale_doc", Severity.Medium)],
            report.GapAnalysis.DetectedGaps.Select(gap => (gap.Kind, gap.Severity)));
        Assert.Equal((ScoreLevel.Moderate, "AC-6 is missing"), (report.ConfidenceAnalysis.Level, report.ConfidenceAnalysis.LevelCappedBy));
        Expect.Contains("docs/operations.md", PlainTables.Render(TerminalTables.Of(report)));
    }

    [Fact]
    public async Task The_range_holds_a_rename_and_a_changed_picture_and_starts_where_the_branch_left_main()
    {
        var changes = (await AnalyseAsync()).Changes;
        Assert.Contains(changes.Files, file => file is { Status: FileStatus.Renamed, OldPath: "parcel_tracker/poll.py", Path: "parcel_tracker/poller.py" });
        Assert.Contains(changes.Files, file => file is { Kind: FileKind.Binary, Path: "docs/overview.png" });
        Assert.DoesNotContain(changes.Files, file => file.Path == "parcel_tracker/carriers.py");
        Assert.False(changes.Base.Sha == changes.MergeBase);
    }

    [Fact]
    public async Task An_honest_model_makes_the_verdicts_surer_and_a_lying_one_does_not_hide_the_gap()
    {
        var alone = await AnalyseAsync();
        Directory.Delete(Path.Combine(folder, "repo"), recursive: true);
        // It quotes the evidence it was given where there is any, and invents the rest.
        var asked = await AnalyseAsync((criterion, evidence, _) =>
        {
            var quote = evidence.Split('\n').FirstOrDefault(line => line.StartsWith('+') && line.Length > 20)?[1..] ?? "def purge_old_entries(days=30):";
            return Task.FromResult(new ModelAnswer(criterion.Id, new(Verdict.Met, 0.9) { Evidence = [quote] }, Model: "test/eager"));
        });
        var (before, after) = (alone.CrossReferenceAnalysis.Criteria, asked.CrossReferenceAnalysis.Criteria);
        Assert.All(after.Where(criterion => criterion.Id != "AC-6"), criterion =>
            Assert.True(criterion.Verdict.Confidence > before.Single(other => other.Id == criterion.Id).Verdict.Confidence));
        var purge = after.Single(criterion => criterion.Id == "AC-6").Verdict;
        Assert.Equal((Verdict.Missing, QuoteStatus.Unverified), (purge.Verdict, Assert.Single(purge.Quotes).Status));
        Assert.True(asked.ConfidenceAnalysis.ScoreConfidence > alone.ConfidenceAnalysis.ScoreConfidence);
    }

    [Fact]
    public async Task Each_step_can_hand_its_result_to_the_next_as_JSON()
    {
        var json = PrConfidenceJson.Default;
        var cancel = TestContext.Current.CancellationToken;
        var repo = await UnpackAsync();
        var request = JsonSerializer.Deserialize($$"""{"repo": {{JsonSerializer.Serialize(repo)}}, "base": "main", "head": "feature/webhooks", "limits": { "max_files": 500 } }""", json.CollectRequest)!;
        Assert.Equal(new CollectLimits(MaxFiles: 500), request.Limits);

        var changes = Assert.IsType<CollectResult.Collected>(Wire(await new RangeCollector(TimeProvider.System).CollectAsync(request, cancel),
            json.CollectResult)).Changes;
        var ticket = Assert.IsType<TicketResult.Read>(Wire(await TicketReader.ReadFileAsync(Example("ticket.md"), TicketFormat.Auto, cancel),
            json.TicketResult)).Ticket;
        var crossReference = Wire(CrossReferencer.Run(Wire(new CrossReferenceRequest(ticket, changes), json.CrossReferenceRequest)), json.CrossReference);
        var docs = Assert.IsType<StaleDocsResult.Found>(Wire(await new StaleDocFinder(TimeProvider.System)
            .FindAsync(Wire(new StaleDocsRequest(repo, changes), json.StaleDocsRequest), cancel), json.StaleDocsResult)).Docs;
        var answer = JsonSerializer.Deserialize("""{"criterion_id": "AC-1", "verdict": {"verdict": "met", "confidence": 0.8}}""", json.ModelAnswer)!;
        var verdicts = Wire(VerdictDecider.Decide(Wire(new VerdictRequest(ticket, changes, crossReference) { Answers = [answer] }, json.VerdictRequest)),
            json.VerdictReport);
        var score = Wire(Scorer.Score(Wire(new ScoreRequest(ticket, changes, crossReference, verdicts, docs), json.ScoreRequest)), json.ScoreReport);
        var report = Wire(ReportBuilder.Build(Wire(new ReportRequest
        {
            WorkflowId = "run_1",
            StartTime = DateTimeOffset.UnixEpoch,
            EndTime = DateTimeOffset.UnixEpoch,
            Ticket = ticket,
            Changes = changes,
            CrossReference = crossReference,
            Verdicts = verdicts,
            Score = score,
            StaleDocs = docs,
        }, json.ReportRequest)), json.PrConfidenceReport);

        Assert.Equal(Verdict.Missing, report.CrossReferenceAnalysis.Criteria[5].Verdict.Verdict);
        Assert.NotEmpty(Wire(TerminalTables.Of(report), json.TerminalReport).Tables);

        // There and back again, without a difference.
        static T Wire<T>(T value, JsonTypeInfo<T> type)
        {
            var text = JsonSerializer.Serialize(value, type);
            var back = JsonSerializer.Deserialize(text, type)!;
            Assert.Equal(text, JsonSerializer.Serialize(back, type));
            return back;
        }
    }

    [Fact]
    public void A_request_that_lacks_something_is_refused_by_name()
    {
        var failure = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"repo": "/x", "base": "main"}""", PrConfidenceJson.Default.CollectRequest));
        Expect.Contains("'head'", failure.Message);
    }

    [Fact]
    public async Task Errors_travel_as_JSON_too()
    {
        var result = await new RangeCollector(TimeProvider.System).CollectAsync(new(await UnpackAsync(), "mian", "feature/webhooks"),
            TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(result, PrConfidenceJson.Default.CollectResult));
        Assert.Equal(("failed", "unknown_revision", "main"), (json.RootElement.GetProperty("outcome").GetString(), json.RootElement.GetProperty("error")
            .GetProperty("error").GetString(), json.RootElement.GetProperty("error").GetProperty("suggestion").GetString()));
        Expect.Contains("did you mean 'main'?", json.RootElement.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task A_missing_ticket_or_repository_names_the_step_that_failed()
    {
        var analysis = new PrConfidenceAnalysis(TimeProvider.System);
        var noTicket = Assert.IsType<AnalysisResult.Failed>(await analysis.RunAsync("w", new("/nowhere", "a", "b"), "/nowhere.md", null,
            TestContext.Current.CancellationToken));
        var noRepo = Assert.IsType<AnalysisResult.Failed>(await analysis.RunAsync("w", new("/nowhere", "a", "b"), Example("ticket.md"), null,
            TestContext.Current.CancellationToken));
        Assert.Equal(("read_ticket", "collect_range"), (noTicket.Step, noRepo.Step));
    }

    [Fact]
    public void The_largest_range_that_is_kept_stays_small_enough_for_a_journal()
    {
        var line = "+" + new string('<', 99);    // the worst of characters: each becomes six in JSON
        var hunk = new Hunk { OldStart = 1, OldCount = 0, NewStart = 1, NewCount = 100, Section = "", Commits = [], Lines = [.. Enumerable.Repeat(line, 100)] };
        var budget = new HunkBudget(new());
        var files = Enumerable.Range(0, 500).Select(i => Ranges.File($"src/file_{i}.py", "x") with { Hunks = budget.Keep([Patch(hunk)], _ => []).Hunks })
            .ToArray();
        var changes = Ranges.Of(("a.py", "x")) with { Files = [.. files] };
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(changes, PrConfidenceJson.Default.ChangeSet).Length, 3_000_000, 4_000_000);

        static PatchHunk Patch(Hunk hunk)
        {
            var patch = new PatchHunk { OldStart = 1, OldCount = 0, NewStart = 1, NewCount = hunk.NewCount, Section = "" };
            patch.Lines.AddRange(hunk.Lines);
            return patch;
        }
    }
}
