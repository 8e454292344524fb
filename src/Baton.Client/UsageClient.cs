namespace Baton.Client;

/// <summary>What calls of models used and cost.</summary>
public sealed class UsageClient
{
    private readonly BatonClient client;

    internal UsageClient(BatonClient client) => this.client = client;

    /// <param name="query">As the API names it: by, from, to, model, key, team, target, cursor, limit.</param>
    /// <exception cref="BatonException">The server refused, or cannot be reached.</exception>
    public Task<UsageView> SumAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken cancel) => client.GetAsync($"/api/v1/usage{BatonClient.Query(query)}", WireJson.Web.UsageView, cancel);

    /// <summary>Single calls, the newest first.</summary>
    /// <param name="query">As the API names it: from, to, model, key, team, target, run, outcome, cursor, limit.</param>
    /// <exception cref="BatonException">The server refused, or cannot be reached.</exception>
    public Task<Page<UsageRequestView>> ListAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/usage/requests{BatonClient.Query(query)}", WireJson.Web.PageUsageRequestView, cancel);
}
