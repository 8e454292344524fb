using System.CommandLine;
using Baton.Engine;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton doctor</c>: says what is wrong with this installation, and what to do.</summary>
internal static class DoctorCommand
{
    public static Command Create(IReadOnlyCollection<CodeWorkflow> workflows)
    {
        var (db, config) = (ServerOptions.Database(), ServerOptions.Config());
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("doctor", "Check settings, database, disk, tools and the running server. Changes nothing.") { db, config, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var settings = ServerOptions.Settings(parsed.GetValue(db), parsed.GetValue(config));
            var findings = new List<Finding>();
            await foreach (var finding in new Examination(settings, parsed.GetValue(server), workflows).AllAsync(cancel))
            {
                findings.Add(finding);
                if (!parsed.GetValue(json)) Output.Out.MarkupLine($"{Mark(finding)} {finding.Check,-9} {Markup.Escape(finding.Detail)}");
            }
            if (parsed.GetValue(json)) Output.Json(findings, FindingJson.Default.IReadOnlyListFinding);
            return findings.Exists(finding => finding.IsFailure) ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }

    private static string Mark(Finding finding) => finding.State switch
    {
        "ok" => "[green]✓[/]",
        "warning" => "[yellow]![/]",
        _ => "[red]✗[/]",
    };
}
