using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

public class NestingTests
{
    [Fact]
    public async Task A_workflow_that_runs_itself_and_waits_is_ended_with_the_reason()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("ouroboros", "do: [ { again: { run: { workflow: { namespace: test, name: ouroboros, version: latest } } } } ]");
        var result = await server.EndAsync(await server.StartRunAsync("ouroboros"));
        Assert.Equal("failed", result.State);
        Assert.Contains("Does a workflow run itself without end?", $"{result.Error}", StringComparison.Ordinal);
        var runs = (await server.GetAsync("/api/v1/runs?limit=200")).Ok()["items"];
        Assert.Equal(51, runs.GetArrayLength());
        Assert.All(runs.EnumerateArray(), run => Assert.Equal("failed", run.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task Runs_that_nobody_awaits_may_follow_each_other_for_longer()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("relay", """
            do:
              - next:
                  if: .left > 0
                  run: { await: false, workflow: { namespace: test, name: relay, version: latest, input: { left: '${ .left - 1 }' } } }
            """);
        await server.EndAsync(await server.StartRunAsync("relay", """{"left":70}"""));
        await Eventually.IsTrueAsync(async () => (await server.GetAsync("/api/v1/runs?state=completed&limit=200")).Ok()["items"].GetArrayLength() >= 71);
        Assert.Equal(0, (await server.GetAsync("/api/v1/runs?state=failed")).Ok()["items"].GetArrayLength());
    }
}

public sealed class NestingOnPostgres : NestingTests, IOnPostgres;
