using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>What is missing, how bad that is, and what to do about it.</summary>
internal static class Gaps
{
    private const int MaxWhere = 10;
    private const int MaxGaps = 100;

    /// <summary>Added lines of code from which missing tests are a serious gap.</summary>
    private const int ManyLines = 50;

    /// <summary>Added lines of one file below which a missing test is not worth a line in the report.</summary>
    private const int FewLines = 15;

    /// <summary>Worst first, numbered in that order.</summary>
    public static ImmutableArray<Gap> Find(ScoreRequest request, ImmutableArray<Factor> factors) =>
    [
        .. OfCriteria(request).Concat(OfTests(request)).Concat(OfDocs(request.StaleDocs)).Concat(OfNames(request.Changes))
            .Concat(OfSize(request.Changes, factors))
            .Concat(OfCommits(request)).Concat(OfReading(request))
            .OrderByDescending(gap => gap.Severity).Take(MaxGaps).Select((gap, index) => gap with { Id = $"GAP-{index + 1}" }),
    ];

    private static Gap Of(string kind, Severity severity, string title, string detail, string action, IEnumerable<string> where,
        string? criterion = null) => new()
    {
        Id = "",
        Kind = kind,
        Severity = severity,
        Title = title,
        Detail = detail,
        Action = action,
        Where = [.. where.Take(MaxWhere)],
        CriterionId = criterion,
    };

    private static IEnumerable<Gap> OfCriteria(ScoreRequest request)
    {
        if (request.Ticket.Criteria.IsEmpty)
            yield return Of("no_criteria", Severity.High, "The ticket has no acceptance criteria",
                "Nothing states what the change must do, so nobody can say whether it does.",
                "Write down what must hold when the ticket is done, and run the analysis again.", [request.Ticket.Source]);
        if (request.Ticket.CriteriaSource == CriteriaSource.Inferred)
            yield return Of("criteria_inferred", Severity.Low, "The criteria were inferred from sentences",
                "The ticket lists none; sentences with 'must' or 'should' were taken for them.",
                "Confirm them, or list acceptance criteria in the ticket.",
                request.Ticket.Criteria.Select(criterion => $"{request.Ticket.Source}:{criterion.Line}"));
        var areAllMissing = request.Verdicts.Criteria.All(criterion => criterion.Verdict == Verdict.Missing);
        foreach (var (criterion, verdict, match) in Joined(request))
        {
            var source = $"{request.Ticket.Source}:{criterion.Line}";
            var near = match.Evidence.Select(evidence => evidence.Where).Prepend(source);
            var text = GitText.Cut(criterion.Text.TrimEnd('.'), 160);
            var absent = match.MissingWords.IsEmpty ? "" : $" Not found in the best passages: {string.Join(", ", match.MissingWords.Take(12))}.";
            if (verdict.Verdict == Verdict.Missing)
                yield return Of("criterion_missing", areAllMissing ? Severity.Critical : Severity.High, $"{criterion.Id} has no evidence: {text}",
                    verdict.Reason + absent,
                    $"Implement {criterion.Id} with a test, or take it out of the ticket and say why.", near.Take(4), criterion.Id);
            else if (verdict.Verdict == Verdict.Partial)
                yield return Of("criterion_partial", Severity.Medium, $"{criterion.Id} is met in part: {text}", verdict.Reason + absent,
                    $"Read the evidence for {criterion.Id} and add what is missing.", near, criterion.Id);
            else if (verdict.Verdict == Verdict.Unclear)
                yield return Of("criterion_unclear", Severity.Medium, $"{criterion.Id} cannot be judged: {text}", verdict.Reason + absent,
                    $"A person must look whether {criterion.Id} is met.", near, criterion.Id);
            if (verdict.Verdict is Verdict.Met or Verdict.Partial && !verdict.IsTested && !match.IsAboutDocs)
                yield return Of("criterion_untested", Severity.Low, $"No touched test speaks of {criterion.Id}",
                    $"{text}: there is evidence in the change, and none in a test.",
                    $"Add a test that fails without {criterion.Id}, or name it after the criterion.", near, criterion.Id);
        }
    }

    private static IEnumerable<(Criterion Criterion, CriterionVerdict Verdict, CriterionMatch Match)> Joined(ScoreRequest request)
    {
        var verdicts = request.Verdicts.Criteria.ToDictionary(verdict => verdict.CriterionId, StringComparer.Ordinal);
        var matches = request.CrossReference.Criteria.ToDictionary(match => match.CriterionId, StringComparer.Ordinal);
        foreach (var criterion in request.Ticket.Criteria)
        {
            if (!verdicts.TryGetValue(criterion.Id, out var verdict) || !matches.TryGetValue(criterion.Id, out var match)) continue;
            yield return (criterion, verdict, match);
        }
    }

