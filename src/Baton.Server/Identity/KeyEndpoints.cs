using Baton.Client;
using Baton.Server.Http;

namespace Baton.Server.Identity;

/// <summary>
/// Keys over the API. Whoever administers a tenant makes keys for that tenant and no other: a tenant begins with a line of the keys file, which only the operator of the server can write.
/// </summary>
internal static class KeyEndpoints
{
    private const int DefaultGraceSeconds = 3_600, MaxGraceSeconds = 31 * 24 * 3600;

    public static async Task<IResult> Create(HttpContext http, RequestBody bodies, KeyStore store, KeyFeed feed, TimeProvider time, ILogger<KeyFeed> log, CancellationToken cancel)
    {
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var (fields, problem) = KeyFields.Read(body.Value, isNew: true, time.GetUtcNow());
        if (problem is not null) return problem;
        var key = new NewKey($"key_{Guid.CreateVersion7(time.GetUtcNow()):N}", fields!, KeySecret.Make(), http.CallerName);
        await store.AddAsync(http.Tenant, key);
        return await AnswerAsync(http, key.Id, "made", key.Secret, store, feed, time, log, 201);
    }

    public static async Task<IResult> List(HttpContext http, KeyStore store, KeyTable table, TimeProvider time, CancellationToken cancel)
    {
        var query = http.Request.Query;
        var limit = http.QueryInteger("limit", 1, 500, 50);
        if (limit.Problem is not null) return limit.Problem;
        var before = query["cursor"] is [{ } cursor] ? cursor : null;
        if (before is not null && !IsId(before)) return Problems.InvalidQuery("cursor", "Give the next_cursor of the page before.");
        var rows = await store.ListAsync(http.Tenant, query["team"], before, limit.Value!.Value + 1, cancel);
        var uses = Uses(table, http);
        var shown = rows.Take(limit.Value.Value).Select(row => row.ToView(time.GetUtcNow(), uses.GetValueOrDefault(row.Id))).ToList();
        return TypedResults.Json(new Page<KeyView>(shown, rows.Count > shown.Count ? shown[^1].Id : null), WireJson.Web.PageKeyView);
    }

    public static async Task<IResult> Get(HttpContext http, string id, KeyStore store, KeyTable table, TimeProvider time, CancellationToken cancel) =>
        IsId(id) && await store.FindAsync(http.Tenant, id, cancel) is { } row ? TypedResults.Json(row.ToView(time.GetUtcNow(), Uses(table, http).GetValueOrDefault(id)), WireJson.Web.KeyView) : Problems.UnknownKey(id);

    public static async Task<IResult> Change(HttpContext http, string id, RequestBody bodies, KeyStore store, KeyFeed feed, TimeProvider time, ILogger<KeyFeed> log, CancellationToken cancel)
    {
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var (fields, problem) = KeyFields.Read(body.Value, isNew: false, time.GetUtcNow());
        if (problem is not null) return problem;
        if (!IsId(id) || !await store.ChangeAsync(http.Tenant, id, fields!)) return Problems.UnknownKey(id);
        return await AnswerAsync(http, id, fields!.IsDisabled switch { true => "disabled", false => "enabled", null => "changed" }, null, store, feed, time, log);
    }

    public static async Task<IResult> Rotate(HttpContext http, string id, RequestBody bodies, KeyStore store, KeyFeed feed, TimeProvider time, ILogger<KeyFeed> log, CancellationToken cancel)
    {
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var grace = DefaultGraceSeconds;
        if (!body.Value.IsNull)
        {
            var fields = new FieldReader(body.Value);
            grace = fields.Integer("grace_seconds", 0, MaxGraceSeconds) ?? DefaultGraceSeconds;
            if (fields.Problem is { } problem) return problem;
        }
        var secret = KeySecret.Make();
        if (!IsId(id) || !await store.RotateAsync(http.Tenant, id, secret, TimeSpan.FromSeconds(grace))) return Problems.UnknownKey(id);
        return await AnswerAsync(http, id, "rotated", secret, store, feed, time, log);
    }

    public static async Task<IResult> Remove(HttpContext http, string id, KeyStore store, KeyFeed feed, ILogger<KeyFeed> log)
    {
        if (!IsId(id) || !await store.RemoveAsync(http.Tenant, id)) return Problems.UnknownKey(id);
        await feed.ReloadAsync(CancellationToken.None);
        log.KeyChanged(id, http.Tenant.Value, "removed", http.CallerName);
        return TypedResults.NoContent();
    }

    /// <summary>What was written is in force on this node when its answer is sent; a client that leaves changes nothing of that.</summary>
    private static async Task<IResult> AnswerAsync(HttpContext http, string id, string what, string? secret, KeyStore store, KeyFeed feed, TimeProvider time, ILogger log, int status = 200)
    {
        await feed.ReloadAsync(CancellationToken.None);
        log.KeyChanged(id, http.Tenant.Value, what, http.CallerName);
        if (secret is not null) http.Response.Headers.CacheControl = "no-store";
        return await store.FindAsync(http.Tenant, id, CancellationToken.None) is { } row ? TypedResults.Json(row.ToView(time.GetUtcNow(), 0, secret), WireJson.Web.KeyView, statusCode: status) : Problems.UnknownKey(id);
    }

    private static Dictionary<string, long> Uses(KeyTable table, HttpContext http) => table.Keys.Where(key => key.Tenant == http.Tenant).ToDictionary(key => key.Id, key => key.Use.LastMs, StringComparer.Ordinal);

    /// <summary>What cannot be an id is not asked for: it may hold what no text of the database may.</summary>
    private static bool IsId(string id) => id.Length == 36 && id.StartsWith("key_", StringComparison.Ordinal) && Guid.TryParseExact(id[4..], "N", out _);
}
