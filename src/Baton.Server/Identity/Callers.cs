using Baton.Engine;
using Baton.Server.Http;

namespace Baton.Server.Identity;

/// <summary>Tells whose a request is by its headers.</summary>
internal sealed class Callers(Credentials credentials, KeyTable keys)
{
    private static readonly Caller Local = new(TenantId.Default, "local", KeyScope.Admin);

    /// <param name="last">What the request before on the same connection presented.</param>
    /// <returns>The caller, or why there is none.</returns>
    public (Caller? Caller, ProblemResult? Problem) Identify(IHeaderDictionary headers, LastPresented? last = null)
    {
        last ??= new LastPresented();
        var presented = Presented(headers, last);
        // A key that was made here counts on an open server too: with its limits, and refused once it has ended, not taken for the owner of the machine.
        var isOurs = presented is not null && KeySecret.IsOne(presented);
        if (isOurs && keys.Find(last.HashOf(presented!)) is { } key) return (key.Caller, null);
        if (!credentials.AreConfigured && !isOurs) return LocalCallers.Refuse(headers) is { } foreign ? (null, foreign) : (Local, null);
        return presented is not null && credentials.Find(presented) is var (tenant, name) ? (new Caller(tenant, name, KeyScope.Admin), null) : (null, Problems.Unauthorized());
    }

    private static string? Presented(IHeaderDictionary headers, LastPresented last) =>
        last.BearerOf(headers.Authorization.ToString()) ?? (headers["x-api-key"].ToString() is { Length: > 0 } key ? key : null);   // how Anthropic's clients say it
}
