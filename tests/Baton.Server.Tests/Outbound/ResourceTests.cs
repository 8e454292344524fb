using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Outbound;

public sealed class ResourceTests
{
    private static Task<JqValue> FetchAsync(OutboundWorld world, Uri uri) => world.Resources.PerformAsync(new EffectRequest.Fetch(new ResourceReference(uri, null)), OutboundWorld.Step());

    private static Task<WebServer> ServeAsync(string? type, string body, int status = 200) => WebServer.StartAsync(async http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        await http.Response.WriteAsync(body);
    });

    [Theory]
    [InlineData("application/json", "/x", """{"a":1}""")]
    [InlineData("text/plain", "/x", """ {"a":1}""")]
    [InlineData("text/plain", "/x", "{a: 1}")]
    [InlineData("application/yaml", "/x", "a: 1")]
    [InlineData(null, "/x.yaml", "a: 1")]
    [InlineData("application/octet-stream", "/x.json", """{"a":1}""")]
    public async Task A_resource_is_json_or_yaml_whatever_it_is_called(string? type, string path, string body)
    {
        await using var server = await ServeAsync(type, body);
        using var world = new OutboundWorld();
        Assert.Equal(JqValue.Parse("""{"a":1}"""), await FetchAsync(world, server[path]));
    }

    [Theory]
    [InlineData("application/json", "a: 1", "is not JSON: ")]
    [InlineData("text/plain", "a: [", "is not JSON or YAML: ")]
    [InlineData("text/html", "<p>not: [found</p>", "is not JSON or YAML: ")]
    public async Task A_resource_that_is_neither_is_a_bad_answer(string type, string body, string reason)
    {
        await using var server = await ServeAsync(type, body);
        using var world = new OutboundWorld();
        var e = await Assert.ThrowsAsync<WorkflowException>(() => FetchAsync(world, server["/doc?token=abc"]));
        Assert.Equal("Invalid Response", e.Error.Title);
        Assert.Contains(reason, e.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_that_is_not_there_is_the_hosts_error()
    {
        await using var server = await ServeAsync("text/plain", "no such thing", 404);
        using var world = new OutboundWorld();
        var e = await Assert.ThrowsAsync<WorkflowException>(() => FetchAsync(world, server.Address));
        Assert.Equal((ErrorTypes.Communication, 404, ErrorClass.DataValidation), (e.Error.Type, e.Error.Status, e.Class));
    }

    [Fact]
    public async Task A_resource_beyond_the_limit_is_refused()
    {
        await using var server = await ServeAsync("text/plain", new string('x', 1001));
        using var world = new OutboundWorld(options => options.MaxDocumentBytes = 1000);
        var e = await Assert.ThrowsAsync<WorkflowException>(() => FetchAsync(world, server.Address));
        Assert.Contains("Outbound:MaxDocumentBytes", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_to_a_resource_is_followed()
    {
        await using var server = await WebServer.StartAsync(async http =>
        {
            if (http.Request.Path == "/") http.Response.Redirect("/there", permanent: true);
            else await http.Response.WriteAsync("[1]");
        });
        using var world = new OutboundWorld();
        Assert.Equal(JqValue.Array(1), await FetchAsync(world, server.Address));
    }

    [Fact]
    public async Task Files_are_read_only_below_the_folders_that_are_opened()
    {
        var folder = Directory.CreateTempSubdirectory("baton-test-");
        try
        {
            var root = folder.CreateSubdirectory("root");
            var beside = folder.CreateSubdirectory("root-beside");
            File.WriteAllText(Path.Combine(root.FullName, "a.yaml"), "a: 1");
            root.CreateSubdirectory("sub");
            File.WriteAllText(Path.Combine(root.FullName, "sub", "b ü.json"), "[2]");
            File.WriteAllText(Path.Combine(beside.FullName, "secret.json"), "[3]");
            File.CreateSymbolicLink(Path.Combine(root.FullName, "inside.json"), Path.Combine("sub", "b ü.json"));
            File.CreateSymbolicLink(Path.Combine(root.FullName, "outside.json"), Path.Combine(beside.FullName, "secret.json"));
            Directory.CreateSymbolicLink(Path.Combine(root.FullName, "way-out"), beside.FullName);
            File.CreateSymbolicLink(Path.Combine(root.FullName, "loop.json"), Path.Combine(root.FullName, "loop.json"));
            Uri At(string path) => new($"file://{root.FullName}/{path}");

            using (var closed = new OutboundWorld())
            {
                var e = await Assert.ThrowsAsync<WorkflowException>(() => FetchAsync(closed, At("a.yaml")));
                Assert.Equal((ErrorTypes.Authorization, 403), (e.Error.Type, e.Error.Status));
                Assert.Contains("Outbound:FileRoots", e.Error.Detail, StringComparison.Ordinal);
            }

            using var world = new OutboundWorld(options => options.FileRoots.Add(root.FullName + "/"));
            Assert.Equal(JqValue.Object(("a", 1)), await FetchAsync(world, At("a.yaml")));
            Assert.Equal(JqValue.Array(2), await FetchAsync(world, At("sub/b%20%C3%BC.json")));
            Assert.Equal(JqValue.Array(2), await FetchAsync(world, At("sub/../inside.json")));
            foreach (var path in (string[])["outside.json", "way-out/secret.json", "../root-beside/secret.json", "sub/../../root-beside/secret.json", "loop.json", "missing.json", "%2e%2e/root-beside/secret.json", ""])
            {
                var e = await Assert.ThrowsAsync<WorkflowException>(() => FetchAsync(world, At(path)));
                Assert.Equal(403, e.Error.Status);
            }
            Assert.Equal(ErrorTypes.Validation, (await Assert.ThrowsAsync<WorkflowException>(() => FetchAsync(world, At("sub")))).Error.Type);
            Assert.Equal(403, (await Assert.ThrowsAsync<WorkflowException>(() => FetchAsync(world, new Uri($"file://other{root.FullName}/a.yaml")))).Error.Status);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
