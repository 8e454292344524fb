using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>
/// Allows tenants to send the key in an environment variable with routes of their own. It names the hosts as well: whoever chooses both a key and the
/// host that it is sent to can read it.
/// </summary>
internal sealed class KeyGrant
{
    /// <summary>Where the key may be sent: scheme, host and port, as <c>https://api.openai.com</c>. At least one.</summary>
    public List<string> Origins { get; set; } = [];

    /// <summary>Whose routes may send it. Default: those of every tenant.</summary>
    public List<string> Tenants { get; set; } = [];

    /// <summary>Whether a tenant may send the key to an address.</summary>
    /// <param name="baseUrl">Any text.</param>
    public bool Allows(TenantId tenant, string? baseUrl) =>
        (Tenants.Count == 0 || Tenants.Contains(tenant.Value, StringComparer.Ordinal)) && Uri.TryCreate(baseUrl, UriKind.Absolute, out var uri) && Origins.Exists(origin => OriginOf(origin) is { } allowed && allowed == Origin(uri));

    public static IEnumerable<string> Check(string variable, KeyGrant? grant)
    {
        var path = $"{GatewayOptions.Section}:{nameof(GatewayOptions.KeyGrants)}:{variable}";
        if (grant is null or { Origins.Count: 0 }) return [$"{path}:Origins is missing: it says to which hosts the key may be sent, as https://api.openai.com."];
        return [.. grant.Origins.Select((origin, i) => (origin, i)).Where(one => OriginOf(one.origin) is null).Select(one => $"{path}:Origins:{one.i} must be an http or https address without a path, as https://api.openai.com, not '{one.origin}'.")];
    }

    private static string? OriginOf(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { UserInfo: "", PathAndQuery: "/", Fragment: "" } ? Origin(uri) : null;

    private static string Origin(Uri uri) => $"{uri.Scheme}://{uri.IdnHost}:{uri.Port}";
}
