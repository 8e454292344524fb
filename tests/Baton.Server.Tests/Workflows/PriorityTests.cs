using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>How urgent runs are, whoever starts them.</summary>
public class PriorityTests
{
    [Fact]
    public async Task A_run_takes_the_priority_of_its_workflow_unless_it_is_started_with_another()
    {
        await using var server = await TestServer.StartAsync();
        await RegisterAsync(server, "urgent", "do: [ { done: { set: { a: 1 } } } ]");
        Assert.Equal(7, (await server.Client.Runs.GetAsync(await server.StartRunAsync("urgent"), TestContext.Current.CancellationToken)).Priority);
        Assert.Equal(0, (await server.PostAsync("/api/v1/runs", """{"workflow":"test/urgent","priority":0}""")).Ok(202)["priority"].GetInt32());
    }

    [Fact]
    public async Task What_a_run_starts_is_as_urgent_as_the_run()
    {
        await using var server = await TestServer.StartAsync();
        await RegisterAsync(server, "urgent", "do: [ { done: { set: { a: 1 } } } ]");
        await server.RegisterAsync("calls", "do: [ { child: { run: { workflow: { namespace: test, name: urgent, version: latest } } } } ]");
        var parent = (await server.PostAsync("/api/v1/runs", """{"workflow":"test/calls","priority":-3}""")).Ok(202)["id"].GetString()!;
        Assert.Equal("completed", (await server.EndAsync(parent)).State);
        var child = Assert.Single((await server.Client.Runs.ListAsync([new("workflow", "test/urgent")], TestContext.Current.CancellationToken)).Items);
        Assert.Equal((parent, -3), (child.ParentId, child.Priority));
    }

    [Fact]
    public async Task What_an_event_starts_has_the_priority_of_its_workflow()
    {
        await using var server = await TestServer.StartAsync();
        await RegisterAsync(server, "on-order", "schedule: { on: { one: { with: { type: order } } } }\ndo: [ { done: { set: { a: 1 } } } ]");
        (await server.PostAsync("/api/v1/events", """{"type":"order","data":{}}""")).Ok(202);
        Assert.Equal(7, Assert.Single((await server.Client.Runs.ListAsync([], TestContext.Current.CancellationToken)).Items).Priority);
    }

    private static async Task RegisterAsync(TestServer server, string name, string rest) =>
        (await server.PostAsync("/api/v1/workflows", $"document: {{ dsl: 1.0.3, namespace: test, name: {name}, version: 1.0.0, metadata: {{ baton: {{ priority: 7 }} }} }}\n{rest}")).Ok(201);
}

public sealed class PriorityOnPostgres : PriorityTests, IOnPostgres;
