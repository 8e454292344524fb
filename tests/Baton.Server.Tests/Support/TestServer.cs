using System.Net.Http.Headers;
using System.Text;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Xunit.v3;

namespace Baton.Server.Tests.Support;

/// <summary>Marks a class whose servers stand over PostgreSQL: the tests that it inherits run there as they run on SQLite.</summary>
internal interface IOnPostgres;

/// <summary>Marks a class whose worlds of the gateway are on the framework's sockets, as a server with other roles is: the tests that it inherits run there as they run on this server's own loops.</summary>
internal interface IOnFrameworkSockets;

/// <summary>The real server in this process: a free port, a database in a folder of its own, and everything that it logs at hand.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly RunningServer server;
    private readonly bool keepsFolder;

    private TestServer(TemporaryFolder folder, bool keepsFolder, RunningServer server, CapturedLog log)
    {
        (this.folder, this.keepsFolder, this.server, Log) = (folder, keepsFolder, server, log);
        Http = HttpClient(null);
        Client = new BatonClient(Http);
    }

    /// <summary>Without a credential.</summary>
    public HttpClient Http { get; }

    public BatonClient Client { get; }

    public CapturedLog Log { get; }

    public Uri Address => server.Address;

    public string DatabaseName => server.DatabaseName;

    public IServiceProvider Services => server.Services;

    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();

    public sealed record Settings
    {
        /// <summary>Settings by their full names, such as <c>Http:MaxJsonDepth</c>.</summary>
        public Dictionary<string, string?> Values { get; init; } = [];

        /// <summary>The content of the keys file; null for a server that is open to this machine.</summary>
        public string? Keys { get; init; }

        /// <summary>Where the database stands, and stays; null for a folder that goes with the server.</summary>
        public TemporaryFolder? Folder { get; init; }

        public IReadOnlyCollection<CodeWorkflow> Workflows { get; init; } = [];

        public Action<IServiceCollection>? Override { get; init; }
    }

    public static async Task<TestServer> StartAsync(Settings? given = null)
    {
        var settings = given ?? new Settings();
        var home = settings.Folder ?? new TemporaryFolder();
        var log = new CapturedLog();
        var values = new Dictionary<string, string?>(settings.Values) { ["Identity:KeysFile"] = settings.Keys is null ? null : home.Write("keys", settings.Keys) };
        var host = new HostSettings
        {
            Port = 0,
            Database = await DatabaseAsync(home),
            Values = values,
            LogLevel = LogLevel.Trace,
            Override = services =>
            {
                services.RemoveAll<ILoggerProvider>();
                services.AddSingleton<ILoggerProvider>(new Capturing(log));
                settings.Override?.Invoke(services);
            },
        };
        try
        {
            return new TestServer(home, settings.Folder is not null, await RunningServer.StartAsync(host, settings.Workflows, TestContext.Current.CancellationToken), log);
        }
        catch
        {
            if (settings.Folder is null) home.Dispose();
            throw;
        }
    }

    /// <summary>On PostgreSQL a schema that stays with the folder.</summary>
    private static async Task<string> DatabaseAsync(TemporaryFolder home)
    {
        if (!IsMarked<IOnPostgres>()) return home["baton.db"];
        if (!File.Exists(home["postgres"])) home.Write("postgres", await Postgres.NewSchemaAsync());
        return await File.ReadAllTextAsync(home["postgres"]);
    }

    /// <summary>Whether the class of the running test is.</summary>
    public static bool IsMarked<T>() => (TestContext.Current.TestClass as IXunitTestClass)?.Class.IsAssignableTo(typeof(T)) == true;

    public static Task<TestServer> StartAsync(params CodeWorkflow[] workflows) => StartAsync(new Settings { Workflows = workflows });

    /// <summary>A client with a credential of its own.</summary>
    public HttpClient HttpClient(string? key)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(100) };
        if (key is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request, HttpClient? http = null) => await Answer.ReadAsync(await (http ?? Http).SendAsync(request, TestContext.Current.CancellationToken));

    public Task<Answer> GetAsync(string path, HttpClient? http = null) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), http);

    public Task<Answer> PostAsync(string path, string? json = null, HttpClient? http = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return SendAsync(request, http);
    }

    /// <summary>Registers <c>test/NAME@VERSION</c> with these tasks.</summary>
    public async Task RegisterAsync(string name, string rest, string version = "1.0.0", HttpClient? http = null) =>
        (await PostAsync("/api/v1/workflows", Document(name, rest, version), http)).Ok(201);

    /// <summary>A document in YAML.</summary>
    /// <param name="rest">What follows its head, from <c>do:</c> on.</param>
    public static string Document(string name, string rest, string version = "1.0.0") => $"document: {{ dsl: 1.0.3, namespace: test, name: {name}, version: {version} }}\n{rest}\n";

    /// <summary>Starts a run of <c>test/NAME</c>.</summary>
    public async Task<string> StartRunAsync(string name, string input = "null", HttpClient? http = null) =>
        (await PostAsync("/api/v1/runs", $$"""{"workflow":"test/{{name}}","input":{{input}}}""", http)).Ok(202)["id"].GetString()!;

    /// <summary>Waits until the run has ended.</summary>
    public async Task<RunResult> EndAsync(string run)
    {
        await StateAsync(run, state => state is "completed" or "failed" or "cancelled");
        return await Client.Runs.ResultAsync(run, TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until the run is in such a state.</summary>
    public async Task<RunView> StateAsync(string run, Func<string, bool> wanted)
    {
        await foreach (var one in Client.Runs.EventsAsync(run, TimeProvider.System, TestContext.Current.CancellationToken))
        {
            if (one.Run is { } seen && wanted(seen.State)) return seen;
        }
        throw new InvalidOperationException($"{run} ended before it was what it should be.");
    }

    public Task<RunView> StateAsync(string run, string state) => StateAsync(run, one => one == state);

    /// <summary>Waits until the journal holds such an entry.</summary>
    public async Task<JournalEntryView> EntryAsync(string run, Func<JournalEntryView, bool> wanted)
    {
        await foreach (var one in Client.Runs.EventsAsync(run, TimeProvider.System, TestContext.Current.CancellationToken))
        {
            if (one.Entry is { } entry && wanted(entry)) return entry;
        }
        throw new InvalidOperationException($"{run} ended without that entry.");
    }

    /// <summary>That the server is well: it says so, and runs a workflow from its start to its end.</summary>
    public async Task WorksAsync()
    {
        Assert.Equal("healthy", (await GetAsync("/health")).Ok()["status"].GetString());
        Assert.InRange((await PostAsync("/api/v1/workflows", Document("proof", "do: [ { a: { set: { ok: true } } } ]"))).Status, 200, 201);
        Assert.Equal("completed", (await EndAsync(await StartRunAsync("proof"))).State);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await server.DisposeAsync();
        Log.Dispose();
        if (!keepsFolder) folder.Dispose();
    }

    private sealed class Capturing(CapturedLog log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log.CreateLogger(categoryName);

        public void Dispose()
        {
        }
    }
}
