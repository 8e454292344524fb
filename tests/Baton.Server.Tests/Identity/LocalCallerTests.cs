using System.Text;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Identity;

/// <summary>A server that asks for no key must not serve the pages of strangers that a browser on the same machine shows.</summary>
public sealed class LocalCallerTests
{
    private const string Document = "document: { dsl: 1.0.3, namespace: evil, name: planted, version: 1.0.0 }\ndo: [ { a: { set: { x: 1 } } } ]";

    private static HttpRequestMessage Post(params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/workflows") { Content = new StringContent(Document, Encoding.UTF8, "application/yaml") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "127.0.0.1.evil.example:7070")]
    [InlineData("Host", "192.168.1.7:7070")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task What_the_page_of_a_stranger_sends_is_refused(string name, string value)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal("urn:baton:problem:foreign-origin", (await server.SendAsync(Post((name, value)))).Problem(403).GetProperty("type").GetString());
        (await server.GetAsync("/api/v1/workflows/evil/planted")).Problem(404);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("baton.localhost")]
    public async Task Names_of_this_machine_are_served(string host)
    {
        await using var server = await TestServer.StartAsync();
        (await server.SendAsync(Post(("Host", $"{host}:{server.Address.Port}"), ("Origin", $"http://{host}:{server.Address.Port}"), ("Sec-Fetch-Site", "same-origin")))).Ok(201);
    }

    [Fact]
    public async Task A_link_to_the_page_of_a_run_may_be_followed()
    {
        await using var server = await TestServer.StartAsync();
        var visit = new HttpRequestMessage(HttpMethod.Get, "/runs/run_1");
        foreach (var (name, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document") }) visit.Headers.Add(name, value);
        (await server.SendAsync(visit)).Ok();
    }

    [Fact]
    public async Task With_a_key_any_name_will_do_because_no_page_has_the_key()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = "acme:ada:0123456789abcdef0123" });
        using var ada = server.HttpClient("0123456789abcdef0123");
        (await server.SendAsync(Post(("Host", "baton.example"), ("Origin", "https://tools.example")), ada)).Ok(201);
        (await server.SendAsync(Post(("Host", "baton.example")))).Problem(401);
    }
}
