using System.Collections.Immutable;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

internal abstract record AnalysisResult
{
    private AnalysisResult() { }

    public sealed record Analysed(PrConfidenceReport Report) : AnalysisResult;

    /// <param name="Step">The step that could not be done.</param>
    /// <param name="Message">What is wrong and what to do.</param>
    public sealed record Failed(string Step, string Message) : AnalysisResult;
}

/// <summary>Asks a model for one criterion.</summary>
internal delegate Task<ModelAnswer> AskModel(Criterion criterion, string evidenceText, CancellationToken cancel);

/// <summary>
/// All steps one after another, without a server: for tests of what they find together. The workflow that ships calls the same steps, each durable.
/// </summary>
internal sealed class PrConfidenceAnalysis(TimeProvider time)
{
    /// <param name="workflowId">For the report.</param>
    /// <param name="range">What to analyse.</param>
    /// <param name="ticketPath">Markdown, or a Jira issue as JSON.</param>
    /// <param name="ask">Null: relevance alone decides.</param>
    /// <param name="cancel">Ends git and the questions to the model.</param>
    public async Task<AnalysisResult> RunAsync(string workflowId, CollectRequest range, string ticketPath, AskModel? ask, CancellationToken cancel)
    {
        var started = time.GetUtcNow();
        var steps = ImmutableArray.CreateBuilder<AnalysisStep>();

        var read = await DoAsync("read_ticket", StepType.DocumentProcessing, () => TicketReader.ReadFileAsync(ticketPath, TicketFormat.Auto, cancel));
        if (read is TicketResult.Failed noTicket) return new AnalysisResult.Failed("read_ticket", noTicket.Message);
        var ticket = ((TicketResult.Read)read).Ticket;

        var collected = await DoAsync("collect_range", StepType.ServiceIntegration, () => new RangeCollector(time).CollectAsync(range, cancel));
        if (collected is CollectResult.Failed noRange) return new AnalysisResult.Failed("collect_range", noRange.Message);
        var changes = ((CollectResult.Collected)collected).Changes;

        var crossReference = Do("cross_reference", () => CrossReferencer.Run(new(ticket, changes)),
            result => result.Criteria.IsEmpty ? null : result.Criteria.Average(match => match.Coverage));
        var searched = await DoAsync("find_stale_docs", StepType.DocumentProcessing,
            () => new StaleDocFinder(time).FindAsync(new(range.Repo, changes), cancel));
        if (searched is StaleDocsResult.Failed noDocs) return new AnalysisResult.Failed("find_stale_docs", noDocs.Message);
        var stale = ((StaleDocsResult.Found)searched).Docs;

        var answers = ask is null ? [] : await DoAsync("ask_model", StepType.ServiceIntegration, () => AskAllAsync(ticket, crossReference, ask, cancel));
        var verdicts = Do("decide_verdicts", () => VerdictDecider.Decide(new(ticket, changes, crossReference) { Answers = answers }),
            result => result.Criteria.IsEmpty ? null : result.Criteria.Average(verdict => verdict.Confidence));
        var score = Do("score", () => Scorer.Score(new(ticket, changes, crossReference, verdicts, stale)), result => result.Confidence);
        return new AnalysisResult.Analysed(ReportBuilder.Build(new()
        {
            WorkflowId = workflowId,
            StartTime = started,
            EndTime = time.GetUtcNow(),
            Ticket = ticket,
            Changes = changes,
            CrossReference = crossReference,
            Verdicts = verdicts,
            Score = score,
            StaleDocs = stale,
            Steps = steps.ToImmutable(),
            Prompts = [.. verdicts.Models.Select(model => new PromptUse("pr_confidence_criterion", null, model,
                answers.Count(answer => (answer.Model ?? "unnamed model") == model)))],
        }));

        async Task<T> DoAsync<T>(string name, StepType type, Func<Task<T>> step)
        {
            var from = time.GetTimestamp();
            var result = await step();
            steps.Add(new(name, type, name, Math.Round(time.GetElapsedTime(from).TotalSeconds, 4), Success: true));
            return result;
        }

        T Do<T>(string name, Func<T> step, Func<T, double?> confidenceOf)
        {
            var from = time.GetTimestamp();
            var result = step();
            var confidence = confidenceOf(result);
            double? rounded = confidence is { } value ? Math.Round(value, 4) : null;
            steps.Add(new(name, StepType.Analysis, name, Math.Round(time.GetElapsedTime(from).TotalSeconds, 4), Success: true, rounded));
            return result;
        }
    }

    private static async Task<ImmutableArray<ModelAnswer>> AskAllAsync(Ticket ticket, CrossReference crossReference, AskModel ask, CancellationToken cancel)
    {
        var answers = ImmutableArray.CreateBuilder<ModelAnswer>();
        foreach (var match in crossReference.Criteria)
            answers.Add(await ask(ticket.Criteria.First(criterion => criterion.Id == match.CriterionId), match.EvidenceText, cancel));
        return answers.ToImmutable();
    }
}
