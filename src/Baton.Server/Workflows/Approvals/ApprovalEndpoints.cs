using System.Globalization;
using Baton.Client;
using Baton.Server.Http;
using Baton.Server.Identity;

namespace Baton.Server.Workflows;

/// <summary>Questions to people: look, list, answer.</summary>
internal static class ApprovalEndpoints
{
    private static readonly string[] States = ["open", "answered", "expired", "withdrawn"];

    public static async Task<IResult> List(HttpContext http, ApprovalStore approvals, CancellationToken cancel)
    {
        var query = http.Request.Query;
        if (query["state"] is [{ } state] && !States.Contains(state, StringComparer.Ordinal)) return Problems.InvalidQuery("state", $"'{state}' is no state; states: {string.Join(", ", States)}.");
        var limit = http.QueryInteger("limit", 1, 500, 50);
        if (limit.Problem is not null) return limit.Problem;
        (long, string)? before = null;
        if (query["cursor"] is [{ } cursor])
        {
            if (cursor.Split('.', 2) is not [var ms, var id] || !long.TryParse(ms, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return Problems.InvalidQuery("cursor", "Give the next_cursor of the page before.");
            before = (number, id);
        }
        return TypedResults.Json(await approvals.ListAsync(http.Tenant, query["state"], query["assignee"], before, limit.Value!.Value, cancel), WireJson.Web.PageApprovalView);
    }

    public static async Task<IResult> Get(HttpContext http, string id, ApprovalStore approvals, CancellationToken cancel) =>
        await approvals.FindAsync(http.Tenant, id, cancel) is { } row ? TypedResults.Json(row.ToView(), WireJson.Web.ApprovalView) : Problems.UnknownApproval(id);

    public static async Task<IResult> Answer(HttpContext http, string id, RequestBody bodies, ApprovalStore approvals, CancellationToken cancel)
    {
        if (await approvals.FindAsync(http.Tenant, id, cancel) is null) return Problems.UnknownApproval(id);
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var fields = new FieldReader(body.Value);
        var (choice, comment, value) = (fields.Text("choice", 100, required: true), fields.Text("comment", 4_000), fields.Any("value"));
        if (fields.Problem is { } problem) return problem;
        return await approvals.AnswerAsync(http.Tenant, id, new Answer(choice!, comment, value, http.CallerName), cancel) switch
        {
            AnswerResult.Taken(var row) => TypedResults.Json(row.ToView(), WireJson.Web.ApprovalView),
            AnswerResult.Closed(var row) => Problems.ApprovalClosed(id, row.Standing, row.AnsweredBy),
            AnswerResult.NoSuchChoice(var choices) => Problems.InvalidBody($"'{choice}' is no choice here.", new Fault("/choice", $"Choose one of {string.Join(", ", choices)}.")),
            _ => Problems.UnknownApproval(id),
        };
    }
}
