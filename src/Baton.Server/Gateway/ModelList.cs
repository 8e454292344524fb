using Baton.Jq;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>The models that can be asked for, in the shape of the dialect that asks.</summary>
internal static class ModelList
{
    public static Task List(HttpContext http, RouteTable routes)
    {
        var names = Names(http, routes).ToList();
        return WriteAsync(http, IsAnthropic(http)
            ? JqValue.Object(("data", JqValue.Array([.. names.Select(Anthropic)])), ("has_more", false), ("first_id", names.Count > 0 ? names[0] : JqValue.Null), ("last_id", names.Count > 0 ? names[^1] : JqValue.Null))
            : JqValue.Object(("object", "list"), ("data", JqValue.Array([.. names.Select(OpenAi)]))));
    }

    /// <param name="model">Slashes may come as they are or written out, as SDKs do.</param>
    public static Task Get(HttpContext http, RouteTable routes, string model)
    {
        model = model.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return Names(http, routes).FirstOrDefault(name => name.Equals(model, StringComparison.OrdinalIgnoreCase)) is { } found
            ? WriteAsync(http, IsAnthropic(http) ? Anthropic(found) : OpenAi(found))
            : new GatewayError(404, "not_found_error", "model_not_found", $"There is no model '{model}' here. GET /v1/models lists them all.", "model").WriteAsync(http, GatewayDoor.DialectOf(http));
    }

    /// <summary>Those that the caller may ask for.</summary>
    private static IEnumerable<string> Names(HttpContext http, RouteTable routes) =>
        routes.Current.For(http.Tenant).Select(route => route.Name).Concat(ModelCaller.BuiltIns).Where(name => http.Caller.Key?.Allows(name) is null or true).Order(StringComparer.Ordinal);

    private static bool IsAnthropic(HttpContext http) => GatewayDoor.DialectOf(http) == Dialect.Anthropic;

    private static JqValue OpenAi(string name) => JqValue.Object(("id", name), ("object", "model"), ("created", 0), ("owned_by", "baton"));

    private static JqValue Anthropic(string name) => JqValue.Object(("type", "model"), ("id", name), ("display_name", name), ("created_at", "1970-01-01T00:00:00Z"));

    private static Task WriteAsync(HttpContext http, JqValue value)
    {
        RequestId.Tell(http);
        http.Response.ContentType = "application/json";
        return http.Response.Body.WriteAsync(value.ToUtf8Bytes(), http.RequestAborted).AsTask();
    }
}
