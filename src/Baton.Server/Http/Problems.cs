using System.Diagnostics;
using Baton.Client;

namespace Baton.Server.Http;

/// <summary>Every refusal of the API, in one shape (RFC 9457) with a stable type. docs/operate/problems.md has an entry for each.</summary>
internal static class Problems
{
    private const string Base = "urn:baton:problem:";

    private const int MaxFaults = 50, MaxText = 1_000;

    public static ProblemResult InvalidBody(string detail, params IReadOnlyList<Fault> faults) => Of("invalid-request", 400, "The request is not valid", detail, faults);

    public static ProblemResult InvalidQuery(string name, string detail) => Of("invalid-request", 400, "The request is not valid", detail, [new Fault($"query/{name}", detail)]);

    public static ProblemResult InvalidHeader(string name, string detail) => Of("invalid-request", 400, "The request is not valid", detail, [new Fault($"header/{name}", detail)]);

    public static ProblemResult InvalidPath(string name, string detail) => Of("invalid-request", 400, "The request is not valid", detail, [new Fault($"path/{name}", detail)]);

    public static ProblemResult TooLarge(long limit, string setting = "Http:MaxRequestBytes") =>
        Of("too-large", 413, "The request is too large", $"The body has more than {limit:N0} bytes. Send less, or raise {setting}.", [new Fault("", $"At most {limit:N0} bytes.")]);

    public static ProblemResult WrongMediaType(string? got, string wanted) =>
        Of("wrong-media-type", 415, "The media type is not supported", $"The body is {(string.IsNullOrEmpty(got) ? "of no stated type" : got)}. Send {wanted}.", [new Fault("header/Content-Type", $"Send {wanted}.")]);

    public static ProblemResult InvalidWorkflow(string detail, IReadOnlyList<Fault> faults) => Of("invalid-workflow", 422, "The workflow document is not valid", detail, faults);

    public static ProblemResult InvalidInput(string detail, IReadOnlyList<Fault> faults) => Of("invalid-input", 422, "The input does not fit the workflow", detail, faults);

    public static ProblemResult UnknownWorkflow(WorkflowName name) => Of("unknown-workflow", 404, "No such workflow", $"There is no workflow {name}. Register it with POST /api/v1/workflows, or list what there is with GET /api/v1/workflows.");

    public static ProblemResult UnknownRun(string id) => Of("unknown-run", 404, "No such run", $"There is no run {id}.");

    public static ProblemResult UnknownRoute(string name) => Of("unknown-route", 404, "No such route", $"There is no route '{name}' of yours. List what there is with GET /api/v1/routes, or make one with PUT.");

    public static ProblemResult InvalidRoute(string detail, IReadOnlyList<Fault> faults) => Of("invalid-route", 422, "The route is not valid", detail, faults);

    public static ProblemResult RouteChanged(string name, string? version) =>
        Of("route-changed", 412, "The route is not what the request expects", version is null ? $"There is no route '{name}' any more, or not yet." : $"The route '{name}' has the version {version}. Look at what has changed, and ask again with 'If-Match: \"{version}\"'.",
            [new Fault("header/If-Match", version is null ? "There is no such route." : $"The version is {version}.")]);

    public static ProblemResult TooManyRoutes(int most) => Of("too-many-routes", 409, "There are too many routes", $"A tenant has at most {most:N0} routes of its own (Gateway:MaxRoutesPerTenant). Remove one that is not needed any more.");

    public static ProblemResult UnknownApproval(string id) => Of("unknown-approval", 404, "No such approval", $"There is no approval {id}.");

    public static ProblemResult UnknownBudget(string name) => Of("unknown-budget", 404, "No such budget", $"There is no budget '{name}'. GET /api/v1/budgets lists them all.");

    public static ProblemResult ApprovalClosed(string id, string state, string? by) => Of("approval-closed", 409, "The approval is not open", (state, by) switch
    {
        ("answered", _) => $"{id} was answered by {by}. An approval is answered once.",
        ("withdrawn", _) => $"{id} was withdrawn: the run that asked has ended.",
        _ => $"{id} has expired: its deadline has passed.",
    });

    public static ProblemResult VersionTaken(WorkflowName name) =>
        Of("version-taken", 409, "The version is registered with other content", $"{name} is registered, and its document is another one. A registered version never changes: give this document a new version.");

