namespace Baton.Server.Workflows;

/// <summary>Statements of approvals. Every one names the tenant first.</summary>
internal sealed record ApprovalSql
{
    private const string Select = """
        SELECT a.id, a.run_id, r.namespace, r.workflow, a.state, r.state AS run_state, a.assignee, a.title, a.message, a.choices, a.data, a.created_at_ms, a.deadline_ms, a.answered_at_ms, a.answered_by, a.choice, a.comment
        FROM approvals a JOIN runs r ON r.tenant_id = a.tenant_id AND r.id = a.run_id
        """;

    public string Add { get; init; } = """
        INSERT INTO approvals (tenant_id, id, run_id, key, state, assignee, title, message, choices, data, created_at_ms, deadline_ms) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11)
        """;

    /// <summary>Closes an open approval, once, while its run goes on. 1 tenant, 2 id, 3 choice, 4 comment, 5 by, 6 now.</summary>
    public string Answer { get; init; } = """
        UPDATE approvals SET state = 'answered', choice = $3, comment = $4, answered_by = $5, answered_at_ms = $6
        WHERE tenant_id = $1 AND id = $2 AND state = 'open' AND (deadline_ms IS NULL OR deadline_ms > $6)
            AND EXISTS (SELECT 1 FROM runs r WHERE r.tenant_id = $1 AND r.id = approvals.run_id AND r.state NOT IN ('completed', 'failed', 'cancelled'))
        RETURNING run_id, key
        """;

    public string Expire { get; init; } = "UPDATE approvals SET state = 'expired', answered_at_ms = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'open'";

    public string Get { get; init; } = $"{Select} WHERE a.tenant_id = @Tenant AND a.id = @Id";

    // An open question whose run has ended is withdrawn: the end of a run writes nothing for it.
    public string List { get; init; } = $"""
        {Select} WHERE a.tenant_id = @Tenant
            AND (@State IS NULL OR CASE WHEN a.state = 'open' AND r.state IN ('completed', 'failed', 'cancelled') THEN 'withdrawn' ELSE a.state END = @State)
            AND (@Assignee IS NULL OR a.assignee = @Assignee)
            AND (@BeforeMs IS NULL OR a.created_at_ms < @BeforeMs OR a.created_at_ms = @BeforeMs AND a.id < @BeforeId)
        ORDER BY a.created_at_ms DESC, a.id DESC LIMIT @Limit
        """;

    public static readonly ApprovalSql Sqlite = new(), Postgres = new();
}
