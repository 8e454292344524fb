using System.Text;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>Routes that tenants put by the API.</summary>
public class RouteApiTests(RouteApiTests.Shared shared) : IClassFixture<RouteApiTests.Shared>
{
    private const string KeyA = "key-of-tenant-a-0123456789", KeyB = "key-of-tenant-b-9876543210", Variable = "BATON_TEST_ROUTE_KEY", Secret = "sk-route-secret-77";

    private TestServer Server => shared.Server;

    private string Address => shared.Upstream["/v1"].ToString();

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        internal WebServer Upstream { get; private set; } = null!;

        internal HttpClient A { get; private set; } = null!;

        internal HttpClient B { get; private set; } = null!;

        /// <summary>What the upstream was sent last.</summary>
        public string Authorization { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            Environment.SetEnvironmentVariable(Variable, Secret);
            Upstream = await WebServer.StartAsync(http =>
            {
                Authorization = http.Request.Headers.Authorization.ToString();
                return Replies.WholeAsync(http, "Three.");
            });
            Server = await TestServer.StartAsync(new TestServer.Settings
            {
                Keys = $"a:one:{KeyA}\nb:two:{KeyB}\n",
                Values = new()
                {
                    ["Gateway:Models:operators:BaseUrl"] = "http://127.0.0.1:1/v1",
                    ["Gateway:MaxRoutesPerTenant"] = "20",
                    [$"Gateway:KeyGrants:{Variable}:Origins:0"] = Upstream.Address.GetLeftPart(UriPartial.Authority),
                    [$"Gateway:KeyGrants:{Variable}:Tenants:0"] = "a",
                },
            });
            (A, B) = (Server.HttpClient(KeyA), Server.HttpClient(KeyB));
        }

