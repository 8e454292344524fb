using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Baton.Server.Tests.Http;

/// <summary>What the API says of itself, and what it says where there is nothing.</summary>
public sealed class DescriptionTests(DescriptionTests.Shared shared) : IClassFixture<DescriptionTests.Shared>
{
    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Fact]
    public async Task Every_endpoint_is_described_with_its_parameters_and_its_answers()
    {
        var description = (await Server.GetAsync("/openapi/v1.json")).Ok();
        var paths = description["paths"];
        var faults = new List<string>();
        foreach (var endpoint in ApiEndpoint.All(Server))
        {
            if (endpoint.Route.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is { ExcludeFromDescription: true }) continue;
            var shown = endpoint.Pattern.Replace("{**", "{", StringComparison.Ordinal);
            if (!(paths.TryGetProperty(shown, out var path) || paths.TryGetProperty($"{shown}/", out path)) || !path.TryGetProperty(endpoint.Method.ToLowerInvariant(), out var operation))
            {
                faults.Add($"{endpoint} is not there");
                continue;
            }
            if (!operation.TryGetProperty("summary", out _)) faults.Add($"{endpoint} has no summary");
            var parameters = operation.TryGetProperty("parameters", out var all) ? all.EnumerateArray().Select(one => one.GetProperty("name").GetString()!).ToList() : [];
            foreach (var wanted in endpoint.PathParameters.Concat(endpoint.Parameters?.All.Select(one => one.Name) ?? []).Where(wanted => !parameters.Contains(wanted))) faults.Add($"{endpoint} does not show {wanted}");
            var responses = operation.GetProperty("responses");
            foreach (var produced in endpoint.Route.Metadata.OfType<IProducesResponseTypeMetadata>().Where(produced => !responses.TryGetProperty($"{produced.StatusCode}", out _))) faults.Add($"{endpoint} does not show {produced.StatusCode}");
            if (endpoint.IsApi && !responses.TryGetProperty("401", out _)) faults.Add($"{endpoint} does not show 401");
            if (endpoint.IsApi && endpoint.TakesBody && (!operation.TryGetProperty("requestBody", out _) || !responses.TryGetProperty("413", out _) || !responses.TryGetProperty("415", out _))) faults.Add($"{endpoint} does not show its body, 413 and 415");
        }
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api/v2/runs")]
    [InlineData("/health/nothing")]
    [InlineData("/api/v1/runs/a/b/c")]
    public async Task Where_nothing_is_a_problem_says_so(string path)
    {
        foreach (var method in (string[])["GET", "POST", "DELETE"]) Assert.Contains(path, (await Server.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).Problem(404).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_method_that_an_endpoint_does_not_have_is_refused_with_those_that_it_has()
    {
        foreach (var endpoint in ApiEndpoint.All(Server).Where(endpoint => endpoint.IsApi))
        {
            var answer = await Server.SendAsync(new HttpRequestMessage(new HttpMethod("PURGE"), endpoint.Path(_ => "x")));
            Assert.Contains(endpoint.Method, answer.Problem(405).GetProperty("detail").GetString());
        }
    }
}
