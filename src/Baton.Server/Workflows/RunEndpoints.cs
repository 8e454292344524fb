using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Http;
using Baton.Server.Identity;

namespace Baton.Server.Workflows;

/// <summary>Runs: start, look, list, steer.</summary>
internal static class RunEndpoints
{
    private const int MaxPage = 500;

    public const string IdRule = "A run's id is 'run_' and 32 hexadecimal digits.";

    /// <summary>Starts a run. With an <c>Idempotency-Key</c>, a repetition returns the first run.</summary>
    public static async Task<IResult> Start(HttpContext http, RequestBody bodies, RunStarter starter, CancellationToken cancel)
    {
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var fields = new FieldReader(body.Value);
        var workflow = fields.Text("workflow", 200, required: true);
        var input = fields.Any("input");
        var labels = fields.Texts("labels", 20, 63, 200);
        var priority = fields.Integer("priority", -100, 100);
        if (fields.Problem is { } problem) return problem;
        return await StartAsync(http, starter, new RunToStart(WorkflowName.Parse(workflow!), input, labels, priority), body.Value, cancel);
    }

    /// <summary>Starts the newest version of a workflow by its type, with the whole body as input, and waits a while for its end.</summary>
    public static async Task<IResult> StartByType(HttpContext http, string type, RequestBody bodies, RunStarter starter, RunQueries queries, RunFollower follower, WorkflowCatalog catalog, CancellationToken cancel)
    {
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var name = await catalog.FindTypeAsync(http.Tenant, type, cancel);
        if (name is null) return Problems.UnknownWorkflow(new WorkflowName("default", type));
        var wait = http.QueryInteger("wait_seconds", 0, 300, 55);
        if (wait.Problem is not null) return wait.Problem;
        var started = await StartAsync(http, starter, new RunToStart(name, body.Value, new Dictionary<string, string>(StringComparer.Ordinal), null), body.Value, cancel);
        if (started is not StartedRun run || wait.Value == 0) return started;
        await follower.WaitForEndAsync(http.Tenant, run.Id, TimeSpan.FromSeconds(wait.Value!.Value), cancel);
        var row = (await queries.FindAsync(http.Tenant, run.Id, cancel))!;
        return row.IsTerminal ? await ResultAsync(http.Tenant, row, queries, cancel) : new StartedRun(run.Id, row.ToView(), run.IsNew);
    }

    public static Task<IResult> Get(HttpContext http, string id, RunQueries queries, ProgressReader progress, CancellationToken cancel) =>
        WithRunAsync(http, id, queries, async row => TypedResults.Json(row.ToView(await progress.ReadAsync(http.Tenant, row, cancel)), WireJson.Web.RunView), cancel);

    public static Task<IResult> Result(HttpContext http, string id, RunQueries queries, CancellationToken cancel) =>
        WithRunAsync(http, id, queries, async row => row.IsTerminal ? await ResultAsync(http.Tenant, row, queries, cancel) : Problems.NotEnded(row.State), cancel);

    public static async Task<IResult> List(HttpContext http, RunQueries queries, CancellationToken cancel)
    {
        var (filter, problem) = RunFilters.Read(http, MaxPage, 50);
        if (problem is not null) return problem;
        var counted = http.Request.Query["count"].ToString();
        if (counted is not ("" or "true" or "false")) return Problems.InvalidQuery("count", "'count' is true or false.");
        if (counted == "true" && filter!.Text is not null) return Problems.InvalidQuery("count", "Runs that hold a text are not counted: that would read them all.");
        return TypedResults.Json(await queries.ListAsync(http.Tenant, filter!, counted == "true", cancel), WireJson.Web.PageRunView);
    }

