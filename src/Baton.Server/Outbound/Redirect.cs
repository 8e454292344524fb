using Baton.Engine;

namespace Baton.Server.Outbound;

/// <summary>Where an answer sends a request (RFC 9110, section 15.4).</summary>
internal static class Redirect
{
    /// <returns>Null when the answer is no redirect, or one that says no place to go to.</returns>
    /// <exception cref="WorkflowException">The place is one that a call may not go to.</exception>
    public static OutboundRequest? Next(OutboundRequest request, OutboundResponse response)
    {
        if (response.Status is not (301 or 302 or 303 or 307 or 308)) return null;
        if (response.Header("Location") is not { Length: > 0 } location || !Uri.TryCreate(request.Uri, location, out var target)) return null;
        if (target.Scheme is not ("http" or "https")) return null;
        if (request.Uri.Scheme == "https" && target.Scheme == "http") return null;   // what was sent in secret is not repeated in the open
        target = HttpCall.CheckUri(target);

        var becomesGet = response.Status == 303 ? request.Method is not ("GET" or "HEAD") : response.Status is 301 or 302 && request.Method == "POST";
        var next = request with { Uri = target };
        if (becomesGet)
        {
            next = next with { Method = "GET", Body = null };
            foreach (var header in (ReadOnlySpan<string>)["Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Idempotency-Key"])
            {
                next = next.Without(header);
            }
        }
        return IsSameOrigin(request.Uri, target) ? next : next with { Headers = next.Headers.RemoveAll(header => Secrets.IsCredential(header.Key)) };
    }

    public static bool IsSameOrigin(Uri a, Uri b) =>
        a.Scheme == b.Scheme && a.Port == b.Port && a.IdnHost.Equals(b.IdnHost, StringComparison.OrdinalIgnoreCase);
}
