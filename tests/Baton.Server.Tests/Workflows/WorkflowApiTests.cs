using Baton.Client;
using Baton.Engine;
using Baton.Server.Tests.Support;
using WorkflowCatalog = Baton.Server.Workflows.WorkflowCatalog;

namespace Baton.Server.Tests.Workflows;

/// <summary>Documents, signals, events and schedules through the public API of a real server.</summary>
public class WorkflowApiTests(WorkflowApiTests.Shared shared) : IClassFixture<WorkflowApiTests.Shared>
{
    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    private static string Set(string name, int value, string version = "1.0.0") => TestServer.Document(name, $"do: [ {{ a: {{ set: {{ n: {value} }} }} }} ]", version);

    private Task<Answer> RegisterAsync(string document, string query = "") => Server.PostAsync($"/api/v1/workflows{query}", document);

    [Fact]
    public async Task A_document_is_registered_once_and_never_changes()
    {
        var first = await RegisterAsync(Set("once", 1));
        Assert.Equal("/api/v1/workflows/test/once/1.0.0", first.Ok(201).Headers.Location!.ToString());
        (await RegisterAsync(Set("once", 1))).Ok(200);
        var other = await RegisterAsync(Set("once", 2));
        Assert.EndsWith("version-taken", other.Problem(409).GetProperty("type").GetString());
        Assert.Equal(Set("once", 1), (await Server.GetAsync("/api/v1/workflows/test/once/1.0.0")).Ok()["document"].GetString());
    }

    [Fact]
    public async Task The_newest_version_is_the_latest_by_precedence_not_by_time()
    {
        foreach (var version in (string[])["1.10.0", "1.9.0", "2.0.0-rc.1", "1.10.0-beta"]) (await RegisterAsync(Set("order", 1, version))).Ok(201);
        Assert.Equal(["2.0.0-rc.1", "1.10.0", "1.10.0-beta", "1.9.0"], (await Server.GetAsync("/api/v1/workflows/test/order")).Ok()["items"].EnumerateArray().Select(one => one.GetProperty("version").GetString()));
        Assert.Equal("2.0.0-rc.1", (await Server.GetAsync("/api/v1/workflows/test/order/latest")).Ok()["version"].GetString());
    }

    [Fact]
    public async Task That_there_is_no_version_is_remembered_until_there_is_one()
    {
        var (catalog, name) = (Server.Get<WorkflowCatalog>(), new WorkflowName("test", "later"));
        Assert.Null(await catalog.ResolveAsync(TenantId.Default, name, TestContext.Current.CancellationToken));
        var again = catalog.ResolveAsync(TenantId.Default, name, TestContext.Current.CancellationToken);
        Assert.True(again.IsCompleted, "The database was asked once more.");
        Assert.Null(await again);
        (await RegisterAsync(Set("later", 1))).Ok(201);
        Assert.Equal("1.0.0", (await catalog.ResolveAsync(TenantId.Default, name, TestContext.Current.CancellationToken))?.Version);
    }

    [Fact]
    public async Task A_revision_registered_later_is_the_latest()
    {
        var versions = new List<string>();
        for (var i = 0; i < 8; i++) versions.Add((await RegisterAsync(Set("revised", i, "0.1.0"), "?revise=true")).Ok(201)["version"].GetString()!);
        Assert.Equal("0.1.0", versions[0]);
        Assert.All(versions.Skip(1), version => Assert.StartsWith("0.1.0+", version));
        Assert.Equal(Enumerable.Reverse(versions), (await Server.GetAsync("/api/v1/workflows/test/revised")).Ok()["items"].EnumerateArray().Select(one => one.GetProperty("version").GetString()));
        Assert.Equal("""{"n":7}""", (await Server.EndAsync(await Server.StartRunAsync("revised"))).Output!.Value.GetRawText());
    }

