using Baton.Client;
using Baton.Engine;

namespace Baton.Server.Commands;

/// <summary>The server that a command works with: the one that answers, or else one of its own for as long as the command runs.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly RunningServer? own;

    private LocalServer(BatonClient client, RunningServer? own)
    {
        Client = client;
        this.own = own;
    }

    public BatonClient Client { get; }

    /// <summary>True when the server ends with the command.</summary>
    public bool IsOwn => own is not null;

    /// <param name="named">What <c>--server</c> says: a named server is used or missing, never replaced.</param>
    public static async Task<LocalServer> FindAsync(string? named, IReadOnlyCollection<CodeWorkflow> workflows, CancellationToken cancel)
    {
        var client = ServerOptions.Connect(named);
        if (ServerOptions.IsNamed(named)) return new LocalServer(client, null);
        try
        {
            await client.HealthAsync(cancel);
            return new LocalServer(client, null);
        }
        catch (BatonException e) when (e.Problem.Status == 0 || ServerOptions.IsForeign(e.Problem))
        {
            return await StartAsync(new HostSettings { Port = 0, LogLevel = LogLevel.Warning }, workflows, cancel);
        }
    }

    /// <summary>Starts one in this process.</summary>
    public static async Task<LocalServer> StartAsync(HostSettings settings, IReadOnlyCollection<CodeWorkflow> workflows, CancellationToken cancel)
    {
        var server = await RunningServer.StartAsync(settings, workflows, cancel);
        return new LocalServer(ServerOptions.Connect(server.Address), server);
    }

    public ValueTask DisposeAsync() => own?.DisposeAsync() ?? ValueTask.CompletedTask;
}
