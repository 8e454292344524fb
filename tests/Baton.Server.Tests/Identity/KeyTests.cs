using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Baton.Client;
using Baton.Server.Identity;
using Baton.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Baton.Server.Tests.Identity;

/// <summary>Keys that are made over the API: what each may do, for whom, and until when.</summary>
public class KeyTests(KeyTests.Shared shared) : IClassFixture<KeyTests.Shared>
{
    private const string AdminA = "admin-of-tenant-a-0123456789", AdminB = "admin-of-tenant-b-0123456789";

    private const string Ask = """{"model":"baton/echo","messages":[{"role":"user","content":"hi"}]}""";

    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal ManualTime Time { get; } = new();

        internal TestServer Server { get; private set; } = null!;

        internal HttpClient A { get; private set; } = null!;

        internal HttpClient B { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"a:ada:{AdminA}\nb:bob:{AdminB}\n", Override = services => services.Replace(ServiceDescriptor.Singleton(provider => new KeyTable(Time))) });
            (A, B) = (Server.HttpClient(AdminA), Server.HttpClient(AdminB));
        }

        public ValueTask DisposeAsync()
        {
            A.Dispose();
            B.Dispose();
            return Server.DisposeAsync();
        }
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_keys_file_that_every_user_of_the_machine_can_read_is_warned_of()
    {
        if (OperatingSystem.IsWindows()) return;   // its files have no modes
        using var home = new TemporaryFolder();
        File.SetUnixFileMode(home.Path, File.GetUnixFileMode(home.Path) | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(home.Write("keys", ""), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = $"a:ada:{AdminA}", Folder = home });
        Assert.Contains(server.Log.AboveTrace, line => line.Contains($"chmod o-r {home["keys"]}", StringComparison.Ordinal));
        Assert.DoesNotContain(Server.Log.AboveTrace, line => line.Contains("chmod", StringComparison.Ordinal));   // its folder keeps others out
    }

    [Fact]
    public async Task A_key_is_shown_once_and_stored_as_a_hash()
    {
        var made = await MakeAsync("""{"name":"ci","team":"build"}""");
        var secret = made.GetProperty("secret").GetString()!;
        Assert.Matches("^bt_[A-Za-z0-9_-]{43}$", secret);
        Assert.Equal(("gateway", "active", "build", "ada"), (made.GetProperty("scope").GetString(), made.GetProperty("state").GetString(), made.GetProperty("team").GetString(), made.GetProperty("created_by").GetString()));
        var id = made.GetProperty("id").GetString()!;
        var row = (await Server.Get<KeyStore>().FindAsync(new Engine.TenantId("a"), id, TestContext.Current.CancellationToken))!;
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(secret))), row.Hash);
        foreach (var text in new[] { (await Server.GetAsync($"/api/v1/keys/{id}", shared.A)).Ok().Text, (await Server.GetAsync("/api/v1/keys", shared.A)).Ok().Text, row.ToString() })
        {
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            Assert.Contains(secret[..7], text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(Server.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"name":"a\u001b[2Jb"}""", "/name")]
    [InlineData("""{"name":"a\nb"}""", "/name")]
    [InlineData("""{"name":"a\u2028b"}""", "/name")]
    [InlineData("""{"name":"k","team":"\u0007"}""", "/team")]
    [InlineData("""{"name":"k","models":["m","\u009b31m"]}""", "/models/1")]
    [InlineData("""{"name":"k","limits":[{"requests":1,"model":"m\r"}]}""", "/limits/0/model")]
    public async Task Names_hold_nothing_that_a_terminal_obeys(string body, string pointer)
    {
        Assert.Equal([pointer], (await Server.PostAsync("/api/v1/keys", body, shared.A)).Pointers(400));
        var id = (await MakeAsync("""{"name":"fine"}""")).GetProperty("id").GetString();
        Assert.Equal([pointer], (await Server.SendAsync(new HttpRequestMessage(HttpMethod.Patch, $"/api/v1/keys/{id}") { Content = new StringContent(body, Encoding.UTF8, "application/json") }, shared.A)).Pointers(400));
    }

    [Theory]
    [InlineData("gateway", 200, 403, 403)]
    [InlineData("api", 200, 200, 403)]
    [InlineData("admin", 200, 200, 200)]
    public async Task A_key_opens_what_its_scope_says(string scope, int gateway, int api, int keys)
    {
        using var http = await ClientAsync($$"""{"name":"k","scope":"{{scope}}"}""");
        Assert.Equal(gateway, (await Server.PostAsync("/v1/chat/completions", Ask, http)).Status);
        Assert.Equal(200, (await Server.GetAsync("/v1/models", http)).Status);
        Assert.Equal(api, (await Server.GetAsync("/api/v1/runs", http)).Status);
        Assert.Equal(api, (await Server.GetAsync("/health/detailed", http)).Status);
        Assert.Equal(keys, (await Server.GetAsync("/api/v1/keys", http)).Status);
        if (keys == 403) Assert.Equal("urn:baton:problem:insufficient-scope", (await Server.PostAsync("/api/v1/keys", """{"name":"x"}""", http)).Problem(403).GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_key_for_the_gateway_opens_no_endpoint_but_those_below_v1()
    {
        using var http = await ClientAsync("""{"name":"k"}""");
        var faults = new List<string>();
        foreach (var endpoint in ApiEndpoint.All(Server).Where(endpoint => endpoint.IsApi))
        {
            var answer = await Server.SendAsync(new HttpRequestMessage(HttpMethod.Parse(endpoint.Method), endpoint.Path(_ => "x")), http);
            if (answer.Status != 403) faults.Add($"{endpoint}: {answer.Status}");
        }
        Assert.Empty(faults);
        (await Server.GetAsync("/openapi/v1.json", http)).Problem(403);
    }

    [Fact]
    public async Task A_tenant_sees_and_changes_no_key_of_another_and_makes_none_for_it()
    {
        var id = (await MakeAsync("""{"name":"mine"}""")).GetProperty("id").GetString();
        Assert.DoesNotContain(id!, (await Server.GetAsync("/api/v1/keys?limit=500", shared.B)).Ok().Text, StringComparison.Ordinal);
        (await Server.GetAsync($"/api/v1/keys/{id}", shared.B)).Problem(404);
        (await SendAsync(HttpMethod.Patch, $"/api/v1/keys/{id}", """{"disabled":true}""", shared.B)).Problem(404);
        (await Server.PostAsync($"/api/v1/keys/{id}/rotate", null, shared.B)).Problem(404);
        (await SendAsync(HttpMethod.Delete, $"/api/v1/keys/{id}", null, shared.B)).Problem(404);
        Assert.Equal(["/tenant"], (await Server.PostAsync("/api/v1/keys", """{"name":"x","tenant":"a"}""", shared.B)).Pointers(400));
        Assert.Equal("active", (await Server.GetAsync($"/api/v1/keys/{id}", shared.A)).Ok()["state"].GetString());
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/baton/echo")]
    public async Task Whoever_lists_models_without_a_key_is_told_so_in_the_words_of_its_SDK(string path)
    {
        Assert.Equal("invalid_api_key", (await Server.GetAsync(path)).Ok(401)["error"].GetProperty("code").GetString());
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("anthropic-version", "2023-06-01");
        var refused = (await Server.SendAsync(request)).Ok(401);
        Assert.Equal(("error", "authentication_error"), (refused["type"].GetString(), refused["error"].GetProperty("type").GetString()));
    }

    [Fact]
    public async Task A_disabled_key_is_refused_at_once_and_an_enabled_one_taken_again()
    {
        var (http, id) = await KeyAsync("""{"name":"k"}""");
        Assert.Equal(200, (await Server.GetAsync("/v1/models", http)).Status);
        Assert.Equal("disabled", (await SendAsync(HttpMethod.Patch, $"/api/v1/keys/{id}", """{"disabled":true}""", shared.A)).Ok()["state"].GetString());
        var refused = await Server.GetAsync("/v1/models", http);
        Assert.Equal((401, "authentication_error"), (refused.Status, refused["error"].GetProperty("type").GetString()));
        (await SendAsync(HttpMethod.Patch, $"/api/v1/keys/{id}", """{"disabled":false}""", shared.A)).Ok();
        Assert.Equal(200, (await Server.GetAsync("/v1/models", http)).Status);
        Assert.Equal(204, (await SendAsync(HttpMethod.Delete, $"/api/v1/keys/{id}", null, shared.A)).Status);
        Assert.Equal(401, (await Server.GetAsync("/v1/models", http)).Status);
        http.Dispose();
    }

    [Fact]
    public async Task The_secret_before_a_rotation_is_good_for_the_grace_and_no_longer()
    {
        var (old, id) = await KeyAsync("""{"name":"k"}""");
        var rotated = (await Server.PostAsync($"/api/v1/keys/{id}/rotate", """{"grace_seconds":600}""", shared.A)).Ok();
        using var renewed = Server.HttpClient(rotated["secret"].GetString());
        Assert.Equal((200, 200), ((await Server.GetAsync("/v1/models", old)).Status, (await Server.GetAsync("/v1/models", renewed)).Status));
        (await Server.PostAsync($"/api/v1/keys/{id}/rotate", """{"grace_seconds":0}""", shared.A)).Ok();
        Assert.Equal((401, 401), ((await Server.GetAsync("/v1/models", old)).Status, (await Server.GetAsync("/v1/models", renewed)).Status));
        old.Dispose();
    }

    [Fact]
    public void Expiry_and_grace_end_by_the_clock_without_any_news()
    {
        var time = new ManualTime();
        var table = new KeyTable(time);
        var now = time.GetUtcNow();
        table.Replace([Row("1", KeyHash.Of("bt_new")!.Value, KeyHash.Of("bt_old")!.Value, previousUntil: now.AddMinutes(5), expires: now.AddMinutes(10))]);
        Assert.NotNull(table.Find(KeyHash.Of("bt_new")));
        Assert.Same(table.Find(KeyHash.Of("bt_new")), table.Find(KeyHash.Of("bt_old")));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(table.Find(KeyHash.Of("bt_old")));
        Assert.NotNull(table.Find(KeyHash.Of("bt_new")));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(table.Find(KeyHash.Of("bt_new")));
        Assert.Null(table.Find(KeyHash.Of("bt_nothing")));
        Assert.Null(table.Find(KeyHash.Of(new string('x', 10_000))));
    }

    [Fact]
    public async Task When_a_key_was_used_is_written_behind_and_coarsely()
    {
        var (http, id) = await KeyAsync("""{"name":"k"}""");
        var (feed, store, cancel) = (Server.Get<KeyFeed>(), Server.Get<KeyStore>(), TestContext.Current.CancellationToken);
        Assert.False((await Server.GetAsync($"/api/v1/keys/{id}", shared.A)).Ok().Json.TryGetProperty("last_used_at", out _));
        Assert.Equal(200, (await Server.GetAsync("/v1/models", http)).Status);
        Assert.True((await Server.GetAsync($"/api/v1/keys/{id}", shared.A)).Ok().Json.TryGetProperty("last_used_at", out _));
        await feed.TellUsesAsync();
        Assert.Equal(shared.Time.GetUtcNow().ToUnixTimeMilliseconds(), (await store.FindAsync(new Engine.TenantId("a"), id, cancel))!.LastUsedAtMs);
        http.Dispose();
    }

    [Fact]
    public async Task A_key_may_ask_for_its_models_alone_and_sees_no_others()
    {
        using var http = await ClientAsync("""{"name":"k","models":["BATON/E*o","gpt-*"]}""");
        Assert.Equal(200, (await Server.PostAsync("/v1/chat/completions", Ask, http)).Status);
        foreach (var model in (string[])["baton/extract", "nothing-of-the-kind"])
        {
            var refused = await Server.PostAsync("/v1/chat/completions", Ask.Replace("baton/echo", model, StringComparison.Ordinal), http);
            Assert.Equal((403, "model_not_allowed"), (refused.Status, refused["error"].GetProperty("code").GetString()));
        }
        Assert.Equal(["baton/echo"], (await Server.GetAsync("/v1/models", http)).Ok()["data"].EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal(404, (await Server.GetAsync("/v1/models/baton/extract", http)).Status);
    }

    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("gpt-*", "GPT-4o", true)]
    [InlineData("gpt-*", "my-gpt-4o", false)]
    [InlineData("*mini*", "gpt-4o-mini-2024", true)]
    [InlineData("a*b*c", "a-b-b-c", true)]
    [InlineData("a*b*c", "a-c-b", false)]
    [InlineData("a", "a", true)]
    [InlineData("a", "ab", false)]
    [InlineData("**", "", true)]
    public void A_star_stands_for_any_characters(string pattern, string name, bool fits) => Assert.Equal(fits, ModelPattern.Matches(pattern, name));

    [Theory]
    [InlineData("""{}""", "/name")]
    [InlineData("""{"name":""}""", "/name")]
    [InlineData("""{"name":"workflow"}""", "/name")]
    [InlineData("""{"name":"k","scope":"root"}""", "/scope")]
    [InlineData("""{"name":"k","expires_at":"tomorrow"}""", "/expires_at")]
    [InlineData("""{"name":"k","expires_at":"2001-01-01T00:00:00Z"}""", "/expires_at")]
    [InlineData("""{"name":"k","models":[5]}""", "/models/0")]
    [InlineData("""{"name":"k","limits":[{}]}""", "/limits/0/requests")]
    [InlineData("""{"name":"k","limits":[{"requests":0}]}""", "/limits/0/requests")]
    [InlineData("""{"name":"k","limits":[{"tokens":5,"algorithm":"leaky"}]}""", "/limits/0/algorithm")]
    [InlineData("""{"name":"k","limits":[{"tokens":5,"per":"minute"}]}""", "/limits/0/per")]
    public async Task What_is_wrong_with_a_key_is_named(string body, string pointer) => Assert.Contains(pointer, (await Server.PostAsync("/api/v1/keys", body, shared.A)).Pointers(400));

    [Fact]
    public async Task Pages_of_keys_hold_each_once()
    {
        await using var server = await TestServer.StartAsync();
        var made = new List<string>();
        for (var i = 0; i < 5; i++) made.Add((await server.Client.Keys.CreateAsync(new CreateKey($"k{i}", i % 2 == 0 ? "even" : "odd"), TestContext.Current.CancellationToken)).Id);
        var seen = new List<string>();
        for (string? cursor = null; ;)
        {
            var query = new Dictionary<string, string> { ["limit"] = "2" };
            if (cursor is not null) query["cursor"] = cursor;
            var page = await server.Client.Keys.ListAsync(query, TestContext.Current.CancellationToken);
            seen.AddRange(page.Items.Select(key => key.Id));
            if ((cursor = page.NextCursor) is null) break;
        }
        Assert.Equal(made.Order(), seen.Order());
        Assert.Equal(2, (await server.Client.Keys.ListAsync([new("team", "Odd")], TestContext.Current.CancellationToken)).Items.Count);   // limits and budgets know no difference
        Assert.Equal(2, (await server.Client.Keys.ListAsync([new("team", "odd")], TestContext.Current.CancellationToken)).Items.Count);
    }

    [Fact]
    public async Task On_a_server_that_is_open_to_its_machine_a_key_counts_as_what_it_is_and_never_as_the_machines_owner()
    {
        await using var server = await TestServer.StartAsync();
        var key = await server.Client.Keys.CreateAsync(new CreateKey("k"), TestContext.Current.CancellationToken);
        using var http = server.HttpClient(key.Secret);
        Assert.Equal(200, (await server.PostAsync("/v1/chat/completions", Ask, http)).Status);
        (await server.GetAsync("/api/v1/runs", http)).Problem(403);
        await server.Client.Keys.ChangeAsync(key.Id, new ChangeKey(Disabled: true), TestContext.Current.CancellationToken);
        (await server.GetAsync("/api/v1/runs", http)).Problem(401);
        using var dummy = server.HttpClient("unused");   // the SDKs insist on some key
        Assert.Equal(200, (await server.PostAsync("/v1/chat/completions", Ask, dummy)).Status);
    }

    [Fact]
    public async Task Keys_outlive_the_server()
    {
        using var folder = new TemporaryFolder();
        string secret;
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Keys = $"a:ada:{AdminA}" }))
        {
            using var admin = server.HttpClient(AdminA);
            secret = (await server.PostAsync("/api/v1/keys", """{"name":"k","limits":[{"requests":5,"window_seconds":60,"max_wait_seconds":0.5}]}""", admin)).Ok(201)["secret"].GetString()!;
        }
        await using var again = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Keys = $"a:ada:{AdminA}" });
        using var http = again.HttpClient(secret);
        Assert.Equal("4", (await again.PostAsync("/v1/chat/completions", Ask, http)).Headers.GetValues("x-ratelimit-remaining-requests").Single());
    }

    internal static KeyRow Row(string id, KeyHash hash, KeyHash? previous = null, DateTimeOffset? previousUntil = null, DateTimeOffset? expires = null) =>
        new("t", id, "k", null, "gateway", hash.ToString(), "bt_xxxx", previous?.ToString(), previousUntil?.ToUnixTimeMilliseconds(), "[]", "[]", 0, "x", expires?.ToUnixTimeMilliseconds(), 0, null);

    private async Task<JsonElement> MakeAsync(string body) => (await Server.PostAsync("/api/v1/keys", body, shared.A)).Ok(201).Json;

    private async Task<(HttpClient Http, string Id)> KeyAsync(string body)
    {
        var made = await MakeAsync(body);
        return (Server.HttpClient(made.GetProperty("secret").GetString()), made.GetProperty("id").GetString()!);
    }

    private async Task<HttpClient> ClientAsync(string body) => (await KeyAsync(body)).Http;

    private Task<Answer> SendAsync(HttpMethod method, string path, string? json, HttpClient http) =>
        Server.SendAsync(new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") }, http);
}

public sealed class KeysOnPostgres(KeyTests.Shared shared) : KeyTests(shared), IOnPostgres
{
    [Fact]
    public async Task A_key_of_one_node_is_known_to_the_others_and_so_is_its_end()
    {
        using var folder = new TemporaryFolder();
        await using var one = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Values = new() { ["Cluster:Node"] = "one" } });
        await using var two = await TestServer.StartAsync(new TestServer.Settings { Folder = folder, Values = new() { ["Cluster:Node"] = "two" } });
        var key = await one.Client.Keys.CreateAsync(new CreateKey("k"), TestContext.Current.CancellationToken);
        using var http = two.HttpClient(key.Secret);
        while ((await two.GetAsync("/v1/models", http)).Status != 200) await Task.Yield();
        await one.Client.Keys.ChangeAsync(key.Id, new ChangeKey(Disabled: true), TestContext.Current.CancellationToken);
        while ((await two.GetAsync("/v1/models", http)).Status != 401) await Task.Yield();
    }
}
