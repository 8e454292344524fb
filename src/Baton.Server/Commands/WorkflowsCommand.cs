using System.CommandLine;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton workflows</c>: register and list definitions.</summary>
internal static class WorkflowsCommand
{
    public static Command Create() => new("workflows", "Register and list workflow definitions.") { List(), Register(), Show(), Schedules() };

    private static Command List()
    {
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("list", "All definitions.") { server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var client = ServerOptions.Connect(parsed.GetValue(server));
            var all = new List<WorkflowView>();
            for (string? cursor = null; ;)
            {
                var page = await client.Workflows.ListAsync(cursor, cancel);
                all.AddRange(page.Items);
                if ((cursor = page.NextCursor) is null) break;
            }
            if (parsed.GetValue(json)) Output.Json(new Page<WorkflowView>(all, null), WireJson.Web.PageWorkflowView);
            else Print(all);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Register()
    {
        var file = new Argument<FileInfo>("file") { Description = "A workflow document, YAML or JSON." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("register", "Check a document and register it.") { file, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var view = await ServerOptions.Connect(parsed.GetValue(server)).Workflows.RegisterAsync(await ReadAsync(parsed.GetValue(file)!, cancel), revise: false, cancel);
            if (parsed.GetValue(json)) Output.Json(view, WireJson.Web.WorkflowView);
            else await Console.Out.WriteLineAsync($"{view.Namespace}/{view.Name}@{view.Version} is registered.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Show()
    {
        var name = new Argument<string>("workflow") { Description = "namespace/name, with @version for another than the newest." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("show", "A definition's document.") { name, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var wanted = WorkflowName.Parse(parsed.GetValue(name)!);
            var view = await ServerOptions.Connect(parsed.GetValue(server)).Workflows.GetAsync(wanted.Namespace, wanted.Name, wanted.Version ?? "latest", cancel);
            if (parsed.GetValue(json)) Output.Json(view, WireJson.Web.WorkflowView);
            else await Console.Out.WriteLineAsync(view.Document ?? $"{view.Namespace}/{view.Name}@{view.Version} is a workflow in code.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Schedules()
    {
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("schedules", "What starts by itself, and when.") { server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var page = await ServerOptions.Connect(parsed.GetValue(server)).Workflows.SchedulesAsync(cancel);
            if (parsed.GetValue(json))
            {
                Output.Json(page, WireJson.Web.PageScheduleView);
                return ExitCode.Ok;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("workflow", "starts", "next");
            foreach (var one in page.Items) table.AddRow(new Text($"{one.Namespace}/{one.Workflow}@{one.Version}"), new Text(one.Text), new Text($"{one.DueAt:O}"));
            Output.Out.Write(table);
            return ExitCode.Ok;
        });
        return command;
    }

    public static async Task<string> ReadAsync(FileInfo file, CancellationToken cancel)
    {
        try
        {
            return await File.ReadAllTextAsync(file.FullName, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: {e.Message}");
        }
    }

    private static void Print(List<WorkflowView> all)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("workflow", "title", "starts by itself");
        foreach (var one in all) table.AddRow(new Text($"{one.Namespace}/{one.Name}@{one.Version}"), new Text(one.Title ?? ""), new Text(one.Schedule ?? ""));
        Output.Out.Write(table);
    }
}
