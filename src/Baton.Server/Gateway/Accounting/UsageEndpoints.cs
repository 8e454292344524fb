using System.Globalization;
using Baton.Client;
using Baton.Server.Http;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>What was used, for the tenant who asks.</summary>
internal static class UsageEndpoints
{
    private static readonly string[] Groups = ["hour", "day", "model", "key", "team", "target"], Outcomes = ["completed", "refused", "failed", "cancelled", "broken", "cached"];

    private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private static readonly TimeSpan ByDefault = TimeSpan.FromDays(30);

    /// <summary>What both addresses can be narrowed to.</summary>
    public static readonly (string Name, string Description)[] Filters =
    [
        ("from", "From this time on; default 30 days ago."), ("to", "Before this time; default now."), ("model", "The model that answered."), ("key", "The name of the credential; workflow for steps of workflows."),
        ("team", "The team of the key."), ("target", "The target that answered."), ("cursor", "The next_cursor of the page before."),
    ];

    public static async Task<IResult> Sum(HttpContext http, UsageStore store, TimeProvider time, CancellationToken cancel)
    {
        var by = http.Request.Query["by"] is [{ } named] ? named : "day";
        if (!Groups.Contains(by, StringComparer.Ordinal)) return Problems.InvalidQuery("by", $"'by' is one of {string.Join(", ", Groups)}.");
        var (filter, problem) = Read(http, time);
        if (problem is not null) return problem;
        var limit = http.QueryInteger("limit", 1, 10_000, 1_000);
        if (limit.Problem is not null) return limit.Problem;
        string? after = null;
        if (http.Request.Query["cursor"] is [{ } cursor] && (after = cursor.StartsWith('~') ? cursor[1..] : null) is null) return Problems.InvalidQuery("cursor", "Give the next_cursor of the page before.");
        // Sums are by the hour: what lies in an hour that is touched is in it.
        var hours = filter! with { FromMs = filter.FromMs / RollUp.HourMs * RollUp.HourMs, ToMs = Math.Min(Latest, (filter.ToMs + RollUp.HourMs - 1) / RollUp.HourMs * RollUp.HourMs) };
        var sums = await store.SumAsync(http.Tenant, hours, by, after, limit.Value!.Value + 1, cancel);
        var hasMore = sums.Count > limit.Value;
        if (hasMore) sums.RemoveAt(sums.Count - 1);
        var view = new UsageView(At(hours.FromMs), At(hours.ToMs), by, [.. sums.Select(group => View(group, by is "hour" or "day"))], Total(sums), hasMore ? $"~{sums[^1].Name}" : null);
        return TypedResults.Json(view, WireJson.Web.UsageView);
    }

    public static async Task<IResult> List(HttpContext http, UsageStore store, TimeProvider time, CancellationToken cancel)
    {
        var (filter, problem) = Read(http, time);
        if (problem is not null) return problem;
        var limit = http.QueryInteger("limit", 1, 500, 50);
        if (limit.Problem is not null) return limit.Problem;
        var outcome = http.Request.Query["outcome"] is [{ } wanted] ? wanted : "";
        if (outcome.Length > 0 && !Outcomes.Contains(outcome, StringComparer.Ordinal)) return Problems.InvalidQuery("outcome", $"'outcome' is one of {string.Join(", ", Outcomes)}.");
        (long, string)? before = null;
        if (http.Request.Query["cursor"] is [{ } cursor])
        {
            if (cursor.Split('.', 2) is not [var at, { Length: > 0 } id] || !long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var ms)) return Problems.InvalidQuery("cursor", "Give the next_cursor of the page before.");
            before = (ms, id);
        }
        var rows = await store.ListAsync(http.Tenant, filter!, http.Request.Query["run"] is [{ } run] ? run : null, outcome, before, limit.Value!.Value + 1, cancel);
        var hasMore = rows.Count > limit.Value;
        if (hasMore) rows.RemoveAt(rows.Count - 1);
        return TypedResults.Json(new Page<UsageRequestView>([.. rows.Select(View)], hasMore ? string.Create(CultureInfo.InvariantCulture, $"{rows[^1].AtMs}.{rows[^1].Id}") : null), WireJson.Web.PageUsageRequestView);
    }

    private static (UsageFilter? Filter, ProblemResult? Problem) Read(HttpContext http, TimeProvider time)
    {
        var (query, now) = (http.Request.Query, time.GetUtcNow());
        var (from, to) = (now - ByDefault, now.AddMilliseconds(1));
        if (query["from"] is [{ } since] && !Times.TryParse(since, out from)) return (null, Problems.InvalidQuery("from", $"Give {Times.Rule}"));
        if (query["to"] is [{ } until] && !Times.TryParse(until, out to)) return (null, Problems.InvalidQuery("to", $"Give {Times.Rule}"));
        if (to <= from) return (null, Problems.InvalidQuery("to", "'to' lies behind 'from'."));
        string Of(string name) => query[name] is [{ } value] ? value : "";
        return (new UsageFilter(Math.Max(0, from.ToUnixTimeMilliseconds()), Math.Max(0, to.ToUnixTimeMilliseconds()), Of("model"), Of("key"), Of("team"), Of("target")), null);
    }

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    private static UsageGroupView Total(List<UsageSums> all) => View(all.Aggregate(new UsageSums(), static (a, b) => a + b), isTime: false) with { Name = null };

    private static UsageGroupView View(UsageSums sums, bool isTime)
    {
        var outcomes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, count) in new[] { ("completed", sums.Completed), ("refused", sums.Refused), ("failed", sums.Failed), ("cancelled", sums.Cancelled), ("broken", sums.Broken), ("cached", sums.Cached) })
        {
            if (count > 0) outcomes[name] = count;
        }
        return new UsageGroupView(
            isTime ? null : sums.Name, isTime ? At(long.Parse(sums.Name, CultureInfo.InvariantCulture)) : null, sums.Requests, outcomes, sums.Estimated,
            new TokensView(sums.InputTokens, sums.CachedInputTokens, sums.CacheWriteTokens, sums.OutputTokens, sums.ReasoningTokens), sums.CostMicros, Mean(sums.FirstByteMs, sums.FirstBytes), Mean(sums.DurationMs, sums.Requests));
    }

    private static double? Mean(long sum, long count) => count == 0 ? null : Math.Round(sum / (double)count, 1);

    private static UsageRequestView View(UsageRow row) => new(
        row.Id, At(row.AtMs), row.KeyName, row.Team, row.RunId, row.Step, row.Surface, row.Route, row.Model, row.Target, row.UpstreamModel, row.Attempts,
        new TokensView(row.InputTokens, row.CachedInputTokens, row.CacheWriteTokens, row.OutputTokens, row.ReasoningTokens), row.IsEstimated != 0, row.CostMicros, row.FirstByteMs, row.DurationMs, row.Outcome, row.Status);
}
