using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Statements of runs. Every one names the tenant first, but those by which a node takes and wakes runs of all tenants.</summary>
internal sealed record RunSql
{
    public string Insert { get; init; } = """
        INSERT INTO runs (tenant_id, id, namespace, workflow, version, state, priority, labels, parent_id, parent_key, owner, fencing, created_at_ms, updated_at_ms, started_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14) RETURNING no
        """;

    public string AddLabel { get; init; } = "INSERT INTO run_labels (tenant_id, name, value, run_no) VALUES ($1, $2, $3, $4)";

    public string FindKey { get; init; } = "SELECT run_id, request_hash FROM idempotency_keys WHERE tenant_id = $1 AND key = $2";

    public string AddKey { get; init; } = "INSERT INTO idempotency_keys (tenant_id, key, request_hash, run_id, created_at_ms) VALUES ($1, $2, $3, $4, $5)";

    /// <summary>Takes queued runs, the most urgent first, then the oldest. 1 node, 2 now, 3 most.</summary>
    public string Claim { get; init; } = """
        UPDATE runs SET state = 'running', owner = $1, fencing = fencing + 1, updated_at_ms = $2, started_at_ms = coalesce(started_at_ms, $2)
        WHERE no IN (SELECT no FROM runs WHERE state = 'queued' ORDER BY priority DESC, no LIMIT $3)
        RETURNING tenant_id, id, fencing, namespace, workflow, version, request, request_reason
        """;

    /// <summary>Queues waiting runs whose time has come. 1 now.</summary>
    public string Wake { get; init; } = "UPDATE runs SET state = 'queued', wake_at_ms = NULL, updated_at_ms = $1 WHERE state = 'waiting' AND wake_at_ms <= $1";

    public string NextWake { get; init; } = "SELECT min(wake_at_ms) FROM runs WHERE state = 'waiting' AND wake_at_ms IS NOT NULL";

    /// <summary>Takes back what a dead node had. 1 now.</summary>
    public string Rescue { get; init; } = "UPDATE runs SET state = 'queued', owner = NULL, fencing = fencing + 1, updated_at_ms = $1 WHERE state = 'running'";

    /// <summary>
    /// Asks a run to pause or cancel; one that is out of memory is queued, so that a worker does it. A cancel stands, whatever is asked after it.
    /// 1 tenant, 2 id, 3 request, 4 reason, 5 now.
    /// </summary>
    public string Request { get; init; } = """
        UPDATE runs SET request = CASE request WHEN 'cancel' THEN request ELSE $3 END, request_reason = CASE request WHEN 'cancel' THEN request_reason ELSE $4 END,
            updated_at_ms = $5, wake_at_ms = NULL,
            state = CASE WHEN state IN ('waiting', 'paused') THEN 'queued' ELSE state END
        WHERE tenant_id = $1 AND id = $2 AND state NOT IN ('completed', 'failed', 'cancelled') AND NOT (state = 'paused' AND $3 = 'pause') RETURNING state, owner
        """;

    /// <summary>Queues a paused run. 1 tenant, 2 id, 3 now.</summary>
    public string Resume { get; init; } = """
        UPDATE runs SET state = 'queued', request = NULL, request_reason = NULL, error = NULL, updated_at_ms = $3
        WHERE tenant_id = $1 AND id = $2 AND state = 'paused' RETURNING state, owner
        """;

    /// <summary>What is asked of a run and not done yet.</summary>
    public string Asked { get; init; } = "SELECT request, request_reason FROM runs WHERE tenant_id = @Tenant AND id = @Id";

    /// <summary>The same, for the writer.</summary>
    public string AskedNow { get; init; } = "SELECT request, request_reason FROM runs WHERE tenant_id = $1 AND id = $2";

    public string StateOf { get; init; } = "SELECT state FROM runs WHERE tenant_id = $1 AND id = $2";

    public static readonly RunSql Sqlite = new(), Postgres = new()
    {
        // Materialised, so that the limit binds before anything is changed; locked rows are another node's.
        Claim = """
            WITH taken AS MATERIALIZED (SELECT tenant_id, no FROM runs WHERE state = 'queued' ORDER BY priority DESC, no LIMIT $3 FOR UPDATE SKIP LOCKED)
            UPDATE runs r SET state = 'running', owner = $1, fencing = r.fencing + 1, updated_at_ms = $2, started_at_ms = coalesce(r.started_at_ms, $2)
            FROM taken WHERE r.tenant_id = taken.tenant_id AND r.no = taken.no
            RETURNING r.tenant_id, r.id, r.fencing, r.namespace, r.workflow, r.version, r.request, r.request_reason
            """,
    };
}

/// <summary>All statements of this feature, for one database.</summary>
internal sealed record WorkflowSql(RunSql Runs, JournalSql Journal, ScheduleSql Schedules, DefinitionSql Definitions, RunQuerySql Queries)
{
    public static readonly WorkflowSql Sqlite = new(RunSql.Sqlite, JournalSql.Sqlite, ScheduleSql.Sqlite, DefinitionSql.Sqlite, RunQuerySql.Sqlite);

    public static readonly WorkflowSql Postgres = new(RunSql.Postgres, JournalSql.Postgres, ScheduleSql.Postgres, DefinitionSql.Postgres, RunQuerySql.Postgres);

    public static WorkflowSql For(Dialect dialect) => dialect == Dialect.Sqlite ? Sqlite : Postgres;
}
