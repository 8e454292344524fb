using System.Collections.Immutable;
using Baton.Server.PrConfidence;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Server.Tests.PrConfidence;

public sealed class VerdictDeciderTests
{
    private const string Real = "self.sleep(2 ** attempt)";
    private const string Invented = "this.code().does(not).exist";

    private static readonly ChangeSet Changes = Ranges.Of(("src/a.py", "def call(self):\n    self.sleep(2 ** attempt)\n"));

    private static CriterionVerdict Decide(double coverage, ModelAnswer? answer = null, params Evidence[] evidence) =>
        Decide(coverage, answer, Changes, evidence.Length == 0 && coverage > 0 ? [Ranges.Evidence()] : evidence);

    private static CriterionVerdict Decide(double coverage, ModelAnswer? answer, ChangeSet changes, Evidence[] evidence) => Assert.Single(VerdictDecider.Decide(
        new(Ranges.Ticket("c"), changes, Ranges.CrossReference(Ranges.Match("AC-1", coverage, evidence))) { Answers = answer is null ? [] : [answer] })
            .Criteria);

    private static ModelAnswer Says(Verdict verdict, double confidence, params string[] quotes) =>
        new("AC-1", new(verdict, confidence, "because") { Evidence = [.. quotes] }, Model: "judge");

    [Theory]
    [InlineData(1.00, "Met")]
    [InlineData(0.60, "Met")]
    [InlineData(0.59, "Partial")]
    [InlineData(0.40, "Partial")]
    [InlineData(0.39, "Unclear")]
    [InlineData(0.28, "Unclear")]
    [InlineData(0.27, "Missing")]
    [InlineData(0.00, "Missing")]
    public void Without_a_model_coverage_decides(double coverage, string verdict)
    {
        var decided = Decide(coverage);
        Assert.Equal((verdict, Decider.Relevance), (decided.Verdict.ToString(), decided.DecidedBy));
        Assert.InRange(decided.Confidence, 0, 0.75);
        Assert.Null(decided.ByModel);
    }

    [Fact]
    public void Words_that_are_scattered_over_a_large_range_say_nothing()
    {
        var decided = Decide(0.9, null, Ranges.Evidence(score: 0.19));
        Assert.Equal(Verdict.Unclear, decided.Verdict);
        Expect.Contains("scattered", decided.Reason);
        Assert.Equal(Verdict.Met, Decide(0.9, null, Ranges.Evidence(score: 0.20)).Verdict);
    }

    [Fact]
    public void Messages_and_documents_alone_do_not_meet_a_criterion()
    {
        Assert.Equal(Verdict.Missing, Decide(0.9, null, Ranges.Evidence(EvidenceKind.Commit)).Verdict);
        Assert.Equal(Verdict.Missing, Decide(0.9, null, Ranges.Evidence(EvidenceKind.Docs)).Verdict);
    }

    [Fact]
    public void What_was_not_read_cannot_be_called_missing() =>
        Assert.Equal(Verdict.Unclear, Decide(0, null, Changes with { Notes = [new("hunks_cut", "cut")] }, []).Verdict);

    [Fact]
    public void A_test_among_the_evidence_makes_it_tested()
    {
        Assert.True(Decide(0.9, null, Ranges.Evidence(), Ranges.Evidence(EvidenceKind.Test, 0.2)).IsTested);
        Assert.False(Decide(0.9, null, Ranges.Evidence(), Ranges.Evidence(EvidenceKind.Test, 0.1)).IsTested);
    }

    [Fact]
    public void Agreement_makes_surer_than_either()
    {
        var decided = Decide(0.8, Says(Verdict.Met, 0.8, Real));
        Assert.Equal((Verdict.Met, Decider.Both), (decided.Verdict, decided.DecidedBy));
        Assert.True(decided.Confidence > decided.RelevanceConfidence && decided.Confidence > decided.CheckedModelConfidence);
        Assert.Equal(("judge", "because", QuoteStatus.Verified), (decided.Model, decided.Reasoning, decided.Quotes[0].Status));
    }

    [Fact]
    public void An_invented_quote_lowers_the_confidence_and_is_marked()
    {
        var honest = Decide(0.5, Says(Verdict.Met, 0.9, Real));
        var liar = Decide(0.5, Says(Verdict.Met, 0.9, Invented));
        Assert.Equal((Verdict.Met, 0.9), (honest.Verdict, honest.CheckedModelConfidence));
        Assert.Equal((Verdict.Partial, 0.27, Decider.Relevance), (liar.Verdict, liar.CheckedModelConfidence, liar.DecidedBy));
        Assert.Equal(QuoteStatus.Unverified, liar.Quotes[0].Status);
    }

    [Fact]
    public void A_claim_without_a_quote_counts_half() => Assert.Equal(0.45, Decide(0.5, Says(Verdict.Met, 0.9)).CheckedModelConfidence);

