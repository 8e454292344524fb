using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>Where an OpenID provider gives tokens, and what it calls itself.</summary>
internal sealed record OidcProvider(Uri TokenEndpoint, string Issuer);

/// <summary>Reads and remembers the discovery documents of OpenID providers (OpenID Connect Discovery 1.0, section 4).</summary>
internal sealed class OidcDiscovery(OutboundClient client, IOptions<OutboundOptions> options, TimeProvider time)
{
    private const string WellKnown = "/.well-known/openid-configuration";
    private const int MaxProviders = 256;

    private readonly SharedCache<OidcProvider> providers = new(time, MaxProviders);

    /// <exception cref="WorkflowException">The document cannot be had, or is not the authority's.</exception>
    public async Task<(Uri TokenEndpoint, string? Issuer)> FindAsync(Authentication.OAuth2 oauth2, CancellationToken cancel)
    {
        // Some documents name the authority, some the discovery document itself.
        var authority = HttpCall.CheckUri(oauth2.Authority).GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
        if (authority.EndsWith(WellKnown, StringComparison.Ordinal)) authority = authority[..^WellKnown.Length];
        var provider = await providers.GetAsync(authority, async (_, token) => new(await FetchAsync(authority, token), options.Value.DocumentLifetime), cancel);
        if (!IsExpected(provider.Issuer, authority, oauth2))
        {
            throw CallErrors.NotAuthenticated($"{authority}{WellKnown} belongs to the issuer '{provider.Issuer}', which is neither the authority nor among 'issuers'.");
        }
        return (provider.TokenEndpoint, provider.Issuer);
    }

    // The issuer must be the one that was asked (section 4.3), unless the document names it itself.
    private static bool IsExpected(string issuer, string authority, Authentication.OAuth2 oauth2) =>
        issuer.TrimEnd('/').Equals(authority, StringComparison.Ordinal) || oauth2.Issuers.Contains(issuer, StringComparer.Ordinal);

    private async Task<OidcProvider> FetchAsync(string authority, CancellationToken cancel)
    {
        var request = new OutboundRequest("GET", new Uri(authority + WellKnown), [new("Accept", ContentTypes.Json)]);
        var response = await client.SendAsync(request, options.Value.MaxDocumentBytes, "Outbound:MaxDocumentBytes", cancel);
        if (response.Status != 200) throw CallErrors.Status(response.Status, $"{request.Label} was answered {CallErrors.Name(response.Status)}: no OpenID provider there.", response.RetryAfter(time));
        JqValue document;
        try
        {
            document = JqValue.Parse(response.Body.Span);
        }
        catch (JqParseException e)
        {
            throw CallErrors.BadAnswer($"{request.Label} did not answer with JSON: {e.Message}");
        }
        if (!document.IsObject || !document["issuer"].TryGetString(out var issuer) || !document["token_endpoint"].TryGetString(out var text)
            || !Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw CallErrors.BadAnswer($"{request.Label} does not name an issuer and a token_endpoint.");
        }
        // Otherwise whoever can change one answer would be sent the secret in the open.
        if (request.Uri.Scheme == "https" && endpoint.Scheme != "https") throw CallErrors.BadAnswer($"{request.Label} names a token_endpoint without TLS.", ErrorClass.Auth);
        return new OidcProvider(endpoint, issuer);
    }
}
