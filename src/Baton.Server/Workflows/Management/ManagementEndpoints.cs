using Baton.Client;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Http;
using Baton.Server.Identity;

namespace Baton.Server.Workflows;

/// <summary>Runs as a whole: retried, forked, removed, counted, moved.</summary>
internal static class ManagementEndpoints
{
    private static readonly Dictionary<string, long> Periods = new(StringComparer.Ordinal) { ["hour"] = 3_600_000, ["day"] = 86_400_000, ["week"] = 7 * 86_400_000L };

    public static async Task<IResult> Retry(HttpContext http, string id, RequestBody bodies, RunControl control, RunQueries queries, CancellationToken cancel)
    {
        if (!RunId.TryParse(id, out var run)) return Problems.InvalidPath("id", RunEndpoints.IdRule);
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var fields = new FieldReader(body.Value.IsNull ? JqValue.EmptyObject : body.Value);
        var from = fields.Integer("from", 1, int.MaxValue);
        if (fields.Problem is { } problem) return problem;
        return await control.ApplyAsync(http.Tenant, run, new RunAction("retry", From: from)) ?? await ShowAsync(http, run, queries, cancel);
    }

    public static async Task<IResult> Fork(HttpContext http, string id, RequestBody bodies, RunKeeper keeper, RunQueries queries, WorkflowCatalog catalog, TimeProvider time, CancellationToken cancel)
    {
        if (!RunId.TryParse(id, out var source)) return Problems.InvalidPath("id", RunEndpoints.IdRule);
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var fields = new FieldReader(body.Value);
        var from = fields.Any("from");
        var isPosition = from.TryGetInt64(out var position);
        if (!isPosition && !(from.TryGetString(out var named) && named.Length is > 0 and <= 512)) fields.Add("/from", "'from' is the position of an entry, from 1 on, or the key of a step (1 to 512 characters).");
        var version = fields.Text("version", 100);
        var hasInput = body.Value.TryGetObject(out var members) && members.ContainsKey("input");
        var input = fields.Any("input");
        var hasLabels = !fields.Any("labels").IsNull;
        var labels = fields.Texts("labels", 20, 63, 200);
        if (fields.Problem is { } problem) return problem;
        if (await queries.FindAsync(http.Tenant, source, cancel) is not { } row) return Problems.UnknownRun(id);
        var name = new WorkflowName(row.Namespace, row.Workflow, version ?? row.Version);
        if (version is not null && await catalog.ResolveAsync(http.Tenant, name, cancel) is null) return Problems.UnknownWorkflow(name);
        if (hasInput && (await catalog.ReadAsync(http.Tenant, new WorkflowRef(row.Namespace, row.Workflow, version ?? row.Version), cancel)).Definition?.CheckInput(input) is { Count: > 0 } errors)
            return Problems.InvalidInput($"The input does not fit the schema of {name}: {errors[0].Message}", [.. errors.Select(error => new Fault($"/input{error.InstancePointer}", error.Message))]);
        var fork = new ForkToMake(RunId.New(time), source, isPosition ? position : null, isPosition ? null : from.AsString(), version, hasInput ? (ReadOnlyMemory<byte>?)input.ToUtf8Bytes() : null, hasLabels ? labels : null);
        switch (await keeper.ForkAsync(http.Tenant, fork))
        {
            case ForkResult.UnknownRun: return Problems.UnknownRun(id);
            case ForkResult.UnknownStep: return Problems.UnknownStep(isPosition ? $"position {position}" : $"'{from.AsString()}'");
        }
        http.Response.Headers.Location = $"/api/v1/runs/{fork.Id}";
        return await ShowAsync(http, fork.Id, queries, cancel);
    }

    public static async Task<IResult> Delete(HttpContext http, string id, RunControl control) =>
        !RunId.TryParse(id, out var run) ? Problems.InvalidPath("id", RunEndpoints.IdRule)
        : await control.ApplyAsync(http.Tenant, run, new RunAction("delete")) is { } refused ? refused : TypedResults.NoContent();

