using System.Text;
using System.Text.Json;
using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Gateway;

/// <summary>What a question about usage is narrowed to; empty texts narrow nothing.</summary>
/// <param name="FromMs">From this hour on, in Unix milliseconds.</param>
/// <param name="ToMs">Before this hour.</param>
internal sealed record UsageFilter(long FromMs, long ToMs, string Model = "", string Key = "", string Team = "", string Target = "");

/// <summary>Sums of one group.</summary>
/// <remarks>With properties to be set: a sum over no rows has no type that a constructor could be found by.</remarks>
internal sealed record UsageSums
{
    /// <summary>The model, key, team or target; of an hour or a day, its begin in Unix milliseconds.</summary>
    public string Name { get; init; } = "";
    public long Requests { get; init; }
    public long Completed { get; init; }
    public long Refused { get; init; }
    public long Failed { get; init; }
    public long Cancelled { get; init; }
    public long Broken { get; init; }
    public long Cached { get; init; }
    public long Estimated { get; init; }
    public long InputTokens { get; init; }
    public long CachedInputTokens { get; init; }
    public long CacheWriteTokens { get; init; }
    public long OutputTokens { get; init; }
    public long ReasoningTokens { get; init; }
    public long CostMicros { get; init; }
    public long FirstByteMs { get; init; }
    public long FirstBytes { get; init; }
    public long DurationMs { get; init; }

    public static UsageSums operator +(UsageSums a, UsageSums b) => new()
    {
        Requests = a.Requests + b.Requests, Completed = a.Completed + b.Completed, Refused = a.Refused + b.Refused, Failed = a.Failed + b.Failed,
        Cancelled = a.Cancelled + b.Cancelled, Broken = a.Broken + b.Broken, Cached = a.Cached + b.Cached, Estimated = a.Estimated + b.Estimated,
        InputTokens = a.InputTokens + b.InputTokens, CachedInputTokens = a.CachedInputTokens + b.CachedInputTokens, CacheWriteTokens = a.CacheWriteTokens + b.CacheWriteTokens, OutputTokens = a.OutputTokens + b.OutputTokens,
        ReasoningTokens = a.ReasoningTokens + b.ReasoningTokens, CostMicros = a.CostMicros + b.CostMicros, FirstByteMs = a.FirstByteMs + b.FirstByteMs, FirstBytes = a.FirstBytes + b.FirstBytes,
        DurationMs = a.DurationMs + b.DurationMs,
    };
}

/// <summary>A call as it is stored.</summary>
internal sealed record UsageRow
{
    public string Id { get; init; } = "";
    public string KeyName { get; init; } = "";
    public string? Team { get; init; }
    public string? RunId { get; init; }
    public string? Step { get; init; }
    public string Surface { get; init; } = "";
    public string Route { get; init; } = "";
    public string Model { get; init; } = "";
    public string Target { get; init; } = "";
    public string UpstreamModel { get; init; } = "";
    public string Outcome { get; init; } = "";
    public long AtMs { get; init; }
    public long Attempts { get; init; }
    public long InputTokens { get; init; }
    public long CachedInputTokens { get; init; }
    public long CacheWriteTokens { get; init; }
    public long OutputTokens { get; init; }
    public long ReasoningTokens { get; init; }
    public long IsEstimated { get; init; }
    public long CostMicros { get; init; }
    public long? FirstByteMs { get; init; }
    public long DurationMs { get; init; }
    public long Status { get; init; }
}

/// <summary>Calls of models and their sums.</summary>
internal sealed class UsageStore(Database database)
{
    private readonly UsageSql sql = database.Dialect == Storage.Dialect.Sqlite ? UsageSql.Sqlite : UsageSql.Postgres;

    /// <summary>Where a statement costs no round trip, its columns as they are cost half of what they do as JSON.</summary>
    private readonly bool isOneByOne = database.Dialect == Storage.Dialect.Sqlite;

