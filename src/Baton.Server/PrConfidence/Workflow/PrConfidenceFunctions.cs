using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Gateway;
using Baton.Server.Workflows;

namespace Baton.Server.PrConfidence;

/// <summary>The steps as functions that workflow documents call: arguments are the members of each step's request.</summary>
internal sealed class PrConfidenceFunctions(TimeProvider time, LocalPaths paths, ModelCaller models, ReportSteps steps)
{
    private static PrConfidenceJson Wire => PrConfidenceJson.Relaxed;

    public IEnumerable<HostedFunction> All =>
    [
        Function("pr_collect_range", "Read what a Git range changed.", json => json.CollectRequest, json => json.ChangeSet, CollectAsync,
            Required("repo", "Folder of the repository on this machine."), Required("base", "Branch, tag or commit id."), Required("head", "Branch, tag or commit id."), Limits),
        Function("pr_read_ticket", "Read a ticket and its acceptance criteria.", json => json.TicketFileRequest, json => json.Ticket, ReadTicketAsync,
            Required("path", "A Markdown or text file, or a Jira issue as JSON."), Optional("format", "auto, markdown or jira; default auto.")),
        Function("pr_cross_reference", "Rank the changes that speak of each criterion.", json => json.CrossReferenceRequest, json => json.CrossReference, (request, _) => Task.FromResult(CrossReferencer.Run(request)),
            Ticket, Changes, Optional("max_evidence", "Passages kept for a criterion; default 8."), Optional("max_evidence_text_chars", "Characters of evidence for a model; default 6,000.")),
        Function("pr_find_stale_docs", "Find documents that mention changed or removed names.", json => json.StaleDocsRequest, json => json.StaleDocs, FindStaleDocsAsync,
            Required("repo", "Folder of the repository on this machine."), Changes, Optional("folder", "Where the documents are; default the whole repository."), Limits),
        Function("pr_questions", "Write a question for a model about each criterion.", json => json.QuestionsRequest, json => json.CriterionQuestions, (request, step) => Task.FromResult(WriteQuestions(request, step)),
            Ticket, CrossReferenced, Optional("model", "Who is to be asked; default the server's default model.")),
        Function("pr_decide_verdicts", "Decide which criteria are met.", json => json.VerdictRequest, json => json.VerdictReport, (request, _) => Task.FromResult(VerdictDecider.Decide(request)),
            Ticket, Changes, CrossReferenced, Optional("answers", "What models say of the criteria."), Optional("failures", "Why a model did not answer, for each question that it did not.")),
        Function("pr_score", "Weigh the factors into a score, and list the gaps.", json => json.ScoreRequest, json => json.ScoreReport, (request, _) => Task.FromResult(Scorer.Score(request)),
            Ticket, Changes, CrossReferenced, Required("verdicts", "What pr_decide_verdicts gave."), Optional("stale_docs", "What pr_find_stale_docs gave.")),
        Function("pr_report", "Put the report together, with files for people and programs.", json => json.ReportParts, json => json.ReportOutput, ReportAsync,
            Ticket, Changes, CrossReferenced, Required("verdicts", "What pr_decide_verdicts gave."), Required("score", "What pr_score gave."), Optional("stale_docs", "What pr_find_stale_docs gave.")),
    ];

    private static FunctionParameter Ticket { get; } = Required("ticket", "What pr_read_ticket gave.");

    private static FunctionParameter Changes { get; } = Required("changes", "What pr_collect_range gave.");

    private static FunctionParameter CrossReferenced { get; } = Required("cross_reference", "What pr_cross_reference gave.");

    private static FunctionParameter Limits { get; } = Optional("limits", "How much is read and kept.");

