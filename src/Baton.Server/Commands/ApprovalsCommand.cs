using System.CommandLine;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton approvals</c> and <c>baton approve</c>: what people are asked, and their answers.</summary>
internal static class ApprovalsCommand
{
    public static Command List()
    {
        var state = new Option<string>("--state") { Description = "open, answered, expired, withdrawn, or all.", DefaultValueFactory = _ => "open" };
        var assignee = new Option<string?>("--assignee") { Description = "Whom they are for." };
        var limit = new Option<int>("--limit") { Description = "Most approvals to show.", DefaultValueFactory = _ => 20 };
        var cursor = new Option<string?>("--cursor") { Description = "Go on after the page before." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("approvals", "What people are asked, the newest first.") { state, assignee, limit, cursor, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var query = new Dictionary<string, string>(StringComparer.Ordinal) { ["limit"] = $"{parsed.GetValue(limit)}" };
            if (parsed.GetValue(state) is { } wanted && wanted != "all") query["state"] = wanted;
            if (parsed.GetValue(assignee) is { } to) query["assignee"] = to;
            if (parsed.GetValue(cursor) is { } after) query["cursor"] = after;
            var page = await ServerOptions.Connect(parsed.GetValue(server)).Approvals.ListAsync(query, cancel);
            if (parsed.GetValue(json)) Output.Json(page, WireJson.Web.PageApprovalView);
            else Print(page);
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command Answer()
    {
        var id = new Argument<string>("approval") { Description = "The approval's id." };
        var choice = new Option<string>("--choice") { Description = "One of its choices.", Required = true };
        var comment = new Option<string?>("--comment") { Description = "Kept with the answer." };
        var value = new Option<string?>("--value") { Description = "With the choice 'value': what the failed task is to give, as JSON, @FILE, or - for standard input." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("approve", "Answer what a run asks a person.") { id, choice, comment, value, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var given = parsed.GetValue(value) is { } text ? await JsonArgument.ReadAsync(text, "value", cancel) : (System.Text.Json.JsonElement?)null;
            var answered = await ServerOptions.Connect(parsed.GetValue(server)).Approvals.AnswerAsync(parsed.GetValue(id)!, new AnswerRequest(parsed.GetValue(choice)!, parsed.GetValue(comment), given), cancel);
            if (parsed.GetValue(json)) Output.Json(answered, WireJson.Web.ApprovalView);
            else await Console.Out.WriteLineAsync($"{answered.Id}: '{answered.Choice}' taken; {answered.RunId} goes on.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(Page<ApprovalView> page)
    {
        if (page.Items.Count == 0)
        {
            Output.Out.MarkupLine("Nothing is asked.");
            return;
        }
        var now = TimeProvider.System.GetUtcNow();
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("approval").NoWrap()).AddColumns("title", "for", "state", "choices", "asked");
        foreach (var one in page.Items) table.AddRow(new Text(one.Id), new Text(one.Title), new Text(one.Assignee ?? "anybody"), new Text(one.Choice is { } choice ? $"{one.State}: {choice}" : one.State), new Text(string.Join(' ', one.Choices)), new Text(Output.Ago(one.CreatedAt, now)));
        Output.Out.Write(table);
        if (page.NextCursor is { } cursor) Output.Out.MarkupLineInterpolated($"More: --cursor {cursor}");
    }
}
