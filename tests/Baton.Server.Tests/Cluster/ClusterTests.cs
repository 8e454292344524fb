using System.Collections.Concurrent;
using Baton.Client;
using Baton.Server.Tests.Storage;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Cluster;

/// <summary>Real processes over one PostgreSQL.</summary>
public sealed class ClusterTests
{
    private static readonly (string Name, string? Value)[] Quick = [("BATON_CLUSTER__HEARTBEATINTERVAL", "00:00:00.3"), ("BATON_CLUSTER__LAPSEAFTER", "00:00:01.5")];

    [Fact]
    public async Task A_run_of_a_node_that_is_killed_goes_on_at_another_and_repeats_nothing_recorded()
    {
        await using var cluster = await Nodes.StartAsync("one", "two");
        var run = await cluster.StartAsync("one", steps: 40);
        await cluster.ReachedAsync(15);
        var recorded = await cluster.RecordedAsync("two", run);
        await cluster.KillAsync("one");
        await cluster.EndsAsync("two", run);
        Assert.Empty(cluster.Repeated(recorded));
        var nodes = await cluster["two"].NodesAsync(TestContext.Current.CancellationToken);
        Assert.Equal([("one", "lapsed", 0L), ("two", "alive", 0L)], nodes.Items.Select(node => (node.Id, node.State, node.Runs)));
        Assert.True(nodes.Items[1].Leads);
    }

    [Fact]
    public async Task A_node_that_is_started_again_takes_its_runs_back_at_once()
    {
        await using var cluster = await Nodes.StartAsync("one");
        var run = await cluster.StartAsync("one", steps: 40);
        await cluster.ReachedAsync(15);
        await cluster.KillAsync("one");
        var recorded = cluster.Calls.Keys.ToHashSet();   // called, and perhaps recorded
        await cluster.AddAsync("one");
        await cluster.EndsAsync("one", run);
        Assert.True(cluster.Repeated(recorded).Count() <= 1, "Only the step that was under way may be performed again.");
    }

    [Fact]
    public async Task A_node_that_was_paused_past_its_lapse_is_refused_and_begins_anew()
    {
        await using var cluster = await Nodes.StartAsync("one", "two");
        var run = await cluster.StartAsync("one", steps: 60);
        await cluster.ReachedAsync(10);
        cluster.Process("one").Pause();
        await cluster.ReachedAsync(40);   // two took it over
        var recorded = await cluster.RecordedAsync("two", run);
        cluster.Process("one").Continue();
        await cluster.EndsAsync("two", run);
        Assert.Empty(cluster.Repeated(recorded));
        await Eventually.IsTrueAsync(async () => (await cluster["two"].NodesAsync(TestContext.Current.CancellationToken)).Items.All(node => node.State == "alive"));
        var again = await cluster.StartAsync("one", steps: 3);
        await cluster.EndsAsync("one", again);
    }

    [Fact]
    public async Task A_second_process_of_one_name_is_refused()
    {
        await using var cluster = await Nodes.StartAsync("one");
        var (code, _, error) = await BatonProcess.RunAsync(cluster.Folder, ["serve", "--port", "0", "--db", cluster.Url, "--node", "one"], Quick);
        Assert.Equal(4, code);
        Assert.Contains("Another process runs as node 'one'", error);
    }

    [Fact]
    public async Task A_node_that_is_told_to_stop_hands_its_runs_over()
    {
        await using var cluster = await Nodes.StartAsync("one", "two");
        var run = await cluster.StartAsync("one", steps: 60);
        await cluster.ReachedAsync(10);
        cluster.Process("one").Terminate();
        Assert.Equal(0, await cluster.Process("one").ExitAsync());
        await cluster.EndsAsync("two", run);
        Assert.All(cluster.Calls.Values, count => Assert.Equal(1, count));   // running steps finished and were recorded
        Assert.Equal(["two"], (await cluster["two"].NodesAsync(TestContext.Current.CancellationToken)).Items.Select(node => node.Id));
    }

