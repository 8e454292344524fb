using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>What a run asks people, through the public API of a real server with two tenants.</summary>
public sealed class ApprovalApiTests(ApprovalApiTests.Shared shared) : IClassFixture<ApprovalApiTests.Shared>
{
    private const string KeyA = "key-of-tenant-a-0123456789", KeyB = "key-of-tenant-b-9876543210";

    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        internal HttpClient A { get; private set; } = null!;

        internal HttpClient B { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"a:ada:{KeyA}\nb:bob:{KeyB}\n" });
            (A, B) = (Server.HttpClient(KeyA), Server.HttpClient(KeyB));
            await Server.RegisterAsync("asks", "do: [ { ask: { call: approve, with: { title: 'Refund ${ .amount }?', assignee: treasurer, data: '${ . }' } } } ]", http: A);
            await Server.RegisterAsync("hurries", "do: [ { ask: { call: approve, with: { title: 'Now?', deadline: PT0.2S, on_expiry: { choice: reject } } } } ]", http: A);
            await Server.RegisterAsync("breaks", "do: [ { r: { raise: { error: { type: 'urn:odd', status: 503, title: Odd } }, metadata: { baton: { on_error: { rules: [ { escalate: {} } ] } } } } } ]", http: A);
        }

        public ValueTask DisposeAsync()
        {
            A.Dispose();
            B.Dispose();
            return Server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_question_is_listed_answered_once_and_says_who_answered()
    {
        var (run, approval) = await AskAsync("asks", "{\"amount\":7}");
        var listed = (await Server.GetAsync("/api/v1/approvals?state=open&assignee=treasurer", shared.A)).Ok()["items"].EnumerateArray().Single(item => item.GetProperty("id").GetString() == approval);
        Assert.Equal(("Refund 7?", 7), (listed.GetProperty("title").GetString(), listed.GetProperty("data").GetProperty("amount").GetInt32()));
        Assert.Equal(["/choice"], (await Server.PostAsync($"/api/v1/approvals/{approval}", """{"choice":"maybe"}""", shared.A)).Pointers(400));
        Assert.Equal(["/choice"], (await Server.PostAsync($"/api/v1/approvals/{approval}", "{}", shared.A)).Pointers(400));
        var answered = (await Server.PostAsync($"/api/v1/approvals/{approval}", """{"choice":"approve","comment":"fine"}""", shared.A)).Ok();
        Assert.Equal(("answered", "ada", "fine"), (answered["state"].GetString(), answered["answered_by"].GetString(), answered["comment"].GetString()));
        Assert.Contains("answered by ada", (await Server.PostAsync($"/api/v1/approvals/{approval}", """{"choice":"reject"}""", shared.A)).Problem(409).GetProperty("detail").GetString(), StringComparison.Ordinal);
        var output = await OutputAsync(run);
        Assert.Equal(("approve", "ada"), (output.GetProperty("choice").GetString(), output.GetProperty("by").GetString()));
    }

    [Fact]
    public async Task A_late_answer_is_refused_and_the_rule_decides()
    {
        var (run, approval) = await AskAsync("hurries", "null");
        Assert.Equal("reject", (await OutputAsync(run)).GetProperty("choice").GetString());
        Assert.Contains("expired", (await Server.PostAsync($"/api/v1/approvals/{approval}", """{"choice":"approve"}""", shared.A)).Problem(409).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(Server.Log.Lines, line => line.Contains("was not answered in time", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_person_gives_a_failed_task_its_value()
    {
        var (run, approval) = await AskAsync("breaks", "null");
        (await Server.PostAsync($"/api/v1/approvals/{approval}", """{"choice":"value","value":{"by":"hand"}}""", shared.A)).Ok();
        Assert.Equal("hand", (await OutputAsync(run)).GetProperty("by").GetString());
        var journal = (await Server.GetAsync($"/api/v1/runs/{run}/journal", shared.A)).Ok();
        var decided = journal["items"].EnumerateArray().Single(entry => entry.GetProperty("kind").GetString() == "policy_decided").GetProperty("meta").GetProperty("policy");
        Assert.Equal(("escalate", "task/0"), (decided.GetProperty("move").GetString(), decided.GetProperty("rule").GetString()));
    }

    [Fact]
    public async Task Another_tenant_neither_sees_nor_answers()
    {
        var (_, approval) = await AskAsync("asks", "{\"amount\":8}");
        Assert.Empty((await Server.GetAsync("/api/v1/approvals", shared.B)).Ok()["items"].EnumerateArray());
        (await Server.GetAsync($"/api/v1/approvals/{approval}", shared.B)).Problem(404);
        (await Server.PostAsync($"/api/v1/approvals/{approval}", """{"choice":"approve"}""", shared.B)).Problem(404);
        Assert.Equal("open", (await Server.GetAsync($"/api/v1/approvals/{approval}", shared.A)).Ok()["state"].GetString());
    }

    private async Task<(string Run, string Approval)> AskAsync(string workflow, string input)
    {
        var run = await Server.StartRunAsync(workflow, input, shared.A);
        while (true)
        {
            var items = (await Server.GetAsync("/api/v1/approvals", shared.A)).Ok()["items"].EnumerateArray().Where(item => item.GetProperty("run_id").GetString() == run).ToList();
            if (items.Count > 0) return (run, items[0].GetProperty("id").GetString()!);
            await Task.Yield();
        }
    }

    private async Task<System.Text.Json.JsonElement> OutputAsync(string run)
    {
        while (true)
        {
            var result = await Server.GetAsync($"/api/v1/runs/{run}/result", shared.A);
            if (result.Status == 200) return result["output"];
            await Task.Yield();
        }
    }
}
