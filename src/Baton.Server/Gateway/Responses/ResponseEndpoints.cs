using System.Globalization;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>Responses that are kept here, in the shapes of OpenAI's API.</summary>
internal static class ResponseEndpoints
{
    private const int MaxLimit = 100, DefaultLimit = 20;

    public static Task Get(HttpContext http, KeptResponses responses, string id) => AnswerAsync(http, async () =>
    {
        if (http.Request.Query["stream"] is ["true"]) return (null, GatewayError.Invalid("A stored response is not streamed again: ask without 'stream'.", "stream"));
        return await responses.GetAsync(http.Caller, id, http.RequestAborted) is { } found ? (found.ToJson(), null) : (null, Unknown(id));
    });

    public static Task Remove(HttpContext http, KeptResponses responses, string id) => AnswerAsync(http, async () =>
        await responses.RemoveAsync(http.Caller, id) ? (JqValue.Object(("id", id), ("object", "response"), ("deleted", true)), null) : (null, Unknown(id)));

    public static Task ListInput(HttpContext http, KeptResponses responses, string id) => AnswerAsync(http, async () =>
    {
        var (page, problem) = Page.Read(http.Request.Query);
        if (problem is not null) return (null, problem);
        return await responses.InputAsync(http.Caller, id, http.RequestAborted) is { } items ? page!.Of(items) : (null, Unknown(id));
    });

    private static GatewayError Unknown(string id) =>
        new(404, "not_found_error", "response_not_found", $"There is no response '{KeptResponses.Clip(id)}' here: none with that id was stored by this gateway for this key, or it is no longer kept. Those of targets that speak the API themselves are there.");

    private static async Task AnswerAsync(HttpContext http, Func<Task<(JqValue? Value, GatewayError? Problem)>> find)
    {
        JqValue? value;
        GatewayError? problem;
        try
        {
            (value, problem) = await find();
        }
        catch (StorageUnavailableException e)
        {
            (value, problem) = (null, KeptResponses.Unavailable(e));
        }
        if (problem is not null)
        {
            await problem.WriteAsync(http, Dialect.OpenAi);
            return;
        }
        RequestId.Tell(http);
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(value!.Value.ToUtf8Bytes(), http.RequestAborted);
    }

    /// <summary>Which of the items are asked for.</summary>
    private sealed record Page(int Limit, bool IsAscending, string? After)
    {
        public static (Page? Page, GatewayError? Problem) Read(IQueryCollection query)
        {
            var (limit, order, after) = (DefaultLimit, query["order"].ToString(), query["after"].ToString());
            if (query["limit"] is [{ } text] && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit)) return (null, GatewayError.Invalid($"'limit' is a whole number from 1 to {MaxLimit}.", "limit"));
            if (order is not ("" or "asc" or "desc")) return (null, GatewayError.Invalid("'order' is asc or desc.", "order"));
            return (new Page(limit, order == "asc", after.Length > 0 ? after : null), null);
        }

        public (JqValue?, GatewayError?) Of(JqArray items)
        {
            JqValue[] ordered = [.. items.AsSpan()];
            if (!IsAscending) Array.Reverse(ordered);
            var start = After is null ? 0 : Array.FindIndex(ordered, item => item["id"] == After) + 1;
            if (After is not null && start == 0) return (null, GatewayError.Invalid($"'after' names no item of this response: '{KeptResponses.Clip(After)}'.", "after"));
            var shown = ordered[start..Math.Min(ordered.Length, start + Limit)];
            return (JqValue.Object(
                ("object", "list"), ("data", JqValue.Array(shown)), ("first_id", shown is [var first, ..] ? first["id"] : JqValue.Null), ("last_id", shown is [.., var last] ? last["id"] : JqValue.Null),
                ("has_more", start + shown.Length < ordered.Length)), null);
        }
    }
}