    public static Task<IResult> Errors(HttpContext http, string id, RunQueries queries, CancellationToken cancel) => RunEndpoints.WithRunAsync(http, id, queries, async row =>
    {
        var limit = http.QueryInteger("limit", 1, 1_000, 200);
        if (limit.Problem is not null) return limit.Problem;
        var after = http.QueryInteger("after", -1, int.MaxValue, -1);
        if (after.Problem is not null) return after.Problem;
        var (rows, hasMore) = await queries.ErrorsAsync(http.Tenant, row, after.Value!.Value, limit.Value!.Value, cancel);
        return TypedResults.Json(new Page<RunErrorView>([.. rows.Select(entry => Views.RunError(entry))], hasMore ? RunQueries.Cursor(rows[^1].Seq) : null), WireJson.Web.PageRunErrorView);
    }, cancel);

    /// <summary>Does one thing to all runs that a filter finds, in bounded portions.</summary>
    public static async Task<IResult> Bulk(HttpContext http, RequestBody bodies, RunControl control, CancellationToken cancel)
    {
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var fields = new FieldReader(body.Value);
        var verb = fields.Text("action", 20, required: true);
        if (verb is not null && !RunControl.Actions.Contains(verb, StringComparer.Ordinal)) fields.Add("/action", $"'action' is one of {string.Join(", ", RunControl.Actions)}.");
        var given = fields.Any("filter");
        var dry = fields.Any("dry_run");
        if (!dry.IsNull && dry.Kind is not (JqKind.True or JqKind.False)) fields.Add("/dry_run", "'dry_run' is true or false.");
        var limit = fields.Integer("limit", 1, 10_000) ?? 1_000;
        var cursor = fields.Text("cursor", 20);
        var before = 0L;
        if (cursor is not null && !RunFilters.TryCursor(cursor, out before)) fields.Add("/cursor", "Give the next_cursor of the answer before.");
        var reason = fields.Text("reason", 1_000);
        var signal = fields.Text("signal", 200, required: verb == "signal");
        var payload = fields.Any("payload");
        if (!given.IsObject) fields.Add("/filter", "'filter' is an object such as {\"state\": \"failed\"}.");
        if (fields.Problem is { } problem) return problem;
        var names = new FieldReader(given, "/filter");
        var (filter, refused) = RunFilters.Read(name => names.Text(name, 300), (name, detail) => Problems.InvalidBody(detail, new Fault($"/filter/{name}", detail)), cursor is null ? null : before, limit);
        if (names.Problem is { } unknown) return unknown;
        if (refused is not null) return refused;
        if (filter!.IsEmpty) return Problems.InvalidBody("A filter names at least one condition.", new Fault("/filter", $"Name one of {string.Join(", ", RunFilters.Parameters.Select(one => one.Name))}: what is done to all runs is not done by accident."));
        var action = new RunAction(verb!, reason, Signal: signal, Payload: payload.ToUtf8Bytes());
        return TypedResults.Json(await control.ApplyToAllAsync(http.Tenant, filter, action, !dry.IsNull && dry.AsBoolean(), cancel), WireJson.Web.BulkView);
    }

    public static async Task<IResult> Statistics(HttpContext http, RunQueries queries, CancellationToken cancel)
    {
        var query = http.Request.Query;
        if (!RunFilters.TryTime(query["created_after"] is [{ } first] ? first : null, out var after)) return Problems.InvalidQuery("created_after", $"Give {Times.Rule}");
        if (!RunFilters.TryTime(query["created_before"] is [{ } last] ? last : null, out var before)) return Problems.InvalidQuery("created_before", $"Give {Times.Rule}");
        var workflow = query["workflow"] is [{ } named] ? WorkflowName.Parse(named) : null;
        if (workflow is { Name.Length: 0 }) return Problems.InvalidQuery("workflow", "A workflow is written as name or namespace/name.");
        var period = query["period"] is [{ } asked] ? asked : null;
        if (period is not null && !Periods.ContainsKey(period)) return Problems.InvalidQuery("period", $"'period' is one of {string.Join(", ", Periods.Keys)}.");
        var rows = await queries.StatisticsAsync(http.Tenant, workflow, after ?? 0, before ?? long.MaxValue, period is null ? long.MaxValue : Periods[period], cancel);
        return TypedResults.Json(Views.Statistics(rows, period is not null), WireJson.Web.StatisticsView);
    }

    private static async Task<IResult> ShowAsync(HttpContext http, RunId run, RunQueries queries, CancellationToken cancel) =>
        TypedResults.Json((await queries.FindAsync(http.Tenant, run, cancel))!.ToView(), WireJson.Web.RunView, statusCode: 202);
}
