using Baton.Client;
using Baton.Server.Http;
using Microsoft.AspNetCore.Routing.Template;

namespace Baton.Server.Gateway;

/// <summary>What is turned away below <c>/v1</c> before anybody looks at what it asks, in words that its SDK can read.</summary>
internal static class GatewayDoor
{
    private const int MaxShown = 200;

    /// <summary>Those of the address where it is a surface's; else those of the SDK, of which Anthropic's says so with every request.</summary>
    public static Dialect DialectOf(HttpContext http) => Surface.All.FirstOrDefault(surface => http.Request.Path == $"/v1{surface.Path}") is { } asked ? asked.Dialect
        : http.Request.Headers.ContainsKey("anthropic-version") ? Dialect.Anthropic : Dialect.OpenAi;

    /// <summary>A caller who is not known, or a page of a stranger.</summary>
    public static Task RefuseCaller(HttpContext http, Problem problem) =>
        (problem.Status == 401 ? new GatewayError(401, "authentication_error", "invalid_api_key", "Send a key that this server knows, as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.")
            : new GatewayError(problem.Status, "permission_error", "permission_denied", problem.Detail ?? problem.Title)).WriteAsync(http, DialectOf(http));

    /// <summary>An address that is none, or one that takes other methods.</summary>
    public static Task RefuseAddress(HttpContext http)
    {
        var (path, allowed) = (http.Request.Path.ToString().Clip(MaxShown), MethodsOf(http));
        if (allowed.Count == 0) return new GatewayError(404, "not_found_error", "unknown_address", $"There is nothing at {path}. There are: {string.Join(", ", Surface.All.Select(surface => $"/v1{surface.Path}"))} and /v1/models.").WriteAsync(http, DialectOf(http));
        http.Response.Headers.Allow = string.Join(", ", allowed);
        return new GatewayError(405, "invalid_request_error", "method_not_allowed", $"{http.Request.Method.Clip(MaxShown)} is not possible at {path}; allowed: {http.Response.Headers.Allow}.").WriteAsync(http, DialectOf(http));
    }

    /// <summary>What the address takes.</summary>
    private static List<string> MethodsOf(HttpContext http) =>
    [
        .. http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(http.Request.Path, []))
            .SelectMany(static endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];
}