    [Fact]
    public async Task A_step_that_does_not_end_in_time_is_another_nodes_as_soon_as_its_own_has_left()
    {
        await using var cluster = await Nodes.StartAsync([("BATON_WORKFLOWS__DRAINTIMEOUT", "00:00:00.2")], "one", "two");
        await cluster.RegisterAsync("holds", $$"""do: [ { hold: { call: http, with: { method: post, endpoint: '{{cluster.Held}}' } } } ]""");
        var run = (await cluster["one"].Runs.StartAsync(new StartRun("test/holds"), null, TestContext.Current.CancellationToken)).Id;
        await cluster.ReachedAsync(1);
        cluster.Process("one").Terminate();
        await cluster.ReachedAsync(2);
        cluster.LetGo();
        Assert.Equal(0, await cluster.Process("one").ExitAsync());
        await cluster.EndsAsync("two", run);
    }

    [Fact]
    public async Task A_rolling_restart_under_load_fails_no_request_and_repeats_no_step()
    {
        await using var cluster = await Nodes.StartAsync([("BATON_HTTP__SHUTDOWNDELAY", "00:00:06")], "one", "two", "three");
        await using var load = new Load(cluster);
        await load.StartedAsync(10);
        foreach (var node in (string[])["one", "two", "three"])
        {
            var before = load.Started;
            cluster.Process(node).Terminate();
            Assert.Equal(0, await cluster.Process(node).ExitAsync());
            await cluster.AddAsync(node);
            await load.StartedAsync(before + 10);
        }
        var runs = await load.StopAsync();
        foreach (var run in runs) await cluster.EndsAsync("one", run);
        Assert.All(cluster.Calls.Values, count => Assert.Equal(1, count));
        Assert.Equal(runs.Count * 3, cluster.Calls.Count);
        Assert.All((await cluster["one"].NodesAsync(TestContext.Current.CancellationToken)).Items, node => Assert.Equal(("alive", 0L), (node.State, node.Runs)));
    }

    [Fact]
    public async Task Signals_and_cancels_reach_a_run_through_any_node()
    {
        await using var cluster = await Nodes.StartAsync("one", "two");
        await cluster.RegisterAsync("waits", "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]");
        await cluster.RegisterAsync("sleeps", "do: [ { nap: { wait: PT0.5S } }, { deep: { wait: PT1H } } ]");
        var cancel = TestContext.Current.CancellationToken;
        var waits = (await cluster["one"].Runs.StartAsync(new StartRun("test/waits"), null, cancel)).Id;
        await Eventually.IsTrueAsync(async () => (await cluster["two"].Runs.GetAsync(waits, cancel)).State == "waiting");
        await cluster.PostAsync("two", "/api/v1/events", """{"type":"go"}""");
        await cluster.EndsAsync("one", waits);
        var sleeps = (await cluster["one"].Runs.StartAsync(new StartRun("test/sleeps"), null, cancel)).Id;
        await cluster.PostAsync("two", $"/api/v1/runs/{sleeps}/cancel", """{"reason":"enough"}""");
        await Eventually.IsTrueAsync(async () => (await cluster["one"].Runs.GetAsync(sleeps, cancel)).State == "cancelled");
    }

    [Fact]
    public async Task An_answer_reaches_a_run_that_another_node_is_at_work_on()
    {
        await using var cluster = await Nodes.StartAsync("one", "two");
        await cluster.RegisterAsync("asks", $$"""
            do:
              - both:
                  fork:
                    branches:
                      - ask: { call: approve, with: { title: May it, choices: [ 'yes', 'no' ] } }
                      - work: { call: http, with: { method: post, endpoint: '{{cluster.Held}}' } }
            """);
        var cancel = TestContext.Current.CancellationToken;
        var run = (await cluster["one"].Runs.StartAsync(new StartRun("test/asks"), null, cancel)).Id;
        await cluster.ReachedAsync(1);   // the other branch keeps the run in the first node's memory
        string? approval = null;
        await Eventually.IsTrueAsync(async () => (approval = (await cluster["two"].Approvals.ListAsync([new("state", "open")], cancel)).Items.SingleOrDefault()?.Id) is not null);
        await cluster.PostAsync("two", $"/api/v1/approvals/{approval}", """{"choice":"yes"}""");
        await Eventually.IsTrueAsync(async () => (await cluster["two"].Runs.JournalAsync(run, -1, 100, cancel)).Items.Any(entry => entry.Kind == "approval_settled"));
        cluster.LetGo();
        await cluster.EndsAsync("one", run);
    }

