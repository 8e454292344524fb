using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>Findings of different steps that explain one another.</summary>
internal static class Correlations
{
    private const int Max = 50;
    private const double MinStrength = 0.5;

    /// <summary>Strongest first.</summary>
    public static ImmutableArray<Correlation> Find(ImmutableArray<CriterionReport> criteria, ChangeSet changes, StaleDocs? stale) =>
    [
        .. CriteriaThatShareFiles(criteria).Concat(CommitsThatLeftDocsBehind(changes, stale)).Concat(CommitsThatCarryCriteria(criteria, changes))
            .OrderByDescending(correlation => correlation.Strength).ThenBy(correlation => correlation.Description, StringComparer.Ordinal).Take(Max),
    ];

    /// <summary>Two criteria met by the same files stand and fall together. Strength: shared files over all files of both (Jaccard).</summary>
    private static IEnumerable<Correlation> CriteriaThatShareFiles(ImmutableArray<CriterionReport> criteria)
    {
        var files = criteria.Select(criterion => (criterion.Id, Files: FilesOf(criterion))).ToArray();
        for (var i = 0; i < files.Length; i++)
        {
            for (var j = i + 1; j < files.Length; j++)
            {
                var shared = files[i].Files.Intersect(files[j].Files, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
                var strength = shared.Length == 0 ? 0 : (double)shared.Length / files[i].Files.Union(files[j].Files, StringComparer.Ordinal).Count();
                if (strength >= MinStrength)
                    yield return new("criteria_share_files", Math.Round(strength, 4),
                        $"{files[i].Id} and {files[j].Id} rest on the same files: {string.Join(", ", shared.Take(3))}.",
                        [files[i].Id, files[j].Id, .. shared.Take(5)]);
            }
        }
    }

    private static HashSet<string> FilesOf(CriterionReport criterion) => criterion.Evidence
        .Where(evidence => evidence.Kind is EvidenceKind.Code or EvidenceKind.Config).Select(evidence => evidence.File!).ToHashSet(StringComparer.Ordinal);

    /// <summary>The commit that changed a name, and the documents it did not mend. Strength: its share of all stale mentions.</summary>
    private static IEnumerable<Correlation> CommitsThatLeftDocsBehind(ChangeSet changes, StaleDocs? stale)
    {
        if (stale is null || stale.Mentions.IsEmpty) yield break;
        foreach (var commit in stale.Mentions.Where(mention => mention.Commit is not null).GroupBy(mention => mention.Commit!, StringComparer.Ordinal))
        {
            var docs = commit.Select(mention => mention.File).Distinct(StringComparer.Ordinal).ToArray();
            var subject = changes.Commits.FirstOrDefault(candidate => candidate.Sha == commit.Key)?.Subject ?? "";
            yield return new("commit_left_docs_behind", Math.Round((double)commit.Count() / stale.Mentions.Length, 4),
                $"Commit {commit.Key[..10]} ({subject}) changed what {string.Join(", ", docs.Take(3))} still says.", [commit.Key[..10], .. docs.Take(5)]);
        }
    }

    /// <summary>The commit that wrote most of a criterion's evidence. Strength: its share of that evidence.</summary>
    private static IEnumerable<Correlation> CommitsThatCarryCriteria(ImmutableArray<CriterionReport> criteria, ChangeSet changes)
    {
        foreach (var criterion in criteria.Where(criterion => criterion.Verdict.Verdict != Verdict.Missing))
        {
            var written = criterion.Evidence.Select(evidence => evidence.Commit).OfType<string>().ToArray();
            if (written.Length < 2 || changes.Commits.Length < 2) continue;
            var most = written.GroupBy(commit => commit, StringComparer.Ordinal).OrderByDescending(group => group.Count()).First();
            var strength = (double)most.Count() / written.Length;
            var subject = changes.Commits.FirstOrDefault(candidate => candidate.Sha == most.Key)?.Subject ?? "";
            if (strength >= MinStrength)
                yield return new("commit_carries_criterion", Math.Round(strength, 4),
                    $"{criterion.Id} was done mostly in commit {most.Key[..10]} ({subject}).", [criterion.Id, most.Key[..10]]);
        }
    }
}
