using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Server.Outbound;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Outbound;

public sealed class DigestTests
{
    private static readonly Authentication.Digest User = new("Mufasa", "Circle of Life");

    private static DigestChallenge Challenge(params string[] headers) =>
        DigestChallenge.Find(new OutboundResponse(401, [.. headers.Select(header => KeyValuePair.Create("WWW-Authenticate", header))], default))!;

    [Theory]
    [InlineData("MD5", "8ca523f5e9506fed4657c9700eebdbec")]
    [InlineData("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")]
    public void The_example_of_the_standard_comes_out(string algorithm, string response)
    {
        var challenge = Challenge(
            $"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
        var answer = challenge.Answer(User, "GET", new Uri("http://www.example.org/dir/index.html"), "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
        Assert.Equal(
            $"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", algorithm={algorithm}, "
            + $"response=\"{response}\", qop=auth, nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
            answer);
    }

    [Fact]
    public void A_server_without_quality_of_protection_is_answered_the_old_way()
    {
        var answer = Challenge("Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"")
            .Answer(new Authentication.Digest("Mufasa", "CircleOfLife"), "GET", new Uri("http://h/dir/index.html"), "x");
        Assert.Contains("response=\"1949323746fe6a43ef61f9606e7febea\"", answer, StringComparison.Ordinal);   // RFC 2069, with its errata
        Assert.DoesNotContain("qop", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void The_strongest_of_several_challenges_is_taken_wherever_it_stands()
    {
        var answer = Challenge(
                "Negotiate abc==, Basic realm=\"a, b\", Digest realm=\"r\\\"1\", nonce=n1, qop=auth, algorithm=MD5",
                "Digest realm=\"r2\" , nonce = \"n2\", qop=\"auth\", algorithm=SHA-256, stale=TRUE,Digest realm=r3, nonce=n3, algorithm=SHA-512-256, qop=auth")
            .Answer(User, "GET", new Uri("http://h/"), "c");
        Assert.Contains("realm=\"r2\", nonce=\"n2\"", answer, StringComparison.Ordinal);
        var quoted = Challenge("Digest realm=\"r\\\"1\", nonce=n1, qop=auth").Answer(User, "GET", new Uri("http://h/"), "c");
        Assert.Contains("realm=\"r\\\"1\"", quoted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic realm=\"a\"")]
    [InlineData("Digest realm=\"a\"")]
    [InlineData("Digest nonce=\"a\"")]
    [InlineData("Digest realm=\"a\", nonce=\"b\", algorithm=SHA-512-256")]
    [InlineData("Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\"")]
    [InlineData("Digest realm=\"a\", nonce=\"b\", algorithm=MD5-sess")]
    [InlineData(",,= \"")]
    [InlineData("Digest realm=\"a")]
    public void A_challenge_that_cannot_be_met_is_none(string header) => Assert.Null(Challenge(header));

    [Fact]
    public void A_user_name_beyond_ascii_is_sent_as_the_standard_says_and_hashed_where_asked()
    {
        var user = new Authentication.Digest("Jäsøn Doe", "Secret, or not?");
        var plain = Challenge("Digest realm=\"api@example.org\", qop=auth, algorithm=SHA-256, nonce=\"n\", charset=UTF-8").Answer(user, "GET", new Uri("http://h/"), "c");
        Assert.Contains("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", plain, StringComparison.Ordinal);
        var hashed = Challenge("Digest realm=\"r\", qop=auth, algorithm=SHA-256, nonce=\"n\", userhash=true").Answer(user, "GET", new Uri("http://h/"), "c");
        Assert.Contains($"username=\"{Sha256("Jäsøn Doe:r")}\", userhash=true", hashed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MD5")]
    [InlineData("MD5-sess")]
    [InlineData("SHA-256")]
    [InlineData("SHA-256-sess")]
    public async Task A_challenge_is_answered_once_and_its_nonce_counted_from_then_on(string algorithm)
    {
        var server = new DigestServer(algorithm);
        await using var web = await WebServer.StartAsync(server.HandleAsync);
        using var world = new OutboundWorld();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("{\"a\":1}", (await world.CallAsync(OutboundWorld.Post(web["/x?q=1&r=ü"], Baton.Jq.JqValue.Parse("""{"a":1}""")) with { Authentication = User })).AsString());
        }
        Assert.Equal(["none", "00000001", "00000002", "00000003"], server.Counts);
    }

    [Fact]
    public async Task A_stale_nonce_is_replaced_and_a_wrong_password_is_not_tried_again()
    {
        var server = new DigestServer("SHA-256");
        await using var web = await WebServer.StartAsync(server.HandleAsync);
        using var world = new OutboundWorld();
        await world.GetAsync(web.Address, User);
        server.Nonce = "another";
        await world.GetAsync(web.Address, User);
        Assert.Equal(["none", "00000001", "00000002", "00000001"], server.Counts);

        server.Counts.Clear();
        var e = await world.FailAsync(web.Address, User with { Password = "wrong one" });
        Assert.Equal((401, ErrorClass.Auth), (e.Error.Status, e.Class));
        Assert.InRange(server.Counts.Count, 1, 2);
    }

    [Fact]
    public async Task A_server_that_never_has_enough_is_left_after_two_answers()
    {
        var calls = 0;
        await using var web = await WebServer.StartAsync(http =>
        {
            calls++;
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = $"Digest realm=\"r\", nonce=\"{calls}\", qop=auth, stale=true";
            return Task.CompletedTask;
        });
        using var world = new OutboundWorld();
        Assert.Equal(401, (await world.FailAsync(web.Address, User)).Error.Status);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_server_that_asks_for_something_else_is_a_clear_error()
    {
        await using var web = await WebServer.StartAsync(http =>
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"r\"";
            return Task.CompletedTask;
        });
        using var world = new OutboundWorld();
        var e = await world.FailAsync(web.Address, User);
        Assert.Equal((ErrorTypes.Authentication, 401), (e.Error.Type, e.Error.Status));
        Assert.Contains("digest challenge", e.Error.Detail, StringComparison.Ordinal);
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>A server that checks every digest by itself.</summary>
    private sealed class DigestServer(string algorithm)
    {
        public string Nonce { get; set; } = "first";

        public List<string> Counts { get; } = [];

        public async Task HandleAsync(HttpContext http)
        {
            var sent = http.Request.Headers.Authorization.ToString();
            var parts = Regex.Matches(sent, "(?<name>[a-z]+)=(\"(?<value>[^\"]*)\"|(?<value>[^ ,]+))", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
                .ToDictionary(part => part.Groups["name"].Value, part => part.Groups["value"].Value, StringComparer.Ordinal);
            Counts.Add(parts.GetValueOrDefault("nc", "none"));
            var target = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            if (parts.Count == 0 || parts["nonce"] != Nonce || parts["uri"] != target || parts["response"] != Expected(parts, http.Request.Method))
            {
                http.Response.StatusCode = 401;
                var isStale = parts.Count > 0 && parts["nonce"] != Nonce;
                http.Response.Headers.WWWAuthenticate = $"Digest realm=\"r, r\", nonce=\"{Nonce}\", qop=\"auth\", algorithm={algorithm}, opaque=\"o\"{(isStale ? ", stale=true" : "")}";
                return;
            }
            http.Response.ContentType = "text/plain";
            await http.Request.Body.CopyToAsync(http.Response.Body);
        }

        private string Expected(Dictionary<string, string> parts, string method)
        {
            var secret = Hash($"{User.Username}:r, r:{User.Password}");
            if (algorithm.EndsWith("-sess", StringComparison.Ordinal)) secret = Hash($"{secret}:{Nonce}:{parts["cnonce"]}");
            return Hash($"{secret}:{Nonce}:{parts["nc"]}:{parts["cnonce"]}:{parts["qop"]}:{Hash($"{method}:{parts["uri"]}")}");
        }

        [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "RFC 7616 names it.")]
        private string Hash(string text) => algorithm.StartsWith("MD5", StringComparison.Ordinal) ? Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text))) : Sha256(text);
    }
}
