using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Cluster;

/// <summary>A node as it stands in the database.</summary>
internal sealed record NodeRow(string Id, long StartedAtMs, long HeartbeatAtMs, string State, string Roles, string Version, string Host, long ProcessId, long SilentMs);

/// <summary>What one heartbeat told.</summary>
/// <param name="IsKnown">False when this node was declared dead, or another process goes by its name.</param>
/// <param name="IsLeader">Whether the lease is this node's.</param>
/// <param name="Silent">Nodes that were not heard of for too long.</param>
/// <param name="Gateways">How many nodes serve models now.</param>
internal sealed record Heartbeat(bool IsKnown, bool IsLeader, IReadOnlyList<string> Silent, int Gateways);

/// <summary>Statements of nodes and of the lease. They belong to no tenant: they say who does the work.</summary>
internal sealed record NodeSql
{
    /// <summary>The database's clock: nodes are compared by one.</summary>
    private const string PostgresNow = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    /// <summary>1 id, 2 now (ignored where the database's clock counts), 3 roles, 4 version, 5 host, 6 process.</summary>
    public string Register { get; init; } = """
        INSERT INTO nodes (id, started_at_ms, heartbeat_at_ms, state, roles, version, host, process_id) VALUES ($1, $2, $2, 'alive', $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET started_at_ms = $2, heartbeat_at_ms = $2, state = 'alive', roles = $3, version = $4, host = $5, process_id = $6
        RETURNING started_at_ms
        """;

    public string Remove { get; init; } = "DELETE FROM nodes WHERE id = $1";

    public string ReleaseLease { get; init; } = "DELETE FROM leases WHERE node = $1";

    /// <summary>Waits until what a node was writing is written, and has refused what it has sent since: see <see cref="PostgresSession"/>. 1 node.</summary>
    public string? Fence { get; init; }

    /// <summary>One node declares another dead. 1 id, 2 milliseconds of silence.</summary>
    public string? Lapse { get; init; }

    /// <summary>One statement: this node lives, the lease is renewed or taken, and who is silent. @Id, @Started, @State, @LapseMs, @Leads.</summary>
    public string? Beat { get; init; }

    public string State { get; init; } = "SELECT state FROM nodes WHERE id = @Id AND started_at_ms = @Started";

    public string List { get; init; } = "SELECT id, started_at_ms, heartbeat_at_ms, state, roles, version, host, process_id, 0 AS silent_ms FROM nodes ORDER BY id";

    public string Leader { get; init; } = "SELECT node FROM leases WHERE name = 'leader'";

    /// <summary>How many runs each node has in memory. @Tenant.</summary>
    public string Owned { get; init; } = "SELECT owner, count(*) FROM runs WHERE tenant_id = @Tenant AND state = 'running' AND owner IS NOT NULL GROUP BY owner";

    public static readonly NodeSql Sqlite = new(), Postgres = new()
    {
        Register = $"""
            INSERT INTO nodes (id, started_at_ms, heartbeat_at_ms, state, roles, version, host, process_id) SELECT $1, t.now, t.now, 'alive', $3, $4, $5, $6 FROM (SELECT {PostgresNow} + 0 * $2 AS now) t
            ON CONFLICT (id) DO UPDATE SET started_at_ms = excluded.started_at_ms, heartbeat_at_ms = excluded.heartbeat_at_ms, state = 'alive', roles = $3, version = $4, host = $5, process_id = $6
            RETURNING started_at_ms
            """,
        Fence = "UPDATE writers SET session = 0 WHERE node = $1 AND xmin <> pg_current_xact_id()::xid",   // but not the row under which this is written
        Lapse = $"UPDATE nodes SET state = 'lapsed' WHERE id = $1 AND state <> 'lapsed' AND heartbeat_at_ms < {PostgresNow} - $2",
        Beat = $"""
            WITH t AS MATERIALIZED (SELECT {PostgresNow} AS now),
            beat AS (UPDATE nodes SET heartbeat_at_ms = t.now, state = @State FROM t WHERE id = @Id AND started_at_ms = @Started AND state <> 'lapsed' RETURNING id),
            lease AS (
                INSERT INTO leases (name, node, until_ms) SELECT 'leader', beat.id, t.now + @LapseMs FROM beat, t WHERE @Leads
                ON CONFLICT (name) DO UPDATE SET node = excluded.node, until_ms = excluded.until_ms WHERE leases.node = excluded.node OR leases.until_ms < (SELECT now FROM t)
                RETURNING node)
            SELECT (SELECT count(*) FROM beat), (SELECT count(*) FROM lease),
                coalesce((SELECT string_agg(id, ' ') FROM nodes, t WHERE id <> @Id AND state <> 'lapsed' AND heartbeat_at_ms < t.now - @LapseMs), ''),
                (SELECT count(*) FROM nodes WHERE state = 'alive' AND ',' || roles || ',' LIKE '%,gateway,%')
            """,
        List = $"SELECT id, started_at_ms, heartbeat_at_ms, state, roles, version, host, process_id, {PostgresNow} - heartbeat_at_ms AS silent_ms FROM nodes ORDER BY id",
    };

