using Baton.Server.PrConfidence;
using FsCheck;
using FsCheck.Fluent;
using V = Baton.Server.PrConfidence.Verdict;

namespace Baton.Server.Tests.PrConfidence;

public sealed class ScorerTests
{
    private const string Code = "def retry(call):\n    return call()\n";

    private static readonly StaleDocs Fresh = new() { Mentions = [], DocsSearched = 3, DocsMentioning = ["docs/a.md"], NamesSearched = 2, Notes = [] };

    private static StaleMention Mention(string file, Certainty certainty, string name = "load_orders") => new()
    {
        File = file,
        Line = 4,
        Name = name,
        Kind = NameKind.Function,
        Change = NameChange.Removed,
        Certainty = certainty,
        Reason = $"{name} was removed",
        Excerpt = name,
        ChangedAt = "src/a.py:1",
        Commit = Ranges.Sha,
    };

    private static CriterionVerdict Of(string id, V verdict, bool isTested = true) => new()
    {
        CriterionId = id,
        Verdict = verdict,
        Confidence = 0.6,
        DecidedBy = Decider.Relevance,
        Reason = "words",
        ByRelevance = verdict,
        RelevanceConfidence = 0.6,
        Quotes = [],
        IsTested = isTested,
    };

    private static ScoreReport Score(ChangeSet changes, StaleDocs? docs, params V[] verdicts) =>
        Score(changes, docs, verdicts, Ranges.Ticket([.. verdicts.Select((_, i) => $"criterion {i}")]));

    private static ScoreReport Score(ChangeSet changes, StaleDocs? docs, V[] verdicts, Ticket ticket, bool isTested = true) => Scorer.Score(new(
        ticket, changes,
        Ranges.CrossReference([.. verdicts.Select((_, i) => Ranges.Match($"AC-{i + 1}", 0.7, Ranges.Evidence()))]),
        new() { Criteria = [.. verdicts.Select((verdict, i) => Of($"AC-{i + 1}", verdict, isTested))], Models = [] },
        docs));

    private static ChangeSet Tested => Ranges.Of(("src/retry.py", Code), ("tests/test_retry.py", "def test_retry():\n    retry(call)\n"));

    private static Factor Factor(ScoreReport score, string name) => score.Factors.Single(factor => factor.Name == name);

    [Fact]
    public void A_range_that_does_all_of_it_scores_one()
    {
        var score = Score(Tested, Fresh, V.Met, V.Met);
        Assert.Equal((1.0, ScoreLevel.High, null), (score.Overall, score.Level, score.LevelCappedBy));
        Assert.Empty(score.Gaps);
        Assert.Null(score.WorstGap);
    }

    [Fact]
    public void Weights_sum_to_one_whatever_is_left_out()
    {
        foreach (var score in new[] { Score(Tested, Fresh, V.Met), Score(Ranges.Of([], []), null) })
            Assert.Equal(1.0, score.Factors.Sum(factor => factor.Weight) + score.LeftOut.Sum(factor => factor.Weight), 9);
    }

    [Fact]
    public void What_cannot_be_judged_is_left_out_and_counts_neither_as_zero_nor_as_one()
    {
        var noDocs = Score(Tested, null, V.Met, V.Missing, V.Met);
        Expect.Texts(["documentation_freshness"], noDocs.LeftOut.Select(factor => factor.Name));
        Assert.Equal(((0.45 * 2 / 3) + 0.20 + 0.10 + 0.10) / 0.85, noDocs.Overall!.Value, 3);

        Assert.Equal("the repository has no documents", Score(Tested, Fresh with { DocsSearched = 0 })
            .LeftOut.Single(factor => factor.Name == "documentation_freshness").Reason);
        Expect.Contains("no name", Score(Tested, Fresh with { NamesSearched = 0 }).LeftOut.Single(factor => factor.Name == "documentation_freshness").Reason);
        Expect.Texts(["criteria_coverage"], Score(Tested, Fresh).LeftOut.Select(factor => factor.Name));
        Expect.Texts(["test_evidence"], Score(Ranges.Of(("docs/a.md", "text")), Fresh, V.Met).LeftOut.Select(factor => factor.Name));
    }

    [Fact]
    public void An_empty_range_meets_nothing_and_all_else_is_left_out()
    {
        var score = Score(Ranges.Of([], []), Fresh with { NamesSearched = 0 }, V.Missing);
        Assert.Equal((0.0, ScoreLevel.VeryLow, Severity.Critical), (score.Overall, score.Level, score.WorstGap));
        Expect.Texts(["criteria_coverage"], score.Factors.Select(factor => factor.Name));
        var nothing = Score(Ranges.Of([], []), null);
        Assert.Equal((null, ScoreLevel.NotJudged), (nothing.Overall, nothing.Level));
    }