    /// <summary>Writes calls and adds sums, all of it or nothing. The arguments may change once it has returned.</summary>
    /// <exception cref="StorageUnavailableException">Nothing was written.</exception>
    public async Task AddAsync(IReadOnlyList<UsageRecord> calls, RollUp sums)
    {
        var records = isOneByOne || calls.Count == 0 ? null : Rows(calls, Write);
        var hours = Rows(InOrder(sums.Rows), static (to, row) => Write(to, row.Key, row.Value));
        var days = Rows(InOrder(sums.ByDay()), static (to, row) => Write(to, row.Key, row.Value));
        var sides = Rows(InOrder(sums.Sides()), static (to, row) => Write(to, row.Key, row.Value));
        await database.WriteAsync(statements =>
        {
            if (records is not null) statements[sql.AddRecords].Bind(1, records).Execute();
            else Add(statements[sql.AddRecords], calls);
            statements[sql.AddToHours].Bind(1, hours).Execute();
            statements[sql.AddToDays].Bind(1, days).Execute();
            return statements[sql.AddToSums].Bind(1, sides).Execute();
        });
    }

    /// <summary>Sums by <paramref name="by"/>, in the order of their names.</summary>
    /// <param name="by">hour, day, model, key, team or target.</param>
    /// <param name="after">The name before the first; null for all.</param>
    public async Task<List<UsageSums>> SumAsync(TenantId tenant, UsageFilter filter, string by, string? after, int limit, CancellationToken cancel)
    {
        var (daysFrom, daysTo) = ((filter.FromMs + RollUp.DayMs - 1) / RollUp.DayMs * RollUp.DayMs, filter.ToMs / RollUp.DayMs * RollUp.DayMs);
        if (by == "hour" || daysTo <= daysFrom) (daysFrom, daysTo) = (filter.ToMs, filter.ToMs);
        var side = SideOf(filter, by);
        await using var connection = await database.ReadAsync(cancel);
        return (await connection.QueryAsync<UsageSums>(new CommandDefinition(side is null ? sql.Summary : sql.SideSummary, new
        {
            Tenant = tenant.Value, By = by, filter.FromMs, filter.ToMs, DaysFromMs = daysFrom, DaysToMs = daysTo, PeriodMs = by == "hour" ? RollUp.HourMs : RollUp.DayMs, filter.Model, filter.Key, filter.Team, filter.Target,
            AfterName = after, Limit = limit, side?.Dimension, side?.Name,
        }, cancellationToken: cancel))).AsList();
    }

    /// <summary>Single calls, the newest first.</summary>
    /// <param name="run">Of this run; null for all.</param>
    /// <param name="before">Where the page before ended: the time and the id of its last call.</param>
    public async Task<List<UsageRow>> ListAsync(TenantId tenant, UsageFilter filter, string? run, string outcome, (long AtMs, string Id)? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return (await connection.QueryAsync<UsageRow>(new CommandDefinition(run is null ? sql.List : sql.ListByRun, new
        {
            Tenant = tenant.Value, Run = run, filter.FromMs, filter.ToMs, filter.Model, filter.Key, filter.Team, filter.Target, Outcome = outcome, BeforeMs = before?.AtMs ?? long.MaxValue, BeforeId = before?.Id ?? "", Limit = limit,
        }, cancellationToken: cancel))).AsList();
    }

    public async Task<List<string>> TenantsAsync(CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return (await connection.QueryAsync<string>(new CommandDefinition(sql.Tenants, cancellationToken: cancel))).AsList();
    }

    /// <returns>How many calls were removed, at most <paramref name="most"/>.</returns>
    public ValueTask<int> RemoveRecordsAsync(string tenant, DateTimeOffset before, int most) =>
        database.WriteAsync(statements => statements[sql.RemoveRecords].Bind(1, tenant).Bind(2, before.ToUnixTimeMilliseconds()).Bind(3, most).Execute());

    public ValueTask<int> RemoveHoursAsync(string tenant, DateTimeOffset before) => RemoveSumsAsync(sql.RemoveHours, RollUp.HourMs, tenant, before);

    public ValueTask<int> RemoveDaysAsync(string tenant, DateTimeOffset before) => RemoveSumsAsync(sql.RemoveDays, RollUp.DayMs, tenant, before);

    private ValueTask<int> RemoveSumsAsync(string remove, long periodMs, string tenant, DateTimeOffset before) => database.WriteAsync(statements =>
    {
        statements[sql.RemoveSums].Bind(1, tenant).Bind(2, before.ToUnixTimeMilliseconds()).Bind(3, periodMs).Execute();
        return statements[remove].Bind(1, tenant).Bind(2, before.ToUnixTimeMilliseconds()).Execute();
    });

