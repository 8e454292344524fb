using Baton.Engine;
using Baton.Jq;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Gateway;

/// <summary>Statements of what models answered to steps.</summary>
internal sealed record StepAnswerSql
{
    public string Find { get; init; } = "SELECT answer FROM step_answers WHERE tenant_id = @Tenant AND run_no = (SELECT no FROM runs WHERE id = @Run AND tenant_id = @Tenant) AND key = @Key AND request = @Request";

    /// <summary>1 tenant, 2 run, 3 key, 4 request, 5 answer.</summary>
    public string Keep { get; init; } = """
        INSERT INTO step_answers (tenant_id, run_no, key, request, answer) SELECT $1, no, $3, $4, $5 FROM runs WHERE id = $2 AND tenant_id = $1
        ON CONFLICT (tenant_id, run_no, key) DO UPDATE SET request = excluded.request, answer = excluded.answer
        """;

    /// <summary>1 how many.</summary>
    public string Sweep { get; init; } = """
        DELETE FROM step_answers WHERE (tenant_id, run_no, key) IN (
            SELECT a.tenant_id, a.run_no, a.key FROM step_answers a JOIN runs r ON r.tenant_id = a.tenant_id AND r.no = a.run_no
            WHERE r.state IN ('completed', 'failed', 'cancelled') LIMIT $1)
        """;

    public static readonly StepAnswerSql Sqlite = new(), Postgres = new()
    {
        Find = "SELECT answer FROM step_answers WHERE tenant_id = @Tenant AND run_no = (SELECT no FROM runs WHERE id = @Run AND tenant_id IS NOT DISTINCT FROM @Tenant) AND key = @Key AND request = @Request",
        Keep = """
            INSERT INTO step_answers (tenant_id, run_no, key, request, answer) SELECT $1, no, $3, $4, $5 FROM runs WHERE id = $2 AND tenant_id IS NOT DISTINCT FROM $1
            ON CONFLICT (tenant_id, run_no, key) DO UPDATE SET request = excluded.request, answer = excluded.answer
            """,
    };
}

/// <summary>
/// Keeps what models answer to steps, durably and before the step goes on: a process that dies, or loses the run to another, between an answer and the outcome of its step has paid for that answer, and
/// whoever carries out the same attempt again is given it. A later attempt asks anew. Thread-safe.
/// </summary>
/// <remarks>Storage that is away costs only this: the answer is used all the same.</remarks>
internal sealed class StepAnswers(Database database, ILogger<StepAnswers> log)
{
    private StepAnswerSql Sql => database.Dialect == Storage.Dialect.Postgres ? StepAnswerSql.Postgres : StepAnswerSql.Sqlite;

    /// <summary>The answer to a call of a step: the one that is kept, or what asking gives.</summary>
    /// <param name="key">Of the call: the same when its attempt is carried out again, and no other's.</param>
    /// <param name="request">A digest of what is asked: another question is another call.</param>
    public async Task<ModelAnswer> GetAsync(TenantId tenant, string run, string key, string request, Func<Task<ModelAnswer>> ask, CancellationToken cancel)
    {
        try
        {
            if (await FindAsync(tenant, run, key, request, cancel) is { } kept)
            {
                log.StepAnswerFound(run, key);
                return kept;
            }
        }
        catch (StorageUnavailableException e)
        {
            log.StepAnswersAway(e.Message);
        }
        var answer = await ask();
        try
        {
            await KeepAsync(tenant, run, key, request, answer);
        }
        catch (StorageUnavailableException e)
        {
            log.StepAnswersAway(e.Message);
        }
        return answer;
    }

    /// <summary>Removes what is kept for runs that have ended.</summary>
    /// <returns>How many answers.</returns>
    public ValueTask<int> SweepAsync(int most) => database.WriteAsync(statements => statements[Sql.Sweep].Bind(1, most).Execute());

    private async Task<ModelAnswer?> FindAsync(TenantId tenant, string run, string key, string request, CancellationToken cancel)
    {
        var found = await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(Sql.Find, new { Tenant = tenant.Value, Run = run, Key = key, Request = request }, cancellationToken: cancel)), cancel);
        return found is null ? null : Read(JqValue.Parse(found));
    }

    private ValueTask<int> KeepAsync(TenantId tenant, string run, string key, string request, ModelAnswer answer) =>
        database.WriteAsync(statements => statements[Sql.Keep].Bind(1, tenant.Value).Bind(2, run).Bind(3, key).Bind(4, request).Bind(5, Write(answer)).Execute());

    private static string Write(ModelAnswer answer) => PostgresText.Of(JqValue.Object(
        ("text", answer.Text), ("finish_reason", answer.FinishReason), ("upstream_model", answer.UpstreamModel is { } model ? model : JqValue.Null),
        ("usage", JqValue.Array(answer.Usage.PromptTokens, answer.Usage.CompletionTokens, answer.Usage.TotalTokens))).ToJson())!;

    private static ModelAnswer Read(JqValue kept) =>
        new(kept["text"].AsString(), kept["finish_reason"].AsString(), new ModelUsage(Count(kept, 0), Count(kept, 1), Count(kept, 2))) { UpstreamModel = kept["upstream_model"].TryGetString(out var model) ? model : null };

    private static long Count(JqValue kept, int index) => kept["usage"][index].TryGetInt64(out var count) ? count : 0;
}
