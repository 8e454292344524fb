namespace Baton.Server.Workflows;

/// <summary>Statements that retry, fork, move and remove whole runs. Every one names the tenant first, but those that look for what has had its time.</summary>
internal sealed record ManagementSql
{
    /// <summary>A run's row, which nobody else changes or removes before the transaction has ended.</summary>
    public string Lock { get; init; } = "SELECT no, state, error, request, namespace, workflow, version, labels, priority FROM runs WHERE tenant_id = $1 AND id = $2";

    /// <summary>Entries that say what failed, which children were started, what is listened for, and what was retried.</summary>
    public string Turns { get; init; } = "SELECT seq, kind, key, meta FROM entries WHERE tenant_id = $1 AND run_no = $2 AND seq < $3 AND kind IN (3, 6, 7, 11, 12, 30) ORDER BY seq";

    public string LastEntry { get; init; } = "SELECT seq, at_ms FROM entries WHERE tenant_id = $1 AND run_no = $2 ORDER BY seq DESC LIMIT 1";

    /// <summary>What a run gave: the body of its last change of state.</summary>
    public string Output { get; init; } = """
        SELECT coalesce(j.body, p.body, x'') FROM entries j LEFT JOIN payloads p ON p.tenant_id = j.tenant_id AND p.hash = j.body_hash
        WHERE j.tenant_id = $1 AND j.run_no = $2 AND j.kind = 14 ORDER BY j.seq DESC LIMIT 1
        """;

    /// <summary>1 tenant, 2 number, 3 now.</summary>
    public string Revive { get; init; } = """
        UPDATE runs SET state = 'queued', error = NULL, request = NULL, request_reason = NULL, ended_at_ms = NULL, wake_at_ms = NULL, turn_key = NULL,
            fencing = fencing + 1, updated_at_ms = $3
        WHERE tenant_id = $1 AND no = $2 AND state IN ('failed', 'cancelled')
        """;

    /// <summary>An entry of a run that nobody has in memory. 1 tenant, 2 run, 3 seq, 4 kind, 5 time, 6 meta.</summary>
    public string AddEntry { get; init; } = "INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, meta) VALUES ($1, $2, $3, $4, $5, '', $6)";

    /// <summary>Where a step begins: by its key, or by the name of its task.</summary>
    public string FindStep { get; init; } = """
        SELECT min(seq) FROM entries WHERE tenant_id = $1 AND run_no = $2 AND (key = $3 OR substr(key, 1, length($3) + 1) IN ($3 || '/', $3 || '[')
            OR instr(key || '/', '/' || $3 || '/') > 0 OR instr(key, '/' || $3 || '[') > 0)
        """;

    /// <summary>1 tenant, 2 id, 3 namespace, 4 workflow, 5 version, 6 priority, 7 labels, 8 source, 9 seq, 10 now.</summary>
    public string InsertFork { get; init; } = """
        INSERT INTO runs (tenant_id, id, namespace, workflow, version, state, priority, labels, fencing, created_at_ms, updated_at_ms, forked_from, forked_seq)
        VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, 0, $10, $10, $8, $9) RETURNING no
        """;

    /// <summary>Copies a run's journal before a position, without its changes of state; payloads by reference. 1 tenant, 2 from, 3 to, 4 first, 5 end.</summary>
    public string CopyEntries { get; init; } = """
        INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta)
        SELECT tenant_id, $3, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta FROM entries WHERE tenant_id = $1 AND run_no = $2 AND seq >= $4 AND seq < $5 AND kind <> 14
        """;

    /// <summary>What models answered to the attempts that are performed again. 1 tenant, 2 run.</summary>
    public string RemoveAnswers { get; init; } = "DELETE FROM step_answers WHERE tenant_id = $1 AND run_no = $2";

    public string FirstMeta { get; init; } = "SELECT meta, at_ms FROM entries WHERE tenant_id = $1 AND run_no = $2 AND seq = 0";

    public string RemoveEntry { get; init; } = "DELETE FROM journal WHERE tenant_id = $1 AND run_no = $2 AND seq = $3";

    /// <summary>Runs below another one, at any depth: those that it awaits and those that it left to themselves.</summary>
    public string Descendants { get; init; } = """
        WITH RECURSIVE tree (id) AS (
            SELECT id FROM runs WHERE tenant_id = @Tenant AND parent_id = @Id
            UNION SELECT r.id FROM runs r JOIN tree ON r.parent_id = tree.id WHERE r.tenant_id = @Tenant)
        SELECT r.id FROM tree JOIN runs r ON r.id = tree.id WHERE r.tenant_id = @Tenant AND r.state NOT IN ('completed', 'failed', 'cancelled') ORDER BY r.no
        """;

    /// <summary>An ended run's row, to be removed. 1 tenant, 2 id.</summary>
    public string LockEnded { get; init; } = "SELECT no FROM runs WHERE tenant_id = $1 AND id = $2 AND state IN ('completed', 'failed', 'cancelled')";

