using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>A factor before it is weighed: a value with its explanation, or a reason why there is none.</summary>
internal sealed record Judgement(string Name, string Title, double Weight, double? Value, string Explanation)
{
    public ImmutableArray<string> Evidence { get; init; } = [];
}

/// <summary>The factors of the score. Weights are a choice, and sum to 1; everything else is counted.</summary>
internal static class Factors
{
    private const int MaxEvidence = 10;

    /// <summary>Lines up to which a review finds most faults, and lines from which it finds few (factor 10).</summary>
    /// <remarks>The lower figure: J. Cohen, "Best Kept Secrets of Peer Code Review", 2006: defect detection falls beyond 200 to 400 lines.</remarks>
    private const double EasyLines = 400;

    private const double EasyFiles = 20;
    private const double DefinitePenalty = 0.4;
    private const double PossiblePenalty = 0.1;

    private static readonly Regex Careless = new(
        @"^\W*(wip|fixup!|squash!|amend!|tmp|temp|asdf|stuff|misc|changes?|updates?|fix(es|ed)?|test(s|ing)?|oops|typo|save|more|minor|cleanup|\.+)\W*$|^(fixup!|squash!|amend!|wip\b)",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase);

    public static ImmutableArray<Judgement> Judge(ScoreRequest request) =>
        [Criteria(request), Tests(request), Documentation(request.StaleDocs), Size(request.Changes), Commits(request)];

    private static Judgement Criteria(ScoreRequest request)
    {
        var none = new Judgement("criteria_coverage", "Criteria met", 0.45, null, "the ticket has no acceptance criteria");
        var verdicts = request.Verdicts.Criteria;
        if (verdicts.IsEmpty) return none;
        int Count(Verdict verdict) => verdicts.Count(criterion => criterion.Verdict == verdict);
        return none with
        {
            Value = verdicts.Average(criterion => Worth(criterion.Verdict)),
            Explanation = $"{Count(Verdict.Met)} met (1 each), {Count(Verdict.Partial)} partial (0.5), {Count(Verdict.Unclear)} unclear (0.5), {Count(Verdict.Missing)} missing (0), of {verdicts.Length}",
            Evidence = [.. verdicts.Select(criterion => $"{criterion.CriterionId}: {criterion.Verdict.ToString().ToLowerInvariant()}").Take(MaxEvidence)],
        };
    }

    /// <summary>An unclear criterion counts half: it may be either. That it is unclear lowers the confidence in the score instead.</summary>
    private static double Worth(Verdict verdict) => verdict switch { Verdict.Met => 1, Verdict.Missing => 0, _ => 0.5 };

    private static Judgement Tests(ScoreRequest request)
    {
        var none = new Judgement("test_evidence", "Tests", 0.20, null, "the range changes no code");
        var code = request.Changes.Files.Where(file => file.Kind == FileKind.Code && file.Added > 0).ToArray();
        if (code.Length == 0) return none;
        var tested = code.Where(file => TestLinks.HasTest(file, request.Changes)).ToArray();
        var lines = code.Sum(file => file.Added);
        var byLines = (double)tested.Sum(file => file.Added) / lines;
        var claimed = request.Verdicts.Criteria.Where(criterion => criterion.Verdict != Verdict.Missing).ToArray();
        var byCriteria = claimed.Length == 0 ? byLines : (double)claimed.Count(criterion => criterion.IsTested) / claimed.Length;
        return none with
        {
            Value = (byLines + byCriteria) / 2,
            Explanation = $"{tested.Sum(file => file.Added)} of {lines} added lines of code are in files that a touched test belongs to; "
                + $"{claimed.Count(criterion => criterion.IsTested)} of {claimed.Length} criteria that are not missing have a test that speaks of them; the mean of both",
            Evidence = [.. request.Changes.Tests.Where(test => test.Change != TestChange.Removed).Select(test => $"{test.File}:{test.Line} {test.Name}")
                .Take(MaxEvidence)],
        };
    }

    private static Judgement Documentation(StaleDocs? stale)
    {
        var none = new Judgement("documentation_freshness", "Documentation", 0.15, null, "documents were not searched");
        if (stale is null) return none;
        if (stale.DocsSearched == 0) return none with { Explanation = "the repository has no documents" };
        if (stale.NamesSearched == 0) return none with { Explanation = "the range removes, renames and alters no name that a document could mention" };
        var docs = stale.Mentions.GroupBy(mention => mention.File, StringComparer.Ordinal).ToArray();
        var definite = docs.Count(doc => doc.Any(mention => mention.Certainty == Certainty.Definite));
        var possible = docs.Length - definite;
        return none with
        {
            Value = Math.Max(0, 1 - (DefinitePenalty * definite) - (PossiblePenalty * possible)),
            Explanation = $"of {stale.DocsSearched} documents searched for {stale.NamesSearched} changed names, {definite} are stale ({DefinitePenalty} off each) and {possible} may be ({PossiblePenalty} off each)",
            Evidence = [.. stale.Mentions.Select(mention => $"{mention.Where} {mention.Name}").Take(MaxEvidence)],
        };
    }

    private static Judgement Size(ChangeSet changes)
    {
        var none = new Judgement("change_size", "Size of the change", 0.10, null, "nothing changed");
        var (lines, files) = (changes.Totals.ReviewableLines, changes.Totals.Files);
        if (files == 0) return none;
        return none with
        {
            Value = Math.Min(Ease(lines, EasyLines), Ease(files, EasyFiles)),
            Explanation = $"{lines} lines that a person wrote in {files} files; full marks up to {EasyLines} lines and {EasyFiles} files, none from ten times as many, by the logarithm between; the lower of both",
            Evidence = [.. changes.Directories.Select(directory =>
                $"{directory.Directory}: +{directory.Added} -{directory.Deleted} in {directory.Files} files").Take(MaxEvidence)],
        };
    }

    private static double Ease(double amount, double easy) => amount <= easy ? 1 : Math.Max(0, 1 - Math.Log10(amount / easy));

    private static Judgement Commits(ScoreRequest request)
    {
        var none = new Judgement("commit_traceability", "Commits", 0.10, null, "the range has no commits but merges");
        var commits = request.Changes.Commits.Where(commit => !commit.IsMerge).ToArray();
        if (commits.Length == 0) return none;
        var tidy = commits.Where(IsTidy).ToArray();
        var traced = commits.Where(commit => IsTraced(commit, request)).ToArray();
        var how = request.Ticket.Id is { } id ? $"name {id}" : "are evidence for a criterion (the ticket has no id to name)";
        return none with
        {
            Value = ((double)tidy.Length + traced.Length) / (2 * commits.Length),
            Explanation = $"{traced.Length} of {commits.Length} {how}; {tidy.Length} have a telling subject of at most 72 characters; the mean of both",
            Evidence = [.. commits.Where(commit => !tidy.Contains(commit) || !traced.Contains(commit))
                .Select(commit => $"commit {commit.Sha[..10]} {commit.Subject}").Take(MaxEvidence)],
        };
    }

    public static bool IsTidy(Commit commit) => commit.Subject.Length <= 72 && !Careless.IsMatch(commit.Subject)
        && commit.Subject.Contains(' ', StringComparison.Ordinal);

    public static bool IsTraced(Commit commit, ScoreRequest request) => request.Ticket.Id is { } id
        ? StillThere.PositionOf($"{commit.Subject}\n{commit.Body}".ToUpperInvariant(), id.ToUpperInvariant()) >= 0
        : request.CrossReference.Criteria.SelectMany(match => match.Evidence).Any(evidence => evidence.Commit == commit.Sha);
}
