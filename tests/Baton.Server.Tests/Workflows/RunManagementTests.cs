using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;
using Baton.Server.Workflows;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Baton.Server.Tests.Workflows;

/// <summary>Whole runs over the API: retried, forked, steered in numbers, counted, removed, moved, summed up.</summary>
public sealed class RunManagementTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failed_run_goes_on_from_the_step_that_failed()
    {
        var world = new Brittle();
        await using var server = await TestServer.StartAsync(world.Workflow);
        var run = await server.StartRunAsync("brittle", "[1]");
        Assert.Equal("failed", (await server.EndAsync(run)).State);
        var errors = (await server.GetAsync($"/api/v1/runs/{run}/errors")).Ok()["items"];
        Assert.Equal(["step_failed", "state_changed"], errors.EnumerateArray().Select(error => error.GetProperty("kind").GetString()));
        Assert.Contains("broken", errors[0].GetProperty("message").GetString());
        Assert.Equal("second", errors[0].GetProperty("step").GetString());

        world.IsMended = true;
        Assert.NotEqual("failed", (await server.Client.Runs.RetryAsync(run, null, Cancel)).State);
        Assert.Equal("completed", (await server.EndAsync(run)).State);
        Assert.Equal(["first", "second", "second", "third"], world.Performed);
        Assert.Contains("run_retried", (await server.GetAsync($"/api/v1/runs/{run}/errors")).Text);
        Assert.Contains("fork it", (await server.PostAsync($"/api/v1/runs/{run}/retry")).Problem(409).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_run_is_forked_from_a_step_with_another_input_and_another_version()
    {
        await using var server = await TestServer.StartAsync();
        string Document(int factor) => $"do: [ {{ tell: {{ emit: {{ event: {{ with: {{ type: told }} }} }} }} }}, {{ again: {{ emit: {{ event: {{ with: {{ type: again }} }} }} }} }}, {{ end: {{ set: {{ n: '${{ $workflow.input.n * {factor} }}' }} }} }} ]";
        await server.RegisterAsync("forked", Document(1));
        await server.RegisterAsync("forked", Document(10), "2.0.0");
        var source = (await server.PostAsync("/api/v1/runs", """{"workflow":"test/forked@1.0.0","input":{"n":3},"labels":{"a":"b"}}""")).Ok(202)["id"].GetString()!;
        await server.EndAsync(source);

        var fork = (await server.PostAsync($"/api/v1/runs/{source}/fork", """{"from":"again","input":{"n":5},"version":"2.0.0"}""")).Ok(202);
        Assert.Equal(source, fork["fork"].GetProperty("source").GetString());
        var id = fork["id"].GetString()!;
        Assert.Equal(50, (await server.EndAsync(id)).Output!.Value.GetProperty("n").GetInt32());
        var told = (await server.Client.Runs.JournalAsync(source, -1, 100, Cancel)).Items.Single(entry => entry.Key.EndsWith("tell", StringComparison.Ordinal));
        var copied = (await server.Client.Runs.JournalAsync(id, -1, 100, Cancel)).Items;
        Assert.Equal(told.Body!.Value.GetRawText(), copied.Single(entry => entry.Key == told.Key).Body!.Value.GetRawText());
        Assert.Contains(copied, entry => entry.Kind == "run_forked");
        Assert.Equal(id, (await server.GetAsync($"/api/v1/runs?forked_from={source}")).Ok()["items"][0].GetProperty("id").GetString());
        Assert.Equal("b", (await server.Client.Runs.GetAsync(id, Cancel)).Labels["a"]);

        (await server.PostAsync($"/api/v1/runs/{source}/fork", """{"from":"end"}""")).Problem(422);
        (await server.PostAsync($"/api/v1/runs/{source}/fork", """{"from":0}""")).Problem(422);
        (await server.PostAsync($"/api/v1/runs/{source}/fork", """{"from":1,"version":"9.0.0"}""")).Problem(404);
        Assert.Equal(["/from"], (await server.PostAsync($"/api/v1/runs/{source}/fork", "{}")).Pointers(400));
    }

    [Fact]
    public async Task A_fork_with_a_document_that_does_not_fit_explains_itself()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("changed", "do: [ { one: { emit: { event: { with: { type: x } } } } }, { two: { emit: { event: { with: { type: y } } } } } ]");
        await server.RegisterAsync("changed", "do: [ { other: { wait: { seconds: 1 } } } ]", "2.0.0");
        var source = (await server.PostAsync("/api/v1/runs", """{"workflow":"test/changed@1.0.0"}""")).Ok(202)["id"].GetString()!;
        await server.EndAsync(source);
        var fork = (await server.PostAsync($"/api/v1/runs/{source}/fork", """{"from":"two","version":"2.0.0"}""")).Ok(202)["id"].GetString()!;
        Assert.Contains("does not fit its code", (await server.StateAsync(fork, "paused")).Error!.Detail);
    }

    [Fact]
    public async Task A_whole_tree_is_paused_resumed_and_cancelled()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("leaf", "do: [ { hear: { listen: { to: { one: { with: { type: never } } } } } } ]");
        await server.RegisterAsync("stem", "do: [ { leaf: { call: workflow, with: { namespace: test, name: leaf } } } ]");
        await server.RegisterAsync("root", "do: [ { stem: { call: workflow, with: { namespace: test, name: stem } } } ]");
        var root = await server.StartRunAsync("root");
        var stem = (await server.EntryAsync(root, entry => entry.Kind == "child_started")).Meta!.Value.GetProperty("child").GetString()!;
        var leaf = (await server.EntryAsync(stem, entry => entry.Kind == "child_started")).Meta!.Value.GetProperty("child").GetString()!;
        string[] all = [root, stem, leaf];
        foreach (var run in all) await server.StateAsync(run, "waiting");

        Assert.Equal(2, (await server.Client.Runs.ControlAsync(root, "pause", "lunch", Cancel, tree: true)).Tree!.Reached);
        foreach (var run in all) await server.StateAsync(run, "paused");
        Assert.Equal(2, (await server.Client.Runs.ControlAsync(root, "resume", null, Cancel, tree: true)).Tree!.Reached);
        foreach (var run in all) await server.StateAsync(run, "waiting");
        await server.Client.Runs.ControlAsync(root, "cancel", null, Cancel, tree: true);
        foreach (var run in all) Assert.Equal("cancelled", (await server.EndAsync(run)).State);
        (await server.PostAsync($"/api/v1/runs/{root}/cancel?tree=true")).Problem(409);
    }

    [Fact]
    public async Task One_thing_is_done_to_all_runs_that_fit_in_portions_with_the_refusals()
    {
        await using var server = await TestServer.StartAsync(Signalled.Workflow);
        for (var i = 0; i < 7; i++) await server.StartRunAsync("signalled");
        await server.RegisterAsync("ended", "do: [ { a: { set: { ok: true } } } ]");
        await server.EndAsync(await server.StartRunAsync("ended"));

        async Task<BulkView> DoAsync(string verb, string filter, string more = "") =>
            JsonSerializer.Deserialize((await server.PostAsync("/api/v1/runs/bulk", $$"""{"action":"{{verb}}","filter":{{filter}}{{more}}}""")).Ok().Text, WireJson.Web.BulkView)!;
        var dry = await DoAsync("cancel", """{"workflow":"test/signalled"}""", ",\"dry_run\":true");
        Assert.Equal((7, 0, true), (dry.Matched, dry.Done, dry.DryRun));
        var first = await DoAsync("cancel", """{"workflow":"test/signalled"}""", ",\"limit\":4");
        Assert.Equal((4, 4), (first.Matched, first.Done));
        var second = await DoAsync("cancel", """{"workflow":"test/signalled"}""", $",\"limit\":4,\"cursor\":\"{first.NextCursor}\"");
        Assert.Equal((3, 3, (string?)null), (second.Matched, second.Done, second.NextCursor));
        foreach (var run in (await server.Client.Runs.ListAsync([KeyValuePair.Create("workflow", "test/signalled")], Cancel)).Items) Assert.Equal("cancelled", (await server.EndAsync(run.Id)).State);

        var refused = await DoAsync("retry", """{"text":"ended"}""");
        Assert.Equal((1, 0, 1), (refused.Matched, refused.Done, refused.Refused));
        Assert.Contains("fork it", refused.Refusals[0].Reason);
        Assert.Equal(8, (await DoAsync("delete", """{"created_after":"2020-01-01"}""")).Done);
        Assert.Empty((await server.Client.Runs.ListAsync([], Cancel)).Items);
        Assert.Equal(["/filter"], (await server.PostAsync("/api/v1/runs/bulk", """{"action":"delete","filter":{}}""")).Pointers(400));
        Assert.Equal(["/filter/stat"], (await server.PostAsync("/api/v1/runs/bulk", """{"action":"delete","filter":{"stat":"failed"}}""")).Pointers(400));
        Assert.Equal(["/filter/state"], (await server.PostAsync("/api/v1/runs/bulk", """{"action":"delete","filter":{"state":"done"}}""")).Pointers(400));
    }

    [Fact]
    public async Task Progress_names_the_task_and_counts_its_items()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("long", "do: [ { tell: { emit: { event: { with: { type: x } } } } }, { many: { call: map, with: { in: '[range(4)]', do: [ { say: { emit: { event: { with: { type: y } } } } } ] } } }, { hear: { listen: { to: { one: { with: { type: go } } } } } }, { last: { set: { n: 1 } } } ]");
        var run = await server.StartRunAsync("long");
        await server.StateAsync(run, "waiting");
        var progress = (await server.Client.Runs.GetAsync(run, Cancel)).Progress!;
        Assert.Equal(("hear", 50, 4L, 4L), (progress.Phase, progress.Percent, progress.ItemsDone, progress.ItemsTotal));
        (await server.PostAsync("/api/v1/events", """{"type":"go"}""")).Ok(202);
        await server.EndAsync(run);
        Assert.Equal(100, (await server.Client.Runs.GetAsync(run, Cancel)).Progress!.Percent);
        Assert.Equal((37.5, "b"), ProgressReader.Measure(false, ["a", "b", "c", "d"], new RecordedProgress(0, 0, [new MapProgress("/do/1/b", 5, 10)], "/do/1/b[4]/do/0/x")));
        Assert.Equal((40, "m"), ProgressReader.Measure(false, [], new RecordedProgress(0, 0, [new MapProgress("m", 4, 10)], "m[3]")));
        Assert.Equal((null, null), ProgressReader.Measure(false, [], new RecordedProgress(3, 0, [], "x")));
    }

    [Fact]
    public async Task What_has_had_its_time_goes_and_a_document_may_have_its_own_rule()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("brief", "do: [ { a: { set: { n: 1 } } } ]");
        (await server.PostAsync("/api/v1/workflows", "document: { dsl: 1.0.3, namespace: test, name: kept, version: 1.0.0, metadata: { baton: { retention: { completed: P30D } } } }\ndo: [ { a: { set: { n: 1 } } } ]\n")).Ok(201);
        var refused = (await server.PostAsync("/api/v1/workflows", "document: { dsl: 1.0.3, namespace: test, name: wrong, version: 1.0.0, metadata: { baton: { retention: { completed: a while } } } }\ndo: [ { a: { set: { n: 1 } } } ]\n")).Pointers(422);
        Assert.Equal(["/document/metadata/baton/retention/completed"], refused);
        foreach (var name in (string[])["brief", "brief", "kept", "kept"]) await server.EndAsync(await server.StartRunAsync(name));

        Assert.Equal(0, await After(TimeSpan.FromHours(1)).RunOnceAsync(Cancel));
        Assert.Equal(2, await After(TimeSpan.FromDays(2)).RunOnceAsync(Cancel));
        Assert.Equal(["kept", "kept"], (await server.Client.Runs.ListAsync([], Cancel)).Items.Select(run => run.Workflow));
        Assert.Equal(2, await After(TimeSpan.FromDays(31)).RunOnceAsync(Cancel));
        for (var i = 0; i < 5; i++) await server.EndAsync(await server.StartRunAsync("kept"));
        var newest = (await server.Client.Runs.ListAsync([], Cancel)).Items[0].Id;
        Assert.Equal(4, await After(TimeSpan.Zero, new RetentionOptions { MaxEndedRuns = 1, BatchSize = 3 }).RunOnceAsync(Cancel));
        Assert.Equal(newest, Assert.Single((await server.Client.Runs.ListAsync([], Cancel)).Items).Id);

        Retention After(TimeSpan age, RetentionOptions? options = null) => new(server.Get<Database>(), server.Get<RunKeeper>(), server.Get<JournalPacker>(), server.Get<StepAnswers>(), server.Get<WorkflowCatalog>(), server.Get<WorkflowSql>(), server.Get<Server.Cluster.LeaderLease>(),
            Options.Create(options ?? new RetentionOptions { Completed = TimeSpan.FromDays(1), BatchSize = 1 }), new Later(age), NullLogger<Retention>.Instance);
    }

    [Fact]
    public async Task An_archive_is_imported_once_and_a_broken_one_says_where()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("moved", "do: [ { tell: { emit: { event: { with: { type: x } } } } } ]");
        var runs = new List<string>();
        for (var i = 0; i < 3; i++) runs.Add(await server.StartRunAsync("moved"));
        foreach (var run in runs) await server.EndAsync(run);
        var journal = (await server.GetAsync($"/api/v1/runs/{runs[0]}/journal")).Ok().Text;
        using var archive = new MemoryStream();
        await server.Client.Runs.ArchiveAsync([KeyValuePair.Create("workflow", "test/moved")], archive, Cancel);
        foreach (var run in runs) await server.Client.Runs.DeleteAsync(run, Cancel);
        (await server.GetAsync($"/api/v1/runs/{runs[0]}")).Problem(404);

        Assert.Equal(new ImportView(3, 0), await server.Client.Runs.ImportAsync(new MemoryStream(archive.ToArray()), Cancel));
        Assert.Equal(new ImportView(0, 3), await server.Client.Runs.ImportAsync(new MemoryStream(archive.ToArray()), Cancel));
        Assert.Equal(journal, (await server.GetAsync($"/api/v1/runs/{runs[0]}/journal")).Ok().Text);
        Assert.Equal("completed", (await server.Client.Runs.ResultAsync(runs[0], Cancel)).State);

        var lines = Encoding.UTF8.GetString(archive.ToArray()).Split('\n');
        foreach (var (text, line) in new[] { (string.Join('\n', lines[..2]), 2), (string.Join('\n', lines[1..]), 1), ("{}", 1), ("nonsense", 1), (lines[0] + "\n" + lines[0], 2), (lines[0].Replace("\"completed\"", "\"running\"", StringComparison.Ordinal), 1), ("{\"type\":\"run\",\"run\":{}}", 1), (lines[0] + "\n" + lines[2], 2) })
        {
            var content = new StringContent(text);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            var answer = await server.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/api/v1/runs/import") { Content = content });
            Assert.Equal(line, answer.Problem(400).GetProperty("errors")[0].GetProperty("line").GetInt32());
        }
    }

    [Fact]
    public async Task Results_are_summed_up_and_say_which_steps_move_together()
    {
        var workflow = CodeWorkflow.Of(new WorkflowRef("test", "measured", "1.0.0"), () => new Measured());
        await using var server = await TestServer.StartAsync(workflow);
        var run = await server.StartRunAsync("measured", "[30]");
        await server.EndAsync(run);
        var results = await server.Client.Runs.ResultsAsync(run, Cancel);
        Assert.Equal((91, 81, 10), (results.SummaryMetrics.TotalSteps, results.SummaryMetrics.SuccessfulSteps, results.SummaryMetrics.FailedSteps));
        Assert.Equal(0.8, results.ResultCategories["analysis"].AverageConfidence);
        var numbers = results.Correlations.Single(pair => pair is { Method: "spearman", First: "height", Second: "weight" });
        Assert.Equal((1.0, 30, "m"), (numbers.Coefficient, numbers.N, numbers.Over));
        Assert.InRange(numbers.AdjustedPValue, 0, 0.001);
        Assert.DoesNotContain(results.Correlations, pair => pair.First == "noise" || pair.Second == "noise");
        Assert.Equal(results.AggregatedAt, (await server.Client.Runs.ResultsAsync(run, Cancel)).AggregatedAt);

        var few = await server.StartRunAsync("measured", "[5]");
        await server.EndAsync(few);
        var small = await server.Client.Runs.ResultsAsync(few, Cancel);
        Assert.Empty(small.Correlations);
        Assert.True(small.CorrelationNote.TooFew > 0);
    }

    /// <summary>A later clock than the server's.</summary>
    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }

    /// <summary>Three steps, the second of which fails until it is mended.</summary>
    private sealed class Brittle
    {
        public bool IsMended { get; set; }

        public List<string> Performed { get; } = [];

        public CodeWorkflow Workflow => CodeWorkflow.Of(new WorkflowRef("test", "brittle", "1.0.0"), () => new Steps(this));

        private sealed class Steps(Brittle world) : IWorkflow<JsonElement, string>
        {
            public async Task<string> RunAsync(RunContext run, JsonElement input) => await DoAsync(run, "first") + await DoAsync(run, "second") + await DoAsync(run, "third");

            private Task<string> DoAsync(RunContext run, string key) => run.StepAsync(key, _ =>
            {
                world.Performed.Add(key);
                return key == "second" && !world.IsMended ? throw new InvalidOperationException("broken") : Task.FromResult(key);
            });
        }
    }

    /// <summary>Items with two numbers that move together, and one step that fails for every third.</summary>
    private sealed class Measured : IWorkflow<int[], double>
    {
        public async Task<double> RunAsync(RunContext run, int[] input)
        {
            await run.MapAsync("m", Enumerable.Range(0, input[0]).ToList(), async (int item, RunContext part) =>
            {
                var height = await part.StepAsync("height", _ => Task.FromResult(item * 2));
                await part.StepAsync("weight", _ => Task.FromResult(height * height));
                return item % 3 == 0 ? throw new InvalidOperationException("no") : 1;
            }, new MapOptions { OnError = MapErrors.Collect });
            return (await run.StepAsync("judge", _ => Task.FromResult(new { confidence = 0.8 }))).confidence;
        }
    }
}