    [Fact]
    public async Task Definitions_come_in_pages()
    {
        for (var i = 0; i < 5; i++) (await RegisterAsync(Set($"page-{i}", i))).Ok(201);
        var names = new List<string>();
        string? cursor = "";
        while (cursor is not null)
        {
            var page = (await Server.GetAsync($"/api/v1/workflows?limit=2{(cursor.Length == 0 ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}")).Ok();
            names.AddRange(page["items"].EnumerateArray().Select(one => $"{one.GetProperty("name").GetString()}@{one.GetProperty("version").GetString()}"));
            cursor = page.Json.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        Assert.Equal(["page-0@1.0.0", "page-1@1.0.0", "page-2@1.0.0", "page-3@1.0.0", "page-4@1.0.0"], names.Where(name => name.StartsWith("page-", StringComparison.Ordinal)));
        Assert.Equal(names.Distinct(), names);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=abc", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("page=2", "page")]
    public async Task A_list_of_definitions_names_the_parameter_that_it_does_not_understand(string query, string name) =>
        Assert.Equal([$"query/{name}"], (await Server.GetAsync($"/api/v1/workflows?{query}")).Pointers(400));

    [Theory]
    [InlineData("revise=maybe", "revise")]
    [InlineData("revise=true&force=true", "force")]
    public async Task Registering_names_the_parameter_that_it_does_not_understand(string query, string name) =>
        Assert.Equal([$"query/{name}"], (await RegisterAsync(Set("any", 1), $"?{query}")).Pointers(400));

    [Fact]
    public async Task Every_rule_that_a_document_breaks_is_named_with_its_line()
    {
        var refused = await RegisterAsync(TestServer.Document("broken", "do:\n  - a:\n      sett: { n: 1 }\n  - b:\n      wait: soon"));
        var errors = refused.Problem(422).GetProperty("errors").EnumerateArray().ToList();
        Assert.Contains(errors, error => error.GetProperty("pointer").GetString()!.StartsWith("/do/0/a", StringComparison.Ordinal) && error.GetProperty("line").GetInt32() == 4);
        Assert.Contains(errors, error => error.GetProperty("pointer").GetString()!.StartsWith("/do/1/b", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_input_that_does_not_fit_names_its_fields()
    {
        (await RegisterAsync(TestServer.Document("typed", "input: { schema: { document: { type: object, required: [city], properties: { city: { type: string } } } } }\ndo: [ { a: { set: '${ . }' } } ]"))).Ok(201);
        Assert.Equal(["/input/city"], (await Server.PostAsync("/api/v1/runs", """{"workflow":"test/typed","input":{"city":5}}""")).Pointers(422));
        Assert.EndsWith("invalid-input", (await Server.PostAsync("/api/v1/runs", """{"workflow":"test/typed"}""")).Problem(422).GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_signal_is_kept_until_the_run_wants_it()
    {
        await using var server = await TestServer.StartAsync(Signalled.Workflow);
        var run = (await server.PostAsync("/api/v1/runs", """{"workflow":"test/signalled"}""")).Ok(202)["id"].GetString()!;
        (await server.PostAsync($"/api/v1/runs/{run}/signals/second", """{"n":2}""")).Ok(202);
        await server.StateAsync(run, "waiting");
        (await server.PostAsync($"/api/v1/runs/{run}/signals/first", """{"n":1}""")).Ok(202);
        Assert.Equal("""[{"n":1},{"n":2}]""", (await server.EndAsync(run)).Output!.Value.GetRawText());
    }

    [Fact]
    public async Task A_signal_without_a_body_is_null_and_a_bad_one_is_refused()
    {
        await using var server = await TestServer.StartAsync(Signalled.Workflow);
        var run = (await server.PostAsync("/api/v1/runs", """{"workflow":"test/signalled"}""")).Ok(202)["id"].GetString()!;
        Assert.Equal(["path/name"], (await server.PostAsync($"/api/v1/runs/{run}/signals/{new string('s', 201)}", "1")).Pointers(400));
        (await server.PostAsync($"/api/v1/runs/{run}/signals/first")).Ok(202);
        (await server.PostAsync($"/api/v1/runs/{run}/signals/second")).Ok(202);
        Assert.Equal("[null,null]", (await server.EndAsync(run)).Output!.Value.GetRawText());
    }

    [Fact]
    public async Task An_event_reaches_every_run_that_listens_and_starts_those_that_it_triggers()
    {
        (await RegisterAsync(TestServer.Document("listener", "do: [ { hear: { listen: { to: { one: { with: { type: paid.v1 } } } } } } ]"))).Ok(201);
        (await RegisterAsync(TestServer.Document("triggered", "schedule: { on: { one: { with: { type: paid.v1 } } } }\ndo: [ { a: { set: '${ . }' } } ]"))).Ok(201);
        var (one, two) = (await Server.StartRunAsync("listener"), await Server.StartRunAsync("listener"));
        await Server.StateAsync(one, "waiting");
        await Server.StateAsync(two, "waiting");
        var receipt = (await Server.PostAsync("/api/v1/events", """{"type":"paid.v1","id":"e1","data":{"amount":5}}""")).Ok(202);
        Assert.Equal(("e1", 3), (receipt["id"].GetString(), receipt["reached"].GetInt32()));
        foreach (var run in (string[])[one, two]) Assert.Equal("""[{"amount":5}]""", (await Server.EndAsync(run)).Output!.Value.GetRawText());
        var started = Assert.Single((await Server.GetAsync("/api/v1/runs?workflow=test/triggered&label=baton.started_by=schedule")).Ok()["items"].EnumerateArray());
        Assert.Equal(5, (await Server.EndAsync(started.GetProperty("id").GetString()!)).Output!.Value[0].GetProperty("data").GetProperty("amount").GetInt32());
    }

    [Theory]
    [InlineData("{}", "/type")]
    [InlineData("""{"type":""}""", "/type")]
    [InlineData("""{"type":5,"id":""}""", "/id", "/type")]
    [InlineData("""{"type":"t","specversion":"0.3"}""", "/specversion")]
    [InlineData("""{"type":"t","time":"noon"}""", "/time")]
    [InlineData("[]", "")]
    [InlineData("", "")]
    public async Task An_event_that_is_none_is_named(string body, params string[] pointers) => Assert.Equal(pointers, (await Server.PostAsync("/api/v1/events", body)).Pointers(400));

    [Fact]
    public async Task What_starts_by_itself_is_shown_with_its_time()
    {
        (await RegisterAsync(TestServer.Document("hourly", "schedule: { every: PT1H }\ndo: [ { a: { set: { n: 1 } } } ]"))).Ok(201);
        var schedule = Assert.Single((await Server.GetAsync("/api/v1/schedules")).Ok()["items"].EnumerateArray(), one => one.GetProperty("workflow").GetString() == "hourly");
        Assert.InRange(schedule.GetProperty("due_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(61));
        // A newer version without a schedule ends it.
        (await RegisterAsync(TestServer.Document("hourly", "do: [ { a: { set: { n: 1 } } } ]", "1.1.0"))).Ok(201);
        Assert.DoesNotContain((await Server.GetAsync("/api/v1/schedules")).Ok()["items"].EnumerateArray(), one => one.GetProperty("workflow").GetString() == "hourly");
        Assert.Equal(["query/all"], (await Server.GetAsync("/api/v1/schedules?all=1")).Pointers(400));
    }

    [Fact]
    public async Task A_schedule_that_is_due_starts_a_run()
    {
        (await RegisterAsync(TestServer.Document("often", "schedule: { every: PT1S }\ndo: [ { a: { set: { n: 1 } } } ]"))).Ok(201);
        var wakeups = Server.Get<Baton.Server.Cluster.Wakeups>();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        wakeups.RunEnded += (_, _, _, workflow) =>
        {
            if (workflow == "often") ended.TrySetResult();
        };
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        (await RegisterAsync(TestServer.Document("often", "do: [ { a: { set: { n: 1 } } } ]", "1.0.1"))).Ok(201);
        Assert.NotEmpty((await Server.GetAsync("/api/v1/runs?workflow=test/often&label=baton.started_by=schedule")).Ok()["items"].EnumerateArray());
    }

    [Fact]
    public async Task A_workflow_is_started_by_its_type_and_answers_with_its_result()
    {
        (await RegisterAsync("document: { dsl: 1.0.3, namespace: test, name: typical, version: 1.0.0, metadata: { baton: { types: [my_kind] } } }\ndo: [ { a: { set: { got: '${ . }' } } } ]")).Ok(201);
        (await RegisterAsync("document: { dsl: 1.0.3, namespace: test, name: slow, version: 1.0.0, metadata: { baton: { types: [slow_kind] } } }\ndo: [ { hear: { listen: { to: { one: { with: { type: never } } } } } } ]")).Ok(201);
        var done = (await Server.PostAsync("/workflows/ai/my_kind", """{"x":1}""")).Ok(200);
        Assert.Equal(("completed", """{"got":{"x":1}}"""), (done["state"].GetString(), done["output"].GetRawText()));
        (await Server.PostAsync("/workflows/ai/slow_kind?wait_seconds=0", "{}")).Ok(202);
        Assert.Equal("waiting", (await Server.PostAsync("/workflows/ai/slow_kind?wait_seconds=2", "{}")).Ok(202)["state"].GetString());   // as it stands when the wait is over
        Assert.EndsWith("unknown-workflow", (await Server.PostAsync("/workflows/ai/no_kind", "{}")).Problem(404).GetProperty("type").GetString());
        Assert.Equal(["query/wait_seconds"], (await Server.PostAsync("/workflows/ai/my_kind?wait_seconds=301", "{}")).Pointers(400));
        Assert.Equal(["query/wait"], (await Server.PostAsync("/workflows/ai/my_kind?wait=1", "{}")).Pointers(400));
    }
}

public sealed class WorkflowApiOnPostgres(WorkflowApiTests.Shared shared) : WorkflowApiTests(shared), IOnPostgres;
