using System.CommandLine;
using System.Globalization;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton nodes</c>: who does the work.</summary>
internal static class NodesCommand
{
    public static Command Create()
    {
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("nodes", "The processes that share the server's database, and what each has in memory.") { server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var page = await ServerOptions.Connect(parsed.GetValue(server)).NodesAsync(cancel);
            if (parsed.GetValue(json)) Output.Json(page, WireJson.Web.PageNodeView);
            else Print(page.Items);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(IReadOnlyList<NodeView> nodes)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("node", "state", "roles", "runs", "silent", "started", "process", "version");
        foreach (var node in nodes)
        {
            string[] cells =
            [
                node.Leads ? $"{node.Id} (leads)" : node.Id, node.State, string.Join(',', node.Roles), node.Runs.ToString("N0", CultureInfo.InvariantCulture),
                string.Create(CultureInfo.InvariantCulture, $"{node.SilentSeconds:0.0} s"), Output.Ago(node.StartedAt, TimeProvider.System.GetUtcNow()), $"{node.ProcessId} on {node.Host}", node.Version,
            ];
            table.AddRow(cells.Select(cell => new Text(cell)));
        }
        Output.Out.Write(table);
    }
}
