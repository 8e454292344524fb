using System.CommandLine;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton runs</c>: list, look at and steer runs.</summary>
internal static partial class RunsCommand
{
    public static Command Create() => new("runs", "List, look at and steer runs.")
    {
        List(), Get(), Result(), Control("cancel", "End a run, and the child runs that it awaits."), Control("pause", "Let running steps finish, start no new ones."), Control("resume", "Let a paused run go on."),
        Retry(), Fork(), Errors(), Results(), Statistics(), Purge(), Archive(), Import(),
    };

    private static Command List()
    {
        var state = new Option<string?>("--state") { Description = "queued, running, waiting, paused, completed, failed or cancelled; or active." };
        var workflow = new Option<string?>("--workflow") { Description = "namespace/name" };
        var label = new Option<string?>("--label") { Description = "name=value" };
        var text = new Option<string?>("--text") { Description = "Part of an id, a workflow, a label or an error." };
        var where = Where();
        var count = new Option<bool>("--count") { Description = "Say how many there are." };
        var limit = new Option<int>("--limit") { Description = "Most runs to show.", DefaultValueFactory = _ => 20 };
        var cursor = new Option<string?>("--cursor") { Description = "Go on after the page before." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("list", "The newest runs first.") { state, workflow, label, text, where, count, limit, cursor, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var query = Conditions(parsed.GetValue(where));
            query["limit"] = $"{parsed.GetValue(limit)}";
            if (parsed.GetValue(count)) query["count"] = "true";
            foreach (var (option, name) in new[] { (state, "state"), (workflow, "workflow"), (label, "label"), (text, "text"), (cursor, "cursor") })
            {
                if (parsed.GetValue(option) is { } value) query[name] = value;
            }
            var page = await ServerOptions.Connect(parsed.GetValue(server)).Runs.ListAsync(query, cancel);
            if (parsed.GetValue(json)) Output.Json(page, WireJson.Web.PageRunView);
            else Print(page);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Get() => OnRun("get", ["show"], "One run as it stands.", async (client, id, json, cancel) =>
    {
        var run = await client.Runs.GetAsync(id, cancel);
        if (json) Output.Json(run, WireJson.Web.RunView);
        else Print(run);
    });

    private static Command Result() => OnRun("result", [], "What a run came to: its output, or why it failed.", async (client, id, json, cancel) =>
    {
        var result = await client.Runs.ResultAsync(id, cancel);
        if (json) Output.Json(result, WireJson.Web.RunResult);
        else if (result.Output is { } output) Output.Json(output);
        else Output.Out.MarkupLineInterpolated($"{result.State}{(result.Error is null ? "" : $": {Output.Describe(result.Error)}")}");
    });

    private static Command Control(string verb, string description)
    {
        var reason = new Option<string?>("--reason") { Description = "Kept with the run." };
        var tree = new Option<bool>("--tree") { Description = "Also all runs below it, at any depth." };
        var where = Where();
        var dry = DryRun();
        var id = new Argument<string?>("run") { Description = "The run's id; absent with --where.", Arity = ArgumentArity.ZeroOrOne };
        var server = ServerOptions.Server();
        var json = ServerOptions.Json();
        var command = new Command(verb, description) { id, tree, where, dry, server, json };
        if (verb != "resume") command.Options.Add(reason);
        command.SetAction(async (parsed, cancel) =>
        {
            var runs = ServerOptions.Connect(parsed.GetValue(server)).Runs;
            var why = verb == "resume" ? null : parsed.GetValue(reason);
            if (One(parsed.GetValue(id), parsed.GetValue(where)) is not { } one) return await AllAsync(runs, new BulkRequest(verb, Conditions(parsed.GetValue(where)), parsed.GetValue(dry), Reason: why), parsed.GetValue(json), cancel);
            var run = await runs.ControlAsync(one, verb, why, cancel, parsed.GetValue(tree));
            if (parsed.GetValue(json)) Output.Json(run, WireJson.Web.RunView);
            else Output.Out.MarkupLine($"{run.Id}: {verb} asked for; it is {Output.StateMarkup(run.State)} now.{(run.Tree is { } below ? $" Below it: {below.Reached} reached, {below.Refused.Count} refused." : "")}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command OnRun(string name, string[] aliases, string description, Func<BatonClient, string, bool, CancellationToken, Task> action)
    {
        var id = new Argument<string>("run") { Description = "The run's id." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command(name, description) { id, server, json };
        foreach (var alias in aliases) command.Aliases.Add(alias);
        command.SetAction(async (parsed, cancel) =>
        {
            await action(ServerOptions.Connect(parsed.GetValue(server)), parsed.GetValue(id)!, parsed.GetValue(json), cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(Page<RunView> page)
    {
        if (page.Items.Count == 0)
        {
            Output.Out.MarkupLine("No runs. Start one with: baton run FILE");
            return;
        }
        var now = TimeProvider.System.GetUtcNow();
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("run").NoWrap()).AddColumns("workflow", "state", "started", "took");   // an id in two pieces cannot be copied
        foreach (var run in page.Items)
        {
            var took = run.StartedAt is { } started ? Output.Duration((run.EndedAt ?? now) - started) : "";
            table.AddRow(new Text(run.Id), new Text($"{run.Namespace}/{run.Workflow}@{run.Version}"), new Markup(Output.StateMarkup(run.State)), new Text(Output.Ago(run.CreatedAt, now)), new Text(took));
        }
        Output.Out.Write(table);
        if (page.Total is { } total) Output.Out.MarkupLineInterpolated($"{total} in all.");
        if (page.NextCursor is { } cursor) Output.Out.MarkupLineInterpolated($"More: --cursor {cursor}");
    }

    private static void Print(RunView run)
    {
        static void Row(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) Output.Out.WriteLine($"{name,-9} {value}");
        }
        Row("run", run.Id);
        Row("workflow", $"{run.Namespace}/{run.Workflow}@{run.Version}");
        Row("state", run.State);
        Row("created", $"{run.CreatedAt:O}");
        Row("started", $"{run.StartedAt:O}");
        Row("wakes", $"{run.WakeAt:O}");
        if (run.Turn is { } turn) Row("turn", $"waits for it: {Turn(turn)}");
        Row("ended", $"{run.EndedAt:O}");
        Row("parent", run.ParentId);
        Row("labels", string.Join(' ', run.Labels.Select(label => $"{label.Key}={label.Value}")));
        if (run.Progress is { } progress) Row("steps", $"{progress.StepsCompleted} completed{(progress.StepsFailed > 0 ? $", {progress.StepsFailed} failed attempts" : "")}{(progress.ItemsTotal is { } total ? $", {progress.ItemsDone} of {total} items" : "")}");
        if (run.Progress is { Percent: { } percent } at) Row("progress", $"{percent:0.#} %{(at.Phase is null ? "" : $", in {at.Phase}")}");
        if (run.Fork is { } fork) Row("fork of", $"{fork.Source}, before entry {fork.From}");
        if (run.Error is { } error) Row("error", Output.Describe(error));
    }

    private static string Turn(TurnView turn) => string.Join(", ", new[] { turn.Limit is { } limit ? $"{limit} open at once" : null, turn.LimitPerKey is { } perKey ? $"{perKey} of '{turn.Key}'" : null }.OfType<string>());
}
