using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>Step 6: the weighted average of what could be judged, how far to believe it, and the gaps.</summary>
internal static class Scorer
{
    private const double HighFrom = 0.80;
    private const double ModerateFrom = 0.60;
    private const double LowFrom = 0.40;

    public static ScoreReport Score(ScoreRequest request)
    {
        var judgements = Factors.Judge(request);
        var judged = judgements.Where(judgement => judgement.Value is not null).ToArray();
        var weights = judged.Sum(judgement => judgement.Weight);
        var factors = judged.Select(judgement => FactorOf(judgement, weights)).ToImmutableArray();
        var weighed = judged.Sum(judgement => judgement.Weight * judgement.Value!.Value);
        double? overall = factors.IsEmpty ? null : Math.Round(Math.Clamp(weighed / weights, 0, 1), 4);
        var gaps = Gaps.Find(request, factors);
        var (level, cappedBy) = LevelOf(overall, request.Verdicts, gaps);
        var inputs = ConfidenceInputs(request, weights);
        return new()
        {
            Overall = overall,
            Level = level,
            LevelCappedBy = cappedBy,
            Confidence = Math.Round(inputs.Aggregate(1.0, (product, input) => product * input.Value), 4),
            ConfidenceInputs = inputs,
            Factors = factors,
            LeftOut = [.. judgements.Where(judgement => judgement.Value is null)
                .Select(judgement => new FactorLeftOut(judgement.Name, judgement.Title, judgement.Weight, judgement.Explanation))],
            Gaps = gaps,
            WorstGap = gaps.IsEmpty ? null : gaps.Max(gap => gap.Severity),
        };
    }

    private static Factor FactorOf(Judgement judgement, double weights)
    {
        var value = Math.Clamp(judgement.Value!.Value, 0, 1);
        return new(judgement.Name, judgement.Title, judgement.Weight, Math.Round(value, 4), Math.Round(judgement.Weight * value / weights, 4),
            judgement.Explanation, judgement.Evidence);
    }

    /// <summary>A good average must not hide a criterion that nobody implemented.</summary>
    private static (ScoreLevel Level, string? CappedBy) LevelOf(double? overall, VerdictReport verdicts, ImmutableArray<Gap> gaps)
    {
        if (overall is not { } score) return (ScoreLevel.NotJudged, null);
        var level = score >= HighFrom ? ScoreLevel.High : score >= ModerateFrom ? ScoreLevel.Moderate : score >= LowFrom ? ScoreLevel.Low : ScoreLevel.VeryLow;
        var missing = verdicts.Criteria.Where(criterion => criterion.Verdict == Verdict.Missing).Select(criterion => criterion.CriterionId).ToArray();
        var highest = missing.Length > 0 && missing.Length * 2 >= verdicts.Criteria.Length ? ScoreLevel.Low
            : missing.Length > 0 || gaps.Any(gap => gap.Severity == Severity.Critical) ? ScoreLevel.Moderate : ScoreLevel.High;
        if (level <= highest) return (level, null);
        return (highest, missing.Length > 0 ? $"{string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing" : "there is a critical gap");
    }

    private static ImmutableArray<ConfidenceInput> ConfidenceInputs(ScoreRequest request, double weights)
    {
        var verdicts = request.Verdicts.Criteria;
        var byModel = verdicts.Count(criterion => criterion.ByModel is not null && !criterion.IsExtract);
        var cut = request.Changes.Notes.Any(note => note.Code is "diff_cut" or "hunks_cut" or "files_cut" or "commits_cut");
        var (source, why) = request.Ticket.CriteriaSource switch
        {
            CriteriaSource.Inferred => (0.7, "the criteria were inferred from sentences"),
            CriteriaSource.NumberedList => (0.85, "the criteria were taken from a numbered list"),
            CriteriaSource.None => (0.6, "there are no criteria"),
            _ => (1.0, "the criteria are listed in the ticket"),
        };
        return
        [
            new("factors_judged", Math.Round(weights, 4), $"the factors that could be judged carry {weights:P0} of the weight"),
            verdicts.IsEmpty
                ? new("verdicts", 0.5, "there are no verdicts")
                : new("verdicts", Math.Round(0.5 + (0.5 * verdicts.Average(criterion => criterion.Confidence)), 4),
                    $"half, and half of the mean confidence of the verdicts, {verdicts.Average(criterion => criterion.Confidence):0.00}"),
            new("criteria_source", source, why),
            byModel > 0 && byModel == verdicts.Length ? new("second_opinion", 1.0, "a model judged every criterion")
                : new("second_opinion", 0.85, $"a model judged {byModel} of {verdicts.Length} criteria; the others rest on words alone"),
            new("completeness", cut ? 0.7 : 1.0, cut ? "a part of the range was not read" : "the whole range was read"),
        ];
    }
}
