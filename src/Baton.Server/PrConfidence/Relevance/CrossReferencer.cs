using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>Step 3: finds, for each criterion, the changed passages that speak of it.</summary>
internal static class CrossReferencer
{
    /// <summary>A passage below this score is not shown: it shares a common word or two.</summary>
    public const double MinScore = 0.08;

    /// <summary>Coverage is taken over this many of the best passages, because one criterion is often met by a few places together.</summary>
    public const int CoveragePassages = 4;

    private const int MaxPerFile = 3;
    private const int MaxUnclaimed = 50;

    public static CrossReference Run(CrossReferenceRequest request)
    {
        var passages = Passages.Of(request.Changes).Where(passage => !passage.IsWordList()).ToImmutableArray();
        var index = new Bm25Index(passages.Select(passage => passage.Terms()));
        var criteria = request.Ticket.Criteria.Select(criterion => Match(criterion, passages, index, request)).ToImmutableArray();
        var claimed = criteria.SelectMany(match => match.Evidence).Select(evidence => evidence.File).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return new()
        {
            Criteria = criteria,
            UnclaimedFiles = criteria.IsEmpty ? [] :
            [
                .. request.Changes.Files.Where(file => file.Kind is FileKind.Code or FileKind.Config && file.Added + file.Deleted > 0
                    && !claimed.Contains(file.Path))
                    .Select(file => file.Path).Take(MaxUnclaimed),
            ],
            Passages = passages.Length,
            Method = $"BM25F over split and stemmed identifiers, k1 = {Bm25Index.K1}, b = {Bm25Index.B}, divided by its upper bound",
        };
    }

    private static CriterionMatch Match(Criterion criterion, ImmutableArray<Passage> passages, Bm25Index index, CrossReferenceRequest request)
    {
        var query = CriterionQuery.Of(criterion);
        var ranked = Enumerable.Range(0, passages.Length)
            .Select(at => (At: at, Score: index.Score(at, query.Terms, query.Weights) * Trust(passages[at].Kind)))
            .Where(item => item.Score >= MinScore)
            .OrderByDescending(item => item.Score).ThenBy(item => item.At).ToArray();
        var doing = ranked.Where(item => Does(passages[item.At].Kind, query)).Take(CoveragePassages).ToArray();
        var found = query.Terms.Keys.Where(term => doing.Any(item => index.Has(item.At, term, query.Weights, atLeast: 1.0))).ToHashSet(StringComparer.Ordinal);
        var possible = query.Terms.Sum(term => term.Value * index.Idf(term.Key));
        var covered = query.Terms.Where(term => found.Contains(term.Key)).Sum(term => term.Value * index.Idf(term.Key));
        var evidence = Choose(ranked, passages, request.MaxEvidence).Select(item => EvidenceOf(passages[item.At], item.At, item.Score, query, index))
            .ToImmutableArray();
        return new()
        {
            CriterionId = criterion.Id,
            Score = Math.Round(doing.Length == 0 ? 0 : doing[0].Score, 4),
            Coverage = Math.Round(possible > 0 ? covered / possible : 0, 4),
            MatchedWords = query.Show(found),
            MissingWords = query.Show(query.Terms.Keys.Where(term => !found.Contains(term))),
            Evidence = evidence,
            IsAboutDocs = query.IsAboutDocs,
            EvidenceText = EvidenceText.Of([.. ranked.Select(item => passages[item.At])], request.MaxEvidenceTextChars),
        };
    }

    /// <summary>A message or a document says that something was done; code and tests do it.</summary>
    private static double Trust(EvidenceKind kind) => kind switch
    {
        EvidenceKind.Code or EvidenceKind.Test => 1.0,
        EvidenceKind.Config => 0.9,
        EvidenceKind.Docs => 0.8,
        EvidenceKind.Commit => 0.6,
        _ => 0.7,
    };

    private static bool Does(EvidenceKind kind, CriterionQuery query) =>
        kind is EvidenceKind.Code or EvidenceKind.Config or EvidenceKind.Test or EvidenceKind.Other || (query.IsAboutDocs && kind == EvidenceKind.Docs);

    /// <summary>The best ones, not all of the same file, and the best of each kind even if others score higher.</summary>
    private static IEnumerable<(int At, double Score)> Choose((int At, double Score)[] ranked, ImmutableArray<Passage> passages, int max)
    {
        var chosen = ranked.GroupBy(item => passages[item.At].Kind).Select(kind => kind.First()).OrderByDescending(item => item.Score).Take(max).ToList();
        var perFile = chosen.Select(item => passages[item.At].File ?? "").GroupBy(file => file, StringComparer.Ordinal)
            .ToDictionary(file => file.Key, file => file.Count(), StringComparer.Ordinal);
        foreach (var item in ranked)
        {
            if (chosen.Count >= max) break;
            var file = passages[item.At].File ?? "";
            if (chosen.Contains(item) || perFile.GetValueOrDefault(file) >= MaxPerFile) continue;
            perFile[file] = perFile.GetValueOrDefault(file) + 1;
            chosen.Add(item);
        }
        return chosen.OrderByDescending(item => item.Score).ThenBy(item => item.At);
    }

    private static Evidence EvidenceOf(Passage passage, int at, double score, CriterionQuery query, Bm25Index index)
    {
        var terms = query.Terms.Keys.Where(term => index.Has(at, term, query.Weights, atLeast: 0)).ToHashSet(StringComparer.Ordinal);
        return new()
        {
            Kind = passage.Kind,
            File = passage.File,
            StartLine = passage.StartLine,
            EndLine = passage.EndLine,
            Commit = passage.Commit,
            Score = Math.Round(score, 4),
            Words = query.Show(terms),
            Excerpt = EvidenceText.Excerpt(passage, terms),
        };
    }
}