    [Fact]
    public void One_step_apart_the_model_decides()
    {
        var decided = Decide(0.8, Says(Verdict.Partial, 0.8, Real));
        Assert.Equal((Verdict.Partial, Decider.Model), (decided.Verdict, decided.DecidedBy));
    }

    [Fact]
    public void Where_the_words_say_nothing_the_model_decides() => Assert.Equal((Verdict.Met, Decider.Model),
        Decide(0.35, Says(Verdict.Met, 0.8, Real)) is var decided ? (decided.Verdict, decided.DecidedBy) : default);

    [Fact]
    public void Met_against_missing_needs_a_sure_model_with_proof()
    {
        Assert.Equal((Verdict.Met, Decider.Model), Decide(0, Says(Verdict.Met, 0.9, Real)) is var sure ? (sure.Verdict, sure.DecidedBy) : default);
        Assert.Equal((Verdict.Unclear, Decider.Neither), Decide(0, Says(Verdict.Met, 0.6, Real)) is var unsure ? (unsure.Verdict, unsure.DecidedBy) : default);
        Assert.Equal((Verdict.Unclear, Decider.Neither), Decide(0, Says(Verdict.Met, 1.0, Real, Invented)) is var mixed ? (mixed.Verdict, mixed.DecidedBy)
            : default);
        Assert.Equal((Verdict.Missing, Decider.Relevance), Decide(0, Says(Verdict.Met, 1.0, Invented)) is var invented
            ? (invented.Verdict, invented.DecidedBy) : default);
    }

    [Fact]
    public void Missing_against_met_is_for_a_person() => Assert.Equal((Verdict.Unclear, Decider.Neither),
        Decide(0.9, Says(Verdict.Missing, 0.9)) is var decided ? (decided.Verdict, decided.DecidedBy) : default);

    [Fact]
    public void An_unclear_or_unsure_model_leaves_the_decision_to_the_words()
    {
        Assert.Equal(Verdict.Met, Decide(0.9, Says(Verdict.Unclear, 1.0)).Verdict);
        Assert.Equal(Verdict.Met, Decide(0.9, Says(Verdict.Missing, 0.2)).Verdict);
    }

    [Fact]
    public void An_extract_is_judged_by_its_coverage_and_its_quotes_and_makes_nothing_surer()
    {
        var decided = Decide(0.8, new("AC-1", Extract: new(0.7) { Quotes = [Real] }, Model: "baton/extract"));
        Assert.Equal((Verdict.Met, Verdict.Met, Decider.Relevance), (decided.Verdict, decided.ByModel, decided.DecidedBy));
        Assert.Equal(decided.RelevanceConfidence, decided.Confidence);
        Assert.Equal(QuoteStatus.Verified, decided.Quotes[0].Status);
        Assert.Equal(Verdict.Missing, Decide(0.8, new("AC-1", Extract: new(0.0))).ByModel);
    }

    [Fact]
    public void An_answer_with_nothing_in_it_or_for_another_criterion_changes_nothing()
    {
        Assert.Null(Decide(0.8, new("AC-1", Model: "judge")).ByModel);
        Assert.Null(Decide(0.8, new("AC-9", new(Verdict.Missing, 1))).ByModel);
    }

    [Fact]
    public void Confidences_outside_their_range_are_brought_inside()
    {
        Assert.Equal(1.0, Decide(0.8, Says(Verdict.Met, 7.5, Real)).ModelConfidence);
        Assert.Equal(0.0, Decide(0.8, Says(Verdict.Met, double.NaN, Real)).ModelConfidence);
    }

    private static readonly Arbitrary<(double Coverage, Verdict Verdict, double Confidence, bool Real, bool Invented)> Anything = Arb.From(
        from coverage in Gen.Choose(0, 100)
        from verdict in Gen.Elements(Verdict.Met, Verdict.Partial, Verdict.Missing, Verdict.Unclear)
        from confidence in Gen.Choose(0, 100)
        from real in Gen.Elements(true, false)
        from invented in Gen.Elements(true, false)
        select (coverage / 100.0, verdict, confidence / 100.0, real, invented));

    [Fact]
    public void Every_verdict_has_a_reason_and_a_confidence_in_range() => Property.Holds(Anything, given =>
    {
        ImmutableArray<string> quotes = [.. given.Real ? [Real] : Array.Empty<string>(), .. given.Invented ? [Invented] : Array.Empty<string>()];
        var decided = Decide(given.Coverage, Says(given.Verdict, given.Confidence, [.. quotes]));
        return decided.Confidence is >= 0 and <= 0.95 && decided.Reason.Length > 0 && decided.CheckedModelConfidence <= decided.ModelConfidence;
    });

    [Fact]
    public void An_invented_quote_never_raises_what_a_claim_counts() => Property.Holds(Anything, given =>
        Decide(given.Coverage, Says(given.Verdict, given.Confidence, Real, Invented))
            .CheckedModelConfidence <= Decide(given.Coverage, Says(given.Verdict, given.Confidence, Real)).CheckedModelConfidence);
}
