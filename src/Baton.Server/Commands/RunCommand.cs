using System.CommandLine;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton run</c>: starts a workflow, shows it as it goes, and prints what it gave.</summary>
internal static class RunCommand
{
    public static Command Create(IReadOnlyCollection<CodeWorkflow> workflows)
    {
        var target = new Argument<string>("workflow") { Description = "A document (FILE.yaml), or namespace/name[@version] of a registered workflow." };
        var input = new Option<string?>("--input") { Description = "The input: JSON, @FILE, or - for standard input. Other options (--name value) are fields of it." };
        var label = new Option<string[]>("--label") { Description = "name=value; may be repeated." };
        var priority = new Option<int?>("--priority") { Description = "-100 to 100, higher goes first. Default: the workflow's own, or 0." };
        var key = new Option<string?>("--idempotency-key") { Description = "A repetition with this key returns the first run." };
        var detach = new Option<bool>("--detach") { Description = "Print the run's id and leave it to itself." };
        var output = new Option<string?>("--out") { Description = "Folder for the files that the workflow gives. Default: baton-out/RUN." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("run", "Start a workflow and follow it. Without a server, one is started for as long as it takes.") { target, input, label, priority, key, detach, output, server, json };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancel) =>
        {
            var given = parsed.GetValue(input) is { } text ? await JsonArgument.ReadAsync(text, "--input", cancel) : (JsonElement?)null;
            if (parsed.GetValue(detach) && !await LocalServer.AnswersAsync(parsed.GetValue(server), cancel)) throw new UsageException("--detach needs a server that goes on: start one with 'baton serve'.");
            await using var host = await LocalServer.FindAsync(parsed.GetValue(server), workflows, cancel);
            var workflow = await WorkflowAsync(host.Client, parsed.GetValue(target)!, cancel);
            var start = new StartRun(workflow.Name.ToString(), InputArguments.Build(given, [.. parsed.UnmatchedTokens], workflow.InputSchema), Labels(parsed.GetValue(label)), parsed.GetValue(priority));
            var run = await host.Client.Runs.StartAsync(start, parsed.GetValue(key), cancel);
            if (!parsed.GetValue(detach)) return await FollowAsync(host, run, parsed.GetValue(output), parsed.GetValue(json), cancel);
            if (parsed.GetValue(json)) Output.Json(run, WireJson.Web.RunView);
            else await Console.Out.WriteLineAsync(run.Id);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Shows a run until it ends, then prints its result.</summary>
    public static async Task<int> FollowAsync(LocalServer host, RunView run, string? folder, bool json, CancellationToken cancel)
    {
        var progress = new RunProgress(Output.Progress);
        RunView? paused = null;
        if (!json) Output.Progress.MarkupLineInterpolated($"[bold]{run.Namespace}/{run.Workflow}@{run.Version}[/] {run.Id}");
        try
        {
            await foreach (var one in host.Client.Runs.EventsAsync(run.Id, TimeProvider.System, cancel))
            {
                if (!json) progress.Show(one);
                if (one.Run is { State: "paused" } now)
                {
                    paused = now;   // it may stay so for ever: a person has to look at it
                    break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            progress.Close();
            // Not through the console's formatting: it would break a command, which is there to be copied, at the edge of the terminal.
            await Console.Error.WriteLineAsync(host.IsOwn
                ? $"Interrupted: running steps finish first. Ctrl-C again ends the process at once. What is recorded stays; the run goes on when a server starts on this database: baton serve, then baton logs -f {run.Id}"
                : $"The run goes on. Follow it with: baton logs -f {run.Id}   End it with: baton runs cancel {run.Id}");
            throw;
        }
        progress.Close();
        if (paused is not null)
        {
            if (json) Output.Json(new RunResult(paused.Id, paused.State, null, paused.Error), WireJson.Web.RunResult);
            else Output.Progress.WriteLine($"Paused{(paused.Error is null ? "" : $": {Output.Describe(paused.Error)}")}. Let it go on with: baton runs resume {run.Id}");
            return ExitCode.Failed;
        }
        var result = await host.Client.Runs.ResultAsync(run.Id, cancel);
        if (json) Output.Json(result, WireJson.Web.RunResult);
        else ResultPrinter.Print(result, folder ?? Path.Combine("baton-out", run.Id));
        return result.State == "completed" ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>Finds the workflow, after registering the document where one is given.</summary>
    public static async Task<(WorkflowName Name, JsonElement? InputSchema)> WorkflowAsync(BatonClient client, string target, CancellationToken cancel)
    {
        if (target.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || target.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || target.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            var text = await WorkflowsCommand.ReadAsync(new FileInfo(target), cancel);
            var view = await client.Workflows.RegisterAsync(text, revise: true, cancel);
            return (new WorkflowName(view.Namespace, view.Name, view.Version), view.InputSchema);
        }
        if (target is ['.' or '/', ..] || target.Count(letter => letter == '/') > 1) throw NoWorkflow(target);
        try
        {
            var name = WorkflowName.Parse(target);
            var known = await client.Workflows.GetAsync(name.Namespace, name.Name, name.Version ?? "latest", cancel);
            return (new WorkflowName(known.Namespace, known.Name, known.Version), known.InputSchema);
        }
        catch (BatonException e) when (e.Problem.Status == 404 && File.Exists(target))
        {
            throw NoWorkflow(target);
        }
    }

    private static UsageException NoWorkflow(string target) =>
        new($"'{target}' names no workflow. The name of a document ends in .yaml, .yml or .json; a registered workflow is written as namespace/name[@version].");

    private static Dictionary<string, string>? Labels(string[]? labels)
    {
        if (labels is null or []) return null;
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in labels)
        {
            if (label.Split('=', 2) is not [{ Length: > 0 } name, var value]) throw new UsageException($"--label is written as name=value, not '{label}'.");
            all[name] = value;
        }
        return all;
    }
}
