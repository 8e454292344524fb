using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton route explain</c>: who would be asked, and why.</summary>
internal static class RouteCommand
{
    public static Command Create() => new("route", "Says how requests find their targets.") { Explain() };

    private static Command Explain()
    {
        var model = new Argument<string>("MODEL") { Description = "As applications name it." };
        var file = new Option<FileInfo?>("--file") { Description = "A request as JSON; its model is replaced by MODEL. Default: one with nothing but the model." };
        var surface = new Option<string?>("--surface") { Description = "The address that the request is for. Default: /v1/chat/completions." };
        var key = new Option<string?>("--key") { Description = "The name of the key that it would be sent with. Default: your own." };
        var headers = new Option<string[]>("--header") { Description = "A header that it would have, as 'Name: value'; may be repeated." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("explain", "Who would be asked with a request now, and why. Nobody is.") { model, file, surface, key, headers, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = await RequestAsync(parsed.GetValue(file), parsed.GetRequiredValue(model), cancel);
            var explanation = await ServerOptions.Connect(parsed.GetValue(server)).Routes.ExplainAsync(request, parsed.GetValue(surface), parsed.GetValue(key), (parsed.GetValue(headers) ?? []).Select(Header).ToList(), cancel);
            if (parsed.GetValue(json)) Output.Json(explanation, WireJson.Web.RouteExplanation);
            else Print(explanation);
            return ExitCode.Ok;
        });
        return command;
    }

    private static KeyValuePair<string, string> Header(string text) => text.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, var value]
        ? new KeyValuePair<string, string>(name, value) : throw new UsageException($"--header: '{text}' is no header. Write 'Name: value'.");

    private static async Task<JsonElement> RequestAsync(FileInfo? file, string model, CancellationToken cancel)
    {
        var request = new JsonObject();
        if (file is not null)
        {
            try
            {
                request = JsonNode.Parse(await File.ReadAllTextAsync(file.FullName, cancel)) as JsonObject ?? throw new UsageException($"--file: {file} holds no JSON object.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"--file: {file} cannot be read: {e.Message}");
            }
            catch (JsonException e)
            {
                throw new UsageException($"--file: {file} is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
            }
        }
        request["model"] = model;
        return JsonElement.Parse(request.ToJsonString());
    }

    private static void Print(RouteExplanation explanation)
    {
        Console.Out.WriteLine($"{explanation.Model} at {explanation.Surface}: {explanation.Outcome}");
        if (explanation.Candidates.Count == 0) return;
        var table = new Table().Border(TableBorder.Simple).AddColumns("", "target", "dialect", "weight", "state", "under way", "first byte", "why");
        foreach (var one in explanation.Candidates)
        {
            string[] cells =
            [
                one.Place is { } place ? $"{place}" : "-", $"{one.Route}/{one.Target.Name}{(one.IsFallback ? " (stands in)" : "")}", one.Target.Dialect, ModelsCommand.Weight(one.Target), ModelsCommand.State(one.Target), $"{one.Target.UnderWay}", ModelsCommand.FirstByte(one.Target), one.Reason,
            ];
            table.AddRow(cells.Select(cell => new Text(cell)));
        }
        Output.Out.Write(table);
    }
}