    /// <summary>The run's events as they come (server-sent events); <c>Last-Event-ID</c> resumes.</summary>
    public static Task<IResult> Events(HttpContext http, string id, RunQueries queries, RunFollower follower, CancellationToken cancel) => WithRunAsync(http, id, queries, async row =>
    {
        const string Rule = "Give the id of the last event that was received: a whole number.";
        var after = -1L;
        if (http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            if (!TryPosition(last, out after)) return Problems.InvalidHeader("Last-Event-ID", Rule);
        }
        else if (http.Request.Query["after"] is [{ } query] && !TryPosition(query, out after)) return Problems.InvalidQuery("after", Rule);
        await follower.StreamAsync(http.Tenant, RunId.Parse(id, null), after, new EventStream(http.Response, cancel), cancel);
        return TypedResults.Empty;
    }, cancel);

    public static Task<IResult> Journal(HttpContext http, string id, RunQueries queries, CancellationToken cancel) => WithRunAsync(http, id, queries, async row =>
    {
        var limit = http.QueryInteger("limit", 1, 1_000, 200);
        if (limit.Problem is not null) return limit.Problem;
        var after = http.QueryInteger("after", -1, int.MaxValue, -1);
        if (after.Problem is not null) return after.Problem;
        var (rows, hasMore) = await queries.JournalAsync(http.Tenant, row, after.Value!.Value, limit.Value!.Value, cancel);
        return TypedResults.Json(new Page<JournalEntryView>([.. rows.Select(entry => Views.Entry(entry))], hasMore ? rows[^1].Seq.ToString(CultureInfo.InvariantCulture) : null), WireJson.Web.PageJournalEntryView);
    }, cancel);

    public static Task<IResult> Cancel(HttpContext http, string id, RequestBody bodies, RunControl control, RunQueries queries, CancellationToken cancel) => ControlAsync(http, id, "cancel", bodies, control, queries, cancel);

    public static Task<IResult> Pause(HttpContext http, string id, RequestBody bodies, RunControl control, RunQueries queries, CancellationToken cancel) => ControlAsync(http, id, "pause", bodies, control, queries, cancel);

    public static Task<IResult> Resume(HttpContext http, string id, RequestBody bodies, RunControl control, RunQueries queries, CancellationToken cancel) => ControlAsync(http, id, "resume", bodies, control, queries, cancel);

    public static async Task<IResult> Signal(HttpContext http, string id, string name, RequestBody bodies, RunStore runs, RunQueries queries, CancellationToken cancel)
    {
        if (!RunId.TryParse(id, out var run)) return Problems.InvalidPath("id", IdRule);
        if (name.Length > 200) return Problems.InvalidPath("name", "A signal's name has 1 to 200 characters.");
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        return await AnswerAsync(http, run, await runs.SignalAsync(http.Tenant, run, name, body.Value.ToUtf8Bytes()), queries, cancel);
    }

