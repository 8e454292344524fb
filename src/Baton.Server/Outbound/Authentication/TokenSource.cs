using System.Buffers.Text;
using System.Security.Cryptography;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>An access token, and what renews it.</summary>
internal sealed class AccessToken(string value, string? refreshToken)
{
    public string Value => value;

    public string? RefreshToken => refreshToken;

    public override string ToString() => "access token";
}

/// <summary>
/// Access tokens by identity: whoever asks with the same credentials for the same rights gets the same token, until shortly before it expires.
/// Tokens live in memory only.
/// </summary>
internal sealed class TokenSource(OutboundClient client, OidcDiscovery discovery, IOptions<OutboundOptions> options, TimeProvider time, ILogger<TokenSource> log)
{
    private const int MaxIdentities = 1_000;

    // Used when a server does not say how long its token is good for.
    private static readonly TimeSpan UnknownLifetime = TimeSpan.FromMinutes(5);

    // A token must not expire on its way to the host.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly SharedCache<AccessToken> tokens = new(time, MaxIdentities);

    /// <exception cref="WorkflowException">The server gave none.</exception>
    public Task<AccessToken> GetAsync(Authentication.OAuth2 oauth2, CancellationToken cancel) => tokens.GetAsync(
        IdentityOf(oauth2),
        (previous, token) => Deadline.RunAsync(
            options.Value.Timeout, time, $"The token endpoint of {SafeUri.ForMessage(oauth2.Authority)} did not answer within {options.Value.Timeout.TotalSeconds:0.###} s (Outbound:Timeout).",
            late => FetchAsync(oauth2, previous, late), token),
        cancel);

    /// <summary>Has the next caller get a new token in place of this one.</summary>
    public void Expire(Authentication.OAuth2 oauth2, AccessToken token) => tokens.Expire(IdentityOf(oauth2), token);

