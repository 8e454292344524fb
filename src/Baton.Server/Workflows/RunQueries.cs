using System.Globalization;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>What a list of runs is narrowed to. Null narrows nothing.</summary>
/// <param name="Before">The cursor: runs older than this number.</param>
internal sealed record RunFilter(string? State, string? Namespace, string? Workflow, string? LabelName, string? LabelValue, string? ParentId, long? CreatedAfterMs, long? CreatedBeforeMs, long? Before, int Limit)
{
    /// <summary>True for runs that have not ended; null for either.</summary>
    public bool? IsActive { get; init; }

    public string? ForkedFrom { get; init; }

    public long? EndedBeforeMs { get; init; }

    /// <summary>Part of an id, a workflow's name, a label or an error, in either case of letters.</summary>
    public string? Text { get; init; }

    /// <summary>True when it narrows nothing.</summary>
    public bool IsEmpty => (State ?? Namespace ?? LabelName ?? ParentId ?? ForkedFrom ?? Text) is null && (CreatedAfterMs ?? CreatedBeforeMs ?? EndedBeforeMs) is null && IsActive is null;
}

/// <param name="HasMore">True when entries follow that stand on no page yet.</param>
internal sealed record JournalPage(IReadOnlyList<JournalRow> Rows, bool HasMore);

/// <summary>Runs as the API shows them.</summary>
internal sealed class RunQueries(Database database, JournalStore journal)
{
    /// <summary>Payloads have no limit of their own: a page ends after this much of them, with one entry at least.</summary>
    private const int MaxPageBytes = 4 * 1024 * 1024;

    /// <summary>Most rows in which one request looks for a text.</summary>
    public const int MaxScan = 10_000;

    private const int ScanPage = 1_000;

    private readonly RunQuerySql sql = WorkflowSql.For(database.Dialect).Queries;

    public async ValueTask<RunRow?> FindAsync(TenantId tenant, RunId run, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<RunRow>(new CommandDefinition(sql.Get, new { Tenant = tenant.Value, Id = run.ToString() }, cancellationToken: cancel));
    }

