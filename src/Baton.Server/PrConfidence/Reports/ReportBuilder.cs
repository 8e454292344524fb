using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

internal sealed record ReportRequest
{
    public required string WorkflowId { get; init; }
    public required DateTimeOffset StartTime { get; init; }
    public required DateTimeOffset EndTime { get; init; }
    public required Ticket Ticket { get; init; }
    public required ChangeSet Changes { get; init; }
    public required CrossReference CrossReference { get; init; }
    public required VerdictReport Verdicts { get; init; }
    public required ScoreReport Score { get; init; }
    public StaleDocs? StaleDocs { get; init; }
    public ImmutableArray<AnalysisStep> Steps { get; init => field = value.IsDefault ? [] : value; } = [];
    public ImmutableArray<PromptUse> Prompts { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Step 7: puts the results together. It computes no score and finds no gap: it only arranges what the steps before it found.</summary>
internal static class ReportBuilder
{
    private const int MaxCommits = 200;
    private const int MaxFiles = 500;
    private const int MaxTests = 200;
    private const int MaxNames = 200;

    public static PrConfidenceReport Build(ReportRequest request)
    {
        var (ticket, changes, score) = (request.Ticket, request.Changes, request.Score);
        var sources = DataSources(request);
        var documents = Documents(request);
        var criteria = Criteria(request);
        return new()
        {
            WorkflowId = request.WorkflowId,
            Timestamp = request.EndTime,
            AggregatedAt = request.EndTime,
            AnalysisType = PrConfidenceReport.Type,
            StartTime = request.StartTime,
            EndTime = request.EndTime,
            FinalReport = new()
            {
                Title = ticket.Id is null ? ticket.Title : $"{ticket.Id}: {ticket.Title}",
                Summary = Summary.Of(request),
                TicketId = ticket.Id,
                TicketSource = ticket.Source,
                CriteriaSource = ticket.CriteriaSource,
                Criteria = Summary.Count(request.Verdicts),
            },
            CrossReferenceAnalysis = new()
            {
                Criteria = criteria,
                UnclaimedFiles = request.CrossReference.UnclaimedFiles,
                PassagesCompared = request.CrossReference.Passages,
                Method = request.CrossReference.Method,
                DataSources = sources,
            },
            ConfidenceAnalysis = new()
            {
                OverallScore = score.Overall,
                Level = score.Level,
                LevelCappedBy = score.LevelCappedBy,
                ScoringMethodology = "weighted_average",
                ConfidenceFactors = score.Factors,
                FactorsLeftOut = score.LeftOut,
                ScoreConfidence = score.Confidence,
                ScoreConfidenceInputs = score.ConfidenceInputs,
            },
            GapAnalysis = new()
            {
                DetectedGaps = score.Gaps,
                GapSeverity = score.WorstGap,
                RecommendedActions = [.. score.Gaps.Select(gap => gap.Action).Distinct(StringComparer.Ordinal)],
            },
            Changes = ChangesOf(changes),
            Documentation = request.StaleDocs,
            Correlations = Correlations.Find(criteria, changes, request.StaleDocs),
            DocumentsUsed = documents,
            PromptsUsed = request.Prompts,
            AnalysisSteps = request.Steps,
            ResultCategories = Aggregates.ByCategory(request.Steps, documents, request.Prompts),
            SummaryMetrics = Aggregates.Summarise(request.Steps),
            PerformanceMetrics = new(
                TotalAnalysisTime: Math.Round((request.EndTime - request.StartTime).TotalSeconds, 3),
                StepsCompleted: request.Steps.Count(step => step.Success),
                DataSourcesUsed: sources.Length,
                FilesAnalysed: changes.Totals.Files,
                CommitsAnalysed: changes.Totals.Commits,
                PassagesCompared: request.CrossReference.Passages,
                DocumentsSearched: request.StaleDocs?.DocsSearched ?? 0,
                CriteriaJudged: request.Verdicts.Criteria.Length,
                ModelCalls: request.Prompts.Sum(prompt => prompt.Calls)),
            Notes = [.. ticket.Notes, .. changes.Notes, .. request.StaleDocs?.Notes ?? [], .. request.Verdicts.Notes],
        };
    }

    private static ImmutableArray<CriterionReport> Criteria(ReportRequest request)
    {
        var matches = request.CrossReference.Criteria.ToDictionary(match => match.CriterionId, StringComparer.Ordinal);
        var verdicts = request.Verdicts.Criteria.ToDictionary(verdict => verdict.CriterionId, StringComparer.Ordinal);
        return
        [
            .. from criterion in request.Ticket.Criteria
               where matches.ContainsKey(criterion.Id) && verdicts.ContainsKey(criterion.Id)
               let match = matches[criterion.Id]
               select new CriterionReport
               {
                   Id = criterion.Id,
                   Text = criterion.Text,
                   Line = criterion.Line,
                   Verdict = verdicts[criterion.Id],
                   Score = match.Score,
                   Coverage = match.Coverage,
                   MatchedWords = match.MatchedWords,
                   MissingWords = match.MissingWords,
                   Evidence = match.Evidence,
               },
        ];
    }

    private static ChangeSummary ChangesOf(ChangeSet changes) => new()
    {
        Repo = changes.Repo,
        Base = changes.Base,
        Head = changes.Head,
        MergeBase = changes.MergeBase,
        Totals = changes.Totals,
        Commits = [.. changes.Commits.TakeLast(MaxCommits).Select(commit => commit with { Body = GitText.Cut(commit.Body, 500) })],
        Files = [.. changes.Files.Take(MaxFiles).Select(file => new FileSummary(file.Path, file.OldPath, file.Status, file.Similarity, file.Kind,
            file.Added, file.Deleted, file.IsTruncated))],
        Directories = changes.Directories,
        Tests = [.. changes.Tests.Take(MaxTests)],
        Names = [.. changes.Names.OrderBy(name => name.Change == NameChange.Added).Take(MaxNames)],
    };

    private static ImmutableArray<string> DataSources(ReportRequest request)
    {
        var sources = ImmutableArray.CreateBuilder<string>();
        if (!request.Ticket.Criteria.IsEmpty) sources.Add("ticket");
        if (!request.Changes.Commits.IsEmpty) sources.Add("commits");
        if (!request.Changes.Files.IsEmpty) sources.Add("diff");
        if (!request.Changes.Tests.IsEmpty) sources.Add("tests");
        if (request.StaleDocs is { DocsSearched: > 0 }) sources.Add("documents");
        if (!request.Verdicts.Models.IsEmpty) sources.Add("model");
        return sources.ToImmutable();
    }

    private static ImmutableArray<DocumentUse> Documents(ReportRequest request)
    {
        var changed = request.Changes.Files.Where(file => file.Kind == FileKind.Docs)
            .Select(file => new DocumentUse(file.Path, "changed_document", file.NewBlob)).ToArray();
        var mentioning = (request.StaleDocs?.DocsMentioning ?? []).Where(path => changed.All(document => document.Path != path))
            .Select(path => new DocumentUse(path, "mentions_changed_name", null));
        return [new DocumentUse(request.Ticket.Source, "ticket", null), .. changed, .. mentioning];
    }
}
