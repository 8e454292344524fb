using System.Globalization;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>What a list of runs is narrowed to. Null narrows nothing.</summary>
/// <param name="Before">The cursor: runs older than this number.</param>
internal sealed record RunFilter(string? State, string? Namespace, string? Workflow, string? LabelName, string? LabelValue, string? ParentId, long? CreatedAfterMs, long? CreatedBeforeMs, long? Before, int Limit);

/// <summary>Statements that read runs. Every one names the tenant first.</summary>
internal sealed record RunQuerySql
{
    private const string Columns = "no, id, namespace, workflow, version, state, priority, labels, parent_id, created_at_ms, started_at_ms, updated_at_ms, ended_at_ms, wake_at_ms, error";

    private const string Rest = """
          AND (@State IS NULL OR state = @State) AND (@Namespace IS NULL OR namespace = @Namespace) AND (@Workflow IS NULL OR workflow = @Workflow)
          AND (@ParentId IS NULL OR parent_id = @ParentId) AND (@CreatedAfterMs IS NULL OR created_at_ms >= @CreatedAfterMs)
          AND (@CreatedBeforeMs IS NULL OR created_at_ms < @CreatedBeforeMs) AND (@Before IS NULL OR no < @Before)
        ORDER BY no DESC LIMIT @Limit
        """;

    public string Get { get; init; } = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND id = @Id";

    // One statement for each way in: the others' conditions only filter what its index finds.
    public string List { get; init; } = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant {Rest}";

    public string ListByState { get; init; } = $"SELECT {Columns} FROM runs INDEXED BY runs_by_state WHERE tenant_id = @Tenant AND state = @State {Rest}";

    public string ListByWorkflow { get; init; } = $"SELECT {Columns} FROM runs INDEXED BY runs_by_workflow WHERE tenant_id = @Tenant AND namespace = @Namespace AND workflow = @Workflow {Rest}";

    public string ListByParent { get; init; } = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND parent_id = @ParentId {Rest}";

    public string ListByLabel { get; init; } =
        $"SELECT {Columns} FROM runs WHERE no IN (SELECT run_no FROM run_labels WHERE tenant_id = @Tenant AND name = @LabelName AND value = @LabelValue) AND tenant_id = @Tenant {Rest}";

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
    long CreatedAtMs, long? StartedAtMs, long UpdatedAtMs, long? EndedAtMs, long? WakeAtMs, string? Error)
{
    /// <summary>True when the run will never change again.</summary>
    public bool IsTerminal => RunStates.Parse(State).IsTerminal();

    public RunView ToView(ProgressView? progress = null) => new(
        Id, Namespace, Workflow, Version, State, (int)Priority, JsonSerializer.Deserialize(Labels, JournalJson.Default.DictionaryStringString)!, ParentId,
        Time(CreatedAtMs)!.Value, Time(StartedAtMs), Time(UpdatedAtMs)!.Value, Time(EndedAtMs), Time(WakeAtMs), Views.Error(JournalRows.Error(Error)), progress);

    private static DateTimeOffset? Time(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;
}

/// <param name="HasMore">True when entries follow that stand on no page yet.</param>
internal sealed record JournalPage(IReadOnlyList<JournalRow> Rows, bool HasMore);

/// <summary>Runs as the API shows them.</summary>
internal sealed class RunQueries(Database database, JournalStore journal)
{
    /// <summary>Payloads have no limit of their own: a page ends after this much of them, with one entry at least.</summary>
    private const int MaxPageBytes = 4 * 1024 * 1024;

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

    public async ValueTask<Page<RunView>> ListAsync(TenantId tenant, RunFilter filter, CancellationToken cancel)
    {
        var text = filter switch
        {
            { LabelName: not null } => sql.ListByLabel,
            { ParentId: not null } => sql.ListByParent,
            { Workflow: not null, Namespace: not null } => sql.ListByWorkflow,
            { State: not null } => sql.ListByState,
            _ => sql.List,
        };
        await using var connection = await database.ReadAsync(cancel);
        var rows = (await connection.QueryAsync<RunRow>(new CommandDefinition(text, new
        {
            Tenant = tenant.Value, filter.State, filter.Namespace, filter.Workflow, filter.LabelName, filter.LabelValue, filter.ParentId, filter.CreatedAfterMs, filter.CreatedBeforeMs, filter.Before,
            Limit = filter.Limit + 1,
        }, cancellationToken: cancel))).AsList();
        var more = rows.Count > filter.Limit;
        if (more) rows.RemoveAt(rows.Count - 1);
        return new Page<RunView>([.. rows.Select(row => row.ToView())], more ? rows[^1].No.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>Counts what is recorded of a run.</summary>
    public async ValueTask<ProgressView> ProgressAsync(TenantId tenant, RunRow run, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var arguments = new { Tenant = tenant.Value, run.No };
        var (completed, failed) = await connection.QuerySingleAsync<(long, long)>(new CommandDefinition(sql.Counts, arguments, cancellationToken: cancel));
        long? done = null, total = null;
        foreach (var (key, meta) in await connection.QueryAsync<(string Key, string Meta)>(new CommandDefinition(sql.Maps, arguments, cancellationToken: cancel)))
        {
            total = (total ?? 0) + JsonSerializer.Deserialize(meta, JournalJson.Default.JournalMeta)!.Count!.Value;
            var prefix = $"{key}[";
            done = (done ?? 0) + await connection.ExecuteScalarAsync<long>(new CommandDefinition(sql.MapItems, new { Tenant = tenant.Value, run.No, Prefix = prefix, prefix.Length }, cancellationToken: cancel));
        }
        return new ProgressView(completed, failed, done, total);
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
}
