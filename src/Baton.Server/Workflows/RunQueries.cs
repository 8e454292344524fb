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

/// <summary>Statements that read runs. Every one names the tenant first.</summary>
internal sealed record RunQuerySql
{
    private const string Columns = "no, id, namespace, workflow, version, state, priority, labels, parent_id, created_at_ms, started_at_ms, updated_at_ms, ended_at_ms, wake_at_ms, error, forked_from, forked_seq";

    private const string Active = "state IN ('queued', 'running', 'waiting', 'paused')";

    private const string Conditions = """
        AND (@State IS NULL OR state = @State) AND (@Namespace IS NULL OR namespace = @Namespace) AND (@Workflow IS NULL OR workflow = @Workflow)
          AND (@ParentId IS NULL OR parent_id = @ParentId) AND (@ForkedFrom IS NULL OR forked_from = @ForkedFrom)
          AND (@CreatedAfterMs IS NULL OR created_at_ms >= @CreatedAfterMs) AND (@CreatedBeforeMs IS NULL OR created_at_ms < @CreatedBeforeMs) AND (@EndedBeforeMs IS NULL OR ended_at_ms < @EndedBeforeMs)
        """;

    private const string Rest = $"{Conditions} AND (@Before IS NULL OR no < @Before) ORDER BY no DESC LIMIT @Limit";

    private const string Labelled = "no IN (SELECT run_no FROM run_labels WHERE tenant_id = @Tenant AND name = @LabelName AND value = @LabelValue)";

    public string Get { get; init; } = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND id = @Id";

    // One statement for each way in: the others' conditions only filter what its index finds.
    public string List { get; init; } = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant {Rest}";

    public string ListByState { get; init; } = $"SELECT {Columns} FROM runs INDEXED BY runs_by_state WHERE tenant_id = @Tenant AND state = @State {Rest}";

    public string ListByWorkflow { get; init; } = $"SELECT {Columns} FROM runs INDEXED BY runs_by_workflow WHERE tenant_id = @Tenant AND namespace = @Namespace AND workflow = @Workflow {Rest}";

    public string ListByParent { get; init; } = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND parent_id = @ParentId {Rest}";

    public string ListByLabel { get; init; } = $"SELECT {Columns} FROM runs WHERE {Labelled} AND tenant_id = @Tenant AND (@IsActive = 0 OR {Active}) {Rest}";

    public string ListByFork { get; init; } = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND forked_from = @ForkedFrom {Rest}";

    public string ListActive { get; init; } = $"SELECT {Columns} FROM runs INDEXED BY runs_active WHERE tenant_id = @Tenant AND {Active} {Rest}";

    /// <summary>By the time of their start: where a window is asked for that may lie far back.</summary>
    public string ListByTime { get; init; } = $"SELECT {Columns} FROM runs INDEXED BY runs_by_time WHERE tenant_id = @Tenant AND created_at_ms < @CreatedBeforeMs AND created_at_ms >= coalesce(@CreatedAfterMs, 0) {Rest}";

    public string Count { get; init; } = $"SELECT count(*) FROM runs WHERE tenant_id = @Tenant AND (@LabelName IS NULL OR {Labelled}) AND (@IsActive = 0 OR {Active}) {Conditions}";

    /// <summary>How many runs there are of each kind, in one pass.</summary>
    public string Statistics { get; init; } = """
        SELECT namespace, workflow, created_at_ms / @PeriodMs * @PeriodMs AS period_ms, count(*) AS total,
            CAST(sum(CASE state WHEN 'queued' THEN 1 ELSE 0 END) AS bigint) AS queued, CAST(sum(CASE state WHEN 'running' THEN 1 ELSE 0 END) AS bigint) AS running,
            CAST(sum(CASE state WHEN 'waiting' THEN 1 ELSE 0 END) AS bigint) AS waiting, CAST(sum(CASE state WHEN 'paused' THEN 1 ELSE 0 END) AS bigint) AS paused,
            CAST(sum(CASE state WHEN 'completed' THEN 1 ELSE 0 END) AS bigint) AS completed, CAST(sum(CASE state WHEN 'failed' THEN 1 ELSE 0 END) AS bigint) AS failed,
            CAST(sum(CASE state WHEN 'cancelled' THEN 1 ELSE 0 END) AS bigint) AS cancelled,
            CAST(coalesce(sum(CASE state WHEN 'completed' THEN ended_at_ms - coalesce(started_at_ms, created_at_ms) ELSE 0 END), 0) AS bigint) AS completed_ms
        FROM runs WHERE tenant_id = @Tenant AND created_at_ms >= @AfterMs AND created_at_ms < @BeforeMs AND (@Namespace IS NULL OR namespace = @Namespace AND workflow = @Workflow)
        GROUP BY namespace, workflow, created_at_ms / @PeriodMs ORDER BY period_ms DESC, namespace, workflow
        """;

    /// <summary>What went wrong in a run, in order: failed attempts, children that did not complete, ends and pauses with a reason.</summary>
    public string Errors { get; init; } = """
        SELECT CAST(seq AS bigint), CAST(kind AS bigint), at_ms, key, CAST(attempt AS bigint), meta FROM journal
        WHERE tenant_id = @Tenant AND run_no = @No AND seq > @After AND (kind = 3 OR kind IN (12, 14) AND meta LIKE '%"error":%' OR kind = 30) ORDER BY seq LIMIT @Limit
        """;