    public static ProblemResult KeyReused(string key, string run) =>
        Of("idempotency-key-reused", 422, "The idempotency key stands for another request", $"'{key}' was used to start {run} with another request. Use a new key for a new request.", [new Fault("header/Idempotency-Key", "Used before, with another request.")]);

    public static ProblemResult IllegalTransition(string verb, string state) => Of("illegal-transition", 409, "Not possible in this state", Explain(verb, state));

    public static ProblemResult NotRetryable(string detail) => Of("not-retryable", 409, "The run cannot be retried", detail);

    public static ProblemResult UnknownStep(string where) =>
        Of("unknown-step", 422, "The run has no such step", $"Nothing is recorded at {where}. Name a step's key or a position, as GET …/journal shows them; a task that records nothing (set, switch) is none.", [new Fault("/from", "Give the key of a recorded step, or the position of an entry from 1 on.")]);

    public static ProblemResult NotEnded(string state) => Of("not-ended", 409, "The run has not ended", $"The run is {state}. Follow GET …/events, or ask again.");

    public static ProblemResult Unauthorized() => Of("unauthorized", 401, "A credential is needed", "Send 'Authorization: Bearer KEY' with a key that this server knows.");

    public static ProblemResult InsufficientScope(string has, string needs) =>
        Of("insufficient-scope", 403, "The key may not do this", $"It is of scope '{has}'; this needs '{needs}'. Ask whoever made it for another one.");

    public static ProblemResult UnknownKey(string id) => Of("unknown-key", 404, "No such key", $"There is no key {id}.");

    public static ProblemResult ForeignOrigin(string how) =>
        Of("foreign-origin", 403, "The request comes from elsewhere", $"{how}. This server has no credentials and serves its own machine alone, by the names 127.0.0.1 and localhost. To serve others, configure a key: see BATON_API_KEY and Identity:KeysFile.");

    public static ProblemResult StorageUnavailable(string detail) => Of("storage-unavailable", 503, "The storage does not accept writes now", detail);

    public static ProblemResult Stopping() => Of("stopping", 503, "The server is stopping", "Ask another node, or this one after its restart.");

    public static ProblemResult NotFound(string path) => Of("not-found", 404, "Nothing is here", $"There is nothing at {path}. See /openapi/v1.json.");

    public static ProblemResult Internal() => Of("internal", 500, "The server failed", "This is a fault of the server. Its log has the details under this trace id.");

    /// <summary>Names and values of the request stand in it, but never at full length: a refusal is not as large as what it refuses.</summary>
    public static ProblemResult Of(string slug, int status, string title, string detail, IReadOnlyList<Fault>? faults = null) =>
        new(new Problem(Base + slug, title, status, detail.Clip(MaxText), Errors: faults is { Count: > 0 } ? [.. faults.Take(MaxFaults).Select(fault => fault with { Pointer = fault.Pointer.Clip(MaxText), Detail = fault.Detail.Clip(MaxText) })] : null)
        {
            TraceId = Activity.Current?.TraceId.ToString(),
        });

    private static string Explain(string verb, string state) => (verb, state) switch
    {
        ("resume", "completed" or "failed" or "cancelled") => $"The run has ended ({state}); start a new one.",
        ("resume", _) => $"Only a paused run can be resumed; this one is {state}.",
        ("pause", "paused") => "The run is paused already.",
        ("retry", "completed") => "The run has completed. To go on from one of its steps, fork it.",
        ("retry", _) => $"Only a run that failed or was cancelled can be retried; this one is {state}.",
        ("delete", _) => $"Only a run that has ended can be deleted; this one is {state}. Cancel it first.",
        (_, "completed" or "failed" or "cancelled") => $"The run has ended ({state}).",
        _ => $"A run that is {state} cannot be asked to {verb}.",
    };
}

/// <summary>A problem as a result of an endpoint.</summary>
internal sealed class ProblemResult(Problem problem) : IResult, IStatusCodeHttpResult
{
    public Problem Problem => problem;

    public int? StatusCode => problem.Status;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = problem.Status;
        if (problem.Status == 401) httpContext.Response.Headers.WWWAuthenticate = "Bearer";
        if (problem.Status == 503) httpContext.Response.Headers.RetryAfter = "1";
        return httpContext.Response.WriteAsJsonAsync(problem, WireJson.Web.Problem, "application/problem+json", httpContext.RequestAborted);
    }
}