    private static IEnumerable<Gap> OfTests(ScoreRequest request)
    {
        var changes = request.Changes;
        var code = changes.Files.Where(file => file.Kind == FileKind.Code && file.Added > 0).ToArray();
        var untested = code.Where(file => !TestLinks.HasTest(file, changes)).OrderByDescending(file => file.Added).ToArray();
        var lines = untested.Sum(file => file.Added);
        if (code.Length > 0 && !changes.Tests.Any(test => test.Change != TestChange.Removed)
            && !changes.Files.Any(file => file.Kind == FileKind.Test && file.Added > 0))
            yield return Of("code_without_tests", lines >= ManyLines ? Severity.High : Severity.Medium,
                $"{Wording.Count(lines, "line of code was", "lines of code were")} added and no test was touched", "Nothing shows that the new code works, or will go on working.",
                "Add tests for the changed code.", untested.Select(file => file.Path));
        else
        {
            var notable = untested.Where(file => file.Added >= FewLines).ToArray();
            if (notable.Length > 0)
                yield return Of("file_without_tests", notable.Sum(file => file.Added) >= ManyLines ? Severity.Medium : Severity.Low,
                    $"{Wording.Count(notable.Length, "changed file of code has", "changed files of code have")} no touched test", "No touched test is called like them or names what they add.",
                    "Add tests, or point the reviewer to those that cover these files.", notable.Select(file => $"{file.Path} (+{file.Added})"));
        }
        var removed = changes.Tests.Where(test => test.Change == TestChange.Removed).ToArray();
        if (removed.Length > 0)
            yield return Of("tests_removed", Severity.Medium, removed.Length == 1 ? "A test was removed" : $"{removed.Length} tests were removed",
                "Removed tests may hide behaviour that was lost.", "Say in the commit message why they are no longer needed.",
                removed.Select(test => $"{test.File}:{test.Line} {test.Name}"));
    }

    /// <summary>One gap for each document: whoever opens it will mend all of it.</summary>
    private static IEnumerable<Gap> OfDocs(StaleDocs? stale)
    {
        foreach (var doc in (stale?.Mentions ?? []).GroupBy(mention => mention.File, StringComparer.Ordinal))
        {
            var isSure = doc.Any(mention => mention.Certainty == Certainty.Definite);
            var names = doc.Select(mention => mention.Name).Distinct(StringComparer.Ordinal).ToArray();
            var reasons = string.Join(" ", doc.Select(mention => Wording.Sentence(mention.Reason)).Distinct(StringComparer.Ordinal).Take(5));
            yield return Of(isSure ? "stale_doc" : "maybe_stale_doc", isSure ? names.Length >= 3 ? Severity.High : Severity.Medium : Severity.Low,
                $"{doc.Key} {(isSure ? "is" : "may be")} stale: it mentions {string.Join(", ", names.Take(5))}", reasons,
                isSure ? $"Bring {doc.Key} up to date." : $"Check whether {doc.Key} still holds.", doc.Select(mention => mention.Where));
        }
    }

    private static IEnumerable<Gap> OfNames(ChangeSet changes) =>
        from name in changes.Names
        where name.Change is NameChange.Removed or NameChange.Renamed && name.DefinedElsewhere is null && !name.StillUsedIn.IsEmpty
            && Mentions.IsDistinctive(name.Name)
        select Of("removed_name_in_use", Severity.Medium, $"{name.Name} is gone but still used",
            name.RenamedTo is { } now ? $"It was renamed to {now} in {name.File}." : $"It was removed from {name.File}.",
            "Use the new name there, or show that the use is of another thing.", name.StillUsedIn.Prepend($"{name.File}:{name.Line}"));

    private static IEnumerable<Gap> OfSize(ChangeSet changes, ImmutableArray<Factor> factors)
    {
        if (factors.FirstOrDefault(factor => factor.Name == "change_size") is not { Value: < 0.6 } size) yield break;
        yield return Of("oversized_change", size.Value < 0.2 ? Severity.High : Severity.Medium,
            $"The change is large: {changes.Totals.ReviewableLines} lines in {changes.Totals.Files} files",
            "Reviews of large changes find few faults.", "Split it into changes that stand alone.",
            changes.Directories.Select(directory => $"{directory.Directory}: +{directory.Added} -{directory.Deleted}"));
    }

    private static IEnumerable<Gap> OfCommits(ScoreRequest request)
    {
        var commits = request.Changes.Commits.Where(commit => !commit.IsMerge).ToArray();
        var careless = commits.Where(commit => !Factors.IsTidy(commit)).ToArray();
        if (careless.Length > 0)
            yield return Of("commit_subjects", Severity.Low, $"{careless.Length} commit subjects say too little or too much",
                "A subject should tell the change in at most 72 characters.", "Reword them before merging.",
                careless.Select(commit => $"commit {commit.Sha[..10]} {GitText.Cut(commit.Subject, 80)}"));
        if (commits.Length > 0 && request.Ticket.Id is { } id && !commits.Any(commit => Factors.IsTraced(commit, request)))
            yield return Of("untraceable", Severity.Medium, $"No commit names {id}", "Nobody will find from the history why this was done.",
                $"Name {id} in the commit messages.", []);
        if (!request.CrossReference.UnclaimedFiles.IsEmpty && !request.Ticket.Criteria.IsEmpty)
            yield return Of("unclaimed_changes", Severity.Low, $"{Wording.Count(request.CrossReference.UnclaimedFiles.Length, "changed file relates", "changed files relate")} to no criterion",
                "They may do more than the ticket asks, or say it in other words.",
                "Say in the ticket or in the commit why they are part of this change.", request.CrossReference.UnclaimedFiles);
    }

    private static IEnumerable<Gap> OfReading(ScoreRequest request)
    {
        var cut = request.Changes.Notes.Where(note => note.Code is "diff_cut" or "hunks_cut" or "files_cut" or "commits_cut").ToArray();
        if (cut.Length > 0)
            yield return Of("not_all_read", Severity.Medium, "A part of the range was not read", string.Join(" ", cut.Select(note => note.Message)),
                "Analyse smaller ranges, or raise the limits.", []);
    }
}
