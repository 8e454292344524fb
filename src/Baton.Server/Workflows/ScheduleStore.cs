using Baton.Client;
using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>A schedule's row.</summary>
internal sealed record ScheduleRow(string TenantId, string Namespace, string Workflow, string Version, string Kind, long? DueAtMs, string? Collected)
{
    public WorkflowRef Ref => new(Namespace, Workflow, Version);
}

/// <summary>Statements of schedules.</summary>
internal sealed record ScheduleSql
{
    private const string Columns = "tenant_id, namespace, workflow, version, kind, due_at_ms, collected";

    public string Put { get; init; } = """
        INSERT INTO schedules (tenant_id, namespace, workflow, version, kind, due_at_ms) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, namespace, workflow) DO UPDATE SET version = $4, kind = $5, due_at_ms = $6, collected = NULL
        """;

    public string Remove { get; init; } = "DELETE FROM schedules WHERE tenant_id = $1 AND namespace = $2 AND workflow = $3";

    /// <summary>Moves a schedule on, unless somebody else did. 1 tenant, 2 namespace, 3 workflow, 4 due before, 5 due next.</summary>
    public string Advance { get; init; } = "UPDATE schedules SET due_at_ms = $5 WHERE tenant_id = $1 AND namespace = $2 AND workflow = $3 AND due_at_ms IS $4";

    public string Collect { get; init; } = "UPDATE schedules SET collected = $4 WHERE tenant_id = $1 AND namespace = $2 AND workflow = $3";

    public string Collected { get; init; } = "SELECT collected FROM schedules WHERE tenant_id = $1 AND namespace = $2 AND workflow = $3";

    public string List { get; init; } = $"SELECT {Columns} FROM schedules WHERE tenant_id = @Tenant ORDER BY namespace, workflow";

    public string ActiveRuns { get; init; } = """
        SELECT count(*) FROM runs WHERE tenant_id = @Tenant AND namespace = @Namespace AND workflow = @Name AND state NOT IN ('completed', 'failed', 'cancelled')
        """;

    public string All { get; init; } = $"SELECT {Columns} FROM schedules";

    public static readonly ScheduleSql Sqlite = new(), Postgres = new()
    {
        Collected = "SELECT collected FROM schedules WHERE tenant_id = $1 AND namespace = $2 AND workflow = $3 FOR UPDATE",   // others may collect at the same moment
        Advance = "UPDATE schedules SET due_at_ms = $5 WHERE tenant_id = $1 AND namespace = $2 AND workflow = $3 AND due_at_ms IS NOT DISTINCT FROM $4",
    };
}

/// <summary>What starts runs by itself, as rows.</summary>
internal sealed class ScheduleStore(Database database, WorkflowCatalog catalog)
{
    private readonly ScheduleSql sql = WorkflowSql.For(database.Dialect).Schedules;

    public async ValueTask<IReadOnlyList<ScheduleView>> ListAsync(TenantId tenant, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var views = new List<ScheduleView>();
        foreach (var row in await connection.QueryAsync<ScheduleRow>(new CommandDefinition(sql.List, new { Tenant = tenant.Value }, cancellationToken: cancel)))
        {
            var text = (await catalog.ReadAsync(tenant, row.Ref, cancel)).Definition?.Schedule?.Text ?? row.Kind;
            views.Add(new ScheduleView(row.Namespace, row.Workflow, row.Version, row.Kind, text, row.DueAtMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null));
        }
        return views;
    }

    /// <summary>Whether a run of the workflow has not ended.</summary>
    public Task<bool> HasActiveRunAsync(TenantId tenant, WorkflowRef workflow, CancellationToken cancel) => database.ReadAsync(async connection =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(sql.ActiveRuns, new { Tenant = tenant.Value, workflow.Namespace, workflow.Name }, cancellationToken: cancel)) > 0, cancel);

    /// <summary>Every schedule of every tenant, for the scheduler's memory.</summary>
    public Task<IReadOnlyList<ScheduleRow>> AllAsync(CancellationToken cancel) => database.ReadAsync<IReadOnlyList<ScheduleRow>>(async connection =>
        [.. await connection.QueryAsync<ScheduleRow>(new CommandDefinition(sql.All, cancellationToken: cancel))], cancel);
}
