using System.CommandLine;
using System.Globalization;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton budgets</c>: how much may be spent on models, and how much was.</summary>
internal static class BudgetsCommand
{
    private const decimal Micro = 1_000_000m, MostDollars = 1_000_000_000m;

    public static Command Create() => new("budgets", "How much may be spent on models, and how much was.") { List(), Show(), Set(), Remove(), Reconcile() };

    private static Command List()
    {
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("list", "All budgets, as they stand.") { server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var page = await ServerOptions.Connect(parsed.GetValue(server)).Budgets.ListAsync(cancel);
            if (parsed.GetValue(json)) Output.Json(page, WireJson.Web.PageBudgetView);
            else if (page.Items.Count == 0) Output.Out.MarkupLine("No budgets. Make one with: baton budgets set NAME --limit DOLLARS --period month");
            else Print(page.Items);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Show() => On("show", "One budget, as it stands.", [], (client, name, _, cancel) => client.GetAsync(name, cancel));

    private static Command Set()
    {
        var limit = InDollars("--limit", "Dollars in each period, with up to six decimals.");
        limit.Required = true;
        var period = new Option<string>("--period") { Description = "hour, day, week, month or total, by the calendar of UTC.", DefaultValueFactory = _ => "month" };
        var team = new Option<string?>("--team") { Description = "Only calls of this team." };
        var key = new Option<string?>("--key") { Description = "Only calls with the key of this name." };
        var model = new Option<string?>("--model") { Description = "Only calls of this model." };
        return On("set", "Make a budget, or change it; what was spent stays spent.", [limit, period, team, key, model], (client, name, parsed, cancel) =>
            client.PutAsync(name, new PutBudget(ToMicro(parsed.GetValue(limit)), parsed.GetValue(period)!, parsed.GetValue(team), parsed.GetValue(key), parsed.GetValue(model)), cancel));
    }

    private static Command Reconcile()
    {
        var spent = InDollars("--spent", "Dollars that they did spend, as the provider says. Default 0.");
        return On("reconcile", "Give back what killed processes had at hand.", [spent], (client, name, parsed, cancel) => client.ReconcileAsync(name, new ReconcileBudget(ToMicro(parsed.GetValue(spent))), cancel));
    }

    private static Command Remove()
    {
        var (name, server) = (Name(), ServerOptions.Server());
        var command = new Command("remove", "Count nothing in a budget any more.") { name, server };
        command.SetAction(async (parsed, cancel) =>
        {
            await ServerOptions.Connect(parsed.GetValue(server)).Budgets.DeleteAsync(parsed.GetValue(name)!, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command On(string verb, string description, Option[] options, Func<BudgetsClient, string, ParseResult, CancellationToken, Task<BudgetView>> action)
    {
        var (name, server, json) = (Name(), ServerOptions.Server(), ServerOptions.Json());
        var command = new Command(verb, description) { name, server, json };
        foreach (var option in options) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            var budget = await action(ServerOptions.Connect(parsed.GetValue(server)).Budgets, parsed.GetValue(name)!, parsed, cancel);
            if (parsed.GetValue(json)) Output.Json(budget, WireJson.Web.BudgetView);
            else Print([budget]);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "The budget's name." };

    /// <summary>Without commas: half of those who write one mean a point by it.</summary>
    private static Option<decimal> InDollars(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = given =>
        {
            if (given.Tokens is [var one] && decimal.TryParse(one.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars)) return dollars;
            given.AddError($"{name}: '{string.Join(' ', given.Tokens.Select(token => token.Value))}' is no amount of dollars, such as 2.50.");
            return 0;
        },
    };

    private static long ToMicro(decimal dollars)
    {
        if (dollars is < 0 or > MostDollars || decimal.Truncate(dollars * Micro) != dollars * Micro) throw new UsageException($"{dollars.ToString(CultureInfo.InvariantCulture)} is no amount of dollars from 0 to 1,000,000,000 with at most six decimals.");
        return (long)(dollars * Micro);
    }

    private static void Print(IReadOnlyList<BudgetView> budgets)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("budget", "of", "period", "limit", "spent", "reserved", "uncertain", "left", "resets");
        foreach (var one in budgets)
        {
            var of = string.Join(", ", new[] { (one.Team, "team"), (one.Key, "key"), (one.Model, "model") }.Where(part => part.Item1 is not null).Select(part => $"{part.Item2} {part.Item1}"));
            string[] cells =
            [
                one.Name, of.Length == 0 ? "all" : of, one.Period, Dollars(one.LimitMicro), Dollars(one.SpentMicro), Dollars(one.ReservedMicro), Dollars(one.UncertainMicro), Dollars(one.LeftMicro),
                one.ResetsAt?.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) ?? "never",
            ];
            table.AddRow(cells.Select(cell => new Text(cell)));
        }
        Output.Out.Write(table);
    }

    private static string Dollars(long micro) => string.Create(CultureInfo.InvariantCulture, $"${micro / Micro:0.00####}");
}
