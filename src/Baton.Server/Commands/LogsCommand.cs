using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton logs</c>: a run's journal, and with <c>--follow</c> its further life.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("run") { Description = "The run's id." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the run ends." };
        var bodies = new Option<bool>("--bodies") { Description = "Print inputs and outputs too." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("logs", "A run's journal: what was recorded, in order.") { id, follow, bodies, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var runs = ServerOptions.Connect(parsed.GetValue(server)).Runs;
            Action<JournalEntryView> print = parsed.GetValue(json) ? entry => Console.Out.WriteLine(JsonSerializer.Serialize(entry, WireJson.Web.JournalEntryView)) : entry => Print(entry, parsed.GetValue(bodies));
            if (parsed.GetValue(follow)) await FollowAsync(runs, parsed.GetValue(id)!, print, parsed.GetValue(json), cancel);
            else await DumpAsync(runs, parsed.GetValue(id)!, print, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task DumpAsync(RunsClient runs, string id, Action<JournalEntryView> print, CancellationToken cancel)
    {
        for (var after = -1L; ;)
        {
            var page = await runs.JournalAsync(id, after, 1_000, cancel);
            foreach (var entry in page.Items) print(entry);
            if (page.NextCursor is null) return;
            after = long.Parse(page.NextCursor, CultureInfo.InvariantCulture);
        }
    }

    private static async Task FollowAsync(RunsClient runs, string id, Action<JournalEntryView> print, bool json, CancellationToken cancel)
    {
        string? phase = null;
        await foreach (var one in runs.EventsAsync(id, TimeProvider.System, cancel))
        {
            if (one.Entry is not { } entry) continue;
            print(entry);
            if (json || Phase(entry.Key) is not { } now || now == phase) continue;
            phase = now;
            if ((await runs.GetAsync(id, cancel)).Progress is { Percent: { } percent } progress) Output.Out.WriteLine($"{entry.At:HH:mm:ss.fff}       {percent:0.#} %{(progress.Phase is null ? "" : $", in {progress.Phase}")}", new Style(Color.Grey));
        }
    }

    /// <summary>The document's own task that a key such as <c>/do/2/collect/do/0/ask</c> lies in.</summary>
    private static string? Phase(string key) => key.StartsWith("/do/", StringComparison.Ordinal) ? string.Join('/', key.Split('/').Take(4)) : null;

    private static void Print(JournalEntryView entry, bool bodies)
    {
        var failed = entry.Kind == "step_failed";
        var line = $"{entry.At:HH:mm:ss.fff} {entry.Seq,5} {entry.Kind,-20} {entry.Key}{Details(entry)}";
        Output.Out.WriteLine(line, failed ? new Style(Color.Red) : Style.Plain);
        if (bodies && entry.Body is { } body) Output.Out.WriteLine($"                   {body}");
    }

    private static string Details(JournalEntryView entry)
    {
        var details = new List<string>();
        if (entry.TookMs is { } ms) details.Add(Output.Duration(TimeSpan.FromMilliseconds(ms)));
        if (entry.Attempt > 1) details.Add($"attempt {entry.Attempt}");
        if (entry.Meta is { } meta)
        {
            foreach (var property in meta.EnumerateObject())
            {
                if (property.Name == "policy") details.Add(Output.Decision(property.Value));
                else if (property.Name == "approval") details.Add(Output.Approval(property.Value));
                else if (property.Name == "error") details.Add(Output.ErrorIn(meta));
                else if (property.Name == "due_at_ms") details.Add($"due {DateTimeOffset.FromUnixTimeMilliseconds(property.Value.GetInt64()):O}");
                else if (property.Name is not ("behaviour" or "subscriptions" or "workflow" or "detached")) details.Add($"{property.Name} {property.Value}");
            }
        }
        return details.Count == 0 ? "" : $"  ({string.Join(", ", details)})";
    }
}