    [Fact]
    public async Task A_route_that_is_put_at_one_node_is_known_to_the_others()
    {
        await using var cluster = await Nodes.StartAsync("one", "two");
        var cancel = TestContext.Current.CancellationToken;
        var settings = System.Text.Json.JsonElement.Parse("""{"base_url":"http://127.0.0.1:1/v1","name":"here"}""");
        var route = await cluster["one"].Routes.PutAsync("shared", settings, null, cancel);
        await Eventually.IsTrueAsync(async () => (await ExplainAsync("two")).Route == "shared/here");
        await cluster["two"].Routes.RemoveAsync("shared", route.Version, cancel);
        await Eventually.IsTrueAsync(async () => (await ExplainAsync("one")).Route is null);

        Task<RouteExplanation> ExplainAsync(string node) => cluster[node].Routes.ExplainAsync(System.Text.Json.JsonElement.Parse("""{"model":"shared"}"""), null, cancel);
    }

    /// <summary>Nodes, and somebody outside who counts their steps.</summary>
    private sealed class Nodes : IAsyncDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly ConcurrentDictionary<string, (BatonProcess Process, Uri Address, BatonClient Client, HttpClient Http)> all = [];
        private WebServer counter = null!;
        private readonly TaskCompletionSource letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int total;

        /// <summary>A call of this address is answered only when it is let go.</summary>
        public Uri Held => counter["/held"];

        public string Url { get; private set; } = "";

        public string Folder => folder.Path;

        public ConcurrentDictionary<string, int> Calls { get; } = new();

        public BatonClient this[string node] => all[node].Client;

        private (string Name, string? Value)[] environment = Quick;

        /// <summary>Names of the nodes that take requests, as they say themselves.</summary>
        public async Task<List<string>> ReadyAsync()
        {
            var ready = new List<string>();
            foreach (var (name, (_, _, _, http)) in all.ToArray())
            {
                try
                {
                    using var answer = await http.GetAsync("/health/readiness", TestContext.Current.CancellationToken);
                    if (answer.IsSuccessStatusCode) ready.Add(name);
                }
                catch (HttpRequestException)
                {
                    // It is gone, or not there yet.
                }
            }
            return ready;
        }

        public static Task<Nodes> StartAsync(params string[] names) => StartAsync([], names);

        public static async Task<Nodes> StartAsync((string Name, string? Value)[] environment, params string[] names)
        {
            var nodes = new Nodes { Url = await Postgres.NewSchemaAsync(), environment = [.. Quick, .. environment] };
            nodes.counter = await WebServer.StartAsync(async http =>
            {
                nodes.Calls.AddOrUpdate(http.Request.Headers["Idempotency-Key"].ToString(), 1, (_, before) => before + 1);
                Interlocked.Increment(ref nodes.total);
                if (http.Request.Path == "/held") await nodes.letGo.Task;
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync("""{"ok":true}""");
            });
            foreach (var name in names) await nodes.AddAsync(name);
            await nodes.RegisterAsync("steps", $$"""
                do:
                  - all:
                      for: { each: n, in: '[range(.steps)]' }
                      do: [ { count: { call: http, with: { method: post, endpoint: '{{nodes.counter["/count"]}}', body: { n: '${ $n }' } } } }, { nap: { wait: PT0.05S } }, { keep: { set: '${ $input }' } } ]
                """);
            return nodes;
        }

        public async Task AddAsync(string name)
        {
            var (process, address) = await BatonProcess.ServeAsync(folder.Path, Url, ["--node", name], environment);
            var http = new HttpClient { BaseAddress = address };
            all[name] = (process, address, new BatonClient(http), http);
        }

