namespace Baton.Server.Workflows;

/// <summary>Statements of the journal and of what its entries bring about. Every one names the tenant first.</summary>
internal sealed record JournalSql
{
    private const string Entries = """
        SELECT j.seq, j.kind, j.at_ms, j.key, j.attempt, j.took_ms, coalesce(j.body, p.body), j.meta
        FROM journal j LEFT JOIN payloads p ON p.tenant_id = j.tenant_id AND p.hash = j.body_hash WHERE j.tenant_id = @Tenant
        """;

    // The journal there has no NULLs: see its migration.
    private const string PostgresEntries = """
        SELECT j.seq, j.kind, j.at_ms, j.key, nullif(j.attempt, 0), nullif(j.took_ms, -1), nullif(coalesce(p.body, j.body), ''), nullif(j.meta, '')
        FROM journal j LEFT JOIN payloads p ON j.body_hash <> '' AND p.tenant_id = j.tenant_id AND p.hash = j.body_hash WHERE j.tenant_id = @Tenant
        """;

    // Several leases at once; a subquery that is ordered is run for each of them, whatever the planner takes the table for.
    private const string PostgresLeases = """
        WITH l AS MATERIALIZED (SELECT e.n, e.tenant_id, r.no FROM unnest(@Tenants::text[], @Ids::text[], @Fencings::bigint[]) WITH ORDINALITY AS e (tenant_id, id, fencing, n)
            CROSS JOIN LATERAL (SELECT no FROM runs WHERE id = e.id AND tenant_id IS NOT DISTINCT FROM e.tenant_id AND fencing = e.fencing AND state IS NOT DISTINCT FROM 'running' LIMIT 1) r)
        """;

    private const string Messages = """
        SELECT i.no, i.kind, i.name, coalesce(i.body, p.body), i.child_state, i.child_error
        FROM inbox i LEFT JOIN payloads p ON p.tenant_id = i.tenant_id AND p.hash = i.body_hash WHERE i.tenant_id = @Tenant
        """;

    private const string Leased = "SELECT no FROM runs WHERE tenant_id = @Tenant AND id = @Id AND fencing = @Fencing AND state = 'running'";

    // Found by the id, whatever the planner takes the table for: IS NOT DISTINCT FROM is compared there, never searched.
    private const string PostgresLeased = "SELECT no FROM runs WHERE id = @Id AND tenant_id IS NOT DISTINCT FROM @Tenant AND fencing = @Fencing AND state IS NOT DISTINCT FROM 'running'";

    /// <summary>Refused, as zero rows, when the lease is not the run's. 1 tenant, 2 id, 3 fencing, 4.. the row.</summary>
    public string Append { get; init; } = """
        INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta)
        SELECT tenant_id, no, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM runs WHERE tenant_id = $1 AND id = $2 AND fencing = $3 AND state = 'running'
        """;

    /// <summary>The first entry of a run that is stored in the same transaction.</summary>
    public string AppendFirst { get; init; } = "INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, body, body_hash, meta) VALUES ($1, $2, 0, $3, $4, '', $5, $6, $7)";

    public string SavePayload { get; init; } = "INSERT INTO payloads (tenant_id, hash, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    public string RunNo { get; init; } = "SELECT no FROM runs WHERE tenant_id = $1 AND id = $2 AND fencing = $3 AND state = 'running'";

    public string ReadEntries { get; init; } = $"{Wherever(Entries)} AND j.run_no = @RunNo AND j.seq > @After ORDER BY j.seq LIMIT @Limit";

    /// <summary>No row when the lease is not the run's.</summary>
    public string ReadLease { get; init; } = Leased;

    public string ReadLeased { get; init; } = $"{Entries} AND j.run_no = ({Leased}) ORDER BY j.seq";

    /// <summary>The same three for several leases, each row with the lease's place in its last column; null where a round trip costs nothing.</summary>
    public string? ReadLeases { get; init; }

    public string? ReadManyLeased { get; init; }

    public string? ReadManyLeasedInboxes { get; init; }

    public string ReadInbox { get; init; } = $"{Messages} AND i.run_no = @RunNo AND i.no > @After ORDER BY i.no";

    public string ReadLeasedInbox { get; init; } = $"{Messages} AND i.run_no = ({Leased}) AND i.no > @After ORDER BY i.no";

    public string RemoveMessage { get; init; } = "DELETE FROM inbox WHERE tenant_id = $1 AND run_no = $2 AND no = $3";

    public string AddListener { get; init; } = "INSERT INTO listeners (tenant_id, run_no, key, position, event_type, event_source) VALUES ($1, $2, $3, $4, $5, $6)";

    public string RemoveListener { get; init; } = "DELETE FROM listeners WHERE tenant_id = $1 AND run_no = $2 AND key = $3";

    /// <summary>Runs whose open subscriptions an event fits.</summary>
    public string FindListeners { get; init; } = """
        SELECT DISTINCT r.id, l.key FROM listeners l JOIN runs r ON r.no = l.run_no
        WHERE l.tenant_id = $1 AND (l.event_type = $2 OR l.event_type IS NULL) AND (l.event_source = $3 OR l.event_source IS NULL)
        """;

    /// <summary>Counts a message and wakes its run. No row for a run that has ended.</summary>
    public string CallRun { get; init; } = """
        UPDATE runs SET inbox_no = inbox_no + 1, updated_at_ms = $3, wake_at_ms = CASE state WHEN 'waiting' THEN NULL ELSE wake_at_ms END,
            state = CASE state WHEN 'waiting' THEN 'queued' ELSE state END
        WHERE tenant_id = $1 AND id = $2 AND state NOT IN ('completed', 'failed', 'cancelled') RETURNING no, inbox_no, state, owner
        """;

