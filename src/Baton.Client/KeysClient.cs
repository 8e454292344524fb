namespace Baton.Client;

/// <summary>Keys of the caller's tenant. Every method throws <see cref="BatonException"/> when the server refuses.</summary>
public sealed class KeysClient
{
    private readonly BatonClient client;

    internal KeysClient(BatonClient client) => this.client = client;

    /// <param name="query">Filters as the API names them: team, cursor, limit.</param>
    public Task<Page<KeyView>> ListAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/keys?{string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"))}", WireJson.Web.PageKeyView, cancel);

    public Task<KeyView> GetAsync(string id, CancellationToken cancel) => client.GetAsync(At(id), WireJson.Web.KeyView, cancel);

    /// <summary>Makes a key; its secret is in the answer, and never shown again.</summary>
    public Task<KeyView> CreateAsync(CreateKey key, CancellationToken cancel) => client.PostAsync("/api/v1/keys", BatonClient.Json(key, WireJson.Web.CreateKey), WireJson.Web.KeyView, cancel);

    public Task<KeyView> ChangeAsync(string id, ChangeKey change, CancellationToken cancel) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Patch, At(id)) { Content = BatonClient.Json(change, WireJson.Web.ChangeKey) }, WireJson.Web.KeyView, cancel);

    /// <summary>Gives a key another secret, which is in the answer; the one before stays good for a while.</summary>
    public Task<KeyView> RotateAsync(string id, RotateKey rotation, CancellationToken cancel) => client.PostAsync($"{At(id)}/rotate", BatonClient.Json(rotation, WireJson.Web.RotateKey), WireJson.Web.KeyView, cancel);

    public async Task DeleteAsync(string id, CancellationToken cancel) =>
        (await client.SendAsync(new HttpRequestMessage(HttpMethod.Delete, At(id)), HttpCompletionOption.ResponseContentRead, cancel).ConfigureAwait(false)).Dispose();

    private static string At(string id) => $"/api/v1/keys/{Uri.EscapeDataString(id)}";
}