    private static async Task<IResult> StartAsync(HttpContext http, RunStarter starter, RunToStart run, JqValue request, CancellationToken cancel)
    {
        if (!starter.IsOpen) return Problems.Stopping();
        IdempotencyKey? key = null;
        if (http.Request.Headers.TryGetValue("Idempotency-Key", out var header))
        {
            if (header.ToString() is not { Length: >= 1 and <= 200 } text) return Problems.InvalidHeader("Idempotency-Key", "An idempotency key has 1 to 200 characters.");
            key = new IdempotencyKey(text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{http.Request.Path}\n{request.ToJson()}"))));
        }
        return await starter.StartAsync(http.Tenant, run, key, cancel) switch
        {
            RunStarter.Outcome.Started(var id, var view) => new StartedRun(id, view, isNew: true),
            RunStarter.Outcome.AlreadyStarted(var id) => new StartedRun(id, null, isNew: false),
            RunStarter.Outcome.KeyReused(var id) => Problems.KeyReused(key!.Key, id.ToString()),
            RunStarter.Outcome.UnknownWorkflow => Problems.UnknownWorkflow(run.Workflow),
            RunStarter.Outcome.UnusableWorkflow(var detail) => Problems.InvalidWorkflow(detail, []),
            RunStarter.Outcome.InvalidInput(var detail, var faults) => Problems.InvalidInput(detail, faults),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Steers a run, and with <c>tree=true</c> what stands below it: then a refusal of the run itself stands only where nothing below it was reached.</summary>
    private static async Task<IResult> ControlAsync(HttpContext http, string id, string verb, RequestBody bodies, RunControl control, RunQueries queries, CancellationToken cancel)
    {
        if (!RunId.TryParse(id, out var run)) return Problems.InvalidPath("id", IdRule);
        var tree = http.Request.Query["tree"].ToString();
        if (tree is not ("" or "true" or "false")) return Problems.InvalidQuery("tree", "'tree' is true or false.");
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var fields = new FieldReader(body.Value.IsNull ? JqValue.EmptyObject : body.Value);
        var reason = fields.Text("reason", 1_000);
        if (fields.Problem is { } problem) return problem;
        var action = new RunAction(verb, reason);
        var refused = await control.ApplyAsync(http.Tenant, run, action);
        if (tree != "true" || refused is { StatusCode: 404 }) return refused ?? await ShowAsync(http, run, null, queries, cancel);
        var below = await control.ApplyBelowAsync(http.Tenant, run, action, cancel);
        return refused is not null && below.Reached == 0 ? refused : await ShowAsync(http, run, below, queries, cancel);
    }

    private static async Task<IResult> ShowAsync(HttpContext http, RunId run, TreeView? below, RunQueries queries, CancellationToken cancel) =>
        TypedResults.Json((await queries.FindAsync(http.Tenant, run, cancel))!.ToView() with { Tree = below }, WireJson.Web.RunView, statusCode: 202);

    private static async Task<IResult> AnswerAsync(HttpContext http, RunId run, ControlResult result, RunQueries queries, CancellationToken cancel) => result switch
    {
        ControlResult.Done => TypedResults.Json((await queries.FindAsync(http.Tenant, run, cancel))!.ToView(), WireJson.Web.RunView, statusCode: 202),
        ControlResult.Refused(var state, var verb) => Problems.IllegalTransition(verb, state.ToName()),
        _ => Problems.UnknownRun(run.ToString()),
    };

    private static async Task<IResult> ResultAsync(TenantId tenant, RunRow row, RunQueries queries, CancellationToken cancel)
    {
        JsonElement? output = row.State == "completed" && await queries.OutputAsync(tenant, row, cancel) is { } bytes ? Views.Element(bytes) : null;
        return TypedResults.Json(new RunResult(row.Id, row.State, output, Views.Error(JournalRows.Error(row.Error))), WireJson.Web.RunResult);
    }

    public static async Task<IResult> WithRunAsync(HttpContext http, string id, RunQueries queries, Func<RunRow, Task<IResult>> answer, CancellationToken cancel)
    {
        if (!RunId.TryParse(id, out var run)) return Problems.InvalidPath("id", IdRule);
        return await queries.FindAsync(http.Tenant, run, cancel) is { } row ? await answer(row) : Problems.UnknownRun(id);
    }

    private static bool TryPosition(string text, out long position) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out position) && position >= -1;
}

/// <summary>202 with the run's address; 200 for one that was started before under the same key.</summary>
/// <param name="view">The run as it is known already; null to read it.</param>
internal sealed class StartedRun(RunId id, RunView? view, bool isNew) : IResult, IStatusCodeHttpResult
{
    public RunId Id => id;

    public bool IsNew => isNew;

    public int? StatusCode => isNew ? 202 : 200;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // A new run is shown as it was stored: the answer to each start must not wait for a read.
        var shown = view ?? (await httpContext.RequestServices.GetRequiredService<RunQueries>().FindAsync(httpContext.Tenant, id, httpContext.RequestAborted))!.ToView();
        httpContext.Response.Headers.Location = $"/api/v1/runs/{id}";
        await TypedResults.Json(shown, WireJson.Web.RunView, statusCode: StatusCode).ExecuteAsync(httpContext);
    }
}
