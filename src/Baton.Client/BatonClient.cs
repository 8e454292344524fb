using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Baton.Client;

/// <summary>A client of a Baton server. Thread-safe; keeps nothing but the <see cref="HttpClient"/> that it is given.</summary>
/// <param name="http">With the server's address as its base; its time-out should be infinite if event streams are to be followed.</param>
/// <param name="key">The credential, or null for a server without any.</param>
public sealed class BatonClient(HttpClient http, string? key = null)
{
    /// <summary>The server's address.</summary>
    public Uri Address => http.BaseAddress ?? throw new InvalidOperationException("The HttpClient has no base address.");

    public RunsClient Runs => new(this);

    public ApprovalsClient Approvals => new(this);

    public WorkflowsClient Workflows => new(this);

    public RoutesClient Routes => new(this);

    public UsageClient Usage => new(this);

    public KeysClient Keys => new(this);

    public BudgetsClient Budgets => new(this);

    /// <exception cref="BatonException">The server refused, or cannot be reached.</exception>
    public Task<HealthView> HealthAsync(CancellationToken cancel) => GetAsync("/health/detailed", WireJson.Web.HealthView, cancel);

    /// <summary>The processes that share the server's database.</summary>
    /// <exception cref="BatonException">The server refused, or cannot be reached.</exception>
    public Task<Page<NodeView>> NodesAsync(CancellationToken cancel) => GetAsync("/api/v1/nodes", WireJson.Web.PageNodeView, cancel);

    internal Task<T> GetAsync<T>(string path, JsonTypeInfo<T> json, CancellationToken cancel) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), json, cancel);

    internal Task<T> PostAsync<T>(string path, HttpContent? content, JsonTypeInfo<T> json, CancellationToken cancel, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return SendAsync(request, json, cancel);
    }

    /// <summary>The part of an address from the question mark on; empty for no parameters.</summary>
    internal static string Query(IEnumerable<KeyValuePair<string, string>> query) =>
        string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}")) is { Length: > 0 } text ? $"?{text}" : "";

    internal static HttpContent Json<T>(T value, JsonTypeInfo<T> json) => JsonContent.Create(value, json);

    internal async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> json, CancellationToken cancel)
    {
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel).ConfigureAwait(false);
        try
        {
            return await response.Content.ReadFromJsonAsync(json, cancel).ConfigureAwait(false) ?? throw new BatonException(Unreadable(response));
        }
        catch (JsonException e)
        {
            throw new BatonException(Unreadable(response), e);
        }
    }

    /// <summary>Sends, and turns every refusal into an exception with its problem.</summary>
    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancel)
    {
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, completion, cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new BatonException(new Problem("urn:baton:problem:unreachable", "The server cannot be reached", 0, $"{http.BaseAddress}: {Reason(e).TrimEnd('.')}. Start it with 'baton serve', or name another with --server."), e);
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw new BatonException(await ReadProblemAsync(response, cancel).ConfigureAwait(false));
    }

    private static async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(WireJson.Web.Problem, cancel).ConfigureAwait(false) ?? Unreadable(response);
        }
        catch (JsonException)
        {
            return Unreadable(response);
        }
    }

    /// <summary>Innermost, because what stands outside says no more than that there is something inside.</summary>
    private static string Reason(Exception e) => e.InnerException is null ? e.Message : Reason(e.InnerException);

    internal static Problem Unreadable(HttpResponseMessage response) =>
        new("urn:baton:problem:unreadable", "The answer is not one of Baton's", (int)(response.StatusCode is HttpStatusCode.OK ? HttpStatusCode.BadGateway : response.StatusCode), $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode} with {response.Content.Headers.ContentType?.MediaType ?? "no content"}.");
}

/// <summary>The server refused a request, or could not be reached.</summary>
public sealed class BatonException(Problem problem, Exception? inner = null) : Exception(problem.Detail ?? problem.Title, inner)
{
    public Problem Problem { get; } = problem;
}
