using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Statements of runs. Every one names the tenant first, but those by which a node takes and wakes runs of all tenants.</summary>
internal sealed record RunSql
{
    /// <summary>What a run starts is as urgent as the run itself.</summary>
    public string Insert { get; init; } = """
        INSERT INTO runs (tenant_id, id, namespace, workflow, version, state, priority, labels, parent_id, parent_key, owner, fencing, created_at_ms, updated_at_ms, started_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, coalesce((SELECT p.priority FROM runs p WHERE p.tenant_id = $1 AND p.id = $9), $7), $8, $9, $10, $11, $12, $13, $13, $14) RETURNING no
        """;

    public string AddLabel { get; init; } = "INSERT INTO run_labels (tenant_id, name, value, run_no) VALUES ($1, $2, $3, $4)";

    public string FindKey { get; init; } = "SELECT run_id, request_hash FROM idempotency_keys WHERE tenant_id = $1 AND key = $2";

    public string AddKey { get; init; } = "INSERT INTO idempotency_keys (tenant_id, key, request_hash, run_id, created_at_ms) VALUES ($1, $2, $3, $4, $5)";

    /// <summary>
    /// Takes queued runs, in turn from each tenant that has any; of a tenant's the most urgent first, then the oldest. A point of priority is worth
    /// ten seconds of age: what is less urgent is not left for ever. 1 node, 2 now, 3 most, 4 most that a tenant may have running, or null.
    /// </summary>
    public string Claim { get; init; } = """
        UPDATE runs SET state = 'running', owner = $1, fencing = fencing + 1, updated_at_ms = $2, started_at_ms = coalesce(started_at_ms, $2)
        WHERE no IN (
            WITH RECURSIVE tenants (tenant_id) AS (
                SELECT min(tenant_id) FROM runs WHERE state = 'queued'
                UNION ALL
                SELECT (SELECT min(r.tenant_id) FROM runs r WHERE r.state = 'queued' AND r.tenant_id > t.tenant_id) FROM tenants t WHERE t.tenant_id IS NOT NULL),
            waiting AS (
                SELECT r.no, r.tenant_id, r.created_at_ms - r.priority * 10000 AS turn_at, row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.created_at_ms - r.priority * 10000, r.no) AS turn
                FROM tenants t JOIN runs r ON r.no IN (SELECT q.no FROM runs q WHERE q.state = 'queued' AND q.tenant_id = t.tenant_id ORDER BY q.created_at_ms - q.priority * 10000, q.no LIMIT $3))
            SELECT no FROM waiting WHERE $4 IS NULL OR turn <= $4 - (SELECT count(*) FROM runs x WHERE x.tenant_id = waiting.tenant_id AND x.state = 'running')
            ORDER BY turn, turn_at, no LIMIT $3)
        RETURNING tenant_id, id, fencing, namespace, workflow, version, request, request_reason, turn
        """;

    /// <summary>Nobody else claims until the transaction ends, where claims count what is running; null where there is one writer.</summary>
    public string? LockClaims { get; init; }

    /// <summary>Queues waiting runs whose time has come. 1 now.</summary>
    public string Wake { get; init; } = "UPDATE runs SET state = 'queued', wake_at_ms = NULL, updated_at_ms = $1 WHERE state = 'waiting' AND wake_at_ms <= $1";

    public string NextWake { get; init; } = "SELECT min(wake_at_ms) FROM runs WHERE state = 'waiting' AND wake_at_ms IS NOT NULL";

    /// <summary>Queues what a node that is gone had, or any node. 1 now, 2 node, 3 the number after which runs are meant.</summary>
    public string Rescue { get; init; } = "UPDATE runs SET state = 'queued', owner = NULL, fencing = fencing + 1, updated_at_ms = $1 WHERE state = 'running' AND owner = coalesce($2, owner) AND no > $3";

    /// <summary>Goes on with the oldest that an earlier life of this node had, or any node: they run on, under leases of their own. 1 node, 2 now, 3 the node that had them, 4 most.</summary>
    public string TakeBack { get; init; } = """
        UPDATE runs SET owner = $1, fencing = fencing + 1, updated_at_ms = $2
        WHERE no IN (SELECT r.no FROM runs r WHERE r.state = 'running' AND r.owner = coalesce($3, r.owner) ORDER BY r.no LIMIT $4)
        RETURNING tenant_id, id, fencing, namespace, workflow, version, request, request_reason, turn, no
        """;

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