        public async ValueTask DisposeAsync()
        {
            A.Dispose();
            B.Dispose();
            await Server.DisposeAsync();
            await Upstream.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_route_is_usable_when_its_put_is_answered_by_its_tenant_alone()
    {
        Assert.Equal(404, (await AskAsync("mine", shared.A)).Status);
        var put = (await PutAsync("mine", $$"""{"base_url":"{{Address}}","model":"up"}""", shared.A)).Ok(201);
        Assert.Equal($"\"{put["version"].GetString()}\"", put.Headers.ETag!.ToString());
        Assert.Equal("Three.", (await AskAsync("Mine", shared.A)).Ok()["choices"][0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(404, (await AskAsync("mine", shared.B)).Status);
        (await Server.GetAsync("/api/v1/routes/mine", shared.B)).Problem(404);
        Assert.DoesNotContain(Names(await Server.GetAsync("/api/v1/routes", shared.B)), name => name == "mine");
        Assert.Contains("mine", (await Server.GetAsync("/v1/models", shared.A)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", (await Server.GetAsync("/v1/models", shared.B)).Text, StringComparison.Ordinal);
        var shown = (await Server.GetAsync("/api/v1/routes/MINE", shared.A)).Ok();
        Assert.Equal(("api", Address, "one"), (shown["source"].GetString(), shown["settings"].GetProperty("base_url").GetString(), shown["updated_by"].GetString()));
        (await DeleteAsync("mine", shared.B)).Problem(404);
        Assert.Equal(204, (await DeleteAsync("mine", shared.A)).Status);
        Assert.Equal(404, (await AskAsync("mine", shared.A)).Status);
        (await DeleteAsync("mine", shared.A)).Problem(404);
    }

    [Fact]
    public async Task A_workflow_asks_by_its_tenants_route()
    {
        (await PutAsync("team/flow:7b", $$"""{"targets":[{"base_url":"{{Address}}"}]}""", shared.A)).Ok(201);
        foreach (var (http, state) in new[] { (shared.A, "completed"), (shared.B, "failed") })
        {
            await Server.RegisterAsync("asks", "do: [ { ask: { call: llm, with: { model: 'team/flow:7b', prompt: How many } } } ]", http: http);
            var run = await Server.StartRunAsync("asks", http: http);
            var seen = "";
            await Eventually.IsTrueAsync(async () => (seen = (await Server.GetAsync($"/api/v1/runs/{run}", http)).Ok()["state"].GetString()) is "completed" or "failed");
            Assert.Equal(state, seen);
        }
    }

    [Fact]
    public async Task A_tenants_route_goes_before_one_of_the_same_name_that_serves_all()
    {
        Assert.Equal(502, (await AskAsync("operators", shared.A)).Status);
        (await PutAsync("Operators", $$"""{"base_url":"{{Address}}"}""", shared.A)).Ok(201);
        Assert.Equal((200, 502), ((await AskAsync("operators", shared.A)).Status, (await AskAsync("operators", shared.B)).Status));
        Assert.Equal(["Operators", "baton/echo", "baton/extract"], Names(await Server.GetAsync("/api/v1/routes", shared.A)).Where(name => name is "Operators" or "operators" || name.StartsWith("baton/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(204, (await DeleteAsync("operators", shared.A)).Status);
        Assert.Equal(502, (await AskAsync("operators", shared.A)).Status);
        (await DeleteAsync("operators", shared.A)).Problem(404);   // the operator's is not theirs to remove
        var shown = (await Server.GetAsync("/api/v1/routes/operators", shared.A)).Ok();
        Assert.Equal("settings", shown["source"].GetString());
        Assert.False(shown.Json.TryGetProperty("settings", out _));
    }

    [Fact]
    public async Task Changes_are_made_to_the_version_that_they_are_for()
    {
        var body = $$"""{"base_url":"{{Address}}"}""";
        var first = (await PutAsync("versioned", body, shared.A, ("If-None-Match", "*"))).Ok(201)["version"].GetString()!;
        Assert.Equal(["header/If-Match"], (await PutAsync("versioned", body, shared.A, ("If-None-Match", "*"))).Pointers(412));
        var second = (await PutAsync("versioned", $$"""{"base_url":"{{Address}}","strategy":"random"}""", shared.A, ("If-Match", $"\"{first}\""))).Ok()["version"].GetString()!;
        Assert.NotEqual(first, second);
        Assert.Contains(second, (await PutAsync("versioned", body, shared.A, ("If-Match", $"\"{first}\""))).Problem(412).GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await DeleteAsync("versioned", shared.A, ("If-Match", $"\"{first}\""))).Problem(412);
        Assert.Equal("random", (await Server.GetAsync("/api/v1/routes/versioned", shared.A)).Ok()["strategy"].GetString());
        Assert.Equal(204, (await DeleteAsync("versioned", shared.A, ("If-Match", $"\"{second}\""))).Status);
        (await PutAsync("versioned", body, shared.A, ("If-Match", $"\"{second}\""))).Problem(412);
        foreach (var wrong in (string[])["1", "*", "\"a\", \"b\""]) Assert.Equal(["header/If-Match"], (await PutAsync("versioned", body, shared.A, ("If-Match", wrong))).Pointers(400));
    }

    [Fact]
    public async Task Of_many_that_change_one_version_at_once_one_does()
    {
        var first = (await PutAsync("raced", $$"""{"base_url":"{{Address}}"}""", shared.A)).Ok(201)["version"].GetString()!;
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => PutAsync("raced", $$"""{"base_url":"{{Address}}","name":"t{{i}}"}""", shared.A, ("If-Match", $"\"{first}\""))));
        Assert.Equal(1, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(answer => answer.Status != 200), answer => answer.Problem(412));
        Assert.Equal(answers.Single(answer => answer.Status == 200)["targets"][0].GetProperty("name").GetString(), (await Server.GetAsync("/api/v1/routes/raced", shared.A)).Ok()["targets"][0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("""{}""", "/base_url", "is missing")]
    [InlineData("""{"base_url":"ftp://x/y"}""", "/base_url", "absolute http or https URL")]
    [InlineData("""{"base_url":"http://user:secret-word@x/y"}""", "/base_url", "must not hold a credential")]
    [InlineData("""{"targets":[{"base_url":"http://x/v1"},{"base_url":"http://x/v1","dialect":"latin"}]}""", "/targets/1/dialect", "must be openai, anthropic or ollama")]
    [InlineData("""{"base_url":"http://x/v1","Strategy":"random"}""", "/Strategy", "Did you mean 'strategy'?")]
    [InlineData("""{"base_url":"http://x/v1","max_concurrency":0}""", "/max_concurrency", "between 1 and")]
    [InlineData("""{"base_url":"http://x/v1","weight":"much"}""", "/weight", "must be a number")]
    [InlineData("""{"base_url":"http://x/v1","fallbacks":["nobody"]}""", "/fallbacks", "there is no model 'nobody'")]
    [InlineData("""{"base_url":"http://x/v1","headers":{"x-api-key":"secret-word"}}""", "/headers/x-api-key", "looks like a credential")]
    [InlineData("""{"base_url":"http://x/v1","api_key":"secret-word"}""", "/api_key", "is no place for a key")]
    [InlineData("""{"base_url":"http://x/v1","api_key_file":"/etc/passwd"}""", "/api_key_file", "files belong to the operator")]
    [InlineData("""{"base_url":"http://169.254.169.254/v1"}""", "/base_url", "cannot be called: it is at a link-local")]
    [InlineData("""{"base_url":"http://[::ffff:169.254.169.254]/v1"}""", "/base_url", "cannot be called: it is at a link-local")]
    [InlineData("""{"base_url":"http://x/v1","name":"caf\u00e9"}""", "/name", "printable ASCII")]
    [InlineData("""{"base_url":"http://x/v1","name":"a\r\nSet-Cookie: b"}""", "/name", "printable ASCII")]
    [InlineData("""[]""", "", "must be an object")]
    public async Task What_is_wrong_is_refused_with_its_member(string body, string pointer, string reason)
    {
        var answer = await PutAsync("wrong", body, shared.A);
        Assert.Contains(pointer, answer.Pointers(422));
        Assert.Contains(reason, answer.Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", answer.Text, StringComparison.Ordinal);
        (await Server.GetAsync("/api/v1/routes/wrong", shared.A)).Problem(404);
    }

    [Fact]
    public async Task A_key_goes_only_where_the_operator_has_allowed_it_and_for_whom()
    {
        (await PutAsync("keyed", $$"""{"base_url":"{{Address}}","api_key_variable":"{{Variable}}"}""", shared.A)).Ok(201);
        (await AskAsync("keyed", shared.A)).Ok();
        Assert.Equal($"Bearer {Secret}", shared.Authorization);
        var said = new List<string>();
        foreach (var (http, address, variable) in new[]
        {
            (shared.B, Address, Variable), (shared.A, "http://127.0.0.1:1/v1", Variable), (shared.A, "https://evil.example/v1", Variable), (shared.A, Address, "PATH"), (shared.A, Address, "BATON_TEST_NO_SUCH_KEY"),
            (shared.A, Address, Variable.ToLowerInvariant()), (shared.A, $"http://127.0.0.1:{new Uri(Address).Port}@evil.example/v1", Variable),
        })
        {
            var answer = await PutAsync("stolen", $$"""{"targets":[{"base_url":"{{address}}","api_key_variable":"{{variable}}"}]}""", http);
            Assert.Contains("/targets/0/api_key_variable", answer.Pointers(422));
            Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
            said.Add(answer["errors"][0].GetProperty("detail").GetString()!.Replace(variable, "VARIABLE", StringComparison.Ordinal));
        }
        Assert.Single(said.Distinct());   // whether there is such a variable is nobody's business
        Assert.DoesNotContain(Server.Log.Lines, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tenant_has_so_many_routes_and_no_more()
    {
        var before = Names(await Server.GetAsync("/api/v1/routes", shared.B)).Count();
        for (var i = 0; i < 20; i++) (await PutAsync($"many-{i}", """{"base_url":"http://x/v1"}""", shared.B)).Ok(201);
        (await PutAsync("many-20", """{"base_url":"http://x/v1"}""", shared.B)).Problem(409);
        (await PutAsync("many-7", """{"base_url":"http://y/v1"}""", shared.B)).Ok();
        Assert.Equal(before + 20, Names(await Server.GetAsync("/api/v1/routes", shared.B)).Count());
        for (var i = 0; i < 20; i++) Assert.Equal(204, (await DeleteAsync($"many-{i}", shared.B)).Status);
    }

    [Fact]
    public async Task A_target_drains_by_the_API()
    {
        (await PutAsync("drained", $$"""{"strategy":"priority","targets":[{"name":"one","base_url":"{{Address}}"},{"name":"two","base_url":"{{Address}}"}]}""", shared.A)).Ok(201);
        Assert.Equal("drained/one", (await AskAsync("drained", shared.A)).Headers.GetValues("x-baton-route").Single());
        var put = (await PutAsync("drained", $$"""{"strategy":"priority","targets":[{"name":"one","base_url":"{{Address}}","drain":true},{"name":"two","base_url":"{{Address}}"}]}""", shared.A)).Ok();
        Assert.Equal(["draining", "closed"], put["targets"].EnumerateArray().Select(target => target.GetProperty("state").GetString()));
        Assert.Equal("drained/two", (await AskAsync("drained", shared.A)).Headers.GetValues("x-baton-route").Single());
    }

    [Fact]
    public async Task Routes_survive_a_restart_and_one_that_is_not_allowed_any_more_answers_so()
    {
        using var home = new TemporaryFolder();
        var origin = shared.Upstream.Address.GetLeftPart(UriPartial.Authority);
        var settings = new TestServer.Settings { Folder = home, Values = new() { [$"Gateway:KeyGrants:{Variable}:Origins:0"] = origin } };
        await using (var server = await TestServer.StartAsync(settings))
        {
            (await PutAsync("plain", $$"""{"base_url":"{{Address}}"}""", server.Http, server)).Ok(201);
            (await PutAsync("keyed", $$"""{"base_url":"{{Address}}","api_key_variable":"{{Variable}}"}""", server.Http, server)).Ok(201);
        }
        await using var again = await TestServer.StartAsync(settings with { Values = [] });
        (await AskAsync("plain", again.Http, again)).Ok();
        Assert.Contains("cannot be used: api_key_variable: the key of this variable may not be sent to that host", (await AskAsync("keyed", again.Http, again)).Ok(503).Text, StringComparison.Ordinal);
        Assert.Contains("may not be sent", (await again.GetAsync("/api/v1/routes/keyed")).Ok()["problem"].GetString(), StringComparison.Ordinal);
        Assert.Contains(again.Log.Lines, line => line.Contains("Route keyed of tenant default cannot be used", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tenant_reaches_no_private_address_where_workflows_may_not()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = new() { ["Outbound:AllowPrivate"] = "false", ["Gateway:Models:operators:BaseUrl"] = Address } });
        (await AskAsync("operators", server.Http, server)).Ok();   // and leaves an open connection behind
        Assert.Contains("private or loopback address", (await PutAsync("inside", $$"""{"base_url":"{{Address}}"}""", server.Http, server)).Problem(422).GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await PutAsync("inside", $$"""{"base_url":"{{Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)}}"}""", server.Http, server)).Ok(201);   // a name is judged by what it comes to
        Assert.Contains("private or loopback address", (await AskAsync("inside", server.Http, server)).Ok(502).Text, StringComparison.Ordinal);
        await server.RegisterAsync("asks", "do: [ { ask: { call: llm, with: { model: inside, prompt: How many } } } ]");
        Assert.Contains("private or loopback address", (await server.EndAsync(await server.StartRunAsync("asks"))).Error!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("baton/mine")]
    [InlineData("a%20b")]
    [InlineData("-x")]
    [InlineData("a%00b")]
    public async Task A_name_that_cannot_be_one_is_refused(string name) => Assert.InRange((await PutAsync(name, """{"base_url":"http://x/v1"}""", shared.A)).Status, 400, 422);

    private Task<Answer> AskAsync(string model, HttpClient http, TestServer? server = null) => (server ?? Server).PostAsync("/v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":"hi"}]}""", http);

    private Task<Answer> PutAsync(string name, string body, HttpClient http, params (string Name, string Value)[] headers) => PutAsync(name, body, http, Server, headers);

    private static Task<Answer> PutAsync(string name, string body, HttpClient http, TestServer server, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/routes/{name}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (header, value) in headers) request.Headers.TryAddWithoutValidation(header, value);
        return server.SendAsync(request, http);
    }

    private Task<Answer> DeleteAsync(string name, HttpClient http, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/routes/{name}");
        foreach (var (header, value) in headers) request.Headers.TryAddWithoutValidation(header, value);
        return Server.SendAsync(request, http);
    }

    private static IEnumerable<string> Names(Answer list) => list.Ok()["items"].EnumerateArray().Select(route => route.GetProperty("name").GetString()!);
}

public sealed class RouteApiOnPostgres(RouteApiTests.Shared shared) : RouteApiTests(shared), IOnPostgres;
