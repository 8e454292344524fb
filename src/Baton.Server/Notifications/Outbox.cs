using Baton.Engine;
using Baton.Jq;
using Baton.Server.Storage;
using Microsoft.Extensions.Options;

namespace Baton.Server.Notifications;

/// <summary>Something to tell.</summary>
/// <param name="Kind"><c>run.failed</c>, <c>approval.asked</c> or <c>approval.expired</c>.</param>
/// <param name="Subject">One line for people, without anything that users or models wrote.</param>
/// <param name="Channels">By name; empty for those that are told by default.</param>
/// <param name="Details">Further members of the message.</param>
internal sealed record Notification(string Kind, string Subject, RunId Run, IReadOnlyList<string> Channels, JqValue Details);

/// <summary>A row that is to be sent.</summary>
internal sealed record OutboxRow(TenantId Tenant, string Id, string Channel, string Kind, string Subject, string Body, int Attempts);

/// <summary>Statements of the outbox.</summary>
internal sealed record OutboxSql
{
    public string Add { get; init; } = """
        INSERT INTO outbox (tenant_id, id, channel, kind, subject, body, attempts, created_at_ms, due_at_ms) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7)
        """;

    /// <summary>Takes rows that are due, of all tenants, for a while. 1 now, 2 until, 3 most.</summary>
    public string Take { get; init; } = """
        UPDATE outbox SET attempts = attempts + 1, due_at_ms = $2
        WHERE (tenant_id, id, channel) IN (SELECT tenant_id, id, channel FROM outbox WHERE due_at_ms <= $1 ORDER BY due_at_ms LIMIT $3)
        RETURNING tenant_id, id, channel, kind, subject, body, attempts
        """;

    public string Remove { get; init; } = "DELETE FROM outbox WHERE tenant_id = $1 AND id = $2 AND channel = $3";

    /// <summary>4 due next, null to give it up; 5 why.</summary>
    public string Fail { get; init; } = "UPDATE outbox SET due_at_ms = $4, error = $5 WHERE tenant_id = $1 AND id = $2 AND channel = $3";

    public string NextDue { get; init; } = "SELECT min(due_at_ms) FROM outbox WHERE due_at_ms IS NOT NULL";

    public static readonly OutboxSql Sqlite = new(), Postgres = new()
    {
        Take = """
            WITH taken AS MATERIALIZED (SELECT tenant_id, id, channel FROM outbox WHERE due_at_ms <= $1 ORDER BY due_at_ms LIMIT $3 FOR UPDATE SKIP LOCKED)
            UPDATE outbox o SET attempts = o.attempts + 1, due_at_ms = $2 FROM taken WHERE o.tenant_id = taken.tenant_id AND o.id = taken.id AND o.channel = taken.channel
            RETURNING o.tenant_id, o.id, o.channel, o.kind, o.subject, o.body, o.attempts
            """,
    };
}

/// <summary>Notifications as rows: written in the transaction of what they tell of, and so neither lost nor told of what never happened.</summary>
internal sealed class Outbox(Database database, IOptions<NotificationOptions> options, TimeProvider time)
{
    /// <summary>The channel that is always there.</summary>
    public const string Log = "log";

    private readonly OutboxSql sql = database.Dialect == Dialect.Sqlite ? OutboxSql.Sqlite : OutboxSql.Postgres;

    /// <summary>There is something to send. Raised on the writer's thread.</summary>
    public event Action? Added;

    /// <summary>Stores a notification, a row for each channel. Tell <see cref="Tell"/> once it is durable.</summary>
    public void Add(SqlStatements statements, TenantId tenant, Notification told, long nowMs)
    {
        var id = $"ntf_{Guid.CreateVersion7(time.GetUtcNow()):N}";
        var body = JqValue.Object(("id", id), ("kind", told.Kind), ("at", DateTimeOffset.FromUnixTimeMilliseconds(nowMs).ToString("O")), ("tenant", tenant.Value), ("run_id", told.Run.ToString()), ("subject", told.Subject), ("details", told.Details)).ToJson();
        foreach (var channel in Channels(told.Channels)) statements[sql.Add].Bind(1, tenant.Value).Bind(2, id).Bind(3, channel).Bind(4, told.Kind).Bind(5, told.Subject).Bind(6, body).Bind(7, nowMs).Execute();
    }

    public void Tell() => Added?.Invoke();

    /// <summary>Takes rows that are due. Whoever took them has them until <paramref name="lease"/> is over.</summary>
    /// <returns>The rows, and when the next is due.</returns>
    public ValueTask<(List<OutboxRow> Rows, DateTimeOffset? Next)> TakeAsync(int most, TimeSpan lease)
    {
        var now = time.GetUtcNow();
        return database.WriteAsync(statements =>
        {
            var rows = new List<OutboxRow>();
            var take = statements[sql.Take].Bind(1, now.ToUnixTimeMilliseconds()).Bind(2, (now + lease).ToUnixTimeMilliseconds()).Bind(3, most);
            while (take.Step()) rows.Add(new OutboxRow(new TenantId(take.Text(0)), take.Text(1), take.Text(2), take.Text(3), take.Text(4), take.Text(5), (int)take.Long(6)));
            var next = statements[sql.NextDue];
            next.Step();
            var due = next.LongOrNull(0);
            next.Reset();
            return (rows, due is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : (DateTimeOffset?)null);
        });
    }

    public async ValueTask RemoveAsync(OutboxRow row) => await database.WriteAsync(statements => statements[sql.Remove].Bind(1, row.Tenant.Value).Bind(2, row.Id).Bind(3, row.Channel).Execute());

    /// <param name="due">When to try again; null to give it up. The row is kept for whoever looks.</param>
    public async ValueTask FailAsync(OutboxRow row, DateTimeOffset? due, string error) =>
        await database.WriteAsync(statements => statements[sql.Fail].Bind(1, row.Tenant.Value).Bind(2, row.Id).Bind(3, row.Channel).Bind(4, due?.ToUnixTimeMilliseconds()).Bind(5, error).Execute());

    private IEnumerable<string> Channels(IReadOnlyList<string> named)
    {
        if (named.Count > 0) return named.Distinct(StringComparer.Ordinal);
        if (options.Value.Default.Count > 0) return options.Value.Default.Distinct(StringComparer.Ordinal);
        return options.Value.Channels.Count > 0 ? options.Value.Channels.Keys : [Log];
    }
}
