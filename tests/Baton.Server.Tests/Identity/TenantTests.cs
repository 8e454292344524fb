using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Identity;

/// <summary>Two tenants on one server: neither sees, moves or notices the other.</summary>
public class TenantTests(TenantTests.Shared shared) : IClassFixture<TenantTests.Shared>
{
    private const string KeyA = "key-of-tenant-a-0123456789", KeyB = "key-of-tenant-b-9876543210";

    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        internal HttpClient A { get; private set; } = null!;

        internal HttpClient B { get; private set; } = null!;

        public string Run { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"# who may come in\na:one:{KeyA}\n\nb:two:{KeyB}\n" });
            (A, B) = (Server.HttpClient(KeyA), Server.HttpClient(KeyB));
            await Server.RegisterAsync("private-flow", "schedule: { on: { one: { with: { type: marker-event } } } }\ndo: [ { hear: { listen: { to: { one: { with: { type: marker-event } } } } } } ]", http: A);
            Run = (await Server.PostAsync("/api/v1/runs", """{"workflow":"test/private-flow","input":"marker-input","labels":{"marker-label":"marker-value"}}""", A, ("Idempotency-Key", "shared-key"))).Ok(202)["id"].GetString()!;
            await Eventually.IsTrueAsync(async () => (await Server.GetAsync($"/api/v1/runs/{Run}", A)).Ok()["state"].GetString() == "waiting");
        }

        public ValueTask DisposeAsync()
        {
            A.Dispose();
            B.Dispose();
            return Server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Nothing_of_one_tenant_can_be_seen_or_moved_by_another()
    {
        var before = (await Server.GetAsync($"/api/v1/runs/{shared.Run}/journal", shared.A)).Ok().Text;
        var faults = new List<string>();
        foreach (var endpoint in ApiEndpoint.All(Server).Where(endpoint => endpoint.IsApi))
        {
            var path = endpoint.Path(name => name switch { "id" => shared.Run, "space" => "test", "name" => "private-flow", "version" => "1.0.0", "type" => "private_flow", _ => "x" });
            var nowhere = endpoint.Path(name => name switch { "id" => "run_01980000000070008000000000000001", "version" => "1.0.0", _ => "nowhere" });
            foreach (var body in endpoint.TakesBody ? (string?[])[null, "{}", """{"workflow":"test/private-flow"}""", """{"type":"marker-event"}""", """{"reason":"marker-event"}"""] : [null])
            {
                var answer = endpoint.TakesBody ? await Server.PostAsync(path, body, shared.B) : await Server.GetAsync(path, shared.B);
                if (answer.Status >= 500) faults.Add($"{endpoint}: {answer.Status}");
                // Not a hint that it exists: the answer is that of what does not.
                var other = endpoint.TakesBody ? await Server.PostAsync(nowhere, body, shared.B) : await Server.GetAsync(nowhere, shared.B);
                if (endpoint.PathParameters.Count > 0 && (answer.Status < 400 || answer.Status != other.Status || answer["type"].GetString() != other["type"].GetString())) faults.Add($"{endpoint}: {answer.Status} {answer.Text}");
                if (answer.Status < 400 && (answer.Text.Contains("marker-", StringComparison.Ordinal) || answer.Text.Contains(shared.Run, StringComparison.Ordinal) || answer.Text.Contains("private-flow", StringComparison.Ordinal))) faults.Add($"{endpoint} shows {answer.Text}");
            }
        }
        Assert.Empty(faults);
        Assert.Equal(0, (await Server.PostAsync("/api/v1/events", """{"type":"marker-event"}""", shared.B)).Ok(202)["reached"].GetInt32());
        foreach (var filter in (string[])["label=marker-label=marker-value", "workflow=test/private-flow", "state=waiting", $"parent={shared.Run}"]) Assert.Empty((await Server.GetAsync($"/api/v1/runs?{filter}", shared.B)).Ok()["items"].EnumerateArray());
        Assert.Equal("waiting", (await Server.GetAsync($"/api/v1/runs/{shared.Run}", shared.A)).Ok()["state"].GetString());
        Assert.Equal(before, (await Server.GetAsync($"/api/v1/runs/{shared.Run}/journal", shared.A)).Ok().Text);
    }

    [Fact]
    public async Task Names_versions_and_idempotency_keys_are_each_tenants_own()
    {
        (await Server.PostAsync("/api/v1/workflows", TestServer.Document("both", "do: [ { a: { set: { of: a } } } ]"), shared.A)).Ok(201);
        (await Server.PostAsync("/api/v1/workflows", TestServer.Document("both", "do: [ { b: { set: { of: b } } } ]"), shared.B)).Ok(201);
        var run = (await Server.PostAsync("/api/v1/runs", """{"workflow":"test/both"}""", shared.B, ("Idempotency-Key", "shared-key"))).Ok(202)["id"].GetString();
        Assert.NotEqual(shared.Run, run);
        (await Server.GetAsync($"/api/v1/runs/{run}", shared.A)).Problem(404);
    }

    [Fact]
    public async Task Without_a_known_credential_every_door_is_closed_but_that_of_the_load_balancer()
    {
        string?[] headers = [null, "Bearer", "Bearer ", "Bearer wrong-key-0123456789", $"Basic {KeyA}", $"Bearer {KeyA}x", $"Bearer {KeyA[..^1]}", $"Bearer {KeyA}, Bearer {KeyB}", KeyA, "Bearer sha256:00"];
        var faults = new List<string>();
        foreach (var (method, path) in ApiEndpoint.All(Server).Select(endpoint => (endpoint.Method, endpoint.Path(_ => "x"))).Append(("GET", "/openapi/v1.json")).Append(("GET", "/nothing")))
        {
            foreach (var header in headers)
            {
                using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
                if (header is not null) request.Headers.TryAddWithoutValidation("Authorization", header);
                var answer = await Server.SendAsync(request);
                if (path is "/health" or "/health/liveness" or "/health/readiness")
                {
                    if (answer.Status != 200 || answer.Json.TryGetProperty("checks", out _)) faults.Add($"{path}: {answer.Status} {answer.Text}");
                }
                else if (path is "/runs/x" or "/assets/run.css" or "/assets/run.js")
                {
                    // The page of a run: the same for every run and caller, it asks the API with the viewer's key.
                    if (answer.Status != 200 || answer.Text.Contains("acme", StringComparison.Ordinal) || answer.Text.Contains("run_0", StringComparison.Ordinal)) faults.Add($"{path}: {answer.Status}");
                }
                else if (path.StartsWith("/v1/", StringComparison.Ordinal))
                {
                    // Its clients read errors of their dialect.
                    if (answer.Status != 401 || answer["error"].GetProperty("type").GetString() != "authentication_error") faults.Add($"{method} {path} with '{header}': {answer.Status} {answer.Text}");
                }
                else if (answer.Status != 401 || answer.Problem(401).GetProperty("type").GetString() != "urn:baton:problem:unauthorized" || answer.Headers.WwwAuthenticate.ToString() != "Bearer") faults.Add($"{method} {path} with '{header}': {answer.Status}");
            }
        }
        Assert.Empty(faults);
        (await Server.GetAsync($"/api/v1/runs?key={KeyA}")).Problem(401);
        Assert.NotEmpty((await Server.GetAsync("/health/detailed", shared.A)).Ok()["checks"].EnumerateArray());
    }

    [Fact]
    public async Task No_credential_is_ever_logged_or_answered()
    {
        using var wrong = Server.HttpClient("a-secret-that-nobody-knows-77");
        var answers = new List<string>();
        foreach (var http in (HttpClient[])[shared.A, shared.B, wrong])
        {
            foreach (var path in (string[])["/api/v1/runs", "/nothing", "/health/detailed", "/api/v1/runs?bad=1", "/openapi/v1.json"]) answers.Add((await Server.GetAsync(path, http)).Text);
        }
        foreach (var secret in (string[])[KeyA, KeyB, "a-secret-that-nobody-knows-77"])
        {
            Assert.DoesNotContain(answers, text => text.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(Server.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_key_may_stand_in_the_file_as_its_hash()
    {
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("a-key-that-only-its-owner-has"u8));
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"c:three:sha256:{hash}" });
        using var owner = server.HttpClient("a-key-that-only-its-owner-has");
        (await server.GetAsync("/api/v1/runs", owner)).Ok();
        using var thief = server.HttpClient($"sha256:{hash}");
        (await server.GetAsync("/api/v1/runs", thief)).Problem(401);
    }

    [Theory]
    [InlineData("tenant:name", "line 1: write tenant:name:key")]
    [InlineData("\n\na:b:short-secret", "line 3: a key has at least 16 characters")]
    [InlineData("a:b:sha256:zz-secret", "line 1: after sha256: stand 64 hexadecimal digits")]
    public async Task A_keys_file_that_is_wrong_keeps_the_server_from_starting(string keys, string reason)
    {
        var e = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(new TestServer.Settings { Keys = keys }));
        Assert.Contains(reason, e.Message);
        Assert.DoesNotContain("secret", e.Message);
    }

    [Fact]
    public async Task A_server_that_others_can_reach_does_not_start_without_a_credential()
    {
        using var folder = new TemporaryFolder();
        var settings = new HostSettings { Address = System.Net.IPAddress.Any, Port = 0, Database = folder["baton.db"], LogLevel = Microsoft.Extensions.Logging.LogLevel.None };
        Assert.Contains("no credential is configured", (await Assert.ThrowsAsync<StartupException>(() => RunningServer.StartAsync(settings, [], TestContext.Current.CancellationToken))).Message);
        var closed = settings with { Values = new Dictionary<string, string?> { ["Identity:KeysFile"] = folder.Write("keys", $"a:one:{KeyA}") } };
        await using var server = await RunningServer.StartAsync(closed, [], TestContext.Current.CancellationToken);
        Assert.NotEqual(0, server.Address.Port);
    }
}

public sealed class TenantOnPostgres(TenantTests.Shared shared) : TenantTests(shared), IOnPostgres;
