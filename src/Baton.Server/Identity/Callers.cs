using Baton.Engine;
using Baton.Server.Http;

namespace Baton.Server.Identity;

/// <summary>Tells whose a request is by its headers.</summary>
internal sealed class Callers(Credentials credentials, KeyTable keys)
{
    private static readonly Caller Local = new(TenantId.Default, "local", KeyScope.Admin);

    /// <returns>The caller, or why there is none.</returns>
    public (Caller? Caller, ProblemResult? Problem) Identify(IHeaderDictionary headers)
    {
        var presented = Presented(headers);
        // A key that was made here counts on an open server too: with its limits, and refused once it has ended, not taken for the owner of the machine.
        var isOurs = presented is not null && KeySecret.IsOne(presented);
        if (isOurs && keys.Find(presented!) is { } key) return (key.Caller, null);
        if (!credentials.AreConfigured && !isOurs) return LocalCallers.Refuse(headers) is { } foreign ? (null, foreign) : (Local, null);
        return presented is not null && credentials.Find(presented) is var (tenant, name) ? (new Caller(tenant, name, KeyScope.Admin), null) : (null, Problems.Unauthorized());
    }

    private static string? Presented(IHeaderDictionary headers)
    {
        const string Scheme = "Bearer ";
        var header = headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return header[Scheme.Length..].Trim();
        return headers["x-api-key"].ToString() is { Length: > 0 } key ? key : null;   // how Anthropic's clients say it
    }
}
