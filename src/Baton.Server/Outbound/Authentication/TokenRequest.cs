using System.Buffers.Text;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>Builds the request for an access token (RFC 6749, RFC 7521, RFC 7523, RFC 8693).</summary>
internal static class TokenRequest
{
    private const string TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string JwtAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private static readonly TimeSpan AssertionLifetime = TimeSpan.FromMinutes(1);

    /// <exception cref="WorkflowException">The authentication lacks what its grant or its client authentication needs.</exception>
    public static OutboundRequest Build(Authentication.OAuth2 oauth2, Uri endpoint, string? refreshToken, TimeProvider time)
    {
        var parameters = new List<KeyValuePair<string, string>> { new("grant_type", oauth2.Grant) };
        switch (oauth2.Grant)
        {
            case "client_credentials":
                break;
            case "password":
                parameters.Add(new("username", Need(oauth2.Username, "username", oauth2)));
                parameters.Add(new("password", Need(oauth2.Password, "password", oauth2)));
                break;
            case "refresh_token":
                // The language has no property of its own for it: the subject's token is the one to be renewed.
                parameters.Add(new("refresh_token", refreshToken ?? Need(oauth2.Subject?.Token, "subject.token (the refresh token)", oauth2)));
                break;
            case TokenExchange:
                parameters.Add(new("subject_token", Need(oauth2.Subject?.Token, "subject", oauth2)));
                parameters.Add(new("subject_token_type", oauth2.Subject!.Type));
                if (oauth2.Actor is { } actor)
                {
                    parameters.Add(new("actor_token", actor.Token));
                    parameters.Add(new("actor_token_type", actor.Type));
                }
                break;
            case "authorization_code":
                throw CallErrors.Misconfigured("The grant authorization_code needs a person with a browser, which a workflow does not have: use client_credentials, or refresh_token with a token that a person has obtained.", ErrorClass.Auth);
            default:
                throw CallErrors.Misconfigured($"'{oauth2.Grant}' is no grant: use client_credentials, password, refresh_token or {TokenExchange}.", ErrorClass.Auth);
        }
        if (oauth2.Scopes.Length > 0) parameters.Add(new("scope", string.Join(' ', oauth2.Scopes)));
        parameters.AddRange(oauth2.Audiences.Select(audience => KeyValuePair.Create("audience", audience)));

        var headers = ImmutableArray.Create(KeyValuePair.Create("Accept", ContentTypes.Json));
        switch (oauth2.ClientAuthentication)
        {
            case "client_secret_basic":
                var pair = $"{WebUtility.UrlEncode(Need(oauth2.ClientId, "client.id", oauth2))}:{WebUtility.UrlEncode(Need(oauth2.ClientSecret, "client.secret", oauth2))}";
                headers = headers.Add(new("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}"));
                break;
            case "client_secret_post":
                parameters.Add(new("client_id", Need(oauth2.ClientId, "client.id", oauth2)));
                // A public client has an id and no secret, and this is the method that applies when none is named.
                if (oauth2.ClientSecret is { } secret) parameters.Add(new("client_secret", secret));
                break;
            case "client_secret_jwt":
                AddAssertion(oauth2.ClientAssertion ?? Sign(oauth2, endpoint, time));
                break;
            case "private_key_jwt":
                AddAssertion(Need(oauth2.ClientAssertion, "client.assertion", oauth2));
                break;
            case "none":
                if (oauth2.ClientId is { } id) parameters.Add(new("client_id", id));
                break;
            default:
                throw CallErrors.Misconfigured($"'{oauth2.ClientAuthentication}' is no client authentication: use client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt or none.", ErrorClass.Auth);
        }
        var body = oauth2.JsonEncoding
            ? new RequestBody(ToJson(parameters).ToUtf8Bytes(), ContentTypes.Json)
            : RequestBody.Form(parameters.Select(parameter => new FormField(parameter.Key, parameter.Value)));
        return new OutboundRequest("POST", endpoint, headers.Add(new("Content-Type", body.ContentType)), body.Bytes);

        void AddAssertion(string assertion)
        {
            if (oauth2.ClientId is { } id) parameters.Add(new("client_id", id));
            parameters.Add(new("client_assertion_type", JwtAssertion));
            parameters.Add(new("client_assertion", assertion));
        }
    }

    /// <summary>Everything in it that may not be quoted.</summary>
    public static Secrets SecretsOf(Authentication.OAuth2 oauth2) =>
        Secrets.Of(oauth2.ClientSecret, oauth2.ClientAssertion, oauth2.Password, oauth2.Subject?.Token, oauth2.Actor?.Token);

    private static string Need(string? value, string name, Authentication.OAuth2 oauth2) =>
        !string.IsNullOrEmpty(value) ? value : throw CallErrors.Misconfigured(
            $"OAuth2 with the grant {oauth2.Grant} and the client authentication {oauth2.ClientAuthentication} needs '{name}'.", ErrorClass.Auth);

    private static JqValue ToJson(List<KeyValuePair<string, string>> parameters)
    {
        var members = new JqObject.Builder();
        foreach (var group in parameters.GroupBy(parameter => parameter.Key, StringComparer.Ordinal))
        {
            var values = group.Select(parameter => (JqValue)parameter.Value).ToArray();
            members[group.Key] = values.Length == 1 ? values[0] : JqValue.Array(values);
        }
        return members.ToObject();
    }

    /// <summary>A JWT that proves the client's secret without sending it (RFC 7523, section 3; OpenID Connect Core, section 9).</summary>
    private static string Sign(Authentication.OAuth2 oauth2, Uri endpoint, TimeProvider time)
    {
        var id = Need(oauth2.ClientId, "client.id", oauth2);
        var key = Encoding.UTF8.GetBytes(Need(oauth2.ClientSecret, "client.secret", oauth2));
        var now = time.GetUtcNow();
        var header = JqValue.Object(("alg", "HS256"), ("typ", "JWT"));
        var claims = JqValue.Object(
            ("iss", id), ("sub", id), ("aud", endpoint.AbsoluteUri), ("jti", Guid.CreateVersion7(now).ToString("N")),
            ("iat", now.ToUnixTimeSeconds()), ("exp", (now + AssertionLifetime).ToUnixTimeSeconds()));
        var signed = $"{Base64Url.EncodeToString(header.ToUtf8Bytes())}.{Base64Url.EncodeToString(claims.ToUtf8Bytes())}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
    }
}
