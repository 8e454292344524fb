namespace Baton.Server.Gateway;

/// <summary>Statements of budgets, of what was spent of them and of the slices that are lent.</summary>
internal sealed record BudgetSql
{
    private const string Columns = "b.tenant_id, b.id, b.name, b.team, b.key, b.model, b.period, b.limit_micro";

    /// <summary>1 tenant, 2 id, 3 name, 4 team, 5 key, 6 model, 7 period, 8 limit, 9 now. Returns the id, which stays.</summary>
    public string Put { get; init; } = """
        INSERT INTO budgets (tenant_id, id, name, team, key, model, period, limit_micro, created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        ON CONFLICT (tenant_id, name) DO UPDATE SET team = $4, key = $5, model = $6, period = $7, limit_micro = $8, updated_at_ms = $9
        RETURNING id
        """;

    /// <summary>A budget whose period is changed begins anew. 1 tenant, 2 name, 3 period.</summary>
    public string RemoveOther { get; init; } = "DELETE FROM budgets WHERE tenant_id = $1 AND name = $2 AND period <> $3";

    public string Remove { get; init; } = "DELETE FROM budgets WHERE tenant_id = $1 AND name = $2";

    public string All { get; init; } = $"SELECT {Columns} FROM budgets b ORDER BY b.tenant_id, b.name";

    /// <summary>@Tenant.</summary>
    public string List { get; init; } = $"SELECT {Columns} FROM budgets b WHERE b.tenant_id = @Tenant ORDER BY b.name";

    /// <summary>@Tenant, @Name.</summary>
    public string Find { get; init; } = $"SELECT {Columns} FROM budgets b WHERE b.tenant_id = @Tenant AND b.name = @Name";

    /// <summary>What was spent, lent and lost in a period. @Tenant, @Budget, @StartMs.</summary>
    public string State { get; init; } = """
        SELECT p.spent_micro AS spent,
            (SELECT CAST(coalesce(sum(s.ceiling_micro - s.reported_micro), 0) AS bigint) FROM budget_slices s WHERE s.tenant_id = p.tenant_id AND s.budget_id = p.budget_id AND s.starts_at_ms = p.starts_at_ms AND s.lost = 0) AS lent,
            (SELECT CAST(coalesce(sum(s.ceiling_micro - s.reported_micro), 0) AS bigint) FROM budget_slices s WHERE s.tenant_id = p.tenant_id AND s.budget_id = p.budget_id AND s.starts_at_ms = p.starts_at_ms AND s.lost = 1) AS lost
        FROM budget_periods p WHERE p.tenant_id = @Tenant AND p.budget_id = @Budget AND p.starts_at_ms = @StartMs
        """;

    /// <summary>1 tenant, 2 budget.</summary>
    public string Limit { get; init; } = "SELECT limit_micro FROM budgets WHERE tenant_id = $1 AND id = $2";

    /// <summary>1 tenant, 2 budget, 3 start.</summary>
    public string Open { get; init; } = "INSERT INTO budget_periods (tenant_id, budget_id, starts_at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    /// <summary>1 tenant, 2 budget, 3 start.</summary>
    public string Spent { get; init; } = "SELECT spent_micro FROM budget_periods WHERE tenant_id = $1 AND budget_id = $2 AND starts_at_ms = $3";

    /// <summary>A process's own slice. 1 tenant, 2 budget, 3 start, 4 slice.</summary>
    public string Slice { get; init; } = "SELECT reported_micro, ceiling_micro FROM budget_slices WHERE tenant_id = $1 AND budget_id = $2 AND starts_at_ms = $3 AND slice = $4";

    /// <summary>What the others hold, living and lost. 1 tenant, 2 budget, 3 start, 4 slice.</summary>
    public string Others { get; init; } = """
        SELECT coalesce(sum(CASE WHEN lost = 0 THEN ceiling_micro - reported_micro ELSE 0 END), 0), coalesce(sum(CASE WHEN lost = 1 THEN ceiling_micro - reported_micro ELSE 0 END), 0)
        FROM budget_slices WHERE tenant_id = $1 AND budget_id = $2 AND starts_at_ms = $3 AND slice <> $4
        """;

    /// <summary>1 tenant, 2 budget, 3 start, 4 slice, 5 node, 6 reported, 7 ceiling.</summary>
    public string Lend { get; init; } = """
        INSERT INTO budget_slices (tenant_id, budget_id, starts_at_ms, slice, node, reported_micro, ceiling_micro) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, budget_id, starts_at_ms, slice) DO UPDATE SET reported_micro = $6, ceiling_micro = $7, lost = 0
        """;

    /// <summary>1 tenant, 2 budget, 3 start, 4 what was spent beside what is known.</summary>
    public string Spend { get; init; } = "UPDATE budget_periods SET spent_micro = spent_micro + $4 WHERE tenant_id = $1 AND budget_id = $2 AND starts_at_ms = $3";

    /// <summary>A process that ends has nothing more to tell. 1 tenant, 2 budget, 3 start, 4 slice.</summary>
    public string Close { get; init; } = "DELETE FROM budget_slices WHERE tenant_id = $1 AND budget_id = $2 AND starts_at_ms = $3 AND slice = $4";

    /// <summary>Periods of which no call can be under way any more. 1 tenant, 2 budget, 3 the oldest start that is kept.</summary>
    public string Forget { get; init; } = "DELETE FROM budget_periods WHERE tenant_id = $1 AND budget_id = $2 AND starts_at_ms > 0 AND starts_at_ms < $3";

    /// <summary>1 node, or null for every one; 2 the slice that stays: this process's own.</summary>
    public string Lose { get; init; } = "UPDATE budget_slices SET lost = 1 WHERE ($1 IS NULL OR node = $1) AND slice <> $2 AND lost = 0";

    /// <summary>Gives back what dead processes held. 1 tenant, 2 budget.</summary>
    public string Reconcile { get; init; } = "UPDATE budget_slices SET ceiling_micro = reported_micro WHERE lost = 1 AND tenant_id = $1 AND budget_id = $2";

    public static readonly BudgetSql Sqlite = new(), Postgres = new()
    {
        Spent = "SELECT spent_micro FROM budget_periods WHERE tenant_id = $1 AND budget_id = $2 AND starts_at_ms = $3 FOR UPDATE",   // nodes take their slices one after the other
        Lose = "UPDATE budget_slices SET lost = 1 WHERE ($1::text IS NULL OR node = $1) AND slice <> $2 AND lost = 0",
    };

    public static BudgetSql For(Storage.Dialect dialect) => dialect == Storage.Dialect.Sqlite ? Sqlite : Postgres;
}