        public void LetGo() => letGo.TrySetResult();

        public BatonProcess Process(string name) => all[name].Process;

        public async Task RegisterAsync(string name, string rest) => await all.Values.First().Client.Workflows.RegisterAsync(TestServer.Document(name, rest), revise: false, TestContext.Current.CancellationToken);

        public async Task<string> StartAsync(string node, int steps) =>
            (await this[node].Runs.StartAsync(new StartRun("test/steps", System.Text.Json.JsonElement.Parse($$"""{"steps":{{steps}}}""")), null, TestContext.Current.CancellationToken)).Id;

        public async Task PostAsync(string node, string path, string json)
        {
            using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
            (await all[node].Http.PostAsync(path, content, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }

        public Task ReachedAsync(int count) => Eventually.IsTrueAsync(() => Volatile.Read(ref total) >= count);

        /// <summary>Keys of the steps whose outcome can be seen now, and how often each was called until then.</summary>
        public async Task<HashSet<string>> RecordedAsync(string node, string run)
        {
            var page = await this[node].Runs.JournalAsync(run, -1, 1_000, TestContext.Current.CancellationToken);
            var keys = page.Items.Where(entry => entry.Kind == "step_completed").Select(entry => $"{run}/{entry.Key}").ToHashSet();
            foreach (var key in keys) before[key] = Calls[key];
            return keys;
        }

        private readonly Dictionary<string, int> before = [];

        public IEnumerable<string> Repeated(HashSet<string> recorded) => recorded.Where(key => Calls[key] > before.GetValueOrDefault(key, 1));

        public async Task KillAsync(string name)
        {
            await all[name].Process.KillAsync();
            await all[name].Process.DisposeAsync();
            all.TryRemove(name, out _);
        }

        public async Task EndsAsync(string node, string run)
        {
            RunView? view = null;
            await Eventually.IsTrueAsync(async () => (view = await this[node].Runs.GetAsync(run, TestContext.Current.CancellationToken)).State is "completed" or "failed" or "cancelled");
            Assert.Equal("completed", view!.State);
        }

        public async ValueTask DisposeAsync()
        {
            LetGo();
            foreach (var (process, _, _, http) in all.Values)
            {
                await process.KillAsync();
                await process.DisposeAsync();
                http.Dispose();
            }
            await counter.DisposeAsync();
            folder.Dispose();
        }
    }

    /// <summary>Clients that start runs one after another, spread over the nodes that say that they are ready. Nothing is tried twice.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly ConcurrentQueue<string> runs = new();
        private readonly Nodes nodes;
        private readonly Task[] all;
        private volatile List<string> ready = [];

        public Load(Nodes nodes)
        {
            this.nodes = nodes;
            all = [WatchAsync(), .. Enumerable.Range(0, 4).Select(StartRunsAsync)];
        }

        public int Started => runs.Count;

        public async Task StartedAsync(int count)
        {
            await Eventually.IsTrueAsync(() => Started >= count || all.Any(one => one.IsFaulted));
            if (all.FirstOrDefault(one => one.IsFaulted) is { } failed) await failed;
        }

        /// <summary>Throws what any request failed with.</summary>
        public async Task<List<string>> StopAsync()
        {
            await stop.CancelAsync();
            await Task.WhenAll(all);
            return [.. runs];
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Dispose();
        }

        private async Task WatchAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                ready = await nodes.ReadyAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
            }
        }

        private async Task StartRunsAsync(int client)
        {
            for (var i = client; !stop.IsCancellationRequested; i++)
            {
                if (ready is not { Count: > 0 } now)
                {
                    await Task.Yield();
                    continue;
                }
                var run = await nodes.StartAsync(now[i % now.Count], steps: 3);
                runs.Enqueue(run);
                while (!stop.IsCancellationRequested)
                {
                    var (seen, view) = (ready, default(RunView));
                    if (seen.Count > 0) view = await nodes[seen[i % seen.Count]].Runs.GetAsync(run, TestContext.Current.CancellationToken);
                    if (view is { IsTerminal: true }) break;
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
                }
            }
        }
    }
}