    /// <summary>The step that something was recorded of last.</summary>
    public string LastKey { get; init; } = "SELECT key FROM journal WHERE tenant_id = @Tenant AND run_no = @No AND key <> '' ORDER BY seq DESC LIMIT 1";

    public string LastSeq { get; init; } = "SELECT max(seq) FROM journal WHERE tenant_id = @Tenant AND run_no = @No";

    public string AwaitingAncestors { get; init; } = """
        WITH RECURSIVE awaiting (id, depth) AS (
            SELECT parent_id, 1 FROM runs WHERE tenant_id = @Tenant AND id = @Id AND parent_key IS NOT NULL
            UNION ALL
            SELECT r.parent_id, depth + 1 FROM awaiting a JOIN runs r ON r.tenant_id = @Tenant AND r.id = a.id WHERE r.parent_key IS NOT NULL AND depth < @Most)
        SELECT count(*) FROM awaiting
        """;

    public string Counts { get; init; } = """
        SELECT (SELECT count(*) FROM journal WHERE tenant_id = @Tenant AND run_no = @No AND kind = 2) AS completed,
               (SELECT count(*) FROM journal WHERE tenant_id = @Tenant AND run_no = @No AND kind = 3) AS failed
        """;

    public string Maps { get; init; } = "SELECT key, meta FROM journal WHERE tenant_id = @Tenant AND run_no = @No AND kind = 13";

    public string MapItems { get; init; } = """
        SELECT count(*) FROM journal WHERE tenant_id = @Tenant AND run_no = @No AND (kind = 2 OR kind = 3 AND json_extract(meta, '$.retry_at_ms') IS NULL)
          AND substr(key, 1, @Length) = @Prefix AND instr(substr(key, @Length + 1), ']') = length(key) - @Length
        """;

    public string LastState { get; init; } = """
        SELECT coalesce(j.body, p.body) FROM journal j LEFT JOIN payloads p ON p.tenant_id = j.tenant_id AND p.hash = j.body_hash
        WHERE j.tenant_id = @Tenant AND j.run_no = @No AND j.kind = 14 ORDER BY j.seq DESC LIMIT 1
        """;

    public static readonly RunQuerySql Sqlite = new(), Postgres = new()
    {
        ListByState = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND state = @State {Rest}",
        ListByWorkflow = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND namespace = @Namespace AND workflow = @Workflow {Rest}",
        ListActive = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND {Active} {Rest}",
        ListByTime = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND created_at_ms < @CreatedBeforeMs AND created_at_ms >= coalesce(@CreatedAfterMs, 0) {Rest}",
        LastState = """
            SELECT nullif(coalesce(p.body, j.body), '') FROM journal j LEFT JOIN payloads p ON j.body_hash <> '' AND p.tenant_id = j.tenant_id AND p.hash = j.body_hash
            WHERE j.tenant_id = @Tenant AND j.run_no = @No AND j.kind = 14 ORDER BY j.seq DESC LIMIT 1
            """,
        MapItems = """
            SELECT count(*) FROM journal WHERE tenant_id = @Tenant AND run_no = @No AND (kind = 2 OR kind = 3 AND (meta::jsonb ->> 'retry_at_ms') IS NULL)
              AND substr(key, 1, @Length) = @Prefix AND strpos(substr(key, @Length + 1), ']') = length(key) - @Length
            """,
    };
}

/// <summary>A run's row.</summary>
internal sealed record RunRow(
    long No, string Id, string Namespace, string Workflow, string Version, string State, long Priority, string Labels, string? ParentId,
    long CreatedAtMs, long? StartedAtMs, long UpdatedAtMs, long? EndedAtMs, long? WakeAtMs, string? Error, string? ForkedFrom, long? ForkedSeq)
{
    /// <summary>True when the run will never change again.</summary>
    public bool IsTerminal => RunStates.Parse(State).IsTerminal();

    public RunView ToView(ProgressView? progress = null) => new(
        Id, Namespace, Workflow, Version, State, (int)Priority, JsonSerializer.Deserialize(Labels, JournalJson.Default.DictionaryStringString)!, ParentId,
        Time(CreatedAtMs)!.Value, Time(StartedAtMs), Time(UpdatedAtMs)!.Value, Time(EndedAtMs), Time(WakeAtMs), Views.Error(JournalRows.Error(Error)), progress,
        ForkedFrom is null ? null : new ForkView(ForkedFrom, ForkedSeq!.Value));

    /// <summary>Whether its id, its workflow, a label or its error holds a text, in either case of letters.</summary>
    public bool Holds(string text)
    {
        bool Has(string? one) => one is not null && one.Contains(text, StringComparison.OrdinalIgnoreCase);
        return Has(Id) || Has($"{Namespace}/{Workflow}@{Version}") || (Labels != "{}" && JsonSerializer.Deserialize(Labels, JournalJson.Default.DictionaryStringString)!.Any(label => Has($"{label.Key}={label.Value}")))
            || (JournalRows.Error(Error) is { } error && (Has(error.Title) || Has(error.Detail) || Has(error.Instance) || Has(error.Class)));
    }

    private static DateTimeOffset? Time(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;
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
