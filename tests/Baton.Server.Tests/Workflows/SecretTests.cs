using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Workflows;

/// <summary>A secret of a workflow goes where it is sent, and is seen nowhere else.</summary>
public class SecretTests
{
    private const string Secret = "s3cr3t-0f-the-0rchestra/+\"é";

    [Theory]
    [InlineData(200)]
    [InlineData(401)]
    [InlineData(500)]
    public async Task A_bearer_token_stands_in_no_journal_answer_log_or_file(int status)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["secrets"]);
        folder.Write("secrets/token", "tok3n-0f-the-0rchestra\n");
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var target = await WebServer.StartAsync(async http =>
        {
            seen.TrySetResult(http.Request.Headers.Authorization.ToString());
            http.Response.StatusCode = status;
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync($$"""{"said":"{{http.Request.Headers.Authorization}}"}""");
        });
        string run;
        var texts = new List<string>();
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Values = { ["Secrets:Folder"] = folder["secrets"] } }))
        {
            await server.RegisterAsync("caller", $"use: {{ secrets: [token], authentications: {{ it: {{ bearer: {{ token: '${{ $secrets.token }}' }} }} }} }}\ndo: [ {{ c: {{ call: http, with: {{ method: get, endpoint: {{ uri: '{target["/x"]}', authentication: {{ use: it }} }}, output: raw }} }} }}, {{ done: {{ set: {{ ok: true }} }} }} ]");
            run = await server.StartRunAsync("caller");
            var result = await server.EndAsync(run);
            Assert.Equal("Bearer tok3n-0f-the-0rchestra", await seen.Task);
            Assert.Equal(status == 200 ? "completed" : "failed", result.State);
            foreach (var path in (string[])["", "/result", "/events", "/journal"]) texts.Add((await server.GetAsync($"/api/v1/runs/{run}{path}")).Ok().Text);
            texts.Add((await server.GetAsync("/api/v1/workflows/test/caller/latest")).Ok().Text);
            texts.AddRange(server.Log.Lines);
        }
        foreach (var file in Directory.EnumerateFiles(folder.Path, "baton.db*")) texts.Add(System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        Assert.DoesNotContain(texts, text => text.Contains("tok3n-0f-the", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_is_missing_is_named_and_one_of_another_tenant_is_missing()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder["secrets"], "a"));
        folder.Write("secrets/a/token", Secret);
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Keys = "a:k:0123456789abcdef-a\nb:k:0123456789abcdef-b", Values = { ["Secrets:Folder"] = folder["secrets"] } });
        foreach (var (tenant, state) in new[] { ("a", "completed"), ("b", "failed") })
        {
            using var http = server.HttpClient($"0123456789abcdef-{tenant}");
            await server.RegisterAsync("uses", "use: { secrets: [token] }\ndo: [ { a: { set: { length: '${ $secrets.token | length }' } } } ]", http: http);
            var run = await server.StartRunAsync("uses", http: http);
            Answer answer;
            do answer = await server.GetAsync($"/api/v1/runs/{run}/result", http);
            while (answer.Status == 409);
            Assert.True(state == answer.Ok()["state"].GetString(), answer.Text);
            if (state == "failed") Assert.Contains("token", answer["error"].GetProperty("detail").GetString());
            Assert.DoesNotContain(Secret, answer.Text);
        }
    }
}

public sealed class SecretOnPostgres : SecretTests, IOnPostgres;
