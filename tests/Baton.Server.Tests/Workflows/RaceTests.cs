using System.Text.Json;
using Baton.Engine;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;
using Baton.Server.Workflows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Baton.Server.Tests.Workflows;

/// <summary>Requests, times and ends that come at the worst moment: nothing that was acknowledged is lost, and nobody waits for a poll.</summary>
public class RaceTests
{
    /// <summary>So long that a test which depends on the poll fails.</summary>
    private static readonly Dictionary<string, string?> NeverPolls = new() { ["Workflows:PollInterval"] = "00:10:00" };

    [Fact]
    public async Task A_cancel_that_comes_while_a_run_is_taken_into_memory_is_heard()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls });
        await server.RegisterAsync("two-waits", """
            do:
              - first: { listen: { to: { one: { with: { type: go } } } } }
              - second: { listen: { to: { one: { with: { type: never } } } } }
            """);
        var runs = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => server.StartRunAsync("two-waits")));
        foreach (var run in runs) await server.StateAsync(run, "waiting");
        (await server.PostAsync("/api/v1/events", """{"type":"go"}""")).Ok(202);
        var (store, last) = (server.Get<RunStore>(), RunId.Parse(runs[^1], null));
        await Eventually.IsTrueAsync(async () => await server.Get<RunQueries>().FindAsync(TenantId.Default, last, TestContext.Current.CancellationToken) is not { State: not "running" });
        await Task.WhenAll(runs.Select(run => store.RequestAsync(TenantId.Default, RunId.Parse(run, null), "cancel", null).AsTask()));
        foreach (var run in runs) Assert.Equal("cancelled", (await Soon(server.EndAsync(run))).State);
    }

    [Fact]
    public async Task A_cancel_that_its_owner_was_not_told_of_ends_the_run_when_it_would_wait()
    {
        var gate = new Gate();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls, Workflows = [gate.ThenWait] });
        var run = await server.StartRunAsync("gated-wait");
        await gate.Begun;
        await ExecuteAsync(server, $"UPDATE runs SET request = 'cancel', request_reason = 'unheard' WHERE id = '{run}'");
        gate.Open();
        var ended = await Soon(server.EndAsync(run));
        Assert.Equal(("cancelled", "unheard"), (ended.State, ended.Error!.Detail));
    }

    [Fact]
    public async Task A_cancel_is_not_taken_back_by_a_later_pause()
    {
        var gate = new Gate();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = new(NeverPolls) { ["Workflows:MaxRunsInMemory"] = "1" }, Workflows = [gate.Workflow, Signalled.Workflow] });
        var first = await server.StartRunAsync("gated");
        await gate.Begun;
        var queued = await server.StartRunAsync("signalled");
        (await server.PostAsync($"/api/v1/runs/{queued}/cancel", """{"reason":"wrong"}""")).Ok(202);
        (await server.PostAsync($"/api/v1/runs/{queued}/pause", """{"reason":"lunch"}""")).Ok(202);
        gate.Open();
        Assert.Equal("completed", (await server.EndAsync(first)).State);
        var ended = await server.StateAsync(queued, state => state is "cancelled" or "paused");
        Assert.Equal(("cancelled", "wrong"), (ended.State, ended.Error!.Detail));
    }

    [Fact]
    public async Task A_cancel_that_is_stored_while_a_pause_is_under_way_ends_the_run()
    {
        var gate = new Gate();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls, Workflows = [gate.ThenWait] });
        var run = await server.StartRunAsync("gated-wait");
        await gate.Begun;
        (await server.PostAsync($"/api/v1/runs/{run}/pause")).Ok(202);
        // The cancel is stored, and the run has not heard of it when it records that it is paused.
        await ExecuteAsync(server, $"UPDATE runs SET request = 'cancel', request_reason = 'just in time' WHERE id = '{run}'");
        gate.Open();
        var ended = await Soon(server.EndAsync(run));
        Assert.Equal(("cancelled", "just in time"), (ended.State, ended.Error!.Detail));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_in_the_queue_performs_nothing()
    {
        var (gate, other) = (new Gate(), new Gate("other"));
        other.Open();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = new(NeverPolls) { ["Workflows:MaxRunsInMemory"] = "1" }, Workflows = [gate.Workflow, other.Workflow] });
        await server.StartRunAsync("gated");
        await gate.Begun;
        var queued = new List<string>();
        for (var i = 0; i < 20; i++) queued.Add(await server.StartRunAsync("other"));
        foreach (var run in queued) (await server.PostAsync($"/api/v1/runs/{run}/cancel")).Ok(202);
        gate.Open();
        foreach (var run in queued) Assert.Equal("cancelled", (await Soon(server.EndAsync(run))).State);
        Assert.Equal(0, other.Performed);
    }

    [Fact]
    public async Task A_run_whose_journal_cannot_be_read_can_be_cancelled_and_its_children_end_with_it()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls });
        await server.RegisterAsync("child", "do: [ { hear: { listen: { to: { one: { with: { type: never } } } } } } ]");
        await server.RegisterAsync("parent", "do: [ { a: { run: { workflow: { namespace: test, name: child, version: 1.0.0 } } } } ]");
        var run = await server.StartRunAsync("parent");
        await server.StateAsync(run, "waiting");
        var child = (await server.GetAsync($"/api/v1/runs?parent={run}")).Ok()["items"][0].GetProperty("id").GetString()!;
        await server.StateAsync(child, "waiting");
        await ExecuteAsync(server, $"UPDATE journal SET kind = 99 WHERE seq = 0 AND run_no = (SELECT no FROM runs WHERE id = '{run}')");
        (await server.PostAsync($"/api/v1/runs/{run}/cancel", """{"reason":"beyond repair"}""")).Ok(202);
        var state = "";
        await Eventually.IsTrueAsync(async () => (state = (await server.GetAsync($"/api/v1/runs/{run}")).Ok()["state"].GetString()!) is "cancelled" or "paused");
        Assert.Equal("cancelled", state);
        Assert.Equal("cancelled", (await Soon(server.EndAsync(child))).State);
    }

    [Fact]
    public async Task What_is_queued_is_taken_when_several_runs_end_at_once()
    {
        var gates = Enumerable.Range(0, 50).Select(i => new Gate($"gate-{i}", most: 4)).ToList();
        var last = new Gate("last");
        last.Open();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = new(NeverPolls) { ["Workflows:MaxRunsInMemory"] = "4" }, Workflows = [last.Workflow, .. gates.Select(gate => gate.Workflow)] });
        foreach (var gate in gates)
        {
            var first = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => server.StartRunAsync(gate.Name)));
            await gate.Begun;
            var queued = await server.StartRunAsync("last");
            gate.Open();
            Assert.Equal("completed", (await Soon(server.EndAsync(queued))).State);
            foreach (var run in first) await server.EndAsync(run);
        }
    }

    [Fact]
    public async Task A_run_in_the_queue_of_a_full_server_is_not_overtaken_for_ever()
    {
        var gate = new Gate();
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = new(NeverPolls) { ["Workflows:MaxRunsInMemory"] = "1" }, Workflows = [gate.Workflow] });
        await server.RegisterAsync("short", "do: [ { a: { set: { n: 1 } } } ]");
        await server.StartRunAsync("gated");
        await gate.Begun;
        var early = await server.StartRunAsync("short");
        var ended = server.EndAsync(early);
        var later = 0;
        var starting = Enumerable.Range(0, 8).Select(async _ =>
        {
            while (!ended.IsCompleted && later < 2_000)
            {
                await server.StartRunAsync("short");
                if (Interlocked.Increment(ref later) == 20) gate.Open();
            }
        }).ToList();
        await Task.WhenAll(starting);
        Assert.Equal("completed", (await Soon(ended)).State);
        Assert.InRange(later, 20, 200);
    }

    [Fact]
    public async Task A_run_that_parks_while_others_are_woken_is_woken_in_its_turn()
    {
        var time = new ManualTime();
        await using var server = await TestServer.StartAsync(new TestServer.Settings
        {
            Values = NeverPolls,
            Override = services => services.RemoveAll<TimeProvider>().AddSingleton<TimeProvider>(time),
        });
        await server.RegisterAsync("short", "do: [ { a: { set: { n: 1 } } } ]");
        var (database, runs, writes) = (server.Get<Database>(), server.Get<RunStore>(), server.Get<RunWrites>());
        for (var i = 0; i < 10; i++)
        {
            var (early, late) = (await TakeAsync(), await TakeAsync());
            await ParkAsync(early, TimeSpan.FromSeconds(10));
            using var release = new ManualResetEventSlim();
            var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var blocked = database.WriteAsync(_ =>
            {
                held.SetResult();
                return release.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            });
            await held.Task;
            time.Advance(TimeSpan.FromSeconds(10));
            for (var turn = 0; turn < 100; turn++) await Task.Yield();   // the worker asks for what is due, behind the write that is held up
            var parked = ParkAsync(late, TimeSpan.FromSeconds(20));
            release.Set();
            await blocked;
            await parked;
            await Soon(server.EndAsync(early.Run.ToString()));
            time.Advance(TimeSpan.FromSeconds(30));
            await Soon(server.EndAsync(late.Run.ToString()));
        }

        async Task<RunLease> TakeAsync()
        {
            var run = new NewRun(RunId.New(time), new WorkflowRef("test", "short", "1.0.0"), "null"u8.ToArray());
            return ((StartResult.Started)await runs.StartAsync(TenantId.Default, run, "somebody")).Lease!;
        }

        async Task ParkAsync(RunLease lease, TimeSpan wait) => Assert.Equal(ParkResult.Parked, await database.WriteAsync(new ParkRunRequest(lease, new ParkRequest(time.GetUtcNow() + wait, 0, [], Requeue: false), writes)));
    }

    [Fact]
    public async Task An_event_that_comes_right_after_a_start_starts_what_it_triggers()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder }))
        {
            for (var i = 0; i < 20; i++) await server.RegisterAsync($"triggered-{i}", "schedule: { on: { one: { with: { type: go } } } }\ndo: [ { a: { set: { n: 1 } } } ]");
        }
        for (var i = 0; i < 5; i++)
        {
            await using var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder });
            Assert.Equal(20, (await server.PostAsync("/api/v1/events", """{"type":"go"}""")).Ok(202)["reached"].GetInt32());   // the very first thing that it hears
        }
    }

    [Fact]
    public async Task A_schedule_after_each_run_goes_on_however_fast_they_end()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = NeverPolls });
        var (ended, reached) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        server.Get<Baton.Server.Cluster.Wakeups>().RunEnded += (_, _, _, _) =>
        {
            if (Interlocked.Increment(ref ended) == 300) reached.TrySetResult();
        };
        await server.RegisterAsync("again", "schedule: { after: { milliseconds: 1 } }\ndo: [ { a: { set: { n: 1 } } } ]");
        await server.StartRunAsync("again");
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Running_steps_have_their_time_whatever_the_rest_of_the_server_took_to_stop()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        string run;
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Workflows = [gate.Workflow], Override = services => services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(1)) }))
        {
            run = await server.StartRunAsync("gated");
            await gate.Begun;
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = server.Get<IHostApplicationLifetime>().ApplicationStopped.Register(() => stopped.SetResult());
            var stopping = server.DisposeAsync().AsTask();
            await Task.WhenAny(stopped.Task, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, TestContext.Current.CancellationToken));
            gate.Open();
            await stopping;
        }
        await using var again = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Workflows = [gate.Workflow] });
        Assert.Equal("completed", (await Soon(again.EndAsync(run))).State);
        Assert.Equal(1, gate.Performed);
    }

    private static Task<T> Soon<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    private static async Task ExecuteAsync(TestServer server, string sql) => await server.Get<Database>().WriteAsync(statements =>
    {
        statements.RunScript(sql);
        return true;
    });

    /// <summary>A workflow whose one step goes on when the test says so.</summary>
    private sealed class Gate(string name = "gated", int most = 1)
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int performed;

        public string Name => name;

        private int Most => most;

        /// <summary>The step is under way, in as many runs as are meant to be.</summary>
        public Task Begun => begun.Task;

        public int Performed => Volatile.Read(ref performed);

        public void Open() => open.TrySetResult();

        public CodeWorkflow Workflow => CodeWorkflow.Of(new WorkflowRef("test", name, "1.0.0"), () => new Step(this, waits: false));

        /// <summary>Waits for a signal after the step.</summary>
        public CodeWorkflow ThenWait => CodeWorkflow.Of(new WorkflowRef("test", $"{name}-wait", "1.0.0"), () => new Step(this, waits: true));

        private sealed class Step(Gate gate, bool waits) : IWorkflow<JsonElement, int>
        {
            public async Task<int> RunAsync(RunContext run, JsonElement input)
            {
                await run.StepAsync("gate", async _ =>
                {
                    if (Interlocked.Increment(ref gate.performed) == gate.Most) gate.begun.TrySetResult();
                    await gate.open.Task;
                });
                return waits ? await run.WaitForSignalAsync<int>("never") : 1;
            }
        }
    }
}

public sealed class RaceOnPostgres : RaceTests, IOnPostgres;