    [Fact]
    public void A_missing_criterion_holds_the_level_down()
    {
        const V met = V.Met, missing = V.Missing;
        var one = Score(Tested, Fresh, met, met, met, met, met, met, met, met, met, missing);
        Assert.True(one.Overall > 0.9);
        Assert.Equal((ScoreLevel.Moderate, "AC-10 is missing"), (one.Level, one.LevelCappedBy));
        Assert.Equal(ScoreLevel.Low, Score(Tested, Fresh, met, missing).Level);
        Assert.Equal(Severity.High, one.WorstGap);
        Assert.Equal(Severity.Critical, Score(Tested, Fresh, missing, missing).WorstGap);
    }

    [Fact]
    public void Stale_documents_cost_by_document_not_by_line()
    {
        var docs = Fresh with { Mentions = [Mention("docs/a.md", Certainty.Definite), Mention("docs/a.md", Certainty.Definite),
            Mention("docs/b.md", Certainty.Possible)] };
        var score = Score(Tested, docs, V.Met);
        Assert.Equal(0.5, Factor(score, "documentation_freshness").Value, 9);
        Expect.Texts(["stale_doc", "maybe_stale_doc"], score.Gaps.Select(gap => gap.Kind));
        Expect.Texts(["docs/a.md:4", "docs/a.md:4"], score.Gaps[0].Where);
        Assert.Equal(Severity.High, Score(Tested, Fresh with { Mentions = [Mention("d.md", Certainty.Definite, "one_a"),
            Mention("d.md", Certainty.Definite, "two_a"), Mention("d.md", Certainty.Definite, "three_a")] }, V.Met).WorstGap);
    }

    [Fact]
    public void Code_without_a_test_is_a_gap_by_its_size()
    {
        var small = Score(Ranges.Of(("src/a.py", Code)), Fresh, [V.Met], Ranges.Ticket("c"), isTested: false);
        Assert.Equal(0, Factor(small, "test_evidence").Value);
        Assert.Equal(Severity.Medium, small.Gaps.Single(gap => gap.Kind == "code_without_tests").Severity);
        Assert.Contains(small.Gaps, gap => gap.Kind == "criterion_untested" && gap.CriterionId == "AC-1");
        var large = Score(Ranges.Of(("src/a.py", string.Concat(Enumerable.Repeat("x = 1\n", 80)))), Fresh, V.Met);
        Assert.Equal(Severity.High, large.Gaps.Single(gap => gap.Kind == "code_without_tests").Severity);
        var beside = Score(Ranges.Of(("src/retry.py", Code), ("src/other.py", string.Concat(Enumerable.Repeat("x = 1\n", 30))),
            ("tests/test_retry.py", "def test_retry():\n    pass\n")), Fresh, V.Met);
        Expect.Texts(["src/other.py (+30)"], beside.Gaps.Single(gap => gap.Kind == "file_without_tests").Where);
    }

    [Fact]
    public void A_test_belongs_to_code_by_its_file_name_or_by_what_it_names()
    {
        var changes = Ranges.Of(("src/OrderStore.cs", "public class OrderStore { }\n"), ("tests/OrderStoreTests.cs", "x\n"),
            ("src/prices.py", "def total_price(): pass\n"), ("tests/test_cart.py", "assert total_price() == 1\n"), ("src/lonely.py", "def alone(): pass\n"));
        changes = changes with { Names = [new() { Name = "total_price", Kind = NameKind.Function, Change = NameChange.Added, Language = "python",
            File = "src/prices.py", Line = 1, StillUsedIn = [] }] };
        Assert.Equal([true, true, false], changes.Files.Where(file => file.Kind == FileKind.Code).Select(file => TestLinks.HasTest(file, changes)));
    }

    [Theory]
    [InlineData(400, 1.0)]
    [InlineData(1_265, 0.5)]
    [InlineData(4_000, 0.0)]
    [InlineData(40_000, 0.0)]
    public void Size_counts_by_the_logarithm_of_the_lines(int lines, double value)
    {
        var changes = Tested with { Totals = new(1, 3, lines, 0, lines) };
        var score = Score(changes, Fresh, V.Met);
        Assert.Equal(value, Factor(score, "change_size").Value, 2);
        Assert.Equal(value < 0.6, score.Gaps.Any(gap => gap.Kind == "oversized_change"));
    }

    [Fact]
    public void Many_files_weigh_as_much_as_many_lines() =>
        Assert.Equal(0, Factor(Score(Tested with { Totals = new(1, 200, 10, 0, 10) }, Fresh, V.Met), "change_size").Value, 9);

