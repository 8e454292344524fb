using System.CommandLine;
using Baton.Client;

namespace Baton.Server.Commands;

/// <summary><c>baton signal</c>: sends something to a run that waits for it, now or later.</summary>
internal static class SignalCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("run") { Description = "The run's id." };
        var name = new Argument<string>("name") { Description = "The signal's name." };
        var payload = new Argument<string>("payload") { Description = "JSON, @FILE, or - for standard input; null when absent.", DefaultValueFactory = _ => "null" };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("signal", "Send a signal to a run.") { id, name, payload, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var body = await JsonArgument.ReadAsync(parsed.GetValue(payload)!, "payload", cancel);
            var run = await ServerOptions.Connect(parsed.GetValue(server)).Runs.SignalAsync(parsed.GetValue(id)!, parsed.GetValue(name)!, body, cancel);
            if (parsed.GetValue(json)) Output.Json(run, WireJson.Web.RunView);
            else await Console.Out.WriteLineAsync($"{run.Id}: signal '{parsed.GetValue(name)}' stored; the run is {run.State}.");
            return ExitCode.Ok;
        });
        return command;
    }
}