    private async Task<ChangeSet> CollectAsync(CollectRequest request, StepContext step)
    {
        Open("repo", request.Repo);
        return await new RangeCollector(time).CollectAsync(request, step.Cancel) switch
        {
            CollectResult.Collected collected => collected.Changes,
            CollectResult.Failed failed => throw Refused("The range cannot be read", failed.Message),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<Ticket> ReadTicketAsync(TicketFileRequest request, StepContext step)
    {
        Open("ticket", request.Path);
        return await TicketReader.ReadFileAsync(request.Path, request.Format, step.Cancel) switch
        {
            TicketResult.Read read => read.Ticket,
            TicketResult.Failed failed => throw Refused("The ticket cannot be read", failed.Message),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<StaleDocs> FindStaleDocsAsync(StaleDocsRequest request, StepContext step)
    {
        Open("repo", request.Repo);
        if (Path.IsPathRooted(request.Folder)) Open("docs", request.Folder);
        return await new StaleDocFinder(time).FindAsync(request, step.Cancel) switch
        {
            StaleDocsResult.Found found => found.Docs,
            StaleDocsResult.Failed failed => throw Refused("The documents cannot be searched", failed.Message),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private CriterionQuestions WriteQuestions(QuestionsRequest request, StepContext step)
    {
        var model = models.Find(step.Tenant, request.Model);
        return QuestionWriter.Write(request, model, isExtractive: model == ExtractModel.Name);
    }

    private void Open(string what, string path)
    {
        if (paths.Refuse(path) is { } reason) throw Refused("A path may not be read", $"{what}: {reason}");
    }

    private async Task<ReportOutput> ReportAsync(ReportParts parts, StepContext step)
    {
        var (started, taken, prompts) = await steps.ReadAsync(step, parts);
        var report = ReportBuilder.Build(new()
        {
            WorkflowId = step.Run.ToString(),
            StartTime = started,
            EndTime = time.GetUtcNow(),
            Ticket = parts.Ticket,
            Changes = parts.Changes,
            CrossReference = parts.CrossReference,
            Verdicts = parts.Verdicts,
            Score = parts.Score,
            StaleDocs = parts.StaleDocs,
            Steps = taken,
            Prompts = prompts,
        });
        return new ReportOutput(report, TerminalTables.Of(report),
        [
            new("pr-confidence.json", "JSON", JsonReport.Render(report)),
            new("pr-confidence.md", "Markdown", MarkdownReport.Render(report)),
            new("pr-confidence.html", "HTML", HtmlReport.Render(report)),
        ]);
    }

    /// <param name="request">Its wire form, made when it is first called: all of them together would be a third of a server's start.</param>
    private static HostedFunction Function<TRequest, TResult>(string name, string summary, Func<PrConfidenceJson, JsonTypeInfo<TRequest>> request, Func<PrConfidenceJson, JsonTypeInfo<TResult>> result,
        Func<TRequest, StepContext, Task<TResult>> perform, params ReadOnlySpan<FunctionParameter> parameters) =>
        new(new WorkflowFunction(name, summary, [.. parameters]), async (arguments, step) =>
        {
            var read = Read(name, arguments, request(Wire));
            return JqValue.Parse(JsonSerializer.SerializeToUtf8Bytes(await perform(read, step), result(Wire)));
        });

    private static T Read<T>(string function, JqValue arguments, JsonTypeInfo<T> json)
    {
        try
        {
            return JsonSerializer.Deserialize(arguments.ToUtf8Bytes(), json)!;
        }
        catch (JsonException e)
        {
            throw new WorkflowException(new WorkflowError(ErrorTypes.Validation, 400, "Arguments do not fit", $"{function}: {e.Path} is not as it should be. {e.Message.Split(" Path:")[0]}"), ErrorClass.DataValidation);
        }
    }

    private static WorkflowException Refused(string title, string message) =>
        new(new WorkflowError(ErrorTypes.Validation, 422, title, Wording.Sentence(message)), ErrorClass.DataValidation);

    private static FunctionParameter Required(string name, string description) => new(name, IsRequired: true, description);

    private static FunctionParameter Optional(string name, string description) => new(name, IsRequired: false, description);
}
