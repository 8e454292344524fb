using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>Statements of kept outputs.</summary>
internal sealed record TaskOutputSql
{
    public string Keep { get; init; } = """
        INSERT INTO task_outputs (tenant_id, namespace, workflow, task, input_hash, output, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, namespace, workflow, task, input_hash) DO UPDATE SET output = excluded.output, at_ms = excluded.at_ms
        """;

    public string Find { get; init; } = """
        SELECT output, at_ms FROM task_outputs WHERE tenant_id = @Tenant AND namespace = @Namespace AND workflow = @Workflow AND task = @Task AND input_hash = @Hash
        """;

    public static readonly TaskOutputSql Sqlite = new(), Postgres = new();
}

/// <summary>The newest output of a task for an input, over all runs of a workflow: what an error policy falls back on.</summary>
internal sealed class TaskOutputs(Database database, TimeProvider time)
{
    private static readonly TaskOutputSql Sql = TaskOutputSql.Sqlite;   // the same text serves both

    public async Task<JqValue> KeepAsync(EffectRequest.Remember keep, StepContext step)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        await database.WriteAsync(statements => statements[Sql.Keep].Bind(1, step.Tenant.Value).Bind(2, keep.Of.Namespace).Bind(3, keep.Of.Workflow).Bind(4, keep.Of.Task).Bind(5, keep.Of.Hash)
            .Bind(6, keep.Output.ToJson()).Bind(7, nowMs).Execute());
        return JqValue.Null;
    }

    public async Task<JqValue> FindAsync(EffectRequest.Recall recall, StepContext step)
    {
        var (output, at) = await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<(string? Output, long At)>(new CommandDefinition(Sql.Find,
            new { Tenant = step.Tenant.Value, recall.Of.Namespace, recall.Of.Workflow, recall.Of.Task, recall.Of.Hash }, cancellationToken: step.Cancel)), step.Cancel);
        return output is null ? JqValue.Null : JqValue.Object(("output", JqValue.Parse(output, null)), ("at", at));
    }
}
