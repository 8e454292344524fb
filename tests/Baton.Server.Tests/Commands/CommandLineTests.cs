using System.Text.Json;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Commands;

/// <summary>The real executable: what it prints where, and what it ends with.</summary>
public sealed class CommandLineTests(CommandLineTests.Shared shared) : IClassFixture<CommandLineTests.Shared>
{
    private static readonly string LongText = string.Join(' ', Enumerable.Range(0, 200).Select(n => $"word{n}"));

    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        internal TemporaryFolder Home { get; } = new();

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync();
            await Server.RegisterAsync("echo", "input: { schema: { document: { type: object, required: [city], properties: { city: { type: string }, days: { type: integer } }, additionalProperties: false } } }\ndo: [ { a: { set: '${ . }' } } ]");
            await Server.RegisterAsync("fails", "do: [ { r: { raise: { error: { type: 'urn:odd', status: 422, title: Odd, detail: Very odd. } } } } ]");
            await Server.RegisterAsync("waits", "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]");
            await Server.RegisterAsync("paths", "input: { schema: { document: { type: object, properties: { repo: { type: string, format: path } } } } }\ndo: [ { a: { set: '${ . }' } } ]");
            await Server.RegisterAsync("long", $"do: [ {{ r: {{ raise: {{ error: {{ type: 'urn:odd', status: 422, title: Odd, detail: '{LongText}' }} }} }} }} ]");
            Home.Write("ticket.md", "# No workflow");
            Home.Write("flow.yaml", TestServer.Document("file", "do: [ { a: { set: { done: true } } } ]"));
            Home.Write("bad.yaml", TestServer.Document("bad", "do: [ { a: { sett: { done: true } } } ]"));
            Home.Write("waits.yaml", TestServer.Document("waits-own", "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]"));
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Home.Dispose();
        }
    }

    private Task<(int Code, string Output, string Error)> BatonAsync(params string[] arguments) => BatonProcess.RunAsync(shared.Home.Path, arguments, ("BATON_SERVER", Server.Address.ToString()));

    private async Task<JsonElement> JsonAsync(int code, params string[] arguments)
    {
        var ended = await BatonAsync([.. arguments, "--json"]);
        Assert.True(code == ended.Code, $"{ended.Code}: {ended.Error}");
        return JsonElement.Parse(ended.Output);   // valid JSON, and nothing else
    }

    [Theory]
    [InlineData("1,5")]
    [InlineData("1,000.50")]
    [InlineData("-1")]
    [InlineData("1e3")]
    public async Task An_amount_of_dollars_that_could_mean_another_is_refused(string amount)
    {
        var (code, _, error) = await BatonAsync("budgets", "set", "dollars", $"--limit={amount}");
        Assert.Equal(2, code);
        Assert.Contains($"--limit: '{amount}' is no amount of dollars, such as 2.50.", error, StringComparison.Ordinal);
        Assert.Equal(1_500_000, (await JsonAsync(0, "budgets", "set", "dollars", "--limit", "1.5")).GetProperty("limit_micro").GetInt64());
    }

    [Theory]
    [InlineData("--days", "99999999", "--days is a number above 0, up to 36,500.")]
    [InlineData("--days", "Infinity", "--days is a number above 0, up to 36,500.")]
    [InlineData("--days", "NaN", "--days is a number above 0, up to 36,500.")]
    [InlineData("--limit", """{"requests":5,"max_wait_seconds":1e400}""", "A limit's 'max_wait_seconds' is a number from 0 to 600.")]
    public async Task A_number_out_of_all_range_is_a_mistake_and_no_crash(string option, string value, string expected)
    {
        var (code, _, error) = await BatonAsync("keys", "create", "long", option, value);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_with_a_member_that_nothing_knows_makes_no_key()
    {
        var (code, _, error) = await BatonAsync("keys", "create", "limited", "--limit", """{"requests":1,"windows_seconds":3600}""");
        Assert.Equal(2, code);
        Assert.Contains("A limit has no 'windows_seconds'. Did you mean 'window_seconds'?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workflow_is_run_and_its_result_printed()
    {
        var result = await JsonAsync(0, "run", "test/echo", "--city", "Wien", "--days", "3");
        Assert.Equal(("Wien", 3), (result.GetProperty("output").GetProperty("city").GetString(), result.GetProperty("output").GetProperty("days").GetInt32()));
        shared.Home.Write("input.json", """{"city":"Linz"}""");
        Assert.Equal("Linz", (await JsonAsync(0, "run", "test/echo", "--input", "@input.json")).GetProperty("output").GetProperty("city").GetString());
        var ended = await BatonAsync("run", "test/echo", "--input", """{"city":"Graz"}""");
        Assert.Equal(0, ended.Code);
        Assert.Equal("Graz", JsonElement.Parse(ended.Output).GetProperty("city").GetString());   // progress stands on the error stream
        Assert.Contains("test/echo@1.0.0", ended.Error);
        Assert.True((await JsonAsync(0, "run", "flow.yaml")).GetProperty("output").GetProperty("done").GetBoolean());
    }

    [Fact]
    public async Task Models_are_listed_and_their_routes_explained()
    {
        (await Server.SendAsync(new HttpRequestMessage(HttpMethod.Put, "/api/v1/routes/listed") { Content = new StringContent("""{"targets":[{"name":"one","base_url":"http://127.0.0.1:1/v1","drain":true},{"name":"two","base_url":"http://127.0.0.1:1/v1","weight":2}]}""", System.Text.Encoding.UTF8, "application/json") })).Ok(201);
        var listed = (await JsonAsync(0, "models")).GetProperty("items").EnumerateArray().Select(model => model.GetProperty("name").GetString()).ToList();
        Assert.Equal(["baton/echo", "baton/extract", "listed"], listed);
        Assert.Matches(@"listed +api +round_robin +one +openai +listed +1 +draining", (await BatonAsync("models")).Output);
        shared.Home.Write("request.json", """{"model":"other","messages":[{"role":"user","content":"hi"}]}""");
        Assert.Equal("listed/two", (await JsonAsync(0, "route", "explain", "listed", "--file", "request.json")).GetProperty("route").GetString());
        var ended = await BatonAsync("route", "explain", "listed");
        Assert.Equal(0, ended.Code);
        Assert.StartsWith("listed at /v1/chat/completions: listed/two is asked first, and no other.", ended.Output, StringComparison.Ordinal);
        Assert.Matches(@"- +listed/one +openai +1 +draining +0 +It drains", ended.Output);
    }

    [Fact]
    public async Task A_run_that_failed_ends_with_1_and_says_why()
    {
        Assert.Equal("urn:odd", (await JsonAsync(1, "run", "test/fails")).GetProperty("error").GetProperty("type").GetString());
        var ended = await BatonAsync("run", "test/fails");
        Assert.Equal(1, ended.Code);
        Assert.Contains("Very odd.", ended.Output);
    }

    [Theory]
    [InlineData(2, "no 'town'", "run", "test/echo", "--town", "Wien")]
    [InlineData(2, "type integer", "run", "test/echo", "--days", "many")]
    [InlineData(2, "needs a value", "run", "test/echo", "--city")]
    [InlineData(2, "is not JSON", "run", "test/echo", "--input", "{")]
    [InlineData(2, "--input", "run", "test/echo", "--input", "@missing.json")]
    [InlineData(2, "--input", "run", "test/echo", "--input", "@.")]
    [InlineData(2, "missing.yaml", "run", "missing.yaml")]
    [InlineData(2, "--repo is a path, not ''", "run", "test/paths", "--repo", "")]
    [InlineData(2, "ends in .yaml, .yml or .json", "run", "ticket.md")]
    [InlineData(2, "ends in .yaml, .yml or .json", "run", "./flow")]
    [InlineData(2, "--priority: 'high' is not a whole number", "run", "test/echo", "--priority", "high")]
    [InlineData(2, "line 1, byte 2", "run", "test/echo", "--input", "{x")]
    [InlineData(2, "--label", "run", "test/echo", "--city", "x", "--label", "nonsense")]
    [InlineData(3, "city", "run", "test/echo")]
    [InlineData(3, "/input/city", "run", "test/echo", "--input", "{\"city\":5}")]
    [InlineData(3, "There is no workflow test/none", "run", "test/none")]
    [InlineData(3, "line 2", "run", "bad.yaml")]
    [InlineData(3, "line 2", "workflows", "register", "bad.yaml")]
    [InlineData(3, "A run's id", "runs", "get", "nonsense")]
    [InlineData(3, "no state", "runs", "list", "--state", "odd")]
    [InlineData(3, "There is no run", "logs", "run_01980000000070008000000000000001")]
    [InlineData(3, "There is no run", "logs", "-f", "run_01980000000070008000000000000001")]
    [InlineData(3, "There is no run", "signal", "run_01980000000070008000000000000001", "go")]
    [InlineData(2, "is not JSON", "signal", "run_01980000000070008000000000000001", "go", "{")]
    [InlineData(2, "--nonsense", "serve", "--nonsense")]
    [InlineData(2, "--nonsense", "runs", "list", "--nonsense")]
    [InlineData(2, "nonsense", "nonsense")]
    [InlineData(2, "baton: A command is missing: list, get, result, cancel, pause, resume, retry, fork, errors, results, stats, purge, archive or import.\nTry: baton runs --help\n", "runs")]
    [InlineData(2, "baton: There is no command 'nonsense'. There are: list, get, result, cancel, pause, resume, retry, fork, errors, results, stats, purge, archive or import.\n", "runs", "nonsense")]
    [InlineData(2, "baton: RUN is missing.\nTry: baton runs get --help\n", "runs", "get")]
    [InlineData(2, "baton: RUN and NAME are missing.\n", "signal")]
    [InlineData(2, "baton: --out needs a value.\n", "run", "test/echo", "--out")]
    [InlineData(2, "--file", "route", "explain", "m", "--file", "missing.json")]
    [InlineData(2, "is not JSON", "route", "explain", "m", "--file", "ticket.md")]
    [InlineData(2, "is no header", "route", "explain", "m", "--header", "x-team")]
    [InlineData(3, "There is no key 'nobody'", "route", "explain", "m", "--key", "nobody", "--header", "x-team: blue")]
    [InlineData(3, "'surface' is one of", "route", "explain", "m", "--surface", "/v1/none")]
    [InlineData(2, "baton: There is no option '--nonsense'.", "runs", "list", "--nonsense")]
    [InlineData(2, "baton: --port: 'http' is not a whole number.", "serve", "--port", "http")]
    [InlineData(2, "--port", "serve", "--port", "70000")]
    [InlineData(2, "--port", "serve", "--port", "http")]
    [InlineData(2, "--host", "serve", "--host", "nowhere")]
    [InlineData(4, "missing.json", "serve", "--port", "0", "--config", "missing.json")]
    [InlineData(4, "Line 1, byte 1: 'd' is an invalid start of a value", "serve", "--port", "0", "--config", "flow.yaml")]
    [InlineData(4, "flow.yaml", "serve", "--port", "0", "--config", "flow.yaml")]
    [InlineData(2, "no server address", "runs", "list", "--server", "nowhere")]
    [InlineData(4, "baton serve", "runs", "list", "--server", "http://127.0.0.1:1")]
    [InlineData(4, "baton serve", "run", "test/echo", "--server", "http://127.0.0.1:1")]
    [InlineData(4, "baton serve", "logs", "-f", "run_01980000000070008000000000000001", "--server", "http://127.0.0.1:1")]
    public async Task What_cannot_be_done_is_said_on_the_error_stream(int code, string reason, params string[] arguments)
    {
        var ended = await BatonAsync(arguments);
        Assert.True(code == ended.Code, $"{ended.Code}: {ended.Error}");
        Assert.Contains(reason, ended.Error);
        Assert.Equal("", ended.Output);
        Assert.DoesNotContain("   at ", ended.Error);
    }

    [Fact]
    public async Task A_line_that_is_redirected_is_as_long_as_it_is()
    {
        var ended = await BatonAsync("run", "test/long");
        Assert.Contains(LongText, ended.Output, StringComparison.Ordinal);
        var run = JsonElement.Parse((await BatonAsync("runs", "list", "--workflow", "test/long", "--json")).Output).GetProperty("items")[0].GetProperty("id").GetString()!;
        Assert.Contains((await BatonAsync("logs", run)).Output.Split('\n'), line => line.Contains("state_changed", StringComparison.Ordinal) && line.Contains(LongText, StringComparison.Ordinal));
        Assert.Contains(LongText, (await BatonAsync("runs", "result", run)).Output, StringComparison.Ordinal);
        var shown = (await BatonAsync("runs", "get", run)).Output;
        Assert.Contains(LongText, shown, StringComparison.Ordinal);
        Assert.All(shown.Split('\n'), line => Assert.Equal(line.TrimEnd(), line));   // not filled up to the longest
    }

    [Fact]
    public async Task Output_that_cannot_be_written_is_said_in_one_line()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("There is no /dev/full.");
        foreach (var command in (string[][])[["runs", "list"], ["workflows", "list", "--json"], ["run", "test/echo", "--city", "x"]])
        {
            var (code, _, error) = await BatonProcess.RunOnFullDiskAsync(shared.Home.Path, command, ("BATON_SERVER", Server.Address.ToString()));
            Assert.True(code == 74, $"{code}: {error}");
            Assert.Contains("baton: The output cannot be written: No space left on device", error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Files_that_cannot_be_written_are_named_and_the_run_is_not_lost()
    {
        await Server.RegisterAsync("files", "do: [ { a: { set: { artifacts: [ { name: a.txt, content: x } ] } } } ]");
        var ended = await BatonAsync("run", "test/files", "--out", "flow.yaml/below");
        Assert.True(ended.Code == 74, $"{ended.Code}: {ended.Error}");
        Assert.Matches(@"baton: a\.txt cannot be written to \S+/flow\.yaml/below: .*\. Choose another folder with --out; the run has completed: baton runs result run_[0-9a-f]{32}\n$", ended.Error);
    }

    [Fact]
    public async Task Every_command_that_shows_something_shows_it_as_JSON_too()
    {
        var run = (await JsonAsync(0, "run", "test/waits", "--detach")).GetProperty("id").GetString()!;
        await Server.StateAsync(run, "waiting");
        Assert.NotEmpty((await JsonAsync(0, "workflows", "list")).GetProperty("items").EnumerateArray());
        Assert.Equal("echo", (await JsonAsync(0, "workflows", "show", "test/echo")).GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Array, (await JsonAsync(0, "workflows", "schedules")).GetProperty("items").ValueKind);
        Assert.Contains((await JsonAsync(0, "runs", "list", "--state", "waiting")).GetProperty("items").EnumerateArray(), one => one.GetProperty("id").GetString() == run);
        Assert.Equal("waiting", (await JsonAsync(0, "runs", "get", run)).GetProperty("state").GetString());
        Assert.Equal(run, (await JsonAsync(0, "signal", run, "later", """{"n":1}""")).GetProperty("id").GetString());
        var log = await BatonAsync("logs", run, "--json");
        Assert.All(log.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.True(JsonElement.Parse(line).TryGetProperty("seq", out _)));
        Assert.Equal(3, (await BatonAsync("runs", "result", run)).Code);
        await JsonAsync(0, "runs", "pause", run);
        await Server.StateAsync(run, "paused");
        await JsonAsync(0, "runs", "resume", run);
        await JsonAsync(0, "runs", "cancel", run, "--reason", "Enough.");
        await Server.EndAsync(run);
        Assert.Equal("cancelled", (await JsonAsync(0, "runs", "result", run)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_command_that_follows_a_run_ends_when_it_is_paused()
    {
        await using var baton = BatonProcess.Start(shared.Home.Path, ["run", "test/waits", "--label", "who=follower"], ("BATON_SERVER", Server.Address.ToString()));
        await baton.LineAsync(line => line.Contains("waiting", StringComparison.Ordinal));
        var run = Assert.Single((await Server.GetAsync("/api/v1/runs?label=who=follower")).Ok()["items"].EnumerateArray()).GetProperty("id").GetString()!;
        (await Server.PostAsync($"/api/v1/runs/{run}/pause", """{"reason":"Look at this."}""")).Ok(202);
        Assert.Equal(1, await baton.ExitAsync());
        Assert.Contains("Look at this.", baton.Error);
        Assert.Contains($"baton runs resume {run}", baton.Error);
    }

    [Fact]
    public async Task Ctrl_C_leaves_a_run_on_its_server_and_says_how_to_come_back()
    {
        await using var baton = BatonProcess.Start(shared.Home.Path, ["run", "test/waits", "--label", "who=leaver"], ("BATON_SERVER", Server.Address.ToString()));
        await baton.LineAsync(line => line.Contains("waiting", StringComparison.Ordinal));
        baton.Interrupt();
        Assert.Equal(130, await baton.ExitAsync());
        var run = Assert.Single((await Server.GetAsync("/api/v1/runs?label=who=leaver")).Ok()["items"].EnumerateArray());
        Assert.Equal("waiting", run.GetProperty("state").GetString());
        Assert.Contains($"baton logs -f {run.GetProperty("id").GetString()}", baton.Error);
    }

    [Fact]
    public async Task Without_a_server_a_run_brings_its_own_and_what_is_recorded_stays()
    {
        using var home = new TemporaryFolder();
        // A port that nothing listens on stands for the usual one, on which another server may run.
        (string, string?)[] environment = [("BATON_DB", home["own.db"]), ("BATON_SERVER", null)];
        File.Copy(shared.Home["waits.yaml"], home["waits.yaml"]);
        string run;
        await using (var baton = BatonProcess.Start(home.Path, ["run", "waits.yaml"], environment))
        {
            run = (await baton.LineAsync(line => line.Contains("run_", StringComparison.Ordinal))).Split(' ').Single(word => word.StartsWith("run_", StringComparison.Ordinal));
            await baton.LineAsync(line => line.Contains("waiting", StringComparison.Ordinal));
            baton.Interrupt();
            Assert.Equal(130, await baton.ExitAsync());
            Assert.Contains("the run goes on when a server starts on this database", baton.Error);
        }
        var (serving, address) = await BatonProcess.ServeAsync(home.Path, home["own.db"]);
        await using (serving)
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
            Assert.Equal("waiting", (await Answer.ReadAsync(await http.GetAsync(new Uri($"/api/v1/runs/{run}", UriKind.Relative), TestContext.Current.CancellationToken)))["state"].GetString());
            serving.Terminate();
            Assert.Equal(0, await serving.ExitAsync());
            Assert.Contains("Stopping", serving.Error);
        }
    }

    [Fact]
    public async Task A_server_that_is_told_to_stop_takes_nothing_new_and_ends_with_0()
    {
        using var home = new TemporaryFolder();
        foreach (var interrupt in (bool[])[false, true])
        {
            var (serving, address) = await BatonProcess.ServeAsync(home.Path, home["stop.db"]);
            await using (serving)
            {
                if (interrupt) serving.Interrupt();
                else serving.Terminate();
                Assert.Equal(0, await serving.ExitAsync());
                Assert.Equal(4, (await BatonProcess.RunAsync(home.Path, ["runs", "list", "--server", address.ToString()])).Code);
            }
        }
    }

    [Fact]
    public async Task A_second_Ctrl_C_ends_the_process_although_a_step_is_at_work()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var slow = await WebServer.StartAsync(async http =>
        {
            called.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var home = new TemporaryFolder();
        home.Write("slow.yaml", TestServer.Document("slow", $"do: [ {{ get: {{ call: http, with: {{ method: get, endpoint: '{slow.Address}' }} }} }} ]"));
        var (serving, address) = await BatonProcess.ServeAsync(home.Path, home["slow.db"], null, ("BATON_Workflows__DrainTimeout", "01:00:00"));
        await using (serving)
        {
            Assert.Equal(0, (await BatonProcess.RunAsync(home.Path, ["run", "slow.yaml", "--detach", "--server", address.ToString()])).Code);
            await called.Task.WaitAsync(TestContext.Current.CancellationToken);
            serving.Interrupt();
            await serving.LineAsync(line => line.Contains("Ctrl-C again ends the process at once", StringComparison.Ordinal));
            serving.Interrupt();
            Assert.Equal(130, await serving.ExitAsync());
        }
    }

    [Fact]
    public async Task A_credential_comes_from_the_environment_and_is_asked_for()
    {
        const string Key = "a-credential-for-the-command-line";
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"default:cli:{Key}" });
        var refused = await BatonProcess.RunAsync(shared.Home.Path, ["runs", "list"], ("BATON_SERVER", server.Address.ToString()));
        Assert.Equal(3, refused.Code);
        Assert.Contains("credential", refused.Error);
        var let = await BatonProcess.RunAsync(shared.Home.Path, ["runs", "list", "--json"], ("BATON_SERVER", server.Address.ToString()), ("BATON_API_KEY", Key));
        Assert.True(let.Code == 0, let.Error);
        Assert.DoesNotContain(Key, let.Output + let.Error + refused.Error);
    }
}