    private async Task<Fetched<AccessToken>> FetchAsync(Authentication.OAuth2 oauth2, AccessToken? previous, CancellationToken cancel)
    {
        var (endpoint, issuer) = oauth2.IsOidc
            ? await discovery.FindAsync(oauth2, cancel)
            : (TokenEndpoint(oauth2), null);
        var request = TokenRequest.Build(oauth2, HttpCall.CheckUri(endpoint), previous?.RefreshToken, time);
        var secrets = TokenRequest.SecretsOf(oauth2).And(previous?.RefreshToken);
        var response = await client.SendAsync(request, OutboundClient.ErrorBytes, "the token endpoint's protocol", cancel);
        if (response.Status is < 200 or > 299) throw Refusal(request, response, secrets);

        var answer = Parse(request, response);
        var value = answer["access_token"].TryGetString(out var text) && text.Length > 0 ? text : throw CallErrors.BadAnswer($"{request.Label} answered without an access_token.", ErrorClass.Auth);
        if (answer["token_type"].TryGetString(out var type) && !type.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
        {
            throw CallErrors.BadAnswer($"{request.Label} answered with a token of the type '{secrets.And(value).Mask(type)}'; only Bearer is supported.", ErrorClass.Auth);
        }
        CheckIssuer(oauth2, issuer, value, answer["id_token"], request);

        var lifetime = Lifetime(answer["expires_in"]);
        log.TokenObtained(request.Uri.Host, lifetime.TotalSeconds);
        // A server that rotates refresh tokens has made the one that was used worthless.
        var refreshToken = answer["refresh_token"].TryGetString(out var renewed) ? renewed : previous?.RefreshToken;
        return new Fetched<AccessToken>(new AccessToken(value, oauth2.Grant == "refresh_token" ? refreshToken : null), lifetime);
    }

    internal static Uri TokenEndpoint(Authentication.OAuth2 oauth2)
    {
        if (Uri.TryCreate(oauth2.TokenPath, UriKind.Absolute, out var absolute) && absolute.Scheme is "http" or "https") return absolute!;
        var authority = oauth2.Authority.GetComponents(UriComponents.SchemeAndServer | UriComponents.UserInfo | UriComponents.Path, UriFormat.UriEscaped);
        return new Uri($"{authority.TrimEnd('/')}/{oauth2.TokenPath.TrimStart('/')}");
    }

    private static TimeSpan Lifetime(JqValue expiresIn)
    {
        var isKnown = expiresIn.TryGetDouble(out var seconds) || (expiresIn.TryGetString(out var text) && double.TryParse(text, out seconds));
        var lifetime = isKnown && seconds >= 0 ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds)) : UnknownLifetime;
        return lifetime - (lifetime > 2 * Margin ? Margin : lifetime / 2);
    }

    private static JqValue Parse(OutboundRequest request, OutboundResponse response)
    {
        try
        {
            var answer = JqValue.Parse(response.Body.Span);
            if (answer.IsObject) return answer;
        }
        catch (JqParseException)
        {
            // Its message holds no text of the body, but says nothing that helps either.
        }
        throw CallErrors.BadAnswer($"{request.Label} did not answer with a JSON object, as a token endpoint must.", ErrorClass.ServiceUnavailable);
    }

    private WorkflowException Refusal(OutboundRequest request, OutboundResponse response, Secrets secrets)
    {
        var detail = $"{request.Label} gave no access token: {CallErrors.Name(response.Status)}.";
        if (ResponseContent.Excerpt(response, secrets) is { } excerpt) detail += $" It says: {excerpt}";
        return response.Status is 400 or 401 or 403
            ? CallErrors.NotAuthenticated(detail)
            : CallErrors.Status(response.Status, detail, response.RetryAfter(time));
    }

    /// <summary>
    /// Where issuers are listed, the token must say that it comes from one of them. A token that cannot be read says nothing, and is refused: a
    /// check that passes what it cannot see is none.
    /// </summary>
    private static void CheckIssuer(Authentication.OAuth2 oauth2, string? discovered, string accessToken, JqValue idToken, OutboundRequest request)
    {
        if (oauth2.Issuers.Length == 0) return;
        var issuer = IssuerIn(accessToken) ?? (idToken.TryGetString(out var id) ? IssuerIn(id) : null) ?? discovered;
        if (issuer is null) throw CallErrors.NotAuthenticated($"{request.Label} gave a token that does not say who issued it, so 'issuers' cannot be checked.");
        if (!oauth2.Issuers.Contains(issuer, StringComparer.Ordinal)) throw CallErrors.NotAuthenticated($"{request.Label} gave a token of an issuer that is not among 'issuers'.");
    }

    private static string? IssuerIn(string token)
    {
        if (token.Split('.') is not [_, var payload, _]) return null;
        try
        {
            return JqValue.Parse(Base64Url.DecodeFromChars(payload)) is { IsObject: true } claims && claims["iss"].TryGetString(out var issuer) ? issuer : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Everything that decides which token comes out, as a hash: keys of caches are seen in dumps and debuggers.</summary>
    internal static string IdentityOf(Authentication.OAuth2 oauth2)
    {
        var parts = JqValue.Array(
            oauth2.Authority.AbsoluteUri, oauth2.IsOidc, oauth2.TokenPath, oauth2.Grant, oauth2.ClientId, oauth2.ClientSecret, oauth2.ClientAssertion,
            oauth2.ClientAuthentication, oauth2.JsonEncoding, Texts(oauth2.Scopes), Texts(oauth2.Audiences), Texts(oauth2.Issuers),
            oauth2.Username, oauth2.Password, oauth2.Subject?.Token, oauth2.Subject?.Type, oauth2.Actor?.Token, oauth2.Actor?.Type);
        return Convert.ToHexStringLower(SHA256.HashData(parts.ToUtf8Bytes()));

        static JqValue Texts(IEnumerable<string> texts) => JqValue.Array([.. texts.Select(text => (JqValue)text)]);
    }
}
