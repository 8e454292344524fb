using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Step 5: one verdict for each criterion, from relevance and, if there is one, a model's answer. The rules are fixed, so that the same inputs give
/// the same verdict, and each verdict names the rule that made it.
/// </summary>
internal static class VerdictDecider
{
    /// <summary>Coverage from which the words of a criterion are there.</summary>
    public const double MetFrom = 0.60;

    /// <summary>Coverage from which a part of it is there.</summary>
    public const double PartialFrom = 0.40;

    /// <summary>Coverage below which it is missing; between this and <see cref="PartialFrom"/> nothing can be said.</summary>
    public const double MissingBelow = 0.28;

    /// <summary>
    /// Score that the best passage needs before anything is met, in full or in part. Words of a criterion that nobody implemented also occur
    /// somewhere in a large range, but scattered.
    /// </summary>
    public const double TogetherFrom = 0.20;

    /// <summary>Score from which a passage of a test is evidence that the criterion is tested.</summary>
    public const double TestScore = 0.12;

    /// <summary>A model below this, after its quotes were looked up, decides nothing.</summary>
    public const double MinTrust = 0.35;

    /// <summary>A model from this on, with all quotes verified, decides even against relevance.</summary>
    public const double StrongTrust = 0.70;

    // Words are not proof: relevance alone never gets surer than this.
    private const double MaxRelevanceConfidence = 0.75;
    private const double MaxConfidence = 0.95;

    private const int MaxFailureChars = 300;

    // An extract says where words are, not whether they fulfil anything.
    private const double ExtractConfidence = 0.45;

