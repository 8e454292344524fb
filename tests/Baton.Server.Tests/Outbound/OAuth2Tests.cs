using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Outbound;

public sealed class OAuth2Tests
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    /// <summary>A provider of tokens and a resource that wants them, in one.</summary>
    private sealed class Provider : IAsyncDisposable
    {
        private WebServer? server;
        private int issued;

        public ConcurrentQueue<(string Authorization, string? Type, string Body)> Requests { get; } = [];

        public ConcurrentDictionary<string, bool> Valid { get; } = [];

        public Func<string, JqValue>? Answer { get; set; }

        public int Status { get; set; } = 200;

        public TaskCompletionSource? Gate { get; set; }

        public JqValue Discovery { get; set; }

        public int Discoveries { get; private set; }

        public Uri Address => server!.Address;

        public Uri Resource => new(Address, "/resource");

        public static async Task<Provider> StartAsync()
        {
            var provider = new Provider();
            provider.server = await WebServer.StartAsync(provider.HandleAsync);
            provider.Discovery = JqValue.Object(("issuer", provider.Address.AbsoluteUri.TrimEnd('/')), ("token_endpoint", new Uri(provider.Address, "/realm/token").AbsoluteUri));
            return provider;
        }

        public ValueTask DisposeAsync() => server!.DisposeAsync();

        private async Task HandleAsync(HttpContext http)
        {
            if (http.Request.Path == "/resource")
            {
                if (Valid.ContainsKey(http.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal))) return;
                http.Response.StatusCode = 401;
                http.Response.ContentType = "text/plain";
                await http.Response.WriteAsync($"you sent {http.Request.Headers.Authorization}");
                return;
            }
            http.Response.ContentType = "application/json";
            if (http.Request.Path.Value!.EndsWith("/.well-known/openid-configuration", StringComparison.Ordinal))
            {
                Discoveries++;
                await http.Response.WriteAsync(Discovery.ToJson());
                return;
            }
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            Requests.Enqueue((http.Request.Headers.Authorization.ToString(), http.Request.ContentType, body));
            if (Gate is { } gate) await gate.Task;
            var token = $"token-{Interlocked.Increment(ref issued)}-of-many";
            Valid[token] = true;
            http.Response.StatusCode = Status;
            await http.Response.WriteAsync((Answer?.Invoke(token) ?? JqValue.Object(("access_token", token), ("token_type", "bearer"), ("expires_in", 3600))).ToJson());
        }
    }

    private static Authentication.OAuth2 Client(Provider provider) => new(
        provider.Address, IsOidc: false, "/oauth2/token", "client_credentials", "id & co", "s3cret/+=ü", null, "client_secret_post", JsonEncoding: false, ["a", "b"], ["x", "y"], [], null, null, null, null);

    private static Dictionary<string, string[]> Form(string body) => body.Split('&').Select(pair => pair.Split('=', 2).Select(WebUtility.UrlDecode).ToArray())
        .GroupBy(pair => pair[0]!, pair => pair[1]!, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);

    [Fact]
    public async Task Client_credentials_are_sent_as_a_form_with_scopes_and_audiences()
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        await world.GetAsync(provider.Resource, Client(provider));
        var (authorization, type, body) = Assert.Single(provider.Requests);
        Assert.Equal(("", "application/x-www-form-urlencoded"), (authorization, type));
        var form = Form(body);
        Assert.Equal(["client_credentials"], form["grant_type"]);
        Assert.Equal(["a b"], form["scope"]);
        Assert.Equal(["x", "y"], form["audience"]);
        Assert.Equal(["id & co"], form["client_id"]);
        Assert.Equal(["s3cret/+=ü"], form["client_secret"]);
    }

    [Fact]
    public async Task A_token_request_can_be_json()
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        await world.GetAsync(provider.Resource, Client(provider) with { JsonEncoding = true });
        var (_, type, body) = Assert.Single(provider.Requests);
        Assert.Equal("application/json", type);
        Assert.Equal(JqValue.Parse("""{"grant_type":"client_credentials","scope":"a b","audience":["x","y"],"client_id":"id & co","client_secret":"s3cret/+=ü"}"""), JqValue.Parse(body));
    }

    [Fact]
    public async Task A_client_can_authenticate_by_a_header_with_its_parts_encoded()
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        await world.GetAsync(provider.Resource, Client(provider) with { ClientAuthentication = "client_secret_basic" });
        var (authorization, _, body) = Assert.Single(provider.Requests);
        Assert.Equal("id+%26+co:s3cret%2F%2B%3D%C3%BC", Encoding.UTF8.GetString(Convert.FromBase64String(authorization["Basic ".Length..])));
        Assert.DoesNotContain("client_secret", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_can_prove_its_secret_by_a_signature()
    {
        var time = new ManualTime();
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld(time: time);
        await world.GetAsync(provider.Resource, Client(provider) with { ClientAuthentication = "client_secret_jwt" });
        var form = Form(Assert.Single(provider.Requests).Body);
        Assert.Equal(["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"], form["client_assertion_type"]);
        var parts = form["client_assertion"][0].Split('.');
        Assert.Equal(HMACSHA256.HashData(Encoding.UTF8.GetBytes("s3cret/+=ü"), Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}")), Base64Url.DecodeFromChars(parts[2]));
        var claims = JqValue.Parse(Base64Url.DecodeFromChars(parts[1]));
        Assert.Equal("id & co", claims["iss"].AsString());
        Assert.Equal("id & co", claims["sub"].AsString());
        Assert.Equal(new Uri(provider.Address, "/oauth2/token").AbsoluteUri, claims["aud"].AsString());
        Assert.InRange(claims["exp"].AsDouble() - time.GetUtcNow().ToUnixTimeSeconds(), 30, 120);
        Assert.False(form.ContainsKey("client_secret"));
    }

    [Fact]
    public async Task A_client_can_send_an_assertion_of_its_own_or_nothing_but_its_name()
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        await world.GetAsync(provider.Resource, Client(provider) with { ClientAuthentication = "private_key_jwt", ClientAssertion = "a.b.c" });
        await world.GetAsync(provider.Resource, Client(provider) with { ClientAuthentication = "none", ClientSecret = null });
        var forms = provider.Requests.Select(request => Form(request.Body)).ToArray();
        Assert.Equal(["a.b.c"], forms[0]["client_assertion"]);
        Assert.Equal(["id & co"], forms[1]["client_id"]);
        Assert.False(forms[1].ContainsKey("client_secret"));
    }

    [Fact]
    public async Task Each_grant_sends_what_is_its_own()
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        var client = Client(provider);
        await world.GetAsync(provider.Resource, client with { Grant = "password", Username = "u", Password = "p" });
        await world.GetAsync(provider.Resource, client with { Grant = "refresh_token", Subject = new OAuth2Token("r", "refresh") });
        await world.GetAsync(provider.Resource, client with { Grant = Exchange, Subject = new OAuth2Token("s", "urn:s"), Actor = new OAuth2Token("a", "urn:a") });
        var forms = provider.Requests.Select(request => Form(request.Body)).ToArray();
        Assert.Equal("password u p", $"{forms[0]["grant_type"][0]} {forms[0]["username"][0]} {forms[0]["password"][0]}");
        Assert.Equal("refresh_token r", $"{forms[1]["grant_type"][0]} {forms[1]["refresh_token"][0]}");
        Assert.Equal($"{Exchange} s urn:s a urn:a", $"{forms[2]["grant_type"][0]} {forms[2]["subject_token"][0]} {forms[2]["subject_token_type"][0]} {forms[2]["actor_token"][0]} {forms[2]["actor_token_type"][0]}");
    }

    public static TheoryData<string, string, string> Incomplete() => new()
    {
        { "authorization_code", "client_secret_post", "needs a person with a browser" },
        { "device_code", "client_secret_post", "'device_code' is no grant" },
        { "password", "client_secret_post", "'username'" },
        { "refresh_token", "client_secret_post", "refresh token" },
        { Exchange, "client_secret_post", "'subject'" },
        { "client_credentials", "private_key_jwt", "'client.assertion'" },
        { "client_credentials", "tls_client_auth", "is no client authentication" },
    };

    [Theory]
    [MemberData(nameof(Incomplete))]
    public async Task What_a_grant_lacks_is_named_before_anything_is_sent(string grant, string clientAuthentication, string reason)
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        var e = await world.FailAsync(provider.Resource, Client(provider) with { Grant = grant, ClientAuthentication = clientAuthentication });
        Assert.Equal((ErrorTypes.Configuration, ErrorClass.Auth), (e.Error.Type, e.Class));
        Assert.Contains(reason, e.Error.Detail, StringComparison.Ordinal);
        Assert.Empty(provider.Requests);
    }

    [Fact]
    public async Task A_token_is_used_until_shortly_before_it_expires()
    {
        var time = new ManualTime();
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld(time: time);
        for (var i = 0; i < 3; i++) await world.GetAsync(provider.Resource, Client(provider));
        Assert.Single(provider.Requests);
        time.Advance(TimeSpan.FromSeconds(3569));
        await world.GetAsync(provider.Resource, Client(provider));
        Assert.Single(provider.Requests);
        time.Advance(TimeSpan.FromSeconds(1));
        await world.GetAsync(provider.Resource, Client(provider));
        Assert.Equal(2, provider.Requests.Count);
    }

    [Theory]
    [InlineData("\"60\"", 29, 31)]
    [InlineData("60", 29, 31)]
    [InlineData("10", 4, 6)]
    [InlineData("null", 269, 271)]
    [InlineData("-5", 269, 271)]
    [InlineData("\"NaN\"", 269, 271)]
    [InlineData("1e300", 86_369, 86_371)]
    public async Task However_a_lifetime_is_written_it_is_kept_to(string expiresIn, int isGood, int isOver)
    {
        var time = new ManualTime();
        await using var provider = await Provider.StartAsync();
        provider.Answer = token => JqValue.Object(("access_token", token), ("expires_in", JqValue.Parse(expiresIn)));
        using var world = new OutboundWorld(time: time);
        await world.GetAsync(provider.Resource, Client(provider));
        time.Advance(TimeSpan.FromSeconds(isGood));
        await world.GetAsync(provider.Resource, Client(provider));
        Assert.Single(provider.Requests);
        time.Advance(TimeSpan.FromSeconds(isOver - isGood));
        await world.GetAsync(provider.Resource, Client(provider));
        Assert.Equal(2, provider.Requests.Count);
    }

    [Fact]
    public async Task Two_identities_never_share_a_token()
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        var client = Client(provider);
        Authentication.OAuth2[] identities =
        [
            client, client with { ClientId = "other" }, client with { ClientSecret = "other" }, client with { Scopes = ["a"] }, client with { Audiences = ["x"] },
            client with { TokenPath = "/other" }, client with { Username = "u" }, client with { Scopes = ["a b"] },
        ];
        foreach (var identity in identities) await world.GetAsync(provider.Resource, identity);
        Assert.Equal(identities.Length, provider.Requests.Count);
        await world.GetAsync(provider.Resource, client with { Scopes = ["a", "b"], Audiences = ["x", "y"] });   // equal, but not the same arrays
        Assert.Equal(identities.Length, provider.Requests.Count);
    }

    [Fact]
    public async Task Many_calls_at_once_ask_for_one_token()
    {
        for (var round = 0; round < 50; round++)
        {
            await using var provider = await Provider.StartAsync();
            provider.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var world = new OutboundWorld();
            using var impatient = new CancellationTokenSource();
            var first = world.CallAsync(OutboundWorld.Get(provider.Resource, Client(provider)), impatient.Token);
            var others = Enumerable.Range(0, 10).Select(_ => world.GetAsync(provider.Resource, Client(provider))).ToArray();
            await impatient.CancelAsync();   // whoever began the fetch may leave without taking it along
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
            provider.Gate.SetResult();
            await Task.WhenAll(others);
            Assert.Single(provider.Requests);
        }
    }

    [Fact]
    public async Task A_token_that_is_refused_is_replaced_once()
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        await world.GetAsync(provider.Resource, Client(provider));
        provider.Valid.Clear();   // revoked
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => world.GetAsync(provider.Resource, Client(provider))));
        Assert.Equal(2, provider.Requests.Count);

        provider.Answer = _ => JqValue.Object(("access_token", "never-good-token"));
        provider.Valid.Clear();
        var e = await world.FailAsync(provider.Resource, Client(provider));
        Assert.Equal((ErrorTypes.Communication, 401, ErrorClass.Auth), (e.Error.Type, e.Error.Status, e.Class));
        Assert.Equal(3, provider.Requests.Count);
    }

    [Fact]
    public async Task A_rotated_refresh_token_takes_the_place_of_the_one_in_the_document()
    {
        var time = new ManualTime();
        await using var provider = await Provider.StartAsync();
        var rotation = 0;
        provider.Answer = token => JqValue.Object(("access_token", token), ("expires_in", 100), ("refresh_token", $"rotated-{++rotation}"));
        using var world = new OutboundWorld(time: time);
        var client = Client(provider) with { Grant = "refresh_token", Subject = new OAuth2Token("original", "refresh") };
        for (var i = 0; i < 3; i++)
        {
            await world.GetAsync(provider.Resource, client);
            time.Advance(TimeSpan.FromSeconds(100));
        }
        Assert.Equal("original rotated-1 rotated-2", string.Join(' ', provider.Requests.Select(request => Form(request.Body)["refresh_token"][0])));
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_client","error_description":"secret s3cret/+=ü is wrong"}""", ErrorTypes.Authentication, ErrorClass.Auth)]
    [InlineData(401, "{}", ErrorTypes.Authentication, ErrorClass.Auth)]
    [InlineData(429, "{}", ErrorTypes.Communication, ErrorClass.RateLimit)]
    [InlineData(503, "{}", ErrorTypes.Communication, ErrorClass.ServiceUnavailable)]
    [InlineData(200, "[]", ErrorTypes.Communication, ErrorClass.ServiceUnavailable)]
    [InlineData(200, "{}", ErrorTypes.Communication, ErrorClass.Auth)]
    [InlineData(200, """{"access_token":""}""", ErrorTypes.Communication, ErrorClass.Auth)]
    [InlineData(200, """{"access_token":"abcdefgh","token_type":"mac"}""", ErrorTypes.Communication, ErrorClass.Auth)]
    [InlineData(200, """{"access_token":"abc\r\ndef"}""", ErrorTypes.Configuration, ErrorClass.Auth)]
    public async Task A_token_endpoint_that_gives_none_is_an_error_of_its_kind(int status, string answer, string type, ErrorClass errorClass)
    {
        await using var provider = await Provider.StartAsync();
        provider.Status = status;
        provider.Answer = _ => JqValue.Parse(answer);
        using var world = new OutboundWorld();
        var e = await world.FailAsync(provider.Resource, Client(provider));
        Assert.Equal((type, errorClass), (e.Error.Type, e.Class));
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_is_shared_by_those_who_wait_and_not_kept()
    {
        await using var provider = await Provider.StartAsync();
        provider.Status = 503;
        provider.Gate = new TaskCompletionSource();
        using var world = new OutboundWorld();
        var calls = Enumerable.Range(0, 5).Select(_ => world.FailAsync(provider.Resource, Client(provider))).ToArray();
        provider.Gate.SetResult();
        await Task.WhenAll(calls);
        Assert.InRange(provider.Requests.Count, 1, 2);
        provider.Status = 200;
        await world.GetAsync(provider.Resource, Client(provider));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/")]
    public async Task A_provider_is_discovered_once_by_its_name_or_by_its_document(string suffix)
    {
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        var client = Client(provider) with { IsOidc = true, Authority = new Uri(provider.Address.AbsoluteUri.TrimEnd('/') + suffix) };
        await world.GetAsync(provider.Resource, client);
        await world.GetAsync(provider.Resource, client with { Scopes = ["other"] });
        Assert.Equal((1, 2), (provider.Discoveries, provider.Requests.Count));
    }

    [Fact]
    public async Task A_discovery_document_of_somebody_else_is_refused_before_a_secret_is_sent()
    {
        await using var provider = await Provider.StartAsync();
        provider.Discovery = provider.Discovery.With("issuer", "https://evil.example");
        using var world = new OutboundWorld();
        var client = Client(provider) with { IsOidc = true };
        var e = await world.FailAsync(provider.Resource, client);
        Assert.Equal(ErrorTypes.Authentication, e.Error.Type);
        Assert.Contains("https://evil.example", e.Error.Detail, StringComparison.Ordinal);
        Assert.Empty(provider.Requests);
        await world.GetAsync(provider.Resource, client with { Issuers = ["https://evil.example"] });   // unless the document expects it
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"issuer":"x"}""")]
    [InlineData("""{"issuer":"x","token_endpoint":"ftp://x"}""")]
    public async Task A_discovery_document_without_endpoints_is_a_bad_answer(string document)
    {
        await using var provider = await Provider.StartAsync();
        provider.Discovery = JqValue.Parse(document);
        using var world = new OutboundWorld();
        Assert.Equal("Invalid Response", (await world.FailAsync(provider.Resource, Client(provider) with { IsOidc = true })).Error.Title);
    }

    [Fact]
    public async Task A_token_of_an_issuer_that_is_not_listed_is_not_used()
    {
        static string Jwt(string issuer) => $"e30.{Base64Url.EncodeToString(JqValue.Object(("iss", issuer)).ToUtf8Bytes())}.c2ln";
        await using var provider = await Provider.StartAsync();
        using var world = new OutboundWorld();
        var client = Client(provider) with { Issuers = ["https://good.example"] };
        provider.Answer = _ => JqValue.Object(("access_token", Jwt("https://evil.example")), ("expires_in", 0));
        Assert.Contains("not among 'issuers'", (await world.FailAsync(provider.Resource, client)).Error.Detail, StringComparison.Ordinal);
        provider.Answer = null;
        Assert.Contains("cannot be checked", (await world.FailAsync(provider.Resource, client)).Error.Detail, StringComparison.Ordinal);
        provider.Valid[Jwt("https://good.example")] = true;
        provider.Answer = _ => JqValue.Object(("access_token", Jwt("https://good.example")));
        await world.GetAsync(provider.Resource, client);
    }

    [Theory]
    [InlineData("http://kc/realms/x", "/oauth2/token", "http://kc/realms/x/oauth2/token")]
    [InlineData("http://kc/realms/x/", "oauth2/token", "http://kc/realms/x/oauth2/token")]
    [InlineData("http://kc", "/t", "http://kc/t")]
    [InlineData("http://kc/a?b=c", "/t", "http://kc/a/t")]
    [InlineData("http://kc/a", "https://other/t", "https://other/t")]
    public void The_token_endpoint_is_the_authority_and_the_path(string authority, string path, string endpoint)
    {
        var oauth2 = new Authentication.OAuth2(new Uri(authority), false, path, "", null, null, null, "", false, [], [], [], null, null, null, null);
        Assert.Equal(new Uri(endpoint), Baton.Server.Outbound.TokenSource.TokenEndpoint(oauth2));
    }
}
