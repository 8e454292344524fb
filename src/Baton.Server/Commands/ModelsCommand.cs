using System.CommandLine;
using System.Globalization;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton models</c>: what can be asked for, and how its targets are.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("models", "The models that can be asked for, with their targets and how these are.") { server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var page = await ServerOptions.Connect(parsed.GetValue(server)).Routes.ListAsync(cancel);
            if (parsed.GetValue(json)) Output.Json(page, WireJson.Web.PageRouteView);
            else Print(page.Items);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>How a target is, in a word or two.</summary>
    public static string State(TargetView target) => target switch
    {
        { State: "open" } => string.Create(CultureInfo.InvariantCulture, $"open for {target.WaitSeconds:0.#} s ({target.LastFailure})"),
        { State: "half_open" } => $"half open ({target.LastFailure})",
        { LastFailure: { } failure } => $"{target.State} (last failure: {failure})",
        _ => target.State,
    };

    public static string FirstByte(TargetView target) => target.FirstByteMs is { } ms ? string.Create(CultureInfo.InvariantCulture, $"{ms:0.#} ms") : "";

    public static string Weight(TargetView target) => target.Weight.ToString("0.###", CultureInfo.InvariantCulture);

    private static void Print(IReadOnlyList<RouteView> models)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("model", "source", "strategy", "target", "dialect", "asked as", "weight", "state", "under way", "first byte");
        foreach (var model in models)
        {
            string[] head = [model.Name, model.Source, model.Problem is null ? $"{model.Strategy}{(model.Fallbacks.Count == 0 ? "" : $", then {string.Join(", ", model.Fallbacks)}")}" : $"cannot be used: {model.Problem}"];
            if (model.Targets.Count == 0) Add(table, [.. head, "", "", "", "", "", "", ""]);
            for (var i = 0; i < model.Targets.Count; i++)
            {
                var target = model.Targets[i];
                Add(table, [.. i == 0 ? head : ["", "", ""], target.Name, target.Dialect, target.Model, Weight(target), State(target), target.UnderWay.ToString(CultureInfo.InvariantCulture), FirstByte(target)]);
            }
        }
        Output.Out.Write(table);
    }

    private static void Add(Table table, string[] cells) => table.AddRow(cells.Select(cell => new Text(cell)));
}
