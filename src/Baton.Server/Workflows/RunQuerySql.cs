namespace Baton.Server.Workflows;

/// <summary>Statements that read runs. Every one names the tenant first.</summary>
internal sealed record RunQuerySql
{
    private const string Columns = "no, id, namespace, workflow, version, state, priority, labels, parent_id, created_at_ms, started_at_ms, updated_at_ms, ended_at_ms, wake_at_ms, error, forked_from, forked_seq, turn, turn_key, turn_limit, turn_limit_per_key";

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
        SELECT CAST(seq AS bigint), CAST(kind AS bigint), at_ms, key, CAST(attempt AS bigint), meta FROM entries
        WHERE tenant_id = @Tenant AND run_no = @No AND seq > @After AND (kind = 3 OR kind IN (12, 14) AND meta LIKE '%"error":%' OR kind = 30) ORDER BY seq LIMIT @Limit
        """;

    /// <summary>The step that something was recorded of last.</summary>
    public string LastKey { get; init; } = "SELECT key FROM entries WHERE tenant_id = @Tenant AND run_no = @No AND key <> '' ORDER BY seq DESC LIMIT 1";

    public string LastSeq { get; init; } = "SELECT max(seq) FROM entries WHERE tenant_id = @Tenant AND run_no = @No";

    public string AwaitingAncestors { get; init; } = """
        WITH RECURSIVE awaiting (id, depth) AS (
            SELECT parent_id, 1 FROM runs WHERE tenant_id = @Tenant AND id = @Id AND parent_key IS NOT NULL
            UNION ALL
            SELECT r.parent_id, depth + 1 FROM awaiting a JOIN runs r ON r.tenant_id = @Tenant AND r.id = a.id WHERE r.parent_key IS NOT NULL AND depth < @Most)
        SELECT count(*) FROM awaiting
        """;

    public string Counts { get; init; } = """
        SELECT (SELECT count(*) FROM entries WHERE tenant_id = @Tenant AND run_no = @No AND kind = 2) AS completed,
               (SELECT count(*) FROM entries WHERE tenant_id = @Tenant AND run_no = @No AND kind = 3) AS failed
        """;

    public string Maps { get; init; } = "SELECT key, meta FROM entries WHERE tenant_id = @Tenant AND run_no = @No AND kind = 13";

    public string MapItems { get; init; } = """
        SELECT count(*) FROM entries WHERE tenant_id = @Tenant AND run_no = @No AND (kind = 2 OR kind = 3 AND json_extract(meta, '$.retry_at_ms') IS NULL)
          AND substr(key, 1, @Length) = @Prefix AND instr(substr(key, @Length + 1), ']') = length(key) - @Length
        """;

    public string LastState { get; init; } = """
        SELECT coalesce(j.body, p.body) FROM entries j LEFT JOIN payloads p ON p.tenant_id = j.tenant_id AND p.hash = j.body_hash
        WHERE j.tenant_id = @Tenant AND j.run_no = @No AND j.kind = 14 ORDER BY j.seq DESC LIMIT 1
        """;

    public static readonly RunQuerySql Sqlite = new(), Postgres = new()
    {
        ListByState = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND state = @State {Rest}",
        ListByWorkflow = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND namespace = @Namespace AND workflow = @Workflow {Rest}",
        ListActive = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND {Active} {Rest}",
        ListByTime = $"SELECT {Columns} FROM runs WHERE tenant_id = @Tenant AND created_at_ms < @CreatedBeforeMs AND created_at_ms >= coalesce(@CreatedAfterMs, 0) {Rest}",
        LastState = """
            SELECT nullif(coalesce(p.body, j.body), '') FROM entries j LEFT JOIN payloads p ON j.body_hash <> '' AND p.tenant_id = j.tenant_id AND p.hash = j.body_hash
            WHERE j.tenant_id = @Tenant AND j.run_no = @No AND j.kind = 14 ORDER BY j.seq DESC LIMIT 1
            """,
        MapItems = """
            SELECT count(*) FROM entries WHERE tenant_id = @Tenant AND run_no = @No AND (kind = 2 OR kind = 3 AND (meta::jsonb ->> 'retry_at_ms') IS NULL)
              AND substr(key, 1, @Length) = @Prefix AND strpos(substr(key, @Length + 1), ']') = length(key) - @Length
            """,
    };
}
