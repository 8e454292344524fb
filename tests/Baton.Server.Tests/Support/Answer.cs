using System.Net.Http.Headers;
using System.Text.Json;

namespace Baton.Server.Tests.Support;

/// <summary>What a server answered, read to its end.</summary>
internal sealed record Answer(int Status, string? MediaType, string Text, HttpResponseHeaders Headers)
{
    public JsonElement Json => JsonElement.Parse(Text, new JsonDocumentOptions { MaxDepth = 10_000 });

    public JsonElement this[string member] => Json.GetProperty(member);

    /// <summary>The body as problem details, after a look at what every problem has.</summary>
    public JsonElement Problem(int status)
    {
        Assert.True(status == Status, $"{status} was expected, not {Status}: {Text}");
        Assert.Equal("application/problem+json", MediaType);
        var problem = Json;
        Assert.StartsWith("urn:baton:problem:", problem.GetProperty("type").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.Equal(32, problem.GetProperty("trace_id").GetString()!.Length);
        return problem;
    }

    /// <summary>The problem's pointers: where the faults are.</summary>
    public IEnumerable<string> Pointers(int status) =>
        Problem(status).TryGetProperty("errors", out var errors) ? errors.EnumerateArray().Select(error => error.GetProperty("pointer").GetString()!).ToList() : [];

    public Answer Ok(int status = 200)
    {
        Assert.True(status == Status, $"{status} was expected, not {Status}: {Text}");
        return this;
    }

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response) return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Headers);
    }
}
