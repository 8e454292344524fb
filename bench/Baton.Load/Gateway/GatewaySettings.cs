using System.Net.Http.Headers;
using Baton.Client;

namespace Baton.Load;

/// <summary>How Baton is set up for the comparison.</summary>
internal static class GatewaySettings
{
    /// <summary>Limits that count every request and refuse none.</summary>
    private const long Plenty = 1_000_000_000_000;

    private static readonly string AdminKey = $"bench-{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}";

    /// <param name="isFull">With keys, limits, budgets and accounting.</param>
    public static (string Name, string Value)[] Of(Uri upstream, bool isFull) =>
    [
        ("BATON_GATEWAY__MODELS__m__BASEURL", new Uri(upstream, "/v1").ToString()),
        .. isFull ? [("BATON_API_KEY", AdminKey), ("BATON_GATEWAY__MODELS__m__PRICE__INPUT", "150000"), ("BATON_GATEWAY__MODELS__m__PRICE__OUTPUT", "600000")] : Array.Empty<(string, string)>(),
    ];

    /// <summary>A key as an application has one: for the gateway alone, within limits and a budget.</summary>
    public static async Task<string> NewKeyAsync(ServerProcess server)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        var client = new BatonClient(http);
        var key = await client.Keys.CreateAsync(new CreateKey("bench", Team: "load", Limits: [new KeyLimit(Requests: Plenty, Tokens: Plenty, Concurrency: 10_000)]), CancellationToken.None);
        await client.Budgets.PutAsync("bench", new PutBudget(Plenty, "day", Key: "bench"), CancellationToken.None);
        return key.Secret!;
    }
}
