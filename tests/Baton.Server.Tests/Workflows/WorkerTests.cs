using System.Text.Json;
using Baton.Engine;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>Runs that cannot be executed, beside runs that can.</summary>
public class WorkerTests
{
    [Fact]
    public async Task A_run_whose_document_is_not_accepted_any_more_is_paused_with_the_reason_and_the_others_go_on()
    {
        using var folder = new TemporaryFolder();
        string poisoned, sound;
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder }))
        {
            await server.RegisterAsync("later", "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]");
            await server.RegisterAsync("sound", "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]");
            (poisoned, sound) = (await server.StartRunAsync("later"), await server.StartRunAsync("sound"));
            await server.StateAsync(poisoned, "waiting");
            await server.StateAsync(sound, "waiting");
            await ExecuteAsync(server, "UPDATE definitions SET document = replace(document, 'hear:', 'a: { call: a_function_of_tomorrow }, hear:') WHERE name = 'later'");
        }
        await using var again = await TestServer.StartAsync(new TestServer.Settings { Folder = folder });
        (await again.PostAsync("/api/v1/events", """{"type":"go"}""")).Ok(202);
        Assert.Equal("completed", (await again.EndAsync(sound)).State);
        var paused = await again.StateAsync(poisoned, "paused");
        Assert.Contains("does not accept the document of test/later@1.0.0", paused.Error!.Detail);
        // Nothing that lists or starts it breaks.
        foreach (var path in (string[])["/api/v1/workflows", "/api/v1/workflows/test/later", "/api/v1/workflows/test/later/latest", "/api/v1/schedules", "/api/v1/runs"]) (await again.GetAsync(path)).Ok();
        Assert.EndsWith("invalid-workflow", (await again.PostAsync("/api/v1/runs", """{"workflow":"test/later"}""")).Problem(422).GetProperty("type").GetString());
        (await again.PostAsync("/workflows/ai/no_such_type", "{}")).Problem(404);
        await again.WorksAsync();
    }

    [Fact]
    public async Task A_run_whose_workflow_is_gone_is_paused_and_goes_on_where_it_is_there_again()
    {
        using var folder = new TemporaryFolder();
        string run;
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Workflows = [Signalled.Workflow] }))
        {
            run = await server.StartRunAsync("signalled");
            await server.StateAsync(run, "waiting");
            (await server.PostAsync($"/api/v1/runs/{run}/signals/first", "1")).Ok(202);
        }
        await using (var without = await TestServer.StartAsync(new TestServer.Settings { Folder = folder }))
        {
            (await without.PostAsync($"/api/v1/runs/{run}/signals/second", "2")).Ok(202);
            Assert.Contains("does not have the workflow", (await without.StateAsync(run, "paused")).Error!.Detail);
        }
        await using var with = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Workflows = [Signalled.Workflow] });
        (await with.PostAsync($"/api/v1/runs/{run}/resume")).Ok(202);
        Assert.Equal("[1,2]", (await with.EndAsync(run)).Output!.Value.GetRawText());
    }

    [Theory]
    [InlineData("UPDATE journal SET kind = 99 WHERE run_no = (SELECT no FROM runs WHERE id = '{0}')", "newer Baton")]
    [InlineData("UPDATE journal SET meta = 'nonsense' WHERE kind = 6 AND run_no = (SELECT no FROM runs WHERE id = '{0}')", "")]
    [InlineData("DELETE FROM journal WHERE seq = 0 AND run_no = (SELECT no FROM runs WHERE id = '{0}')", "does not begin with its start")]
    [InlineData("DELETE FROM journal WHERE run_no = (SELECT no FROM runs WHERE id = '{0}')", "does not begin with its start")]
    public async Task A_run_whose_journal_cannot_be_read_is_paused_and_the_others_go_on(string damage, string reason)
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("waits", "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]");
        var (poisoned, sound) = (await server.StartRunAsync("waits"), await server.StartRunAsync("waits"));
        await server.StateAsync(poisoned, "waiting");
        await server.StateAsync(sound, "waiting");
        await ExecuteAsync(server, damage.Replace("{0}", poisoned, StringComparison.Ordinal));
        (await server.PostAsync("/api/v1/events", """{"type":"go"}""")).Ok(202);
        Assert.Equal("completed", (await server.EndAsync(sound)).State);
        var state = "";
        await Eventually.IsTrueAsync(async () => (state = (await server.GetAsync($"/api/v1/runs/{poisoned}")).Ok()["state"].GetString()!) == "paused");
        Assert.Contains(reason, (await server.GetAsync($"/api/v1/runs/{poisoned}")).Ok()["error"].GetProperty("detail").GetString());
        await server.WorksAsync();
    }

    [Fact]
    public async Task The_host_gives_running_steps_all_the_time_that_they_are_set()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = { ["Workflows:DrainTimeout"] = "01:00:00" } });
        Assert.True(server.Get<Microsoft.Extensions.Options.IOptions<Microsoft.Extensions.Hosting.HostOptions>>().Value.ShutdownTimeout > TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task What_waits_in_the_queue_of_a_full_server_is_served_when_there_is_room()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = { ["Workflows:MaxRunsInMemory"] = "2" } });
        await server.RegisterAsync("short", "do: [ { a: { set: { n: 1 } } }, { p: { wait: PT0.01S } } ]");
        var runs = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => server.StartRunAsync("short")));
        foreach (var run in runs) Assert.Equal("completed", (await server.EndAsync(run)).State);
    }

    [Fact]
    public async Task A_server_that_is_started_over_runs_of_a_dead_one_does_not_take_its_own_for_those()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder })) await server.RegisterAsync("one", "do: [ { a: { set: { n: 1 } } } ]");
        for (var i = 0; i < 10; i++)
        {
            await using var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder });
            var run = await server.StartRunAsync("one");   // the very first thing that it hears
            Assert.Equal("completed", (await server.EndAsync(run)).State);
            Assert.DoesNotContain(server.Log.Lines, line => line.Contains("Took back", StringComparison.Ordinal) || line.Contains("another owner", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_server_that_stops_lets_running_steps_finish_and_gives_the_rest_back()
    {
        using var folder = new TemporaryFolder();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var performed = 0;
        var slow = CodeWorkflow.Of(new WorkflowRef("test", "slow", "1.0.0"), () => new Slow(async () =>
        {
            Interlocked.Increment(ref performed);
            begun.TrySetResult();
            await goOn.Task;
        }));
        string run;
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Workflows = [slow] }))
        {
            run = await server.StartRunAsync("slow");
            await begun.Task;
            var stopping = server.DisposeAsync();
            goOn.SetResult();
            await stopping;
        }
        await using var again = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Workflows = [slow] });
        Assert.Equal("completed", (await again.EndAsync(run)).State);
        Assert.Equal(1, performed);
    }

    private sealed class Slow(Func<Task> effect) : IWorkflow<JsonElement, int>
    {
        public async Task<int> RunAsync(RunContext run, JsonElement input)
        {
            await run.StepAsync("slow", _ => effect());
            return 1;
        }
    }

    private static async Task ExecuteAsync(TestServer server, string sql) => await server.Get<Database>().WriteAsync(statements =>
    {
        statements.RunScript(sql);
        return true;
    });
}

public sealed class WorkerOnPostgres : WorkerTests, IOnPostgres;
