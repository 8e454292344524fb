using System.Collections.Immutable;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>Where a model's chat completions are, and what every call to them carries.</summary>
internal static class Endpoint
{
    /// <summary>Headers that a configuration may not set, beside those of the connection.</summary>
    public static ImmutableArray<string> OwnHeaders { get; } = ["Host", "Content-Type", "Content-Encoding", "Accept", "Accept-Encoding", "Idempotency-Key", "Cookie"];

    /// <summary>What is wrong with a base URL; null for nothing.</summary>
    public static string? Problem(string? baseUrl)
    {
        if (string.IsNullOrEmpty(baseUrl)) return "is missing: it says where the API begins, as https://api.openai.com/v1.";
        if (!Uri.TryCreate(baseUrl, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0) return "must be an absolute http or https URL, as https://api.openai.com/v1.";
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 && SafeUri.SecretsIn(uri).Any()) return "must not hold a credential; name its environment variable or file instead.";
        return uri.Fragment.Length > 0 ? "must not have a fragment." : null;
    }
}
