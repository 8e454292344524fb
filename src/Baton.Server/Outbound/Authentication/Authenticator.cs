using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;

namespace Baton.Server.Outbound;

/// <summary>Proves who makes a call. What it adds to a request is known to it and to the socket only.</summary>
internal sealed class Authenticator(DigestSessions digests, TokenSource tokens, ILogger<Authenticator> log)
{
    /// <returns>The answer, and the secrets that it might repeat.</returns>
    /// <exception cref="WorkflowException">No credential could be had.</exception>
    public async Task<(OutboundResponse Response, Secrets Secrets)> SendAsync(
        OutboundRequest request, Authentication? authentication, Func<OutboundRequest, CancellationToken, Task<OutboundResponse>> send, CancellationToken cancel)
    {
        switch (authentication)
        {
            case null:
                return (await send(request, cancel), Secrets.None);
            case Authentication.Basic basic:
                if (basic.Username.Contains(':', StringComparison.Ordinal)) throw CallErrors.Misconfigured("A user name of basic authentication must not hold a colon.", ErrorClass.Auth);
                var pair = $"{basic.Username}:{basic.Password}";
                var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));
                return (await send(request.With("Authorization", $"Basic {encoded}"), cancel), Secrets.Of(basic.Password, pair, encoded));
            case Authentication.Bearer bearer:
                return (await send(request.With("Authorization", Bearer(bearer.Token)), cancel), Secrets.Of(bearer.Token));
            case Authentication.Digest digest:
                return (await digests.SendAsync(request, digest, send, cancel), Secrets.Of(digest.Password));
            case Authentication.OAuth2 oauth2:
                return await WithTokenAsync(request, oauth2, send, cancel);
            default:
                throw new ArgumentOutOfRangeException(nameof(authentication), authentication, "Not a known authentication.");
        }
    }

    private async Task<(OutboundResponse Response, Secrets Secrets)> WithTokenAsync(
        OutboundRequest request, Authentication.OAuth2 oauth2, Func<OutboundRequest, CancellationToken, Task<OutboundResponse>> send, CancellationToken cancel)
    {
        var token = await tokens.GetAsync(oauth2, cancel);
        if (request.RefreshesCredential)
        {
            tokens.Expire(oauth2, token);
            token = await tokens.GetAsync(oauth2, cancel);
        }
        var response = await send(request.With("Authorization", Bearer(token.Value)), cancel);
        var secrets = TokenRequest.SecretsOf(oauth2).And(token.Value);
        if (response.Status != 401) return (response, secrets);
        // It may have been revoked before its time: one new token, one more try.
        log.TokenRefused(request.Uri.Host);
        tokens.Expire(oauth2, token);
        token = await tokens.GetAsync(oauth2, cancel);
        return (await send(request.With("Authorization", Bearer(token.Value)), cancel), secrets.And(token.Value));
    }

    private static string Bearer(string token) =>
        token.Length > 0 && token.All(c => c is > ' ' and < '\x7f')
            ? $"Bearer {token}"
            : throw CallErrors.Misconfigured("The bearer token is empty, or holds characters that no token has.", ErrorClass.Auth);
}
