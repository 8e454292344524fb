namespace Baton.Server.Identity;

/// <summary>Statements of keys. Every one names the tenant first, but for the one that fills the snapshot.</summary>
internal sealed record KeySql
{
    private const string Select = "SELECT tenant_id, id, name, team, scope, hash, hint, previous_hash, previous_until_ms, models, limits, created_at_ms, created_by, expires_at_ms, disabled, last_used_at_ms FROM api_keys";

    public string Add { get; init; } = """
        INSERT INTO api_keys (tenant_id, id, name, team, scope, hash, hint, models, limits, created_at_ms, created_by, expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """;

    /// <summary>Changes what is given. 1 tenant, 2 id, 3 name, 4 whether the team is given, 5 team, 6 scope, 7 models, 8 limits, 9 whether the end is given, 10 end, 11 disabled.</summary>
    public string Change { get; init; } = """
        UPDATE api_keys SET name = coalesce($3, name), team = CASE WHEN $4 = 1 THEN $5 ELSE team END, scope = coalesce($6, scope), models = coalesce($7, models), limits = coalesce($8, limits),
            expires_at_ms = CASE WHEN $9 = 1 THEN $10 ELSE expires_at_ms END, disabled = coalesce($11, disabled)
        WHERE tenant_id = $1 AND id = $2
        """;

    /// <summary>1 tenant, 2 id, 3 hash, 4 hint, 5 until when the secret before is good; null for no longer.</summary>
    public string Rotate { get; init; } = """
        UPDATE api_keys SET previous_until_ms = $5, previous_hash = CASE WHEN CAST($5 AS bigint) IS NULL THEN NULL ELSE hash END, hash = $3, hint = $4 WHERE tenant_id = $1 AND id = $2
        """;

    public string Remove { get; init; } = "DELETE FROM api_keys WHERE tenant_id = $1 AND id = $2";

    public string Used { get; init; } = "UPDATE api_keys SET last_used_at_ms = $3 WHERE tenant_id = $1 AND id = $2 AND (last_used_at_ms IS NULL OR last_used_at_ms < $3)";

    public string Get { get; init; } = $"{Select} WHERE tenant_id = @Tenant AND id = @Id";

    // Ids are in the order of time.
    public string List { get; init; } = $"{Select} WHERE tenant_id = @Tenant AND (@Team IS NULL OR lower(team) = lower(@Team)) AND (@BeforeId IS NULL OR id < @BeforeId) ORDER BY id DESC LIMIT @Limit";

    public string All { get; init; } = Select;

    public static readonly KeySql Sqlite = new(), Postgres = new();
}
