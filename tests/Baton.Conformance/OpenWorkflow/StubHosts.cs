using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Baton.Conformance.OpenWorkflow;

/// <summary>The two outside hosts that the kit calls (a pet store and an HTTP echo), as far as it calls them, on a free port of 127.0.0.1.</summary>
internal sealed class StubHosts : IAsyncDisposable
{
    private readonly WebApplication app;

    private StubHosts(WebApplication app) => this.app = app;

    /// <summary>host:port.</summary>
    public string Address => new Uri(app.Urls.First()).Authority;

    public static async Task<StubHosts> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var host = builder.Build();
        host.MapGet("/v2/pet/findByStatus", (string status) => new JsonArray(Pet(1, status), Pet(2, status)));
        host.MapGet("/v2/pet/{id:int}", (int id) => Pet(id, "available"));
        host.MapGet("/v2/pet/getPetByName/{name}", (string name) => Results.Json(new JsonObject { ["message"] = $"no pet is named {name}" }, statusCode: 404));
        host.MapGet("/v2/swagger.json", (HttpRequest request) => Swagger(request.Host.Value!));
        host.MapGet("/basic-auth/{user}/{password}", (string user, string password, HttpRequest request) =>
            request.Headers.Authorization == new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))).ToString()
                ? Results.Json(new JsonObject { ["authenticated"] = true, ["user"] = user }) : Results.StatusCode(401));
        await host.StartAsync();
        return new StubHosts(host);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static JsonObject Pet(int id, string status) => new() { ["id"] = id, ["name"] = $"pet {id}", ["status"] = status };

    private static JsonObject Swagger(string host) => JsonNode.Parse($$"""
        {
          "swagger": "2.0", "info": { "title": "pets", "version": "1" }, "host": "{{host}}", "basePath": "/v2", "schemes": ["http"],
          "paths": {
            "/pet/findByStatus": { "get": { "operationId": "findPetsByStatus", "produces": ["application/json"],
              "parameters": [{ "name": "status", "in": "query", "required": true, "type": "array", "items": { "type": "string" }, "collectionFormat": "multi" }],
              "responses": { "200": { "description": "pets" } } } },
            "/pet/{petId}": { "get": { "operationId": "getPetById", "produces": ["application/json"],
              "parameters": [{ "name": "petId", "in": "path", "required": true, "type": "integer" }], "responses": { "200": { "description": "a pet" } } } }
          }
        }
        """)!.AsObject();
}
