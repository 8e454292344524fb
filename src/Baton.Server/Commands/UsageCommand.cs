using System.CommandLine;
using System.Globalization;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton usage</c>: what calls of models used and cost.</summary>
internal static class UsageCommand
{
    public static Command Create()
    {
        var by = new Option<string>("--by") { Description = "hour, day, model, key, team or target.", DefaultValueFactory = _ => "day" };
        var since = new Option<string>("--since") { Description = "A time, or how long ago: 12h, 7d, 8w.", DefaultValueFactory = _ => "30d" };
        var until = new Option<string?>("--until") { Description = "A time, or how long ago. Default: now." };
        var (model, key, team, target) = (Filter("--model", "The model that answered."), Filter("--key", "The name of the credential; workflow for steps of workflows."), Filter("--team", "The team of the key."), Filter("--target", "The target that answered."));
        var requests = new Option<bool>("--requests") { Description = "Single calls instead, the newest first." };
        var run = Filter("--run", "Single calls of this run.");
        var limit = new Option<int?>("--limit") { Description = "Most rows to show." };
        var cursor = Filter("--cursor", "Go on after the page before.");
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("usage", "What calls of models used and cost: tokens, money, times.") { by, since, until, model, key, team, target, requests, run, limit, cursor, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var query = new Dictionary<string, string>(StringComparer.Ordinal) { ["from"] = Time(parsed.GetValue(since)!, now) };
            if (parsed.GetValue(until) is { } end) query["to"] = Time(end, now);
            foreach (var (option, name) in new[] { (model, "model"), (key, "key"), (team, "team"), (target, "target"), (cursor, "cursor"), (run, "run") })
            {
                if (parsed.GetValue(option) is { } value) query[name] = value;
            }
            if (parsed.GetValue(limit) is { } most) query["limit"] = most.ToString(CultureInfo.InvariantCulture);
            var usage = ServerOptions.Connect(parsed.GetValue(server)).Usage;
            if (parsed.GetValue(requests) || parsed.GetValue(run) is not null)
            {
                var page = await usage.ListAsync(query, cancel);
                if (parsed.GetValue(json)) Output.Json(page, WireJson.Web.PageUsageRequestView);
                else Print(page);
                return ExitCode.Ok;
            }
            query["by"] = parsed.GetValue(by)!;
            var view = await usage.SumAsync(query, cancel);
            if (parsed.GetValue(json)) Output.Json(view, WireJson.Web.UsageView);
            else Print(view);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Option<string?> Filter(string name, string description) => new(name) { Description = description };

    /// <summary>A time as the API takes it, of one or of how long ago it was.</summary>
    private static string Time(string text, DateTimeOffset now)
    {
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > 10_000) return text;
        TimeSpan? age = text[^1] switch
        {
            'h' => TimeSpan.FromHours(count),
            'd' => TimeSpan.FromDays(count),
            'w' => TimeSpan.FromDays(7 * count),
            _ => null,
        };
        return age is { } ago ? (now - ago).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : text;
    }

    private static void Print(UsageView usage)
    {
        if (usage.Groups.Count == 0)
        {
            Output.Out.MarkupLineInterpolated($"No calls of models since {usage.From.UtcDateTime:yyyy-MM-dd HH:mm} UTC.");
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumn(usage.By);
        foreach (var name in new[] { "calls", "not completed", "input", "cached", "output", "cost $", "first byte", "duration" }) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var group in usage.Groups) table.AddRow(Cells(group, group.At is { } at ? at.UtcDateTime.ToString(usage.By == "day" ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) : group.Name is { Length: > 0 } name ? name : "-"));
        table.AddEmptyRow();
        table.AddRow(Cells(usage.Total, usage.NextCursor is null ? "total" : "total of these"));
        Output.Out.Write(table);
        if (usage.Total.Estimated > 0) Output.Out.MarkupLineInterpolated($"The tokens of {usage.Total.Estimated:N0} calls are estimates.");
        if (usage.NextCursor is { } cursor) Output.Out.MarkupLineInterpolated($"More: --cursor {cursor}");
    }

    private static IEnumerable<Text> Cells(UsageGroupView group, string name) =>
    [
        new Text(name), Number(group.Requests), Number(group.Requests - group.Outcomes.GetValueOrDefault("completed") - group.Outcomes.GetValueOrDefault("cached")), Number(group.Tokens.Input), Number(group.Tokens.CachedInput), Number(group.Tokens.Output),
        new Text(Dollars(group.CostMicros)), new Text(Milliseconds(group.FirstByteMs)), new Text(Milliseconds(group.DurationMs)),
    ];

    private static void Print(Page<UsageRequestView> page)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("call").NoWrap()).AddColumns("at", "key", "model", "target", "outcome").AddColumn(new TableColumn("input").RightAligned()).AddColumn(new TableColumn("output").RightAligned()).AddColumn(new TableColumn("cost $").RightAligned()).AddColumn(new TableColumn("took").RightAligned());
        foreach (var call in page.Items)
        {
            table.AddRow(
                new Text(call.Id), new Text(call.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)), new Text(call.Key), new Text(call.Model), new Text(call.Target), new Text(call.Outcome),
                Number(call.Tokens.Input), new Text($"{(call.Estimated ? "~" : "")}{call.Tokens.Output.ToString("N0", CultureInfo.InvariantCulture)}"), new Text(Dollars(call.CostMicros)), new Text(Milliseconds(call.DurationMs)));
        }
        Output.Out.Write(table);
        if (page.NextCursor is { } cursor) Output.Out.MarkupLineInterpolated($"More: --cursor {cursor}");
    }

    private static Text Number(long number) => new(number.ToString("N0", CultureInfo.InvariantCulture));

    private static string Dollars(long micros) => (micros / 1_000_000m).ToString(micros is > 0 and < 10_000 ? "0.000000" : "N2", CultureInfo.InvariantCulture);

    private static string Milliseconds(double? ms) => ms is { } some ? string.Create(CultureInfo.InvariantCulture, $"{some:N0} ms") : "";
}
