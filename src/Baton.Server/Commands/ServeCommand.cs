using System.CommandLine;
using System.Net;
using Baton.Engine;

namespace Baton.Server.Commands;

/// <summary><c>baton serve</c>: the server, until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create(IReadOnlyCollection<CodeWorkflow> workflows)
    {
        var host = new Option<string>("--host") { Description = "Address to listen on. Other than loopback needs a credential (BATON_API_KEY or Identity:KeysFile).", DefaultValueFactory = _ => "127.0.0.1" };
        var port = new Option<int>("--port") { Description = "Port to listen on; 0 for a free one.", DefaultValueFactory = _ => HostSettings.DefaultPort };
        var node = new Option<string?>("--node") { Description = "This node's name, where several share a PostgreSQL. Default: the machine's name." };
        var roles = new Option<string?>("--roles") { Description = "What this node does: gateway,worker,api,scheduler. Default: all." };
        var (db, config) = (ServerOptions.Database(), ServerOptions.Config());
        var command = new Command("serve", "Start the server.") { host, port, db, config, node, roles };
        command.SetAction((parsed, cancel) =>
        {
            if (!TryAddress(parsed.GetValue(host)!, out var address)) throw new UsageException($"--host: '{parsed.GetValue(host)}' is no address. Use 127.0.0.1, 0.0.0.0, or an address of this machine.");
            if (parsed.GetValue(port) is < 0 or > 65_535) throw new UsageException($"--port: {parsed.GetValue(port)} is no port. Use 1 to 65535, or 0 for a free one.");
            return ServeAsync(ServerOptions.Settings(parsed.GetValue(db), parsed.GetValue(config)) with { Address = address, Port = parsed.GetValue(port), Node = parsed.GetValue(node), Roles = parsed.GetValue(roles) }, workflows, cancel);
        });
        return command;
    }

    private static async Task<int> ServeAsync(HostSettings settings, IReadOnlyCollection<CodeWorkflow> workflows, CancellationToken cancel)
    {
        await using var server = await RunningServer.StartAsync(settings, workflows, cancel);
        await Console.Out.WriteLineAsync($"Baton {BatonHost.Version} listens on {server.Address} (database {server.DatabaseName}). Ctrl-C stops it.");
        await Interrupt.WaitAsync(cancel);
        await Console.Error.WriteLineAsync("Stopping: running steps finish first. Ctrl-C again ends the process at once.");
        return ExitCode.Ok;
    }

    private static bool TryAddress(string text, out IPAddress address)
    {
        if (text == "localhost") text = "127.0.0.1";
        return IPAddress.TryParse(text, out address!);
    }
}
