using System.Text.Json;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>What is turned away below <c>/v1</c>: an SDK reads it as it reads any error, and every answer has a name.</summary>
public sealed class GatewayDoorTests
{
    private const string Admin = "key-of-ada-0123456789";

    [Theory]
    [InlineData("GET", "/v1/chat/completions", 405, "POST")]
    [InlineData("PUT", "/v1/messages", 405, "POST")]
    [InlineData("POST", "/v1/models", 405, "GET")]
    [InlineData("DELETE", "/v1/models/a/b", 405, "GET")]
    [InlineData("POST", "/v1/responses/resp_1", 405, "DELETE, GET")]
    [InlineData("POST", "/v1/images/generations", 404, null)]
    [InlineData("GET", "/v1/messages/batches", 404, null)]
    [InlineData("GET", "/v1", 404, null)]
    public async Task Addresses_and_methods_that_there_are_not_are_told_in_the_dialect_to_every_key(string method, string path, int status, string? allow)
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"a:ada:{Admin}" });
        using var ada = server.HttpClient(Admin);
        using var gateway = server.HttpClient((await server.PostAsync("/api/v1/keys", """{"name":"app"}""", ada)).Ok(201)["secret"].GetString());
        foreach (var http in new[] { ada, gateway })
        {
            foreach (var isAnthropic in new[] { false, true })
            {
                using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
                if (isAnthropic) request.Headers.Add("anthropic-version", "2023-06-01");
                using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
                var body = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                Assert.Equal((status, allow, "application/json"), ((int)response.StatusCode, allow is null ? null : string.Join(", ", response.Content.Headers.Allow), response.Content.Headers.ContentType?.MediaType));
                Assert.Contains(path, body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
                var id = response.Headers.GetValues("x-baton-request-id").Single();
                Assert.Matches("^req_[0-9a-f]{32}$", id);
                if (path == "/v1/messages" || (isAnthropic && path != "/v1/chat/completions")) Assert.Equal(id, body.GetProperty("request_id").GetString());
                else Assert.False(body.TryGetProperty("request_id", out _));
            }
        }
    }

    [Theory]
    [InlineData("POST", "/v1/chat/completions", false)]
    [InlineData("POST", "/v1/messages", true)]
    [InlineData("GET", "/v1/models", false)]
    [InlineData("GET", "/v1/responses/resp_1", false)]
    [InlineData("GET", "/v1/nothing", false)]
    public async Task Who_has_no_key_is_told_so_with_the_name_of_the_request(string method, string path, bool isAnthropic)
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"a:ada:{Admin}" });
        var refused = await server.SendAsync(new HttpRequestMessage(HttpMethod.Parse(method), path));
        Assert.Equal("authentication_error", refused.Ok(401)["error"].GetProperty("type").GetString());
        var id = refused.Headers.GetValues("x-baton-request-id").Single();
        Assert.Matches("^req_[0-9a-f]{32}$", id);
        if (isAnthropic) Assert.Equal(id, refused["request_id"].GetString());
    }

    [Fact]
    public async Task The_page_of_a_stranger_is_refused_in_the_dialect()
    {
        await using var server = await TestServer.StartAsync();
        var refused = await server.PostAsync("/v1/messages", "{}", null, ("Origin", "https://evil.example"));
        Assert.Equal("permission_error", refused.Ok(403)["error"].GetProperty("type").GetString());
    }

    [Fact]
    public async Task What_is_no_call_of_a_model_has_a_name_too()
    {
        await using var server = await TestServer.StartAsync();
        var response = (await server.PostAsync("/v1/responses", """{"model":"baton/echo","input":"One."}""")).Ok()["id"].GetString();
        foreach (var path in new[] { "/v1/models", "/v1/models/baton/echo", "/v1/models/none", $"/v1/responses/{response}", "/v1/responses/resp_none" })
            Assert.Matches("^req_[0-9a-f]{32}$", (await server.GetAsync(path)).Headers.GetValues("x-baton-request-id").Single());
    }
}
