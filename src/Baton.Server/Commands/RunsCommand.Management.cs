using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary>What is done to whole runs: retried, forked, counted, removed, moved.</summary>
internal static partial class RunsCommand
{
    private static Command Retry()
    {
        var from = new Option<long?>("--from") { Description = "Position of the entry from which on failures are performed again. Default: where the failure that ended the run begins." };
        var (where, dry) = (Where(), DryRun());
        var id = new Argument<string?>("run") { Description = "The run's id; absent with --where.", Arity = ArgumentArity.ZeroOrOne };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("retry", "Let a run that failed or was cancelled go on: what failed is performed again.") { id, from, where, dry, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var runs = ServerOptions.Connect(parsed.GetValue(server)).Runs;
            if (One(parsed.GetValue(id), parsed.GetValue(where)) is not { } one) return await AllAsync(runs, new BulkRequest("retry", Conditions(parsed.GetValue(where)), parsed.GetValue(dry)), parsed.GetValue(json), cancel);
            var run = await runs.RetryAsync(one, parsed.GetValue(from), cancel);
            if (parsed.GetValue(json)) Output.Json(run, WireJson.Web.RunView);
            else Output.Out.MarkupLine($"{run.Id} goes on; it is {Output.StateMarkup(run.State)} now.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Fork()
    {
        var id = new Argument<string>("run") { Description = "The run's id." };
        var from = new Option<string>("--from") { Description = "The step (key, or name of its task) that is the first to be performed anew, or the position of its entry.", Required = true };
        var input = new Option<string?>("--input") { Description = "Another input: JSON, @FILE, or - for standard input." };
        var version = new Option<string?>("--version") { Description = "Another version of the workflow." };
        var labels = new Option<string[]>("--label") { Description = "name=value, instead of the labels that it has. Repeatable." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("fork", "Make a run of another one's beginning.") { id, from, input, version, labels, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var text = parsed.GetValue(from)!;
            var at = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? JsonSerializer.SerializeToElement(position, WireJson.Web.Int64) : JsonSerializer.SerializeToElement(text, WireJson.Web.String);
            JsonElement? given = parsed.GetValue(input) is { } argument ? await JsonArgument.ReadAsync(argument, "input", cancel) : null;
            var named = parsed.GetValue(labels) is { Length: > 0 } some ? Conditions(some, "--label") : null;
            var run = await ServerOptions.Connect(parsed.GetValue(server)).Runs.ForkAsync(parsed.GetValue(id)!, new ForkRequest(at, given, parsed.GetValue(version), named), cancel);
            if (parsed.GetValue(json)) Output.Json(run, WireJson.Web.RunView);
            else await Console.Out.WriteLineAsync($"{run.Id} goes on from {parsed.GetValue(id)}, before entry {run.Fork!.From}.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Errors() => OnRun("errors", [], "What went wrong in a run, attempt by attempt.", async (client, id, json, cancel) =>
    {
        for (var after = -1L; ;)
        {
            var page = await client.Runs.ErrorsAsync(id, after, 1_000, cancel);
            foreach (var error in page.Items)
            {
                if (json) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(error, WireJson.Web.RunErrorView));
                else if (error.RetriedFrom is { } from) await Console.Out.WriteLineAsync($"{error.At:HH:mm:ss.fff} {error.Seq,5} retried: what failed from entry {from} on is performed again");
                else await Console.Out.WriteLineAsync($"{error.At:HH:mm:ss.fff} {error.Seq,5} {(error.Step.Length == 0 ? "the run" : error.Step)}{(error.Attempt is { } attempt ? $", attempt {attempt}" : "")}: {error.Class} {error.Message}{(error.RetryAt is { } at ? $" (again at {at:HH:mm:ss.fff})" : "")}");
            }
            if (page.NextCursor is null) return;
            after = long.Parse(page.NextCursor, CultureInfo.InvariantCulture);
        }
    });

    private static Command Results() => OnRun("results", [], "What a run's steps came to, summed up, and which move together.", async (client, id, json, cancel) =>
    {
        var results = await client.Runs.ResultsAsync(id, cancel);
        if (json)
        {
            Output.Json(results, WireJson.Web.ResultsView);
            return;
        }
        var sums = results.SummaryMetrics;
        Output.Out.WriteLine($"{sums.TotalSteps} steps, {sums.SuccessfulSteps} successful, {sums.FailedSteps} failed; {sums.TotalExecutionTime:0.###} s in all, {sums.AverageStepTime:0.###} s on average");
        var table = new Table().Border(TableBorder.Simple).AddColumns("category", "steps", "success", "average", "confidence");
        foreach (var (name, category) in results.ResultCategories)
            table.AddRow(name, $"{category.Total}", $"{category.PerformanceMetrics.SuccessRate:P0}", $"{category.PerformanceMetrics.AverageTime:0.###} s", category.AverageConfidence is { } average ? $"{average:0.00}" : "");
        Output.Out.Write(table);
        foreach (var pair in results.Correlations) Output.Out.WriteLine($"{pair.First} ~ {pair.Second} over {pair.Over}: {pair.Method} {pair.Coefficient:0.00}, n={pair.N}, p={pair.AdjustedPValue:0.####} adjusted");
        var note = results.CorrelationNote;
        Output.Out.WriteLine($"{note.Compared} pairs compared, {note.TooFew} with fewer than {note.MinimumN} observations left out; {note.Runs} runs of the workflow looked at.");
    });

    private static Command Statistics()
    {
        var workflow = new Option<string?>("--workflow") { Description = "namespace/name" };
        var period = new Option<string?>("--period") { Description = "hour, day or week." };
        var after = new Option<string?>("--after") { Description = "Started from this time on." };
        var before = new Option<string?>("--before") { Description = "Started before this time." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("stats", "How many runs came to what, and how long they took.") { workflow, period, after, before, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var query = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (option, name) in new[] { (workflow, "workflow"), (period, "period"), (after, "created_after"), (before, "created_before") })
            {
                if (parsed.GetValue(option) is { } value) query[name] = value;
            }
            var statistics = await ServerOptions.Connect(parsed.GetValue(server)).Runs.StatisticsAsync(query, cancel);
            if (parsed.GetValue(json)) Output.Json(statistics, WireJson.Web.StatisticsView);
            else Print(statistics);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Purge()
    {
        var id = new Argument<string?>("run") { Description = "The run's id; absent with --where or --older-than.", Arity = ArgumentArity.ZeroOrOne };
        var older = new Option<TimeSpan?>("--older-than") { Description = "Runs that ended longer ago, such as 30.00:00:00 for 30 days." };
        var (where, dry) = (Where(), DryRun());
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("purge", "Remove runs that have ended, with all that is their own.") { id, older, where, dry, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var runs = ServerOptions.Connect(parsed.GetValue(server)).Runs;
            var conditions = Conditions(parsed.GetValue(where));
            if (parsed.GetValue(older) is { } age) conditions["ended_before"] = (TimeProvider.System.GetUtcNow() - age).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            if (parsed.GetValue(id) is not { } one) return await AllAsync(runs, new BulkRequest("delete", conditions, parsed.GetValue(dry)), parsed.GetValue(json), cancel);
            if (conditions.Count > 0) throw new UsageException("Name a run, or conditions, not both.");
            await runs.DeleteAsync(one, cancel);
            await Console.Out.WriteLineAsync($"{one} is removed.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Archive()
    {
        var where = Where();
        var to = new Option<string?>("--output", "-o") { Description = "The file to write. Default: standard output." };
        var server = ServerOptions.Server();
        var command = new Command("archive", "Write ended and paused runs with their journals, as JSON lines.") { where, to, server };
        command.SetAction(async (parsed, cancel) =>
        {
            var runs = ServerOptions.Connect(parsed.GetValue(server)).Runs;
            await using var file = parsed.GetValue(to) is { } path ? Create(path) : Console.OpenStandardOutput();
            await runs.ArchiveAsync(Conditions(parsed.GetValue(where)), file, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Import()
    {
        var from = new Argument<string>("file") { Description = "An archive, or - for standard input." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("import", "Store the runs of an archive; those that are there already are skipped.") { from, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var file = parsed.GetValue(from) is "-" ? Console.OpenStandardInput() : Open(parsed.GetValue(from)!);
            var result = await ServerOptions.Connect(parsed.GetValue(server)).Runs.ImportAsync(file, cancel);
            if (parsed.GetValue(json)) Output.Json(result, WireJson.Web.ImportView);
            else await Console.Out.WriteLineAsync($"{result.Imported} runs imported, {result.Skipped} were there already.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Option<string[]> Where() => new("--where") { Description = "name=value: state, workflow, label, parent, forked_from, created_after, created_before, ended_before or text. Repeatable." };

    private static Option<bool> DryRun() => new("--dry-run") { Description = "With --where: find and count only." };

    private static Dictionary<string, string> Conditions(string[]? given, string option = "--where")
    {
        var conditions = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in given ?? [])
        {
            var at = one.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || !conditions.TryAdd(one[..at], one[(at + 1)..])) throw new UsageException($"'{one}' is no condition of its own. Write {option} name=value, each name once.");
        }
        return conditions;
    }

    /// <summary>The run that was named; null where conditions stand for it.</summary>
    private static string? One(string? id, string[]? conditions) =>
        id is null == conditions is not { Length: > 0 } ? throw new UsageException("Name a run, or conditions with --where name=value.") : id;

    /// <summary>Goes through all runs that fit, portion by portion.</summary>
    private static async Task<int> AllAsync(RunsClient runs, BulkRequest bulk, bool json, CancellationToken cancel)
    {
        var (matched, done, refused) = (0, 0, 0);
        for (var next = bulk; ;)
        {
            var part = await runs.BulkAsync(next, cancel);
            (matched, done, refused) = (matched + part.Matched, done + part.Done, refused + part.Refused);
            if (json) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(part, WireJson.Web.BulkView));
            else foreach (var refusal in part.Refusals) await Console.Error.WriteLineAsync($"{refusal.Id}: {refusal.Reason}");
            if (part.NextCursor is null) break;
            next = bulk with { Cursor = part.NextCursor };
        }
        if (!json) await Console.Out.WriteLineAsync(bulk.DryRun ? $"{matched} runs fit." : $"{matched} runs fit: {bulk.Action} done to {done}, refused by {refused}.");
        return refused > 0 ? ExitCode.Refused : ExitCode.Ok;
    }

    private static void Print(StatisticsView statistics)
    {
        static string Rate(double? rate) => rate is { } value ? value.ToString("P1", CultureInfo.InvariantCulture) : "";
        static string Minutes(double? minutes) => minutes is { } value ? Output.Duration(TimeSpan.FromMinutes(value)) : "";
        var table = new Table().Border(TableBorder.Simple).AddColumns("workflow", "period", "runs", "active", "completed", "failed", "cancelled", "completion", "average");
        foreach (var group in statistics.Groups)
            table.AddRow($"{group.Namespace}/{group.Workflow}", $"{group.Period:yyyy-MM-dd HH:mm}", $"{group.Total}", $"{group.Queued + group.Running + group.Waiting + group.Paused}", $"{group.Completed}", $"{group.Failed}", $"{group.Cancelled}", Rate(group.CompletionRate), Minutes(group.AvgDurationMinutes));
        table.AddRow("all", "", $"{statistics.Total}", $"{statistics.Queued + statistics.Running + statistics.Waiting + statistics.Paused}", $"{statistics.Completed}", $"{statistics.Failed}", $"{statistics.Cancelled}", Rate(statistics.CompletionRate), Minutes(statistics.AvgDurationMinutes));
        Output.Out.Write(table);
    }

    private static FileStream Create(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnwritableException($"{path} cannot be written: {e.Message}", e);
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {e.Message}");
        }
    }
}