    /// <summary>What was asked is done, though the run has not ended.</summary>
    public string Hear { get; init; } = "UPDATE runs SET request = NULL, request_reason = NULL WHERE tenant_id = $1 AND id = $2";

    public string StateOf { get; init; } = "SELECT state FROM runs WHERE tenant_id = $1 AND id = $2";

    public static readonly RunSql Sqlite = new(), Postgres = new()
    {
        LockClaims = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' claims', 1))",
        // Materialised, so that the limit binds before anything is changed. Locked rows are another node's: more are looked at than taken, so that
        // nodes that claim at the same moment all find some. By the places of their rows: joined by tenant and number, while there are no statistics, all that
        // is queued was looked through for each.
        Claim = """
            WITH RECURSIVE tenants (tenant_id) AS (
                (SELECT tenant_id FROM runs WHERE state = 'queued' ORDER BY tenant_id LIMIT 1)
                UNION ALL
                SELECT (SELECT r.tenant_id FROM runs r WHERE r.state = 'queued' AND r.tenant_id > t.tenant_id ORDER BY r.tenant_id LIMIT 1) FROM tenants t WHERE t.tenant_id IS NOT NULL),
            waiting AS (
                SELECT w.*, row_number() OVER (PARTITION BY w.tenant_id ORDER BY w.turn_at, w.no) AS turn
                FROM tenants t CROSS JOIN LATERAL (
                    SELECT q.ctid AS at, q.tenant_id, q.no, q.created_at_ms - q.priority * 10000 AS turn_at FROM runs q WHERE q.state = 'queued' AND q.tenant_id = t.tenant_id
                    ORDER BY q.created_at_ms - q.priority * 10000, q.no LIMIT 4 * $3) w),
            taken AS MATERIALIZED (
                SELECT r.ctid AS at FROM waiting w JOIN runs r ON r.ctid = w.at
                WHERE r.state = 'queued' AND ($4::bigint IS NULL OR w.turn <= $4::bigint - (SELECT count(*) FROM runs x WHERE x.tenant_id = w.tenant_id AND x.state = 'running'))
                ORDER BY w.turn, w.turn_at, w.no LIMIT $3 FOR UPDATE OF r SKIP LOCKED)
            UPDATE runs r SET state = 'running', owner = $1, fencing = r.fencing + 1, updated_at_ms = $2, started_at_ms = coalesce(r.started_at_ms, $2)
            FROM taken WHERE r.ctid = taken.at
            RETURNING r.tenant_id, r.id, r.fencing, r.namespace, r.workflow, r.version, r.request, r.request_reason, r.turn
            """,
        // Locked, as another node may be about to take them over.
        TakeBack = """
            WITH mine AS MATERIALIZED (SELECT ctid AS at FROM runs WHERE state = 'running' AND owner = coalesce($3, owner) ORDER BY no LIMIT $4 FOR UPDATE)
            UPDATE runs r SET owner = $1, fencing = r.fencing + 1, updated_at_ms = $2
            FROM mine WHERE r.ctid = mine.at
            RETURNING r.tenant_id, r.id, r.fencing, r.namespace, r.workflow, r.version, r.request, r.request_reason, r.turn, r.no
            """,
    };
}

/// <summary>All statements of this feature, for one database.</summary>
internal sealed record WorkflowSql(RunSql Runs, JournalSql Journal, ScheduleSql Schedules, DefinitionSql Definitions, RunQuerySql Queries, ApprovalSql Approvals, ManagementSql Management, TurnSql Turns)
{
    public static readonly WorkflowSql Sqlite = new(RunSql.Sqlite, JournalSql.Sqlite, ScheduleSql.Sqlite, DefinitionSql.Sqlite, RunQuerySql.Sqlite, ApprovalSql.Sqlite, ManagementSql.Sqlite, TurnSql.Sqlite);

    public static readonly WorkflowSql Postgres = new(RunSql.Postgres, JournalSql.Postgres, ScheduleSql.Postgres, DefinitionSql.Postgres, RunQuerySql.Postgres, ApprovalSql.Postgres, ManagementSql.Postgres, TurnSql.Postgres);

    public static WorkflowSql For(Dialect dialect) => dialect == Dialect.Sqlite ? Sqlite : Postgres;
}