    public static NodeSql For(Dialect dialect) => dialect == Dialect.Sqlite ? Sqlite : Postgres;
}

/// <summary>The nodes that share this database.</summary>
internal sealed class NodeStore(Database database, TimeProvider time)
{
    private readonly NodeSql sql = NodeSql.For(database.Dialect);

    /// <summary>Puts this node among the others, in one transaction with what it takes back of an earlier life.</summary>
    /// <returns>What tells this life from others, and what was taken back.</returns>
    public ValueTask<(long Started, T TakenBack)> RegisterAsync<T>(Node node, Func<SqlStatements, T> takeBack) => database.WriteAsync(statements =>
    {
        Fence(statements, node.Id);
        var taken = takeBack(statements);
        var register = statements[sql.Register].Bind(1, node.Id).Bind(2, time.GetUtcNow().ToUnixTimeMilliseconds()).Bind(3, string.Join(',', node.RoleNames)).Bind(4, BatonHost.Version)
            .Bind(5, Environment.MachineName).Bind(6, Environment.ProcessId);
        register.Step();
        var started = register.Long(0);
        register.Reset();
        return (started, taken);
    });

    /// <summary>Takes this node from among the others, and leaves them what it has: nobody would take it over from a node that they do not know.</summary>
    public ValueTask<int> RemoveAsync(string node, Func<SqlStatements, int> handOver, Func<IEnumerable<string>?> broadcast) => database.WriteAsync(new WriteRequestOf<int>(statements =>
    {
        statements[sql.ReleaseLease].Bind(1, node).Execute();
        statements[sql.Remove].Bind(1, node).Execute();
        return handOver(statements);
    }, broadcast));

    /// <summary>Gives the lease up before it lapses.</summary>
    public ValueTask<bool> ReleaseLeaseAsync(string node) => database.WriteAsync(statements => statements[sql.ReleaseLease].Bind(1, node).Execute() > 0);

    /// <summary>Declares a silent node dead and takes over what it had, in one transaction; of several that try, one does it.</summary>
    /// <returns>How much was taken over; null when it lives after all, or another was first.</returns>
    public ValueTask<int?> TakeOverAsync(string node, TimeSpan silence, Func<SqlStatements, int> takeOver, Func<IEnumerable<string>?> broadcast) => database.WriteAsync(new WriteRequestOf<int?>(statements =>
    {
        if (statements[sql.Lapse!].Bind(1, node).Bind(2, (long)silence.TotalMilliseconds).Execute() == 0) return null;
        Fence(statements, node);
        return takeOver(statements);
    }, broadcast));

    /// <summary>Sends a heartbeat, on a connection of its own: it must not wait behind a queue of writes.</summary>
    public Task<Heartbeat> BeatAsync(Node node, long started, bool isDraining, TimeSpan lapseAfter, CancellationToken cancel) => database.ReadAsync(async connection =>
    {
        var (known, leads, silent, gateways) = await connection.QuerySingleAsync<(long, long, string, long)>(new CommandDefinition(sql.Beat!,
            new { node.Id, Started = started, State = isDraining ? "draining" : "alive", LapseMs = (long)lapseAfter.TotalMilliseconds, Leads = node.Is(NodeRoles.Scheduler) && !isDraining }, cancellationToken: cancel));
        return new Heartbeat(known > 0, leads > 0, silent.Split(' ', StringSplitOptions.RemoveEmptyEntries), (int)gateways);
    }, cancel);

    /// <summary>Whether this life of the node is still the one that the database knows.</summary>
    public Task<bool> IsCurrentAsync(string node, long started, CancellationToken cancel) => database.ReadAsync(async connection =>
        await connection.ExecuteScalarAsync<string?>(new CommandDefinition(sql.State, new { Id = node, Started = started }, cancellationToken: cancel)) is not null, cancel);

    public async Task<IReadOnlyList<NodeRow>> ListAsync(CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return [.. await connection.QueryAsync<NodeRow>(new CommandDefinition(sql.List, cancellationToken: cancel))];
    }

    /// <summary>Which node leads; null while none does.</summary>
    public async Task<string?> LeaderAsync(CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return await connection.ExecuteScalarAsync<string?>(new CommandDefinition(sql.Leader, cancellationToken: cancel));
    }

    /// <summary>How many of a tenant's runs each node has in memory.</summary>
    public async Task<IReadOnlyDictionary<string, long>> OwnedAsync(Engine.TenantId tenant, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var owned = await connection.QueryAsync<(string Node, long Runs)>(new CommandDefinition(sql.Owned, new { Tenant = tenant.Value }, cancellationToken: cancel));
        return owned.ToDictionary(one => one.Node, one => one.Runs, StringComparer.Ordinal);
    }

    private void Fence(SqlStatements statements, string node)
    {
        if (sql.Fence is { } fence) statements[fence].Bind(1, node).Execute();
    }
}
