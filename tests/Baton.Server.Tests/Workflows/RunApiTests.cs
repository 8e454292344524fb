using System.Globalization;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>Runs through the public API of a real server.</summary>
public class RunApiTests(RunApiTests.Shared shared) : IClassFixture<RunApiTests.Shared>
{
    private const string Signalled = "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]";

    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync();
            await Server.RegisterAsync("echo", "do: [ { a: { set: '${ . }' } } ]");
            await Server.RegisterAsync("deaf", Signalled);
            await Server.RegisterAsync("steps", "do: [ { a: { set: { n: 1 } } }, { m: { call: map, with: { in: '[range(5)]', do: [ { s: { set: { n: '${ $item }' } } } ] } } }, { p: { wait: PT0.001S } } ]");
            await Server.RegisterAsync("fails", "do: [ { r: { raise: { error: { type: 'urn:odd', status: 422, title: Odd, detail: Very odd. } } } } ]");
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Fact]
    public async Task A_run_is_started_followed_and_its_output_read()
    {
        var started = await Server.PostAsync("/api/v1/runs", """{"workflow":"test/echo","input":{"text":"Grüße 🎻"},"labels":{"team":"music"},"priority":7}""");
        var run = started.Ok(202)["id"].GetString()!;
        Assert.Equal($"/api/v1/runs/{run}", started.Headers.Location!.ToString());
        var result = await Server.EndAsync(run);
        Assert.Equal(("completed", "Grüße 🎻"), (result.State, result.Output!.Value.GetProperty("text").GetString()));
        var view = (await Server.GetAsync($"/api/v1/runs/{run}")).Ok();
        Assert.Equal(("test", "echo", "1.0.0", 7), (view["namespace"].GetString(), view["workflow"].GetString(), view["version"].GetString(), view["priority"].GetInt32()));
        Assert.Equal("music", view["labels"].GetProperty("team").GetString());
        Assert.True(view["created_at"].GetDateTimeOffset() <= view["ended_at"].GetDateTimeOffset());
    }

    [Fact]
    public async Task What_failed_says_why_and_where()
    {
        var run = await Server.StartRunAsync("fails");
        Assert.Equal("failed", (await Server.EndAsync(run)).State);
        var error = (await Server.GetAsync($"/api/v1/runs/{run}/result")).Ok()["error"];
        Assert.Equal(("urn:odd", 422, "Odd", "Very odd."), (error.GetProperty("type").GetString(), error.GetProperty("status").GetInt32(), error.GetProperty("title").GetString(), error.GetProperty("detail").GetString()));
        Assert.Equal("/do/0/r", error.GetProperty("instance").GetString());
    }

    [Fact]
    public async Task A_repetition_under_the_same_idempotency_key_is_the_first_run()
    {
        (string, string) key = ("Idempotency-Key", "order-17");
        var first = (await Server.PostAsync("/api/v1/runs", """{"workflow":"test/echo","input":{"a":1,"b":2}}""", headers: key)).Ok(202)["id"].GetString();
        // The same request, written otherwise.
        Assert.Equal(first, (await Server.PostAsync("/api/v1/runs", """{ "workflow": "test/echo", "input": {"a": 1, "b": 2} }""", headers: key)).Ok(200)["id"].GetString());
        var other = await Server.PostAsync("/api/v1/runs", """{"workflow":"test/echo","input":{"a":2}}""", headers: key);
        Assert.Equal(["header/Idempotency-Key"], other.Pointers(422));
        Assert.Contains(first!, other["detail"].GetString());
        foreach (var bad in (string[])["", new string('k', 201)]) Assert.Equal(["header/Idempotency-Key"], (await Server.PostAsync("/api/v1/runs", """{"workflow":"test/echo"}""", headers: ("Idempotency-Key", bad))).Pointers(400));
    }

    [Fact]
    public async Task Of_many_repetitions_at_once_one_starts_the_run()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Server.PostAsync("/api/v1/runs", """{"workflow":"test/echo","input":1}""", headers: ("Idempotency-Key", "at-once"))));
        Assert.Single(answers, answer => answer.Status == 202);
        Assert.Single(answers.Select(answer => answer["id"].GetString()).Distinct());
    }

    [Theory]
    [InlineData("""{"workflow":"test/unknown"}""", 404)]
    [InlineData("""{"workflow":"test/echo@9.9.9"}""", 404)]
    [InlineData("""{"workflow":"@"}""", 404)]
    [InlineData("{}", 400, "/workflow")]
    [InlineData("[]", 400, "", "/workflow")]
    [InlineData("""{"workflow":5}""", 400, "/workflow")]
    [InlineData("""{"workflow":"test/echo","labels":["a"]}""", 400, "/labels")]
    [InlineData("""{"workflow":"test/echo","labels":{"a":1,"":"x"}}""", 400, "/labels/a", "/labels/")]
    [InlineData("""{"workflow":"test/echo","priority":101}""", 400, "/priority")]
    [InlineData("""{"workflow":"test/echo","priority":1.5,"inputs":1}""", 400, "/priority", "/inputs")]
    public async Task What_is_wrong_with_a_start_is_named(string body, int status, params string[] pointers) =>
        Assert.Equal(pointers, (await Server.PostAsync("/api/v1/runs", body)).Pointers(status));

    [Fact]
    public async Task A_result_is_refused_until_there_is_one()
    {
        var run = await Server.StartRunAsync("deaf");
        await Server.StateAsync(run, "waiting");
        Assert.EndsWith("not-ended", (await Server.GetAsync($"/api/v1/runs/{run}/result")).Problem(409).GetProperty("type").GetString());
        (await Server.PostAsync($"/api/v1/runs/{run}/cancel", """{"reason":"Enough."}""")).Ok(202);
        Assert.Equal("cancelled", (await Server.EndAsync(run)).State);
        Assert.Equal("Enough.", (await Server.GetAsync($"/api/v1/runs/{run}/result")).Ok()["error"].GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_run_is_paused_and_resumed_and_ended_only_once()
    {
        var run = await Server.StartRunAsync("deaf");
        await Server.StateAsync(run, "waiting");
        Assert.EndsWith("illegal-transition", (await Server.PostAsync($"/api/v1/runs/{run}/resume")).Problem(409).GetProperty("type").GetString());
        (await Server.PostAsync($"/api/v1/runs/{run}/pause")).Ok(202);
        await Server.StateAsync(run, "paused");
        (await Server.PostAsync($"/api/v1/runs/{run}/pause")).Problem(409);
        (await Server.PostAsync($"/api/v1/runs/{run}/resume")).Ok(202);
        await Server.StateAsync(run, "waiting");
        (await Server.PostAsync("/api/v1/events", """{"type":"go","data":{"n":1}}""")).Ok(202);
        Assert.Equal("completed", (await Server.EndAsync(run)).State);
        foreach (var verb in (string[])["pause", "resume", "cancel", "signals/late"]) Assert.EndsWith("illegal-transition", (await Server.PostAsync($"/api/v1/runs/{run}/{verb}")).Problem(409).GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_run_that_is_paused_keeps_the_events_that_come_meanwhile()
    {
        var run = await Server.StartRunAsync("deaf");
        await Server.StateAsync(run, "waiting");
        (await Server.PostAsync($"/api/v1/runs/{run}/pause")).Ok(202);
        await Server.StateAsync(run, "paused");
        Assert.True((await Server.PostAsync("/api/v1/events", """{"type":"go","data":"kept"}""")).Ok(202)["reached"].GetInt32() >= 1);
        (await Server.PostAsync($"/api/v1/runs/{run}/resume")).Ok(202);
        Assert.Equal("""["kept"]""", (await Server.EndAsync(run)).Output!.Value.GetRawText());
    }

    [Fact]
    public async Task Lists_are_narrowed_and_page_without_gaps_while_runs_are_added()
    {
        var runs = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            runs.Add((await Server.PostAsync("/api/v1/runs", $$"""{"workflow":"test/{{(i % 2 == 0 ? "echo" : "fails")}}","labels":{"list":"one","i":"{{i}}"} }""")).Ok(202)["id"].GetString()!);
            await Server.EndAsync(runs[^1]);
        }
        runs.Reverse();
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await Server.GetAsync($"/api/v1/runs?label=list=one&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}")).Ok();
            seen.AddRange(Ids(page));
            cursor = page.Json.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
            await Server.EndAsync((await Server.PostAsync("/api/v1/runs", """{"workflow":"test/echo","labels":{"list":"one","late":"yes"}}""")).Ok(202)["id"].GetString()!);
        }
        while (cursor is not null);
        Assert.Equal(runs, seen);
        Assert.Equal(runs.Where((_, i) => i % 2 == 1), Ids((await Server.GetAsync("/api/v1/runs?label=list=one&state=failed")).Ok()));
        Assert.Equal([runs[0]], Ids((await Server.GetAsync("/api/v1/runs?label=i=6&workflow=test/echo")).Ok()));
        Assert.Empty(Ids((await Server.GetAsync("/api/v1/runs?label=i=6&workflow=other/echo")).Ok()));
        var middle = (await Server.GetAsync($"/api/v1/runs/{runs[3]}")).Ok()["created_at"].GetDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        Assert.Equal(runs.Take(4), Ids((await Server.GetAsync($"/api/v1/runs?label=list=one&created_after={middle}")).Ok()).Where(runs.Contains));
        Assert.Equal(runs.Skip(4), Ids((await Server.GetAsync($"/api/v1/runs?label=list=one&created_before={middle}")).Ok()));
    }

    [Fact]
    public async Task A_parents_children_are_listed()
    {
        await Server.RegisterAsync("parent", "do: [ { c: { run: { workflow: { namespace: test, name: echo, version: latest, input: { n: 1 } } } } } ]");
        var parent = await Server.StartRunAsync("parent");
        Assert.Equal("""{"n":1}""", (await Server.EndAsync(parent)).Output!.Value.GetRawText());
        var child = Assert.Single((await Server.GetAsync($"/api/v1/runs?parent={parent}")).Ok()["items"].EnumerateArray());
        Assert.Equal(parent, child.GetProperty("parent_id").GetString());
    }

    [Theory]
    [InlineData("cursor", "abc")]
    [InlineData("cursor", "-1")]
    [InlineData("cursor", "99999999999999999999")]
    [InlineData("state", "done")]
    [InlineData("state", "")]
    [InlineData("limit", "0")]
    [InlineData("limit", "501")]
    [InlineData("limit", "ten")]
    [InlineData("label", "team")]
    [InlineData("label", "")]
    [InlineData("workflow", "")]
    [InlineData("parent", "someone")]
    [InlineData("created_after", "yesterday")]
    [InlineData("created_before", "12")]
    [InlineData("colour", "blue")]
    [InlineData("State", "failed")]
    public async Task A_list_names_the_parameter_that_it_does_not_understand(string name, string value) =>
        Assert.Equal([$"query/{name}"], (await Server.GetAsync($"/api/v1/runs?{name}={value}")).Pointers(400));

    [Theory]
    [InlineData("state=failed&state=completed", "state")]
    [InlineData("label=a=b&label=c=d", "label")]
    [InlineData("limit=1&limit=2", "limit")]
    public async Task A_parameter_stands_once(string query, string name) => Assert.Equal([$"query/{name}"], (await Server.GetAsync($"/api/v1/runs?{query}")).Pointers(400));

    [Fact]
    public async Task A_page_of_the_journal_holds_no_more_payload_than_memory_has_room_for()
    {
        await Server.RegisterAsync("fat", "do: [ { r: { for: { each: i, in: '[range(12)]' }, do: [ { e: { emit: { event: { with: { type: fat, data: '${ [$i, ([range(0; 200000)] | tostring)] }' } } } } } ] } } ]");
        var run = await Server.StartRunAsync("fat");
        Assert.Equal("completed", (await Server.EndAsync(run)).State);
        var (emitted, pages) = (0, 0);
        for (long? after = -1; after is not null; pages++)
        {
            var page = (await Server.GetAsync($"/api/v1/runs/{run}/journal?limit=1000&after={after}")).Ok();
            Assert.InRange(page["items"].GetRawText().Length, 1, 6_000_000);
            emitted += page["items"].EnumerateArray().Count(entry => entry.GetProperty("kind").GetString() == "event_emitted");
            after = page.Json.TryGetProperty("next_cursor", out var next) ? long.Parse(next.GetString()!) : null;
        }
        Assert.Equal(12, emitted);
        Assert.InRange(pages, 3, 13);
        var followed = 0;
        await foreach (var one in Server.Client.Runs.EventsAsync(run, TimeProvider.System, TestContext.Current.CancellationToken)) followed += one.Entry?.Kind == "event_emitted" ? 1 : 0;
        Assert.Equal(12, followed);
    }

    [Fact]
    public async Task The_journal_comes_in_pages()
    {
        var run = await Server.StartRunAsync("steps");
        await Server.EndAsync(run);
        var all = (await Server.GetAsync($"/api/v1/runs/{run}/journal")).Ok()["items"].EnumerateArray().Select(entry => entry.GetProperty("seq").GetInt64()).ToList();
        Assert.Equal(all.Order().Distinct(), all);
        var paged = new List<long>();
        for (long? after = -1; after is not null;)
        {
            var page = (await Server.GetAsync($"/api/v1/runs/{run}/journal?limit=2&after={after}")).Ok();
            paged.AddRange(page["items"].EnumerateArray().Select(entry => entry.GetProperty("seq").GetInt64()));
            after = page.Json.TryGetProperty("next_cursor", out var next) ? long.Parse(next.GetString()!) : null;
        }
        Assert.Equal(all, paged);
        foreach (var (query, name) in new[] { ("after=x", "after"), ("after=-2", "after"), ("limit=0", "limit"), ("since=1", "since") })
        {
            Assert.Equal([$"query/{name}"], (await Server.GetAsync($"/api/v1/runs/{run}/journal?{query}")).Pointers(400));
        }
    }

    [Theory]
    [InlineData("run_xyz")]
    [InlineData("RUN_01980000000070008000000000000001")]
    [InlineData("run_{01980000-0000-7000-8000-000000000001}")]
    [InlineData("%F0%9F%8E%BB")]
    public async Task An_id_that_is_none_is_named(string id)
    {
        foreach (var path in (string[])["", "/result", "/events", "/journal"]) Assert.Equal(["path/id"], (await Server.GetAsync($"/api/v1/runs/{id}{path}")).Pointers(400));
        foreach (var path in (string[])["/cancel", "/pause", "/resume", "/signals/x"]) Assert.Equal(["path/id"], (await Server.PostAsync($"/api/v1/runs/{id}{path}")).Pointers(400));
    }

    [Fact]
    public async Task An_unknown_run_is_not_found_whatever_is_asked_of_it()
    {
        const string Unknown = "run_01980000000070008000000000000001";
        foreach (var path in (string[])["", "/result", "/events", "/journal"]) Assert.EndsWith("unknown-run", (await Server.GetAsync($"/api/v1/runs/{Unknown}{path}")).Problem(404).GetProperty("type").GetString());
        foreach (var path in (string[])["/cancel", "/pause", "/resume", "/signals/x"]) Assert.EndsWith("unknown-run", (await Server.PostAsync($"/api/v1/runs/{Unknown}{path}")).Problem(404).GetProperty("type").GetString());
    }

    [Theory]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(62)]
    public async Task What_is_nested_as_deep_as_a_request_may_be_is_stored_and_shown_again(int depth)
    {
        var deep = string.Concat(Enumerable.Repeat("[", depth)) + "1" + new string(']', depth);
        var run = await Server.StartRunAsync("echo", deep);
        Assert.Equal(deep, (await Server.EndAsync(run)).Output!.Value.GetRawText());
        (await Server.GetAsync($"/api/v1/runs/{run}/journal")).Ok();
        Assert.NotEmpty((await Server.Client.Runs.JournalAsync(run, -1, 100, TestContext.Current.CancellationToken)).Items);
        var direct = await Server.PostAsync("/api/v1/events", $$"""{"type":"deep","data":{{deep}}}""");
        direct.Ok(202);
    }

    [Fact]
    public async Task A_workflow_may_build_and_publish_what_is_deeper_than_any_request()
    {
        await Server.RegisterAsync("deepener", "do: [ { d: { set: { deep: '${ reduce range(200) as $i (1; [.]) }' } } }, { e: { emit: { event: { with: { type: deep.v1, data: '${ .deep }' } } } } }, { o: { set: { deep: '${ $steps.d.deep }' } } } ]");
        var run = await Server.StartRunAsync("deepener");
        var result = await Server.EndAsync(run);
        Assert.True(result.State == "completed", $"{result.Error}");
        Assert.Equal(new string('[', 200) + "1" + new string(']', 200), result.Output!.Value.GetProperty("deep").GetRawText());
        (await Server.GetAsync($"/api/v1/runs/{run}/journal")).Ok();
    }

    private static IEnumerable<string> Ids(Answer page) => page["items"].EnumerateArray().Select(run => run.GetProperty("id").GetString()!).ToList();
}

public sealed class RunApiOnPostgres(RunApiTests.Shared shared) : RunApiTests(shared), IOnPostgres;
