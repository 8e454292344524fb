using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Http;
using Baton.Server.Identity;

namespace Baton.Server.Workflows;

/// <summary>Workflow documents, schedules and events.</summary>
internal static class WorkflowEndpoints
{
    private const int MaxPage = 500;

    /// <summary>Registers a document in YAML or JSON. A version never changes: the same text again is fine, another one is refused, or with <c>revise=true</c> kept as a revision.</summary>
    public static async Task<IResult> Register(HttpContext http, RequestBody bodies, WorkflowRegistry registry, CancellationToken cancel)
    {
        var revise = http.Request.Query["revise"].ToString();
        if (revise is not ("" or "true" or "false")) return Problems.InvalidQuery("revise", "'revise' is true or false.");
        var text = await bodies.ReadTextAsync(http.Request, cancel);
        if (text.Problem is not null) return text.Problem;
        try
        {
            var (workflow, result) = await registry.RegisterAsync(http.Tenant, text.Value!, revise == "true", cancel);
            if (result is RegisterResult.OtherContent) return Problems.VersionTaken(new WorkflowName(workflow.Namespace, workflow.Name, workflow.Version));
            var view = (await registry.ViewAsync(http.Tenant, workflow, whole: false, cancel))!;
            http.Response.Headers.Location = $"/api/v1/workflows/{workflow.Namespace}/{workflow.Name}/{workflow.Version}";
            return TypedResults.Json(view, WireJson.Web.WorkflowView, statusCode: result is RegisterResult.Registered ? 201 : 200);
        }
        catch (InvalidWorkflowException e)
        {
            return Problems.InvalidWorkflow(e.Message, [.. e.Problems.Select(problem => new Fault(problem.Pointer, $"{problem.Rule} {problem.Mend}", problem.Line == 0 ? null : problem.Line))]);
        }
    }

    public static async Task<IResult> List(HttpContext http, WorkflowRegistry registry, CancellationToken cancel)
    {
        var limit = http.QueryInteger("limit", 1, MaxPage, 100);
        if (limit.Problem is not null) return limit.Problem;
        var after = http.Request.Query["cursor"] is [{ } cursor] ? cursor.Split('/', '@') : null;
        if (after is not null and not { Length: 3 }) return Problems.InvalidQuery("cursor", "Give the next_cursor of the page before.");
        return TypedResults.Json(await registry.ListAsync(http.Tenant, after is null ? new WorkflowRef("", "", "") : new WorkflowRef(after[0], after[1], after[2]), limit.Value!.Value, cancel), WireJson.Web.PageWorkflowView);
    }

    /// <summary>All versions of a workflow, the newest first.</summary>
    public static async Task<IResult> Versions(HttpContext http, string space, string name, WorkflowRegistry registry, CancellationToken cancel)
    {
        var versions = await registry.VersionsAsync(http.Tenant, space, name, cancel);
        return versions.Count == 0 ? Problems.UnknownWorkflow(new WorkflowName(space, name)) : TypedResults.Json(new Page<WorkflowView>(versions, null), WireJson.Web.PageWorkflowView);
    }

    public static async Task<IResult> Get(HttpContext http, string space, string name, string version, WorkflowRegistry registry, WorkflowCatalog catalog, CancellationToken cancel)
    {
        var asked = new WorkflowName(space, name, version);
        if (await catalog.ResolveAsync(http.Tenant, asked, cancel) is not { } workflow || await registry.ViewAsync(http.Tenant, workflow, whole: true, cancel) is not { } view) return Problems.UnknownWorkflow(asked);
        return TypedResults.Json(view, WireJson.Web.WorkflowView);
    }

    public static async Task<IResult> Schedules(HttpContext http, ScheduleStore schedules, CancellationToken cancel) =>
        TypedResults.Json(new Page<ScheduleView>(await schedules.ListAsync(http.Tenant, cancel), null), WireJson.Web.PageScheduleView);

    /// <summary>Publishes a CloudEvents 1.0 event: runs that listen are given it, workflows that it triggers are started.</summary>
    public static async Task<IResult> Publish(HttpContext http, RequestBody bodies, RunStore runs, TimeProvider time, CancellationToken cancel)
    {
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        if (!body.Value.TryGetObject(out var attributes)) return Problems.InvalidBody("An event is a JSON object.", new Fault("", "Send a CloudEvents 1.0 object."));
        var faults = new List<Fault>();
        foreach (var name in new[] { "id", "type", "source", "specversion" })
        {
            if (!attributes.TryGetValue(name, out var value)) continue;
            if (!value.TryGetString(out var text) || text.Length is 0 or > 500) faults.Add(new Fault($"/{name}", $"'{name}' is a text of 1 to 500 characters."));
        }
        if (attributes.TryGetValue("specversion", out var version) && version.TryGetString(out var spec) && spec is not "1.0" and not "") faults.Add(new Fault("/specversion", "'specversion' is 1.0."));
        if (attributes.TryGetValue("time", out var at) && (!at.TryGetString(out var moment) || !Times.TryParse(moment, out _))) faults.Add(new Fault("/time", $"'time' is {Times.Rule}"));
        if (!attributes.ContainsKey("type")) faults.Add(new Fault("/type", "'type' is required, such as com.example.order.placed.v1."));
        if (faults.Count > 0) return Problems.InvalidBody("The event is not a CloudEvents 1.0 event.", [.. faults]);
        var id = attributes.TryGetValue("id", out var given) ? given.AsString() : Guid.CreateVersion7(time.GetUtcNow()).ToString();
        var members = new JqObject.Builder(attributes, 4) { ["specversion"] = "1.0", ["id"] = id };
        if (!attributes.ContainsKey("source")) members["source"] = "/api/v1/events";
        if (!attributes.ContainsKey("time")) members["time"] = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        JqValue published = members.ToObject();
        var reached = await runs.PublishAsync(http.Tenant, CloudEvent.Read(published.ToUtf8Bytes()));
        return TypedResults.Json(new EventReceipt(id, reached), WireJson.Web.EventReceipt, statusCode: 202);
    }
}