    public string PayloadsOf { get; init; } = "SELECT DISTINCT body_hash FROM journal WHERE tenant_id = $1 AND run_no = $2 AND body_hash IS NOT NULL";

    public string RemoveJournal { get; init; } = "DELETE FROM journal WHERE tenant_id = $1 AND run_no = $2";

    /// <summary>
    /// Packs the journals of the next ended runs, where that gains anything; null elsewhere. What is large stands among the payloads, for which the journal is searched: its run's journal stays as it is.
    /// A run that is being revived or removed is waited for, and then left out. 1 state, 2 ended before, 3 runs at most, 4 entries of one at most. How many runs were looked at.
    /// </summary>
    public string? Pack { get; init; }

    /// <summary>Puts a run's packed journal back among the others, to go on; null where none is packed. 1 tenant, 2 run.</summary>
    public string? Unpack { get; init; }

    public string RemoveKeys { get; init; } = "DELETE FROM idempotency_keys WHERE tenant_id = $1 AND run_id = $2";

    /// <summary>Labels, messages and listeners go with it.</summary>
    public string RemoveRun { get; init; } = "DELETE FROM runs WHERE tenant_id = $1 AND no = $2";

    /// <summary>Waits for whoever stores a reference to the payload, and keeps the next one waiting: see <see cref="RemovePayload"/>.</summary>
    public string LockPayload { get; init; } = "SELECT 1 FROM payloads WHERE tenant_id = $1 AND hash = $2";

    /// <summary>A statement of its own after the lock, because it must see what was committed while the lock was waited for.</summary>
    public string RemovePayload { get; init; } = """
        DELETE FROM payloads WHERE tenant_id = $1 AND hash = $2
            AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.tenant_id = $1 AND j.body_hash = $2) AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.tenant_id = $1 AND i.body_hash = $2)
        """;

    /// <summary>Payloads that nothing refers to: of messages that nobody read.</summary>
    public string Unreferenced { get; init; } = """
        SELECT tenant_id, hash FROM payloads p
        WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.tenant_id = p.tenant_id AND j.body_hash = p.hash) AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.tenant_id = p.tenant_id AND i.body_hash = p.hash)
        LIMIT @Most
        """;

    /// <summary>Whether a run has begun to undo what it did. 1 tenant, 2 run.</summary>
    public string HasCompensated { get; init; } = "SELECT 1 FROM entries WHERE tenant_id = $1 AND run_no = $2 AND kind IN (19, 20) LIMIT 1";

    /// <summary>Ended runs that have been ended for long enough, the oldest first.</summary>
    public string Overdue { get; init; } = "SELECT tenant_id, id, namespace, workflow FROM runs WHERE state = @State AND ended_at_ms IS NOT NULL AND ended_at_ms < @BeforeMs ORDER BY ended_at_ms LIMIT @Most OFFSET @Skip";

    public string OverdueOf { get; init; } = """
        SELECT tenant_id, id, namespace, workflow FROM runs WHERE tenant_id = @Tenant AND namespace = @Namespace AND workflow = @Workflow AND state = @State AND ended_at_ms IS NOT NULL AND ended_at_ms < @BeforeMs
        ORDER BY ended_at_ms LIMIT @Most OFFSET @Skip
        """;

    /// <summary>The tenants that have more ended runs than are kept, and how many too many.</summary>
    public string Excess { get; init; } = """
        SELECT tenant_id, count(*) - @Keep AS excess FROM runs WHERE state IN ('completed', 'failed', 'cancelled') AND ended_at_ms IS NOT NULL GROUP BY tenant_id HAVING count(*) > @Keep
        """;

    public string OldestEnded { get; init; } = "SELECT tenant_id, id, namespace, workflow FROM runs WHERE tenant_id = @Tenant AND state IN ('completed', 'failed', 'cancelled') AND ended_at_ms IS NOT NULL ORDER BY ended_at_ms LIMIT @Most OFFSET @Skip";

    /// <summary>Documents that may have a rule of their own, the oldest first.</summary>
    public string DocumentsWithRules { get; init; } = "SELECT tenant_id, namespace, name, version FROM definitions WHERE document LIKE '%retention%' ORDER BY created_at_ms";

    public string Exists { get; init; } = "SELECT 1 FROM runs WHERE tenant_id = $1 AND id = $2";

    /// <summary>A run as an archive holds it. 1 tenant, 2 id, 3.. the columns.</summary>
    public string Import { get; init; } = """
        INSERT INTO runs (tenant_id, id, namespace, workflow, version, state, priority, labels, parent_id, parent_key, fencing, request, request_reason, inbox_no, error, created_at_ms, started_at_ms,
            updated_at_ms, ended_at_ms, forked_from, forked_seq)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) RETURNING no
        """;

