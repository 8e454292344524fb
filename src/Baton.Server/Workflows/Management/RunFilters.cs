using System.Globalization;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Http;

namespace Baton.Server.Workflows;

/// <summary>Reads a filter of runs, wherever it stands: the same names in a query and in a body.</summary>
internal static class RunFilters
{
    /// <summary>What a filter may name, for the description of the API.</summary>
    public static readonly (string Name, string Description)[] Parameters =
    [
        ("state", "One of the states, or active for all that have not ended."), ("workflow", "name or namespace/name."), ("label", "name=value."), ("parent", "The id of the run that started them."),
        ("forked_from", "The id of the run that they were forked from."), ("created_after", "Started from this time on."), ("created_before", "Started before this time."), ("ended_before", "Ended before this time."),
        ("text", $"Part of an id, a workflow, a label or an error, in either case of letters: looked for in {RunQueries.MaxScan:N0} runs at a time."),
    ];

    private static readonly (string Name, string Description) Cursor = ("cursor", "The next_cursor of the page before.");

    /// <summary>The parameters of a list.</summary>
    public static (string Name, string Description)[] Paged(int otherwise, params ReadOnlySpan<(string Name, string Description)> more) => [.. Parameters, Cursor, ("limit", $"1 to 500; default {otherwise}."), .. more];

    /// <summary>Takes it out of a query, with its page.</summary>
    public static (RunFilter? Filter, ProblemResult? Problem) Read(HttpContext http, int most, int otherwise)
    {
        var query = http.Request.Query;
        var limit = http.QueryInteger("limit", 1, most, otherwise);
        if (limit.Problem is not null) return (null, limit.Problem);
        long? cursor = null;
        if (query["cursor"] is [{ } text])
        {
            if (!TryCursor(text, out var number)) return (null, Problems.InvalidQuery("cursor", "Give the next_cursor of the page before."));
            cursor = number;
        }
        return Read(name => query[name] is [{ } value] ? value : null, Problems.InvalidQuery, cursor, limit.Value!.Value);
    }

    /// <param name="refuse">Makes the refusal of a value, with what it should be.</param>
    public static (RunFilter? Filter, ProblemResult? Problem) Read(Func<string, string?> value, Func<string, string, ProblemResult> refuse, long? cursor, int limit)
    {
        var state = value("state");
        if (state is not (null or "active") && !RunStates.TryParse(state, out _)) return (null, refuse("state", $"'{state}' is no state; states: {string.Join(", ", RunStates.Names)}, or active."));
        if (!TryTime(value("created_after"), out var after)) return (null, refuse("created_after", $"Give {Times.Rule}"));
        if (!TryTime(value("created_before"), out var before)) return (null, refuse("created_before", $"Give {Times.Rule}"));
        if (!TryTime(value("ended_before"), out var ended)) return (null, refuse("ended_before", $"Give {Times.Rule}"));
        var label = value("label")?.Split('=', 2);
        if (label is { Length: not 2 }) return (null, refuse("label", "A label is written as name=value."));
        if (value("parent") is { } parent && !RunId.TryParse(parent, out _)) return (null, refuse("parent", RunEndpoints.IdRule));
        if (value("forked_from") is { } source && !RunId.TryParse(source, out _)) return (null, refuse("forked_from", RunEndpoints.IdRule));
        var workflow = value("workflow") is { } named ? WorkflowName.Parse(named) : null;
        if (workflow is { Name.Length: 0 }) return (null, refuse("workflow", "A workflow is written as name or namespace/name."));
        var text = value("text");
        if (text is { Length: 0 or > 200 }) return (null, refuse("text", "A text to look for has 1 to 200 characters."));
        return (new RunFilter(state == "active" ? null : state, workflow?.Namespace, workflow?.Name, label?[0], label?[1], value("parent"), after, before, cursor, limit)
        {
            IsActive = state == "active" ? true : null, ForkedFrom = value("forked_from"), EndedBeforeMs = ended, Text = text,
        }, null);
    }

    public static bool TryCursor(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    public static bool TryTime(string? text, out long? ms)
    {
        ms = null;
        if (text is null) return true;
        if (!Times.TryParse(text, out var time)) return false;
        ms = time.ToUnixTimeMilliseconds();
        return true;
    }
}