    /// <summary>How many runs wait for this one, directly or through others; counted up to <paramref name="most"/>.</summary>
    public async Task<int> AwaitingAncestorsAsync(TenantId tenant, RunId run, int most, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(sql.AwaitingAncestors, new { Tenant = tenant.Value, Id = run.ToString(), Most = most }, cancellationToken: cancel));
    }

    public async ValueTask<Page<RunView>> ListAsync(TenantId tenant, RunFilter filter, bool isCounted, CancellationToken cancel)
    {
        var page = await FindAllAsync(tenant, filter, cancel);
        return new Page<RunView>([.. page.Rows.Select(row => row.ToView())], page.Next is { } next ? Cursor(next) : null, isCounted ? await CountAsync(tenant, filter, cancel) : null);
    }

    /// <summary>
    /// A page of the runs that fit, the newest first. A text is looked for in a bounded number of rows: a page may hold fewer runs than asked for, or
    /// none, and yet have a next one.
    /// </summary>
    public async ValueTask<FoundRuns> FindAllAsync(TenantId tenant, RunFilter filter, CancellationToken cancel)
    {
        if (filter.Text is null)
        {
            var rows = await RowsAsync(tenant, filter, filter.Before, filter.Limit + 1, cancel);
            var more = rows.Count > filter.Limit;
            if (more) rows.RemoveAt(rows.Count - 1);
            return new FoundRuns(rows, more ? rows[^1].No : null);
        }
        var (found, before) = (new List<RunRow>(), filter.Before);
        for (var scanned = 0; scanned < MaxScan; scanned += ScanPage)
        {
            var rows = await RowsAsync(tenant, filter, before, ScanPage, cancel);
            foreach (var row in rows)
            {
                before = row.No;
                if (!row.Holds(filter.Text)) continue;
                found.Add(row);
                if (found.Count == filter.Limit) return new FoundRuns(found, before);
            }
            if (rows.Count < ScanPage) return new FoundRuns(found, null);
        }
        return new FoundRuns(found, before);
    }

    public async ValueTask<long> CountAsync(TenantId tenant, RunFilter filter, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(sql.Count, Arguments(tenant, filter, null, 0), cancellationToken: cancel));
    }

    public static string Cursor(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The steps with a result, the failed attempts, and each map with its items.</summary>
    public async ValueTask<RecordedProgress> ProgressAsync(TenantId tenant, RunRow run, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var arguments = new { Tenant = tenant.Value, run.No };
        var (completed, failed) = await connection.QuerySingleAsync<(long, long)>(new CommandDefinition(sql.Counts, arguments, cancellationToken: cancel));
        var maps = new List<MapProgress>();
        foreach (var (key, meta) in await connection.QueryAsync<(string Key, string Meta)>(new CommandDefinition(sql.Maps, arguments, cancellationToken: cancel)))
        {
            var prefix = $"{key}[";
            var done = await connection.ExecuteScalarAsync<long>(new CommandDefinition(sql.MapItems, new { Tenant = tenant.Value, run.No, Prefix = prefix, prefix.Length }, cancellationToken: cancel));
            maps.Add(new MapProgress(key, done, JsonSerializer.Deserialize(meta, JournalJson.Default.JournalMeta)!.Count!.Value));
        }
        return new RecordedProgress(completed, failed, maps, await connection.ExecuteScalarAsync<string?>(new CommandDefinition(sql.LastKey, arguments, cancellationToken: cancel)));
    }

    /// <summary>What went wrong in a run, after a position.</summary>
    public async ValueTask<JournalPage> ErrorsAsync(TenantId tenant, RunRow run, long after, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var found = await connection.QueryAsync<(long Seq, long Kind, long AtMs, string Key, long? Attempt, string Meta)>(
            new CommandDefinition(sql.Errors, new { Tenant = tenant.Value, run.No, After = after, Limit = limit + 1 }, cancellationToken: cancel));
        var rows = found.Select(row => new JournalRow(row.Seq, (JournalKind)row.Kind, row.AtMs, row.Key, (int?)row.Attempt, null, default, row.Meta)).ToList();
        return new JournalPage([.. rows.Take(limit)], rows.Count > limit);
    }

    public async ValueTask<List<StatisticsRow>> StatisticsAsync(TenantId tenant, WorkflowName? workflow, long afterMs, long beforeMs, long periodMs, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return (await connection.QueryAsync<StatisticsRow>(new CommandDefinition(sql.Statistics,
            new { Tenant = tenant.Value, workflow?.Namespace, Workflow = workflow?.Name, AfterMs = afterMs, BeforeMs = beforeMs, PeriodMs = periodMs }, cancellationToken: cancel))).AsList();
    }

    /// <summary>The position of a run's newest entry.</summary>
    public async ValueTask<long> LastSeqAsync(TenantId tenant, RunRow run, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(sql.LastSeq, new { Tenant = tenant.Value, run.No }, cancellationToken: cancel));
    }

    /// <summary>Entries after a position, oldest first: up to a number of them, and no more than fit into memory for many callers at once.</summary>
    public async ValueTask<JournalPage> JournalAsync(TenantId tenant, RunRow run, long after, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var rows = new List<JournalRow>();
        var bytes = 0L;
        await foreach (var row in journal.ReadRowsAsync(connection, tenant, run.No, after, limit + 1, cancel))
        {
            bytes += row.Body.Length;
            if (rows.Count == limit || (rows.Count > 0 && bytes > MaxPageBytes)) return new JournalPage(rows, HasMore: true);
            rows.Add(row);
        }
        return new JournalPage(rows, HasMore: false);
    }

    /// <summary>What a completed run gave.</summary>
    public async ValueTask<byte[]?> OutputAsync(TenantId tenant, RunRow run, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(sql.LastState, new { Tenant = tenant.Value, run.No }, cancellationToken: cancel));
    }

    private async Task<List<RunRow>> RowsAsync(TenantId tenant, RunFilter filter, long? before, int limit, CancellationToken cancel)
    {
        var text = filter switch
        {
            { LabelName: not null } => sql.ListByLabel,
            { ParentId: not null } => sql.ListByParent,
            { ForkedFrom: not null } => sql.ListByFork,
            { IsActive: true } => sql.ListActive,
            { Workflow: not null, Namespace: not null } => sql.ListByWorkflow,
            { State: not null } => sql.ListByState,
            { CreatedAfterMs: not null, CreatedBeforeMs: not null } => sql.ListByTime,
            _ => sql.List,
        };
        await using var connection = await database.ReadAsync(cancel);
        return (await connection.QueryAsync<RunRow>(new CommandDefinition(text, Arguments(tenant, filter, before, limit), cancellationToken: cancel))).AsList();
    }

    private static object Arguments(TenantId tenant, RunFilter filter, long? before, int limit) => new
    {
        Tenant = tenant.Value, filter.State, filter.Namespace, filter.Workflow, filter.LabelName, filter.LabelValue, filter.ParentId, filter.ForkedFrom, filter.CreatedAfterMs, filter.CreatedBeforeMs,
        filter.EndedBeforeMs, IsActive = filter.IsActive == true ? 1 : 0, Before = before, Limit = limit,
    };
}

/// <param name="Next">The cursor of the next page; null on the last.</param>
internal sealed record FoundRuns(IReadOnlyList<RunRow> Rows, long? Next);

/// <summary>What is recorded of a run's progress.</summary>
/// <param name="LastKey">The step that something was recorded of last.</param>
internal sealed record RecordedProgress(long StepsCompleted, long StepsFailed, IReadOnlyList<MapProgress> Maps, string? LastKey);

internal sealed record MapProgress(string Key, long Done, long Total);

/// <remarks>With properties to be set: a sum over no rows has no type that a constructor could be found by.</remarks>
internal sealed record StatisticsRow
{
    public string Namespace { get; init; } = "";
    public string Workflow { get; init; } = "";
    public long PeriodMs { get; init; }
    public long Total { get; init; }
    public long Queued { get; init; }
    public long Running { get; init; }
    public long Waiting { get; init; }
    public long Paused { get; init; }
    public long Completed { get; init; }
    public long Failed { get; init; }
    public long Cancelled { get; init; }

    /// <summary>What completed runs took, added up.</summary>
    public long CompletedMs { get; init; }
}
