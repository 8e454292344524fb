using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton keys</c>: make, look at and end keys.</summary>
internal static class KeysCommand
{
    private const double MostDays = 36_500;

    public static Command Create() => new("keys", "Make, look at and end keys.") { Make(), List(), Get(), Disable(true), Disable(false), Rotate(), Limit(), Delete() };

    private static Command Make()
    {
        var name = new Argument<string>("name") { Description = "What it is called." };
        var team = new Option<string?>("--team") { Description = "Whose limits it shares." };
        var scope = new Option<string>("--scope") { Description = "gateway (models alone), api or admin.", DefaultValueFactory = _ => "gateway" };
        var models = new Option<string[]>("--model") { Description = "A model that it may ask, as a pattern with *; again for more. Default: all.", AllowMultipleArgumentsPerToken = false };
        var days = new Option<double?>("--days") { Description = "How long it is good for. Default: for ever." };
        var limits = Limits();
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("create", "Make a key. It is shown once.") { name, team, scope, models, days, limits, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var valid = parsed.GetValue(days);
            if (valid is not (null or (> 0 and <= MostDays))) throw new UsageException("--days is a number above 0, up to 36,500.");
            var expires = valid is { } good ? TimeProvider.System.GetUtcNow().AddDays(good) : (DateTimeOffset?)null;
            var key = new CreateKey(parsed.GetValue(name)!, parsed.GetValue(team), parsed.GetValue(scope), parsed.GetValue(models), Read(parsed.GetValue(limits)), expires);
            Show(await ServerOptions.Connect(parsed.GetValue(server)).Keys.CreateAsync(key, cancel), parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command List()
    {
        var team = new Option<string?>("--team") { Description = "Of this team alone." };
        var limit = new Option<int>("--limit") { Description = "Most keys to show.", DefaultValueFactory = _ => 50 };
        var cursor = new Option<string?>("--cursor") { Description = "Go on after the page before." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command("list", "The newest keys first.") { team, limit, cursor, server, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var query = new Dictionary<string, string>(StringComparer.Ordinal) { ["limit"] = $"{parsed.GetValue(limit)}" };
            if (parsed.GetValue(team) is { } of) query["team"] = of;
            if (parsed.GetValue(cursor) is { } after) query["cursor"] = after;
            var page = await ServerOptions.Connect(parsed.GetValue(server)).Keys.ListAsync(query, cancel);
            if (parsed.GetValue(json)) Output.Json(page, WireJson.Web.PageKeyView);
            else Print(page);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Get() => OnKey("get", "One key, without its secret.", [], (keys, id, _, cancel) => keys.GetAsync(id, cancel));

    private static Command Disable(bool disabled) =>
        OnKey(disabled ? "disable" : "enable", disabled ? "Refuse a key from now on." : "Take a disabled key again.", [], (keys, id, _, cancel) => keys.ChangeAsync(id, new ChangeKey(Disabled: disabled), cancel));

    private static Command Rotate()
    {
        var grace = new Option<int>("--grace") { Description = "Seconds for which the old secret is good beside the new one.", DefaultValueFactory = _ => 3_600 };
        return OnKey("rotate", "Give a key a new secret. It is shown once.", [grace], (keys, id, parsed, cancel) => keys.RotateAsync(id, new RotateKey(parsed.GetValue(grace)), cancel));
    }

    private static Command Limit()
    {
        var limits = Limits();
        return OnKey("limit", "Set a key's limits in the place of those that it has; without --limit, none.", [limits], (keys, id, parsed, cancel) => keys.ChangeAsync(id, new ChangeKey(Limits: Read(parsed.GetValue(limits))), cancel));
    }

    private static Command Delete()
    {
        var id = new Argument<string>("key") { Description = "The key's id." };
        var server = ServerOptions.Server();
        var command = new Command("delete", "Remove a key for good.") { id, server };
        command.SetAction(async (parsed, cancel) =>
        {
            await ServerOptions.Connect(parsed.GetValue(server)).Keys.DeleteAsync(parsed.GetValue(id)!, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command OnKey(string name, string description, IReadOnlyList<Option> options, Func<KeysClient, string, ParseResult, CancellationToken, Task<KeyView>> action)
    {
        var id = new Argument<string>("key") { Description = "The key's id." };
        var (server, json) = (ServerOptions.Server(), ServerOptions.Json());
        var command = new Command(name, description) { id, server, json };
        foreach (var option in options) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            Show(await action(ServerOptions.Connect(parsed.GetValue(server)).Keys, parsed.GetValue(id)!, parsed, cancel), parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Option<string[]> Limits() => new("--limit") { Description = "A limit as JSON, such as '{\"requests\":60,\"window_seconds\":60}'; again for more." };

    private static List<KeyLimit> Read(string[]? limits)
    {
        try
        {
            return [.. (limits ?? []).Select(Read)];
        }
        catch (JsonException e)
        {
            throw new UsageException($"A limit is a JSON object such as {{\"requests\":60}}: {e.Message}");
        }
    }

    /// <summary>What would be left out without a word is refused, as the server does.</summary>
    private static KeyLimit Read(string text)
    {
        var limit = JsonSerializer.Deserialize(text, WireJson.Web.KeyLimit) ?? throw new UsageException("A limit is a JSON object, not null.");
        var names = WireJson.Web.KeyLimit.Properties.Select(property => property.Name).ToList();
        if (JsonElement.Parse(text).EnumerateObject().Select(member => member.Name).Except(names, StringComparer.Ordinal).FirstOrDefault() is { } unknown) throw new UsageException($"A limit has no '{unknown}'. {Nearest.Hint(unknown, names)}");
        if (limit.MaxWaitSeconds is { } wait && !double.IsFinite(wait)) throw new UsageException("A limit's 'max_wait_seconds' is a number from 0 to 600.");
        return limit;
    }

    private static void Show(KeyView key, bool json)
    {
        if (json)
        {
            Output.Json(key, WireJson.Web.KeyView);
            return;
        }
        static void Row(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) Output.Out.WriteLine($"{name,-9} {value}");
        }
        Row("key", key.Id);
        Row("name", key.Name);
        Row("team", key.Team);
        Row("scope", key.Scope);
        Row("state", key.State);
        Row("models", string.Join(", ", key.Models));
        foreach (var limit in key.Limits) Row("limit", JsonSerializer.Serialize(limit, WireJson.Web.KeyLimit));
        Row("expires", $"{key.ExpiresAt:O}");
        Row("used", $"{key.LastUsedAt:O}");
        Row("old until", $"{key.PreviousUntil:O}");
        Row("secret", key.Secret);
        if (key.Secret is not null) Output.Progress.WriteLine("Keep the secret now: it is not shown again.");
    }

    private static void Print(Page<KeyView> page)
    {
        if (page.Items.Count == 0)
        {
            Output.Out.MarkupLine("No keys. Make one with: baton keys create NAME");
            return;
        }
        var now = TimeProvider.System.GetUtcNow();
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("key").NoWrap()).AddColumns("name", "team", "scope", "state", "begins", "made", "used", "limits");
        foreach (var key in page.Items)
        {
            string[] cells =
            [
                key.Id, key.Name, key.Team ?? "", key.Scope, key.State, key.Hint, Output.Ago(key.CreatedAt, now), key.LastUsedAt is { } used ? Output.Ago(used, now) : "never", key.Limits.Count.ToString(CultureInfo.InvariantCulture),
            ];
            table.AddRow(cells.Select(cell => new Text(cell)));
        }
        Output.Out.Write(table);
        if (page.NextCursor is { } cursor) Output.Out.MarkupLineInterpolated($"More: --cursor {cursor}");
    }
}
