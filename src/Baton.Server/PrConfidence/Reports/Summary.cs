namespace Baton.Server.PrConfidence;

/// <summary>The report in a few sentences. Each states a count that stands elsewhere in the report.</summary>
internal static class Summary
{
    public static VerdictCounts Count(VerdictReport verdicts)
    {
        int Of(Verdict verdict) => verdicts.Criteria.Count(criterion => criterion.Verdict == verdict);
        return new(verdicts.Criteria.Length, Of(Verdict.Met), Of(Verdict.Partial), Of(Verdict.Missing), Of(Verdict.Unclear));
    }

    public static string Of(ReportRequest request)
    {
        var (changes, score) = (request.Changes, request.Score);
        var sentences = new List<string>();
        if (changes.Files.IsEmpty) sentences.Add("The range changes nothing.");
        sentences.Add(score.Overall is { } overall
            ? $"{Level(score.Level)} confidence: {overall:0.00} of 1, from {score.Factors.Length} of {score.Factors.Length + score.LeftOut.Length} factors."
            : "No factor could be judged.");
        if (score.LevelCappedBy is { } cap) sentences.Add($"The level is held down because {cap}.");
        sentences.Add(CriteriaSentence(request));
        if (request.StaleDocs is { Mentions.IsEmpty: false } stale)
        {
            var sure = stale.Mentions.Where(mention => mention.Certainty == Certainty.Definite).Select(mention => mention.File)
                .Distinct(StringComparer.Ordinal).Count();
            var docs = stale.Mentions.Select(mention => mention.File).Distinct(StringComparer.Ordinal).Count();
            sentences.Add(sure > 0 ? $"{Count(sure, "document is", "documents are")} stale." : $"{Count(docs, "document", "documents")} may be stale.");
        }
        if (!score.Gaps.IsEmpty) sentences.Add($"{Count(score.Gaps.Length, "gap", "gaps")}, the worst {score.WorstGap!.Value.ToString().ToLowerInvariant()}.");
        return string.Join(' ', sentences);
    }

    public static string Level(ScoreLevel level) => level switch
    {
        ScoreLevel.High => "High",
        ScoreLevel.Moderate => "Moderate",
        ScoreLevel.Low => "Low",
        ScoreLevel.VeryLow => "Very low",
        _ => "Not judged",
    };

    private static string CriteriaSentence(ReportRequest request)
    {
        var counts = Count(request.Verdicts);
        if (counts.Total == 0) return "The ticket has no acceptance criteria.";
        var missing = request.Verdicts.Criteria.Where(criterion => criterion.Verdict == Verdict.Missing).Select(criterion => criterion.CriterionId).ToArray();
        var parts = new List<string> { $"{counts.Met} of {counts.Total} criteria are met" };
        if (counts.Partial > 0) parts.Add($"{counts.Partial} in part");
        if (counts.Unclear > 0) parts.Add($"{counts.Unclear} cannot be judged");
        if (missing.Length > 0) parts.Add($"{missing.Length} missing ({string.Join(", ", missing.Take(8))}{(missing.Length > 8 ? ", ..." : "")})");
        return string.Join(", ", parts) + ".";
    }

    private static string Count(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
