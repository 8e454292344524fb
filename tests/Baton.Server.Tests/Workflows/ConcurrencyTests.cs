using System.Text.Json;
using Baton.Engine;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>Limits on how many runs are open at once, as their users see them. No test waits for a poll: that would take ten minutes.</summary>
public class ConcurrencyTests
{
    private static readonly Dictionary<string, string?> NeverPolls = new() { ["Workflows:PollInterval"] = "00:10:00" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_of_a_limited_document_follow_each_other_and_all_end()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls });
        await RegisterAsync(server, "limited", "{ limit: 2 }");
        var runs = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => server.StartRunAsync("limited")));
        await Eventually.IsTrueAsync(async () => await CountAsync(server, run => run.Turn is null) == 2 && await CountAsync(server, run => run.Turn == new Baton.Client.TurnView(null, 2, null)) == 4);
        var done = 0;
        while (done < 6)
        {
            var open = (await server.Client.Runs.ListAsync([new("state", "waiting")], Cancel)).Items.Where(run => run.Turn is null).ToList();
            Assert.InRange(open.Count, 0, 2);
            foreach (var run in open)
            {
                (await server.PostAsync($"/api/v1/runs/{run.Id}/cancel")).Ok(202);
                await server.EndAsync(run.Id);
                done++;
            }
        }
        Assert.All(await Task.WhenAll(runs.Select(server.EndAsync)), run => Assert.Equal("cancelled", run.State));
    }

    [Fact]
    public async Task Runs_of_one_key_follow_each_other_and_those_of_others_go_on()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls });
        await RegisterAsync(server, "keyed", "{ key: '${ .customer }', limit_per_key: 1 }");
        var first = await server.StartRunAsync("keyed", """{"customer":"a"}""");
        await server.StateAsync(first, run => run == "waiting");
        var second = await server.StartRunAsync("keyed", """{"customer":"a"}""");
        var other = await server.StartRunAsync("keyed", """{"customer":{"b":1}}""");
        var waiting = await server.StateAsync(second, "waiting");
        Assert.Equal(new Baton.Client.TurnView("a", null, 1), waiting.Turn);
        Assert.Null(waiting.StartedAt);
        Assert.Null((await server.StateAsync(other, "waiting")).Turn);
        (await server.PostAsync($"/api/v1/runs/{first}/cancel")).Ok(202);
        await server.EndAsync(first);
        await Eventually.IsTrueAsync(async () => await server.Client.Runs.GetAsync(second, Cancel) is { State: "waiting", Turn: null });
    }

    [Fact]
    public async Task An_input_without_the_key_is_refused_before_anything_is_stored()
    {
        await using var server = await TestServer.StartAsync();
        await RegisterAsync(server, "keyed", "{ key: '${ .customer }', limit_per_key: 1 }");
        foreach (var (input, fault) in new[] { ("""{"name":"a"}""", "no value for the key"), ($$"""{"customer":"{{new string('x', 201)}}"}""", "201 characters"), ("[]", "customer") })
        {
            var problem = (await server.PostAsync("/api/v1/runs", $$"""{"workflow":"test/keyed","input":{{input}}}""")).Problem(422);
            Assert.Contains(fault, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        Assert.Empty((await server.Client.Runs.ListAsync([], Cancel)).Items);
    }

    [Fact]
    public async Task A_run_that_an_event_started_without_the_key_is_paused_with_the_reason()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls });
        (await server.PostAsync("/api/v1/workflows", """
            document: { dsl: 1.0.3, namespace: test, name: on-event, version: 1.0.0, metadata: { baton: { concurrency: { key: '${ .[0].data.customer }', limit_per_key: 1 } } } }
            schedule: { on: { one: { with: { type: order } } } }
            do: [ { done: { set: { a: 1 } } } ]
            """)).Ok(201);
        (await server.PostAsync("/api/v1/events", """{"type":"order","data":{"customer":"a"}}""")).Ok(202);
        (await server.PostAsync("/api/v1/events", """{"type":"order","data":{}}""")).Ok(202);
        await Eventually.IsTrueAsync(async () => (await server.Client.Runs.ListAsync([], Cancel)).Items.Select(run => run.State).Order(StringComparer.Ordinal).SequenceEqual(["completed", "paused"]));
        Assert.Contains("no value for the key", (await server.Client.Runs.ListAsync([new("state", "paused")], Cancel)).Items[0].Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workflow_in_code_is_never_at_work_more_often_than_it_says()
    {
        var world = new Crowd();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls, Workflows = [world.Workflow with { Concurrency = new ConcurrencyLimits(5, 2, input => JsonElement.Parse(input.Span).GetInt32() % 4 is var key ? $"{key}" : "") }] });
        var runs = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => server.StartRunAsync("crowd", $"{i}")));
        Assert.All(await Task.WhenAll(runs.Select(server.EndAsync)), run => Assert.Equal("completed", run.State));
        Assert.InRange(world.Most, 2, 5);
    }

    [Fact]
    public async Task A_tenant_has_no_more_runs_at_work_than_the_setting_says()
    {
        var world = new Crowd();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = new(NeverPolls) { ["Workflows:MaxRunsPerTenant"] = "3" }, Workflows = [world.Workflow] });
        var runs = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => server.StartRunAsync("crowd", $"{i}")));
        Assert.All(await Task.WhenAll(runs.Select(server.EndAsync)), run => Assert.Equal("completed", run.State));
        Assert.InRange(world.Most, 1, 3);
    }

    [Fact]
    public async Task A_limited_workflow_may_run_itself()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls });
        (await server.PostAsync("/api/v1/workflows", """
            document: { dsl: 1.0.3, namespace: test, name: deeper, version: 1.0.0, metadata: { baton: { concurrency: { limit: 1 } } } }
            do:
              - again: { if: .left > 0, run: { workflow: { namespace: test, name: deeper, version: 1.0.0, input: { left: '${ .left - 1 }' } } } }
              - done: { set: { depth: '${ (.depth // 0) + 1 }' } }
            """)).Ok(201);
        Assert.Equal(4, (await server.EndAsync(await server.StartRunAsync("deeper", """{"left":3}"""))).Output!.Value.GetProperty("depth").GetInt32());
    }

    private static async Task RegisterAsync(TestServer server, string name, string concurrency) => (await server.PostAsync("/api/v1/workflows",
        $"document: {{ dsl: 1.0.3, namespace: test, name: {name}, version: 1.0.0, metadata: {{ baton: {{ concurrency: {concurrency} }} }} }}\ndo: [ {{ hold: {{ listen: {{ to: {{ one: {{ with: {{ type: never }} }} }} }} }} }} ]\n")).Ok(201);

    private static async Task<int> CountAsync(TestServer server, Func<Baton.Client.RunView, bool> which) => (await server.Client.Runs.ListAsync([new("state", "waiting")], Cancel)).Items.Count(which);

    /// <summary>Counts how many of its runs are in their step at once.</summary>
    private sealed class Crowd
    {
        private int inside, most;

        public int Most => most;

        public CodeWorkflow Workflow => new(new WorkflowRef("test", "crowd", "1.0.0"), async (run, input) =>
        {
            await run.StepAsync("inside", async _ =>
            {
                var now = Interlocked.Increment(ref inside);
                for (var seen = most; seen < now && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = most) { }
                for (var i = 0; i < 50; i++) await Task.Yield();
                Interlocked.Decrement(ref inside);
                return 0;
            });
            return input;
        });
    }
}

public sealed class ConcurrencyOnPostgres : ConcurrencyTests, IOnPostgres;
