using System.Collections.Concurrent;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>What a run did is undone in a real server, whether it fails or is cancelled, and over a restart.</summary>
public sealed class CompensationTests
{
    [Theory]
    [InlineData("failed", false)]
    [InlineData("cancelled", false)]
    [InlineData("failed", true)]
    [InlineData("cancelled", true)]
    public async Task What_was_done_is_undone_once_in_reverse_order(string ends, bool restarts)
    {
        var done = new ConcurrentQueue<string>();
        var refusals = restarts ? 1 : 0;
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var world = await WebServer.StartAsync(http =>
        {
            var what = $"{http.Request.Method} {http.Request.Path}";
            if (what == "DELETE /b" && Interlocked.Decrement(ref refusals) >= 0)
            {
                http.Response.StatusCode = 503;
                http.Response.Headers.RetryAfter = "2";   // long enough to leave memory, and to be restarted
                refused.TrySetResult();
                return Task.CompletedTask;
            }
            done.Enqueue(what);
            return Task.CompletedTask;
        });
        using var folder = new TemporaryFolder();
        string run;
        var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder });
        try
        {
            var end = ends == "failed" ? "raise: { error: { type: 'urn:odd', status: 500 } }" : "listen: { to: { one: { with: { type: never } } } }";
            (await server.PostAsync("/api/v1/workflows", $$"""
                document: { dsl: 1.0.3, namespace: test, name: trip, version: 1.0.0, metadata: { baton: { compensate_on_cancel: true } } }
                do:
                  - a: { call: http, with: { method: put, endpoint: '{{world["/a"]}}' }, metadata: { baton: { compensate: { do: [ { undo: { call: http, with: { method: delete, endpoint: '{{world["/a"]}}' } } } ] } } } }
                  - b: { call: http, with: { method: put, endpoint: '{{world["/b"]}}' }, metadata: { baton: { compensate: { do: [ { undo: { call: http, with: { method: delete, endpoint: '{{world["/b"]}}' } } } ] } } } }
                  - z: { {{end}}, metadata: { baton: { on_error: { rules: [ { compensate: {} } ] } } } }
                """)).Ok(201);
            run = await server.StartRunAsync("trip");
            if (ends == "cancelled")
            {
                await server.StateAsync(run, "waiting");
                (await server.PostAsync($"/api/v1/runs/{run}/cancel", """{"reason":"changed my mind"}""")).Ok(202);
            }
            if (restarts)
            {
                await refused.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
                await server.DisposeAsync();
                server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder });
            }
            var result = await server.EndAsync(run);
            Assert.Equal(ends, result.State);
            if (ends == "cancelled") Assert.Contains("changed my mind", result.Error!.Detail, StringComparison.Ordinal);
            Assert.Equal(["PUT /a", "PUT /b", "DELETE /b", "DELETE /a"], done);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
