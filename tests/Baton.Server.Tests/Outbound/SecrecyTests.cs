using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Outbound;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Outbound;

/// <summary>Whatever happens to a call, its secrets stand in no message, no log line and no output.</summary>
public sealed class SecrecyTests
{
    private const string Secret = "hunter2/+ü\"&x";
    private const string Token = "tok.en-0123456789abcdef";

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var kind in (string[])["basic", "bearer", "digest", "post", "basic-client", "jwt", "assertion", "password", "refresh", "exchange", "header", "query"])
        {
            foreach (var status in (int[])[200, 302, 400, 401, 403, 500, 0, -1]) cases.Add(kind, status);
        }
        return cases;
    }

    /// <summary>A host that tells everything it was sent to everybody: 0 resets the connection instead, -1 answers garbage.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_gossiping_host_does_not_make_this_server_gossip(string kind, int status)
    {
        await using var server = await WebServer.StartAsync(async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            if (http.Request.Path == "/token" && status is not 0 and not -1)
            {
                http.Response.ContentType = "application/json";
                if (status == 400)
                {
                    http.Response.StatusCode = 400;
                    await http.Response.WriteAsync($"{{\"error\":\"invalid\",\"said\":{((JqValue)$"{body} {http.Request.Headers.Authorization}").ToJson()}}}");
                    return;
                }
                await http.Response.WriteAsync(JqValue.Object(("access_token", Token), ("refresh_token", "refr-" + Token), ("expires_in", 3600)).ToJson());
                return;
            }
            if (status == 0)
            {
                http.Abort();
                return;
            }
            http.Response.StatusCode = status < 0 ? 200 : status;
            http.Response.ContentType = "application/json";
            if (status == 401) http.Response.Headers.WWWAuthenticate = "Digest realm=\"r\", nonce=\"n\", qop=auth";
            if (status == 302) http.Response.Headers.Location = $"/elsewhere?token={Uri.EscapeDataString(Secret)}";
            if (status == 200) return;
            var said = string.Join(", ", http.Request.Headers.Select(header => $"{header.Key}: {header.Value}"));
            await http.Response.WriteAsync(status < 0 ? "garbage" : $"{said} {http.Request.QueryString} {Uri.UnescapeDataString(http.Request.QueryString.Value!)} {body} {new string(' ', 65_400 - said.Length)}{said}");
        });
        using var world = new OutboundWorld();
        var oauth2 = new Authentication.OAuth2(
            server.Address, false, "/token", "client_credentials", "id", Secret, null, "client_secret_post", false, [], [], [], null, null, null, null);
        Authentication? authentication = kind switch
        {
            "basic" => new Authentication.Basic("user", Secret),
            "bearer" => new Authentication.Bearer(Token),
            "digest" => new Authentication.Digest("user", Secret),
            "post" => oauth2,
            "basic-client" => oauth2 with { ClientAuthentication = "client_secret_basic" },
            "jwt" => oauth2 with { ClientAuthentication = "client_secret_jwt" },
            "assertion" => oauth2 with { ClientAuthentication = "private_key_jwt", ClientAssertion = Secret },
            "password" => oauth2 with { Grant = "password", Username = "user", Password = Secret },
            "refresh" => oauth2 with { Grant = "refresh_token", Subject = new OAuth2Token(Secret, "t") },
            "exchange" => oauth2 with { Grant = "urn:ietf:params:oauth:grant-type:token-exchange", Subject = new OAuth2Token(Secret, "t"), Actor = new OAuth2Token(Token, "t") },
            _ => null,
        };
        var call = OutboundWorld.Post(server["/resource"], "body") with { Authentication = authentication, Output = HttpOutput.Response };
        if (kind == "header") call = call with { Headers = OutboundWorld.Headers(("X-Api-Key", Token), ("Authorization", $"Custom {Token}"), ("Cookie", $"session={Token}")) };
        if (kind == "query") call = call with { Query = OutboundWorld.Values(("access_token", Secret), ("sig", Token)) };

        var seen = new StringBuilder();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                seen.AppendLine((await world.CallAsync(call)).ToJson());
            }
            catch (WorkflowException e)
            {
                seen.AppendLine(e.ToString()).AppendLine(e.Error.ToString()).AppendLine(System.Text.Json.JsonSerializer.Serialize(e.Error));
            }
        }
        foreach (var line in world.Log.Lines) seen.AppendLine(line);
        seen.Append(call).Append(authentication);

        Assert.True(seen.Length > 50);
        foreach (var spelling in (string[])[Secret, Uri.EscapeDataString(Secret), System.Net.WebUtility.UrlEncode(Secret), Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)),
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{Secret}")), System.Text.Json.JsonEncodedText.Encode(Secret).Value, Token, "hunter2", "0123456789abcdef"])
        {
            Assert.DoesNotContain(spelling, seen.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_secret_is_masked_in_every_spelling_and_where_a_text_was_cut()
    {
        var secrets = Secrets.Of(Secret, "another");
        Assert.Equal("a *** b *** c *** d ***", secrets.Mask($"a {Secret} b {Uri.EscapeDataString(Secret)} c another d {Secret[..6]}"));
        Assert.Equal("nothing here", Secrets.Of("zzzz").Mask("nothing here"));
        Assert.Equal("", Secrets.Of("ab").Mask("short secrets stand in any text by chance"));
        Assert.Equal("plain", Secrets.None.Mask("plain"));
    }

    [Theory]
    [InlineData("Authorization", true)]
    [InlineData("X-API-Key", true)]
    [InlineData("apikey", true)]
    [InlineData("Ocp-Apim-Subscription-Key", true)]
    [InlineData("PRIVATE-TOKEN", true)]
    [InlineData("Set-Cookie", true)]
    [InlineData("X-Amz-Signature", true)]
    [InlineData("client_secret", true)]
    [InlineData("sig", true)]
    [InlineData("code", true)]
    [InlineData("Idempotency-Key", false)]
    [InlineData("Content-Type", false)]
    [InlineData("status", false)]
    [InlineData("petId", false)]
    [InlineData("design", false)]
    public void A_name_says_whether_its_value_is_a_credential(string name, bool isCredential) => Assert.Equal(isCredential, Secrets.IsCredential(name));
}
