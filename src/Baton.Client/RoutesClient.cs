using System.Net.Http.Headers;
using System.Text.Json;

namespace Baton.Client;

/// <summary>Models and their routes. Every method throws <see cref="BatonException"/> when the server refuses.</summary>
public sealed class RoutesClient
{
    private readonly BatonClient client;

    internal RoutesClient(BatonClient client) => this.client = client;

    /// <summary>Every model that can be asked for.</summary>
    public Task<Page<RouteView>> ListAsync(CancellationToken cancel) => client.GetAsync("/api/v1/routes", WireJson.Web.PageRouteView, cancel);

    public Task<RouteView> GetAsync(string name, CancellationToken cancel) => client.GetAsync(Path(name), WireJson.Web.RouteView, cancel);

    /// <summary>Puts a route of one's own; durable when answered.</summary>
    /// <param name="settings">A model's settings, their names in snake_case.</param>
    /// <param name="version">The version that it replaces; null for whatever there is.</param>
    public Task<RouteView> PutAsync(string name, JsonElement settings, string? version, CancellationToken cancel) =>
        client.SendAsync(Conditional(new HttpRequestMessage(HttpMethod.Put, Path(name)) { Content = BatonClient.Json(settings, WireJson.Web.JsonElement) }, version), WireJson.Web.RouteView, cancel);

    /// <param name="version">The version that is removed; null for whatever there is.</param>
    public async Task RemoveAsync(string name, string? version, CancellationToken cancel) =>
        (await client.SendAsync(Conditional(new HttpRequestMessage(HttpMethod.Delete, Path(name)), version), HttpCompletionOption.ResponseContentRead, cancel).ConfigureAwait(false)).Dispose();

    /// <summary>Who would be asked with a request. Nobody is.</summary>
    /// <param name="request">As it would be sent to the surface.</param>
    /// <param name="surface">Such as /v1/messages; null for /v1/chat/completions.</param>
    public Task<RouteExplanation> ExplainAsync(JsonElement request, string? surface, CancellationToken cancel) => ExplainAsync(request, surface, null, [], cancel);

    /// <summary>Who would be asked with a request of somebody else's. Nobody is.</summary>
    /// <param name="request">As it would be sent to the surface.</param>
    /// <param name="surface">Such as /v1/messages; null for /v1/chat/completions.</param>
    /// <param name="key">The name of the key that it would be sent with; null for the caller's own.</param>
    /// <param name="headers">Those that it would have.</param>
    public Task<RouteExplanation> ExplainAsync(JsonElement request, string? surface, string? key, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken cancel)
    {
        var query = new[] { ("surface", surface), ("key", key) }.Where(pair => pair.Item2 is not null).Select(pair => new KeyValuePair<string, string>(pair.Item1, pair.Item2!));
        var message = new HttpRequestMessage(HttpMethod.Post, $"/debug/route{BatonClient.Query(query)}") { Content = BatonClient.Json(request, WireJson.Web.JsonElement) };
        foreach (var (name, value) in headers) message.Headers.TryAddWithoutValidation(name, value);
        return client.SendAsync(message, WireJson.Web.RouteExplanation, cancel);
    }

    private static string Path(string name) => $"/api/v1/routes/{Uri.EscapeDataString(name)}";

    private static HttpRequestMessage Conditional(HttpRequestMessage request, string? version)
    {
        if (version is not null) request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{version}\""));
        return request;
    }
}
