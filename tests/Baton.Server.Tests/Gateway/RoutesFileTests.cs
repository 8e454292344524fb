using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>Routes in a file, which changes under a running server.</summary>
public sealed class RoutesFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_change_of_the_file_is_in_force_without_a_restart_for_applications_and_for_workflows()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        var file = folder.Write("routes.yaml", "models: {}\n");
        await using var server = await StartAsync(file);
        Assert.Equal(404, await AskAsync(server, "qwen"));

        await File.WriteAllTextAsync(file, $"models:\n  qwen:\n    base_url: {upstream["/v1"]}\n    first_byte_timeout: 00:00:30\n    targets: []\n", TestContext.Current.CancellationToken);
        await Eventually.IsTrueAsync(async () => await AskAsync(server, "qwen") == 200);
        await server.RegisterAsync("asks", "do: [ { ask: { call: llm, with: { model: Qwen, prompt: How many } } } ]");
        var result = await server.EndAsync(await server.StartRunAsync("asks"));
        Assert.Equal("Three.", result.Output!.Value.GetProperty("text").GetString());
        Assert.Contains(server.Log.Lines, line => line.Contains($"The routes of {file} are in force", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_target_drains_by_the_file_while_what_is_under_way_at_it_ends_in_peace()
    {
        var (reached, letGo) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var old = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Replies.Chunk("from the "));
            reached.TrySetResult();
            await letGo.Task;
            await http.Response.WriteAsync(Replies.Chunk("old") + Replies.Finish() + Replies.Done);
        });
        await using var next = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("new"), Replies.Finish(), Replies.Done));
        var file = folder.Write("routes.yaml", Two(drain: false));
        await using var server = await StartAsync(file);
        var under = AnswerAsync(server, "m");
        await reached.Task;
        await File.WriteAllTextAsync(file, Two(drain: true), TestContext.Current.CancellationToken);
        await Eventually.IsTrueAsync(() => Route(server).Targets[0].IsDraining);
        Assert.Contains("new", await AnswerAsync(server, "m"), StringComparison.Ordinal);
        Assert.Equal(1, Route(server).Targets[0].Health.UnderWay);

        await File.WriteAllTextAsync(file, $"models: {{ m: {{ base_url: '{next["/v1"]}' }} }}", TestContext.Current.CancellationToken);   // and is taken away
        await Eventually.IsTrueAsync(() => Route(server).Targets.Length == 1);
        letGo.SetResult();
        Assert.Equal(Replies.Chunk("from the ") + Replies.Chunk("old") + Replies.Finish() + Replies.Done, await under);

        string Two(bool drain) => $"models:\n  m:\n    strategy: priority\n    targets:\n      - {{ name: old, base_url: '{old["/v1"]}', drain: {(drain ? "true" : "false")} }}\n      - {{ name: new, base_url: '{next["/v1"]}' }}\n";
    }

    [Theory]
    [InlineData("models: [", "is not YAML")]
    [InlineData("", "must begin with 'models:'")]
    [InlineData("models: {}\nroutes: {}", "no 'routes'")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', strategie: random } }", "models.m.strategie: there is no such member. Did you mean 'strategy'?")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', strategy: fastest } }", "models.m.strategy: must be round_robin")]
    [InlineData("models: { m: { targets: [ { base_url: 'http://127.0.0.1:1/v1' }, { base_url: 5 } ] } }", "models.m.targets.1.base_url must be a text, not this number")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', timeout: 5 } }", "models.m.timeout must be a duration, such as 00:01:30")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', weight: -1 } }", "models.m.weight: ")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', max_concurrency: 0 } }", "models.m.max_concurrency: ")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', fallbacks: [ nobody ] } }", "models.m.fallbacks: there is no model 'nobody'")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', api_key: sk-0123456789 } }", "models.m.api_key is no place for a key")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1', api_key_variable: BATON_TEST_NO_SUCH_KEY } }", "models.m.api_key_variable: the environment variable BATON_TEST_NO_SUCH_KEY is not set")]
    [InlineData("models: { m: { base_url: 'http://127.0.0.1:1/v1' }, M: { base_url: 'http://127.0.0.1:1/v1' } }", "models.M stands twice")]
    [InlineData("models: { fixed: { base_url: 'http://127.0.0.1:1/v1' } }", "models.fixed stands at Gateway:Models:fixed too")]
    [InlineData("models: { m: }", "models.m must be an object, not null")]
    public async Task A_file_that_is_wrong_is_refused_as_a_whole_with_the_reason_and_keeps_a_server_from_starting(string text, string reason)
    {
        var file = folder.Write("routes.yaml", "models: { before: { base_url: 'http://127.0.0.1:1/v1' } }");
        await using (var server = await StartAsync(file))
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            await Eventually.IsTrueAsync(() => server.Log.Lines.Any(line => line.Contains("is refused, and what was in force stays", StringComparison.Ordinal)));
            var said = Assert.Single(server.Log.Lines, line => line.Contains("is refused, and what was in force stays", StringComparison.Ordinal));
            Assert.Contains(reason, said, StringComparison.Ordinal);
            Assert.DoesNotContain("sk-0123456789", said, StringComparison.Ordinal);
            Assert.Equal(["before", "fixed"], server.Get<RouteTable>().Current.Shared.Select(route => route.Name).Order());
        }
        Assert.Contains(reason, (await Assert.ThrowsAsync<StartupException>(() => StartAsync(file))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_goes_away_takes_nothing_with_it()
    {
        var file = folder.Write("routes.yaml", "models: { m: { base_url: 'http://127.0.0.1:1/v1' } }");
        await using var server = await StartAsync(file);
        File.Delete(file);
        await Eventually.IsTrueAsync(() => server.Log.Lines.Any(line => line.Contains("cannot be read", StringComparison.Ordinal)));
        Assert.Equal(["fixed", "m"], server.Get<RouteTable>().Current.Shared.Select(route => route.Name).Order());
    }

    [Fact]
    public async Task Settings_and_file_may_name_each_others_models()
    {
        var file = folder.Write("routes.yaml", "models: { m: { base_url: 'http://127.0.0.1:1/v1', fallbacks: [ fixed ] } }");
        await using var server = await StartAsync(file, ("Gateway:Models:fixed:Fallbacks:0", "m"), ("Gateway:DefaultModel", "m"));
        var routes = server.Get<RouteTable>().Current;
        Assert.Equal(["m", "fixed"], routes.Shared.Single(route => route.Name == "m").Chain.Select(route => route.Name));
        Assert.Equal(["fixed", "m"], routes.Shared.Single(route => route.Name == "fixed").Chain.Select(route => route.Name));
        Assert.Equal("m", routes.DefaultModel);
    }

    private static Task<TestServer> StartAsync(string file, params (string Name, string Value)[] settings)
    {
        var values = new Dictionary<string, string?> { ["Gateway:RoutesFile"] = file, ["Gateway:Models:fixed:BaseUrl"] = "http://127.0.0.1:1/v1" };
        foreach (var (name, value) in settings) values[name] = value;
        return TestServer.StartAsync(new TestServer.Settings { Values = values });
    }

    private static async Task<int> AskAsync(TestServer server, string model) => (await server.PostAsync("/v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":"hi"}]}""")).Status;

    private static async Task<string> AnswerAsync(TestServer server, string model) => (await server.PostAsync("/v1/chat/completions", $$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"hi"}]}""")).Text;

    private static ModelRoute Route(TestServer server) => server.Get<RouteTable>().Current.Shared.Single(route => route.Name == "m");
}
