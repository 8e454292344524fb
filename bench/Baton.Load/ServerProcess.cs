using System.Diagnostics;
using Baton.Client;

namespace Baton.Load;

/// <summary><c>serve</c> as a process of its own, with the benches' workflows in C#.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly HttpClient http;

    private ServerProcess(Process process, HttpClient http)
    {
        (this.process, this.http) = (process, http);
        Client = new BatonClient(http);
    }

    public BatonClient Client { get; }

    public Uri Address => http.BaseAddress!;

    public int Pid => process.Id;

    public double RssMb
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 / 1e6;
        }
    }

    /// <summary>Starts it, and waits until it says where it listens.</summary>
    /// <exception cref="BenchException">It does not start; the message says why.</exception>
    public static async Task<ServerProcess> StartAsync(BenchDatabase database, params (string Name, string Value)[] environment)
    {
        return await StartAsync(Processors.Start(Command(database), isPinned: false), environment);
    }

    /// <summary>As <see cref="StartAsync(BenchDatabase, ValueTuple{string, string}[])"/>, with the first processor for it alone, and for nothing but forwarding.</summary>
    public static Task<ServerProcess> StartGatewayAsync(BenchDatabase database, params (string Name, string Value)[] environment) => StartAsync(Processors.Start([.. Command(database), "--roles", "gateway"], isPinned: true), environment);

    private static string[] Command(BenchDatabase database) => [.. Self, "serve", "--port", "0", "--db", database.Address];

    /// <summary>This program: by the runtime that it needs, or the executable that has its own.</summary>
    private static string[] Self => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Baton.Load.dll")] : [Environment.ProcessPath!];

    private static async Task<ServerProcess> StartAsync(ProcessStartInfo start, (string Name, string Value)[] environment)
    {
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var started = Process.Start(start)!;
        var error = started.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        var line = await started.StandardOutput.ReadLineAsync(patience.Token) ?? throw new BenchException($"the server did not start: {await error}");
        var address = line.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal));
        return new ServerProcess(started, new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) });
    }

    /// <summary>Starts runs, some at once, all stored when this ends.</summary>
    public async Task StartRunsAsync(string workflow, int count, int atOnce)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) <= count) await Client.Runs.StartAsync(new StartRun(workflow), null, CancellationToken.None);
        }));
    }

    /// <summary>True when a run is in this state.</summary>
    public async Task<bool> HasAsync(string state) => (await Client.Runs.ListAsync([new("state", state), new("limit", "1")], CancellationToken.None)).Items.Count > 0;

    /// <summary>SIGKILL: no code of the process runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        http.Dispose();
    }
}