    public string AddMessage { get; init; } = """
        INSERT INTO inbox (tenant_id, run_no, no, kind, name, body, body_hash, child_state, child_error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """;

    /// <summary>
    /// The end of a run, or its pause, by its owner. A pause that a cancel overtook queues the run instead, so that a worker ends it.
    /// 1 tenant, 2 id, 3 fencing, 4 state, 5 error, 6 now, 7 ended.
    /// </summary>
    public string SetState { get; init; } = """
        UPDATE runs SET state = CASE WHEN $4 = 'paused' AND request = 'cancel' THEN 'queued' ELSE $4 END, request = CASE WHEN $4 = 'paused' AND request = 'cancel' THEN request END,
            error = CASE WHEN $4 = 'paused' AND request = 'cancel' THEN NULL ELSE $5 END, owner = NULL, fencing = fencing + 1, updated_at_ms = $6, ended_at_ms = $7, wake_at_ms = NULL,
            turn = CASE WHEN $4 IN ('completed', 'failed', 'cancelled') THEN NULL ELSE turn END
        WHERE tenant_id = $1 AND id = $2 AND fencing = $3 AND state = 'running' RETURNING no, parent_id, parent_key, namespace, workflow, state, turn_key
        """;

    public string ClearInbox { get; init; } = "DELETE FROM inbox WHERE tenant_id = $1 AND run_no = $2";

    public string ClearListeners { get; init; } = "DELETE FROM listeners WHERE tenant_id = $1 AND run_no = $2";

    /// <summary>Children that are awaited end with their parent: those out of memory are queued, so that a worker ends them.</summary>
    public string CancelChildren { get; init; } = """
        UPDATE runs SET request = 'cancel', request_reason = 'The run that started it ended.', updated_at_ms = $3, wake_at_ms = NULL,
            state = CASE WHEN state IN ('waiting', 'paused') THEN 'queued' ELSE state END
        WHERE tenant_id = $1 AND parent_id = $2 AND parent_key IS NOT NULL AND state NOT IN ('completed', 'failed', 'cancelled') RETURNING id, state, owner
        """;

    /// <summary>
    /// Gives a run back. Refused when a message arrived, or a request to pause or cancel, unless it is to be claimed again at once.
    /// 1 tenant, 2 id, 3 fencing, 4 newest message seen, 5 requeue, 6 wake at, 7 now.
    /// </summary>
    public string Park { get; init; } = """
        UPDATE runs SET state = CASE $5 WHEN 1 THEN 'queued' ELSE 'waiting' END, owner = NULL, fencing = fencing + 1, wake_at_ms = $6, updated_at_ms = $7
        WHERE tenant_id = $1 AND id = $2 AND fencing = $3 AND state = 'running'
            AND ($5 = 1 OR request IS NULL AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.tenant_id = $1 AND i.run_no = runs.no AND i.no > $4))
        """;

    /// <summary>Of runs that have ended, whose journals may be packed, too.</summary>
    private static string Wherever(string sql) => sql.Replace("FROM journal j", "FROM entries j", StringComparison.Ordinal);

    public static readonly JournalSql Sqlite = new(), Postgres = new()
    {
        // Locked: a message that another node is about to commit must be seen by the statement that parks the run, or wait until it is parked.
        RunNo = "SELECT no FROM runs WHERE id = $2 AND tenant_id IS NOT DISTINCT FROM $1 AND fencing = $3 AND state IS NOT DISTINCT FROM 'running' FOR UPDATE",
        // A payload that is there already is locked all the same: whoever would remove it waits, and then finds that it is referred to.
        SavePayload = "INSERT INTO payloads (tenant_id, hash, body) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, hash) DO UPDATE SET hash = excluded.hash",
        // The journal there has no NULLs: see its migration.
        Append = """
            INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta)
            SELECT tenant_id, no, $4, $5, $6, $7, coalesce($8, 0), coalesce($9, -1), coalesce($10::bytea, ''), coalesce($11::bytea, ''), coalesce($12, '')
            FROM runs WHERE id = $2 AND tenant_id IS NOT DISTINCT FROM $1 AND fencing = $3 AND state IS NOT DISTINCT FROM 'running'
            """,
        AppendFirst = """
            INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, body, body_hash, meta)
            VALUES ($1, $2, 0, $3, $4, '', coalesce($5::bytea, ''), coalesce($6::bytea, ''), coalesce($7, ''))
            """,
        ReadEntries = $"{Wherever(PostgresEntries)} AND j.run_no = @RunNo AND j.seq > @After ORDER BY j.seq LIMIT @Limit",
        ReadLease = PostgresLeased,
        ReadLeased = $"{PostgresEntries} AND j.run_no = ({PostgresLeased}) ORDER BY j.seq",
        ReadLeases = $"{PostgresLeases} SELECT l.n FROM l",
        ReadManyLeased = $"""
            {PostgresLeases} SELECT j.*, l.n FROM l CROSS JOIN LATERAL ({PostgresEntries.Replace("@Tenant", "l.tenant_id", StringComparison.Ordinal)} AND j.run_no = l.no ORDER BY j.seq) j ORDER BY l.n, j.seq
            """,
        ReadManyLeasedInboxes = $"""
            {PostgresLeases} SELECT i.*, l.n FROM l CROSS JOIN LATERAL ({Messages.Replace("@Tenant", "l.tenant_id", StringComparison.Ordinal)} AND i.run_no = l.no ORDER BY i.no) i ORDER BY l.n, i.no
            """,
        ReadLeasedInbox = $"{Messages} AND i.run_no = ({PostgresLeased}) AND i.no > @After ORDER BY i.no",
    };
}
