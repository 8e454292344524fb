using System.Net;
using Baton.Server.Http;

namespace Baton.Server.Identity;

/// <summary>
/// A server without credentials trusts whoever reaches it, and listens on loopback so that only this machine does. But a browser on this machine
/// also sends what pages of strangers ask for: by a name that they point at 127.0.0.1 (DNS rebinding), or straight from their own origin. Both
/// can be told from the headers, which a page cannot choose.
/// </summary>
internal static class LocalCallers
{
    /// <summary>Why the request is not one of this machine's own; null when it is.</summary>
    public static ProblemResult? Refuse(IHeaderDictionary headers)
    {
        var host = new HostString(headers.Host.ToString());
        if (host.HasValue && !IsLoopback(host.Host)) return Problems.ForeignOrigin($"It was sent to the name '{host.Host}'");
        var origin = headers.Origin.ToString();
        if (origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority == host.Value)) return Problems.ForeignOrigin($"A page of '{origin}' sent it");
        return headers["Sec-Fetch-Site"].ToString() is "cross-site" ? Problems.ForeignOrigin("A page of another site sent it") : null;
    }

    private static bool IsLoopback(string host) =>
        host is "127.0.0.1" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
