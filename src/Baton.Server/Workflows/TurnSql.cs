namespace Baton.Server.Workflows;

/// <summary>Statements by which runs of limited workflows take turns. Every one names the tenant first, then the workflow's namespace and name.</summary>
internal sealed record TurnSql
{
    private const string OfWorkflow = "tenant_id = $1 AND namespace = $2 AND workflow = $3 AND turn IS NOT NULL";   // an end sets it to null

    /// <summary>Nobody else takes or frees turns of the workflow until the transaction ends; null where there is one writer. 1 tenant, 2 namespace, 3 workflow.</summary>
    public string? Lock { get; init; }

    /// <summary>How many are open. 4 a run that does not count, or null.</summary>
    public string CountOpen { get; init; } = $"SELECT count(*) FROM runs WHERE {OfWorkflow} AND turn = 2 AND id <> coalesce($4, '')";

    /// <summary>How many have the key. 4 a run that does not count, or null; 5 key.</summary>
    public string CountOfKey { get; init; } = $"SELECT count(*) FROM runs WHERE {OfWorkflow} AND turn_key = $5 AND turn IN (1, 2) AND id <> coalesce($4, '')";

    /// <summary>Who is next to get the key. 4 key.</summary>
    public string NextOfKey { get; init; } = $"SELECT id, turn_limit_per_key FROM runs WHERE {OfWorkflow} AND turn_key = $4 AND turn = 0 AND state = 'waiting' ORDER BY created_at_ms - priority * 10000, no LIMIT 1";

    /// <summary>Who is next to open.</summary>
    public string Next { get; init; } = $"SELECT id, turn_limit FROM runs WHERE {OfWorkflow} AND turn = 1 AND state = 'waiting' ORDER BY created_at_ms - priority * 10000, no LIMIT 1";

    /// <summary>Whether an open run of the workflow waits, perhaps through others, for the end of this one. 4 this run.</summary>
    public string IsAwaited { get; init; } = """
        WITH RECURSIVE awaiting (id, depth) AS (
            SELECT parent_id, 1 FROM runs WHERE tenant_id = $1 AND id = $4 AND parent_key IS NOT NULL
            UNION ALL
            SELECT r.parent_id, depth + 1 FROM awaiting a JOIN runs r ON r.tenant_id = $1 AND r.id = a.id WHERE r.parent_key IS NOT NULL AND depth < 1000)
        SELECT 1 FROM awaiting a JOIN runs r ON r.tenant_id = $1 AND r.id = a.id WHERE r.namespace = $2 AND r.workflow = $3 AND r.turn = 2 LIMIT 1
        """;

    /// <summary>An owned run begins. 1 tenant, 2 id, 3 fencing, 4 key, 5 limit, 6 limit per key.</summary>
    public string Open { get; init; } = """
        UPDATE runs SET turn = 2, turn_key = $4, turn_limit = $5, turn_limit_per_key = $6 WHERE tenant_id = $1 AND id = $2 AND fencing = $3 AND state = 'running'
        """;

    /// <summary>An owned run is given back to wait; one of which something is asked is queued, so that a worker does it. The same, and 7 turn, 8 now.</summary>
    public string Wait { get; init; } = """
        UPDATE runs SET state = CASE WHEN request IS NULL THEN 'waiting' ELSE 'queued' END, owner = NULL, fencing = fencing + 1, updated_at_ms = $8,
            started_at_ms = CASE WHEN EXISTS (SELECT 1 FROM journal j WHERE j.tenant_id = runs.tenant_id AND j.run_no = runs.no AND j.seq > 0) THEN started_at_ms END,
            turn = $7, turn_key = $4, turn_limit = $5, turn_limit_per_key = $6
        WHERE tenant_id = $1 AND id = $2 AND fencing = $3 AND state = 'running' RETURNING state
        """;

    /// <summary>A waiting run gets its key. 1 tenant, 2 id.</summary>
    public string GiveKey { get; init; } = "UPDATE runs SET turn = 1 WHERE tenant_id = $1 AND id = $2";

    /// <summary>A waiting run's turn has come. 1 tenant, 2 id, 3 now.</summary>
    public string Begin { get; init; } = "UPDATE runs SET turn = 2, state = 'queued', updated_at_ms = $3 WHERE tenant_id = $1 AND id = $2";

    public static readonly TurnSql Sqlite = new(), Postgres = new()
    {
        Lock = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || $1 || ' ' || $2 || '/' || $3, 1))",
    };
}