    public static VerdictReport Decide(VerdictRequest request)
    {
        var checker = new QuoteChecker(request.Changes);
        var isCut = request.Changes.Notes.Any(note => note.Code is "diff_cut" or "hunks_cut" or "files_cut");
        var answers = request.Answers.GroupBy(answer => answer.CriterionId, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
        return new()
        {
            Criteria = [.. request.CrossReference.Criteria.Select(match => DecideOne(match, answers.GetValueOrDefault(match.CriterionId), checker, isCut))],
            Models = [.. request.Answers.Where(answer => answer.Verdict is not null || answer.Extract is not null)
                .Select(answer => answer.Model ?? "unnamed model").Distinct(StringComparer.Ordinal)],
            Notes = request.Failures.IsEmpty ? [] : [Unanswered(request)],
        };
    }

    private static Note Unanswered(VerdictRequest request) => new("model_failed",
        $"The model left {request.Failures.Length} of {request.CrossReference.Criteria.Length} questions without an answer; words alone decide there. {Wording.Sentence(GitText.Cut(request.Failures[0], MaxFailureChars))}");

    private sealed record Opinion(Verdict Verdict, double Confidence, string Why);

    private static CriterionVerdict DecideOne(CriterionMatch match, ModelAnswer? answer, QuoteChecker checker, bool isCut)
    {
        var relevance = ByRelevance(match, isCut);
        var claim = ClaimOf(answer);
        var isExtract = claim is not null && answer!.Verdict is null;
        var quotes = claim is null ? [] : claim.Evidence.Select(checker.Check).ToImmutableArray();
        var model = claim is null ? null : Weigh(claim, quotes);
        var (decided, by) = Combine(relevance, model, quotes, isExtract);
        return new()
        {
            CriterionId = match.CriterionId,
            Verdict = decided.Verdict,
            Confidence = Math.Round(decided.Confidence, 4),
            DecidedBy = by,
            Reason = Wording.Sentence(decided.Why),
            ByRelevance = relevance.Verdict,
            RelevanceConfidence = Math.Round(relevance.Confidence, 4),
            ByModel = claim?.Verdict,
            IsExtract = isExtract,
            ModelConfidence = claim is null ? null : Math.Round(claim.Confidence, 4),
            CheckedModelConfidence = model is null ? null : Math.Round(model.Confidence, 4),
            Model = claim is null ? null : answer?.Model,
            Reasoning = claim?.Reasoning is { } why ? GitText.Cut(why, 600) : null,
            Quotes = quotes,
            IsTested = match.Evidence.Any(evidence => evidence.Kind == EvidenceKind.Test && evidence.Score >= TestScore),
        };
    }

    private static Opinion ByRelevance(CriterionMatch match, bool isCut)
    {
        var coverage = match.Coverage;
        var share = $"{coverage:P0} of its words, weighed by rarity, stand in the best changed passages";
        var has = match.Evidence.Any(evidence => evidence.Kind is not (EvidenceKind.Commit or EvidenceKind.Docs)
            || (match.IsAboutDocs && evidence.Kind == EvidenceKind.Docs));
        if (!has || coverage < MissingBelow)
        {
            var why = has ? share : "no changed code, configuration or test speaks of it";
            if (isCut) return new(Verdict.Unclear, 0.2, why + ", but a part of the diff was not read");
            return new(Verdict.Missing, 0.45 + (0.3 * (1 - (has ? coverage / MissingBelow : 0))), why);
        }
        if (coverage < PartialFrom) return new(Verdict.Unclear, 0.25, share);
        if (match.Score < TogetherFrom) return new(Verdict.Unclear, 0.25, $"{share}, but scattered: the best of them scores {match.Score:0.00} where {TogetherFrom:0.00} is needed");
        if (coverage < MetFrom) return new(Verdict.Partial, 0.40, share);
        return new(Verdict.Met, Math.Min(MaxRelevanceConfidence, 0.5 + (0.25 * (coverage - MetFrom) / (1 - MetFrom))), share);
    }

    /// <summary>What an extract covers is judged by the same thresholds as relevance.</summary>
    private static ModelVerdict? ClaimOf(ModelAnswer? answer)
    {
        if (answer?.Verdict is { } verdict) return verdict with { Confidence = Math.Clamp(double.IsFinite(verdict.Confidence) ? verdict.Confidence : 0, 0, 1) };
        if (answer?.Extract is not { } extract) return null;
        var by = extract.Coverage switch
        {
            >= MetFrom => Verdict.Met,
            >= PartialFrom => Verdict.Partial,
            >= MissingBelow => Verdict.Unclear,
            _ => Verdict.Missing,
        };
        return new(by, ExtractConfidence, $"The extract covers {Math.Clamp(extract.Coverage, 0, 1):P0} of the criterion.") { Evidence = extract.Quotes };
    }

    /// <summary>Unverified quotes cost up to 70 % of a model's confidence; a claim that something is there, without any quote, costs half.</summary>
    private static Opinion Weigh(ModelVerdict claim, ImmutableArray<CheckedQuote> quotes)
    {
        var says = $"the model says {Name(claim.Verdict)}";
        if (quotes.IsEmpty)
        {
            var needsProof = claim.Verdict is Verdict.Met or Verdict.Partial;
            return new(claim.Verdict, claim.Confidence * (needsProof ? 0.5 : 1), needsProof ? says + " without a quote" : says);
        }
        var share = quotes.Average(quote => quote.Worth);
        return new(claim.Verdict, claim.Confidence * (0.3 + (0.7 * share)),
            $"{says}, and {quotes.Count(quote => quote.Worth > 0)} of its {quotes.Length} quotes stand in the range");
    }

    private static (Opinion Decided, Decider By) Combine(Opinion relevance, Opinion? model, ImmutableArray<CheckedQuote> quotes, bool isExtract)
    {
        if (model is null) return (relevance, Decider.Relevance);
        var said = $"{model.Why}; {relevance.Why}";
        if (model.Verdict == Verdict.Unclear || model.Confidence < MinTrust)
            return (new(relevance.Verdict, relevance.Confidence * 0.8, $"{said}; the model decides nothing"), Decider.Relevance);
        if (relevance.Verdict == Verdict.Unclear) return (new(model.Verdict, model.Confidence * 0.9, said), Decider.Model);
        // An extract is found by words, as relevance is: that both say the same proves no more than one of them.
        if (model.Verdict == relevance.Verdict && isExtract) return (relevance with { Why = said }, Decider.Relevance);
        if (model.Verdict == relevance.Verdict)
            return (new(model.Verdict, Math.Min(MaxConfidence, 1 - ((1 - relevance.Confidence) * (1 - model.Confidence))), said), Decider.Both);
        // One step apart: the model has read the text, where relevance counted words.
        if (Math.Abs(Rank(model.Verdict) - Rank(relevance.Verdict)) == 1) return (new(model.Verdict, model.Confidence * 0.9, said), Decider.Model);
        // Met against missing. Only a sure model whose every quote was found in added lines overrules the words.
        var isProven = !quotes.IsEmpty && quotes.All(quote => quote.Status == QuoteStatus.Verified);
        return isProven && model.Verdict == Verdict.Met && model.Confidence >= StrongTrust
            ? (new(Verdict.Met, model.Confidence * 0.7, $"{said}; all quotes were found in added lines"), Decider.Model)
            : (new(Verdict.Unclear, 0.3, $"{said}; they contradict each other, so a person must look"), Decider.Neither);
    }

    private static int Rank(Verdict verdict) => verdict switch { Verdict.Met => 2, Verdict.Partial => 1, _ => 0 };

    private static string Name(Verdict verdict) => verdict.ToString().ToLowerInvariant();
}