    /// <summary>1 tenant, 2 run, 3 seq, 4 kind, 5 time, 6 key, 7 attempt, 8 took, 9 body, 10 hash, 11 meta.</summary>
    public string ImportEntry { get; init; } = "INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    public string Archived { get; init; } = """
        SELECT no, id, namespace, workflow, version, state, priority, labels, parent_id, parent_key, fencing, request, request_reason, inbox_no, error, created_at_ms, started_at_ms, updated_at_ms, ended_at_ms,
            forked_from, forked_seq
        FROM runs WHERE tenant_id = @Tenant AND id = @Id
        """;

    public string ListenersOf { get; init; } = "SELECT key, CAST(position AS bigint) AS position, event_type, event_source FROM listeners WHERE tenant_id = @Tenant AND run_no = @No ORDER BY key, position";

    public static readonly ManagementSql Sqlite = new(), Postgres = new()
    {
        Lock = $"{new ManagementSql().Lock} FOR UPDATE",
        LockEnded = $"{new ManagementSql().LockEnded} FOR UPDATE",
        LockPayload = $"{new ManagementSql().LockPayload} FOR UPDATE",
        Output = """
            SELECT coalesce(p.body, j.body) FROM entries j LEFT JOIN payloads p ON j.body_hash <> '' AND p.tenant_id = j.tenant_id AND p.hash = j.body_hash
            WHERE j.tenant_id = $1 AND j.run_no = $2 AND j.kind = 14 ORDER BY j.seq DESC LIMIT 1
            """,
        AddEntry = "INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, meta) VALUES ($1, $2, $3, $4, $5, '', coalesce($6, ''))",
        FindStep = """
            SELECT min(seq) FROM entries WHERE tenant_id = $1 AND run_no = $2 AND (key = $3 OR substr(key, 1, length($3) + 1) IN ($3 || '/', $3 || '[')
                OR strpos(key || '/', '/' || $3 || '/') > 0 OR strpos(key, '/' || $3 || '[') > 0)
            """,
        PayloadsOf = "SELECT DISTINCT body_hash FROM journal WHERE tenant_id = $1 AND run_no = $2 AND body_hash <> ''",
        RemoveJournal = "WITH packed AS (DELETE FROM packed_journals WHERE tenant_id = $1 AND run_no = $2) DELETE FROM journal WHERE tenant_id = $1 AND run_no = $2",
        Pack = """
            WITH due AS MATERIALIZED (
                SELECT tenant_id, no, ended_at_ms, created_at_ms FROM runs
                WHERE state = $1 AND (ended_at_ms, no) > (SELECT ended_at_ms, run_no FROM packing WHERE state = $1) AND ended_at_ms < $2
                ORDER BY ended_at_ms, no LIMIT $3 FOR UPDATE),
            packed AS (
                INSERT INTO packed_journals (tenant_id, run_no, at_ms, heads, bodies)
                SELECT j.tenant_id, j.run_no, due.created_at_ms,
                    concat('[', string_agg(concat('[', j.seq, ',', j.kind, ',', j.at_ms - due.created_at_ms, ',', j.attempt, ',', j.took_ms, ',', to_json(j.key), CASE WHEN j.meta <> '' THEN concat(',', to_json(j.meta)) END, ']'), ',' ORDER BY j.seq), ']'),
                    array_agg(j.body ORDER BY j.seq)
                FROM due JOIN journal j ON j.tenant_id = due.tenant_id AND j.run_no = due.no
                GROUP BY j.tenant_id, j.run_no, due.created_at_ms HAVING count(*) <= $4 AND bool_and(j.body_hash = '')
                RETURNING tenant_id, run_no),
            gone AS (DELETE FROM journal j USING packed WHERE j.tenant_id = packed.tenant_id AND j.run_no = packed.run_no),
            moved AS (UPDATE packing p SET ended_at_ms = last.ended_at_ms, run_no = last.no FROM (SELECT ended_at_ms, no FROM due ORDER BY ended_at_ms DESC, no DESC LIMIT 1) last WHERE p.state = $1)
            SELECT count(*) FROM due
            """,
        Unpack = """
            WITH back AS (
                INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, meta)
                SELECT tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, meta FROM packed_entries WHERE tenant_id = $1 AND run_no = $2)
            DELETE FROM packed_journals WHERE tenant_id = $1 AND run_no = $2
            """,
        RemovePayload = """
            DELETE FROM payloads WHERE tenant_id = $1 AND hash = $2
                AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.tenant_id = $1 AND j.body_hash <> '' AND j.body_hash = $2) AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.tenant_id = $1 AND i.body_hash = $2)
            """,
        Unreferenced = """
            SELECT tenant_id, hash FROM payloads p
            WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.tenant_id = p.tenant_id AND j.body_hash <> '' AND j.body_hash = p.hash)
                AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.tenant_id = p.tenant_id AND i.body_hash = p.hash)
            LIMIT @Most
            """,
        ImportEntry = """
            INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta)
            VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, 0), coalesce($8, -1), coalesce($9::bytea, ''), coalesce($10::bytea, ''), coalesce($11, ''))
            """,
    };
}