    [Theory]
    [InlineData("AB-1: Retry calls", "", true, true)]
    [InlineData("Retry calls", "Part of ab-1.", true, true)]
    [InlineData("Retry calls", "Part of AB-12.", true, false)]
    [InlineData("wip", "AB-1", false, true)]
    [InlineData("fixup! Retry calls", "", false, false)]
    [InlineData("Update", "", false, false)]
    [InlineData("Retry calls, and also do a great many other things that would each deserve a commit", "", false, false)]
    public void Commits_are_judged_by_their_subject_and_by_the_ticket_they_name(string subject, string body, bool isTidy, bool isTraced)
    {
        var commit = new Commit(Ranges.Sha, "Ada", DateTimeOffset.UnixEpoch, subject, body, IsMerge: false);
        Assert.Equal(isTidy, Factors.IsTidy(commit));
        var changes = Ranges.Of([commit], ("src/retry.py", Code), ("tests/test_retry.py", "def test_retry():\n    pass\n"));
        var score = Score(changes, Fresh, V.Met);
        Assert.Equal(((isTidy ? 1 : 0) + (isTraced ? 1 : 0)) / 2.0, Factor(score, "commit_traceability").Value, 9);
        Assert.Equal(!isTraced, score.Gaps.Any(gap => gap.Kind == "untraceable"));
        Assert.Equal(!isTidy, score.Gaps.Any(gap => gap.Kind == "commit_subjects"));
    }

    [Fact]
    public void A_ticket_without_criteria_or_with_inferred_ones_is_a_gap_and_lowers_the_confidence()
    {
        var none = Score(Tested, Fresh);
        Assert.Equal("no_criteria", Assert.Single(none.Gaps, gap => gap.Severity == Severity.High).Kind);
        var listed = Score(Tested, Fresh, [V.Met], Ranges.Ticket("c"));
        var inferred = Score(Tested, Fresh, [V.Met], Ranges.Ticket("c") with { CriteriaSource = CriteriaSource.Inferred });
        Assert.Contains(inferred.Gaps, gap => gap.Kind == "criteria_inferred");
        Assert.True(none.Confidence < inferred.Confidence && inferred.Confidence < listed.Confidence);
    }

    [Fact]
    public void A_removed_name_in_use_removed_tests_unclaimed_files_and_cut_diffs_are_gaps()
    {
        var changes = Tested with
        {
            Names = [new() { Name = "load_orders", Kind = NameKind.Function, Change = NameChange.Removed, Language = "python", File = "src/a.py",
                Line = 1, StillUsedIn = ["src/b.py:3"] }],
            Tests = [new("tests/test_a.py", 3, "test_gone", TestChange.Removed), new("tests/test_a.py", 9, "test_new", TestChange.Added)],
            Notes = [new("diff_cut", "The diff is long.")],
        };
        var score = Scorer.Score(new(Ranges.Ticket("c"), changes, Ranges.CrossReference(Ranges.Match("AC-1", 0.7,
            Ranges.Evidence())) with { UnclaimedFiles = ["src/z.py"] },
            new() { Criteria = [Of("AC-1", V.Met)], Models = [] }, Fresh));
        Expect.Texts(["removed_name_in_use", "tests_removed", "not_all_read", "unclaimed_changes"], score.Gaps.Select(gap => gap.Kind)
            .OrderBy(kind => Array.IndexOf(["removed_name_in_use", "tests_removed", "not_all_read", "unclaimed_changes"], kind)));
        Assert.Contains(score.ConfidenceInputs, input => input.Name == "completeness" && input.Value < 1);
        Expect.Texts(Enumerable.Range(1, 4).Select(i => $"GAP-{i}"), score.Gaps.Select(gap => gap.Id));
    }

    private static readonly Arbitrary<(V[] Verdicts, bool HasDocs, bool HasTests, int Lines)> Anything = Arb.From(
        from verdicts in Gen.Elements(V.Met, V.Partial, V.Missing, V.Unclear).ArrayOf()
        from hasDocs in Gen.Elements(true, false)
        from hasTests in Gen.Elements(true, false)
        from lines in Gen.Choose(0, 9_000)
        select (verdicts, hasDocs, hasTests, lines));

    [Fact]
    public void The_score_is_the_sum_of_its_contributions_and_lies_between_zero_and_one() => Property.Holds(Anything, given =>
    {
        var changes = given.HasTests ? Tested : Ranges.Of(("src/retry.py", Code));
        var score = Score(changes with { Totals = new(1, 1, given.Lines, 0, given.Lines) }, given.HasDocs ? Fresh : null, given.Verdicts);
        return score.Overall is >= 0 and <= 1
            && Math.Abs(score.Factors.Sum(factor => factor.Contribution) - score.Overall.Value) < 0.0006
            && Math.Abs(score.ConfidenceInputs.Aggregate(1.0, (product, input) => product * input.Value) - score.Confidence) < 0.0001
            && score.Factors.All(factor => factor.Value is >= 0 and <= 1 && factor.Explanation.Length > 0)
            && score.Gaps.Zip(score.Gaps.Skip(1)).All(pair => pair.First.Severity >= pair.Second.Severity);
    });

    [Fact]
    public void One_more_missing_criterion_never_raises_the_score() => Property.Holds(Anything, given =>
        given.Verdicts.Length == 0 || Score(Tested, Fresh, [.. given.Verdicts, V.Missing]).Overall <= Score(Tested, Fresh, given.Verdicts).Overall);
}