    /// <summary>The one thing that a question tells apart or narrows to, and the name that it narrows to; null where it needs two of them together.</summary>
    private static (string Dimension, string Name)? SideOf(UsageFilter filter, string by)
    {
        var isTime = by is "hour" or "day";
        (string Dimension, string Name)[] filters = [("model", filter.Model), ("key", filter.Key), ("team", filter.Team), ("target", filter.Target)];
        var narrowed = Array.FindAll(filters, one => one.Name.Length > 0);
        return narrowed switch
        {
            [] => (isTime ? RollUp.All : by, ""),
            [var one] when isTime || one.Dimension == by => one,
            _ => null,
        };
    }

    /// <summary>One order on all nodes: those that add to the same rows must not wait for each other in a circle.</summary>
    private static IEnumerable<KeyValuePair<RollUpKey, RollUpSums>> InOrder(IReadOnlyDictionary<RollUpKey, RollUpSums> rows) => rows.OrderBy(row => row.Key.Tenant.Value, StringComparer.Ordinal).ThenBy(row => row.Key.HourMs)
        .ThenBy(row => row.Key.Model, StringComparer.Ordinal).ThenBy(row => row.Key.Key, StringComparer.Ordinal).ThenBy(row => row.Key.Team, StringComparer.Ordinal).ThenBy(row => row.Key.Target, StringComparer.Ordinal);

    private static IEnumerable<KeyValuePair<SideKey, RollUpSums>> InOrder(IReadOnlyDictionary<SideKey, RollUpSums> rows) => rows.OrderBy(row => row.Key.Tenant.Value, StringComparer.Ordinal).ThenBy(row => row.Key.PeriodMs)
        .ThenBy(row => row.Key.Dimension, StringComparer.Ordinal).ThenBy(row => row.Key.AtMs).ThenBy(row => row.Key.Name, StringComparer.Ordinal);

    private static string Rows<T>(IEnumerable<T> rows, Action<RowWriter, T> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            var listed = new RowWriter.Listed(json);
            json.WriteStartArray();
            foreach (var row in rows)
            {
                json.WriteStartArray();
                write(listed, row);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    private static void Add(SqlStatement statement, IReadOnlyList<UsageRecord> calls)
    {
        var row = new RowWriter.Bound(statement, UsageSql.RecordColumns);
        foreach (var call in calls)
        {
            Write(row, call);
            row.Execute();
        }
    }

    private static void Write(RowWriter row, UsageRecord call)
    {
        row.Texts(call.Tenant.Value, call.Id);
        row.Number(call.At.ToUnixTimeMilliseconds());
        row.Texts(call.Key, call.Team, call.Run, call.Step, call.Surface, call.Route, call.Model, call.Target, call.UpstreamModel);
        row.Numbers(call.Attempts, call.Tokens.Input, call.Tokens.CachedInput, call.Tokens.CacheWriteInput, call.Tokens.Output, call.Tokens.Reasoning, call.IsEstimated ? 1 : 0, call.CostMicros);
        row.Number((long?)call.FirstByte?.TotalMilliseconds);
        row.Number((long)call.Duration.TotalMilliseconds);
        row.Text(NameOf(call.Outcome));
        row.Number(call.Status);
    }

    private static void Write(RowWriter row, RollUpKey key, in RollUpSums sums)
    {
        row.Text(key.Tenant.Value);
        row.Number(key.HourMs);
        row.Texts(key.Model, key.Key, key.Team, key.Target);
        Write(row, sums);
    }

    private static void Write(RowWriter row, SideKey key, in RollUpSums sums)
    {
        row.Text(key.Tenant.Value);
        row.Number(key.PeriodMs);
        row.Text(key.Dimension);
        row.Number(key.AtMs);
        row.Text(key.Name);
        Write(row, sums);
    }

    private static void Write(RowWriter row, in RollUpSums sums) => row.Numbers(
        sums.Requests, sums.Completed, sums.Refused, sums.Failed, sums.Cancelled, sums.Broken, sums.Cached, sums.Estimated, sums.Input, sums.CachedInput, sums.CacheWriteInput, sums.Output, sums.Reasoning, sums.CostMicros, sums.FirstByteMs,
        sums.FirstBytes, sums.DurationMs);

    public static string NameOf(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Completed => "completed",
        CallOutcome.Refused => "refused",
        CallOutcome.Failed => "failed",
        CallOutcome.Cancelled => "cancelled",
        CallOutcome.Broken => "broken",
        _ => "cached",
    };
}
