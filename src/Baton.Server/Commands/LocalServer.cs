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
        if (ServerOptions.IsNamed(named) || await AnswersAsync(named, cancel)) return new LocalServer(ServerOptions.Connect(named), null);
        return await StartAsync(new HostSettings { Port = 0, LogLevel = LogLevel.Warning }, workflows, cancel);
    }

    /// <summary>Whether a server answers. Another program at the default address is none; at an address that was named it is the caller's mistake.</summary>
    /// <exception cref="BatonException">What answers refuses, or is another program where a server was named.</exception>
    public static async Task<bool> AnswersAsync(string? named, CancellationToken cancel)
    {
        try
        {
            await ServerOptions.Connect(named).HealthAsync(cancel);
            return true;
        }
        catch (BatonException e) when (e.Problem.Status == 0 || (!ServerOptions.IsNamed(named) && ServerOptions.IsForeign(e.Problem)))
        {
            return false;
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
