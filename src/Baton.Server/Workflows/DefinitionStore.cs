using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>A registered document.</summary>
internal sealed record StoredDefinition(string Namespace, string Name, string Version, string Hash, string Document, long CreatedAtMs)
{
    public WorkflowRef Ref => new(Namespace, Name, Version);
}

/// <summary>Statements of definitions. Every one names the tenant first.</summary>
internal sealed record DefinitionSql
{
    /// <summary>Times rise with each registration of a name, whatever the clock does: they decide between versions of equal precedence.</summary>
    public string Insert { get; init; } = """
        INSERT INTO definitions (tenant_id, namespace, name, version, hash, document, created_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, max($7, coalesce((SELECT max(created_at_ms) + 1 FROM definitions WHERE tenant_id = $1 AND namespace = $2 AND name = $3), 0))) ON CONFLICT DO NOTHING
        """;

    public string HashOf { get; init; } = "SELECT hash FROM definitions WHERE tenant_id = $1 AND namespace = $2 AND name = $3 AND version = $4";

    public string Get { get; init; } = """
        SELECT namespace, name, version, hash, document, created_at_ms FROM definitions
        WHERE tenant_id = @Tenant AND namespace = @Namespace AND name = @Name AND version = @Version
        """;

    public string Versions { get; init; } = """
        SELECT namespace, name, version, hash, document, created_at_ms FROM definitions WHERE tenant_id = @Tenant AND namespace = @Namespace AND name = @Name
        """;

    public string VersionNames { get; init; } = "SELECT version, created_at_ms FROM definitions WHERE tenant_id = @Tenant AND namespace = @Namespace AND name = @Name";

    public string Hashes { get; init; } = "SELECT hash FROM definitions WHERE tenant_id = @Tenant";

    public string List { get; init; } = """
        SELECT namespace, name, version, hash, document, created_at_ms FROM definitions
        WHERE tenant_id = @Tenant AND (namespace, name, version) > (@AfterNamespace, @AfterName, @AfterVersion) ORDER BY namespace, name, version LIMIT @Limit
        """;

    public static readonly DefinitionSql Sqlite = new(), Postgres = new()
    {
        Insert = """
            INSERT INTO definitions (tenant_id, namespace, name, version, hash, document, created_at_ms)
            VALUES ($1, $2, $3, $4, $5, $6, greatest($7, coalesce((SELECT max(created_at_ms) + 1 FROM definitions WHERE tenant_id = $1 AND namespace = $2 AND name = $3), 0))) ON CONFLICT DO NOTHING
            """,
    };
}

/// <summary>Workflow documents: immutable once registered.</summary>
internal sealed class DefinitionStore(Database database, TimeProvider time)
{
    private readonly DefinitionSql sql = WorkflowSql.For(database.Dialect).Definitions;

    /// <summary>Registers a document; durable when the task completes.</summary>
    public ValueTask<RegisterResult> RegisterAsync(TenantId tenant, WorkflowRef workflow, string hash, string document, Action<SqlStatements>? andThen = null, Func<IEnumerable<string>?>? broadcast = null) => database.WriteAsync(new WriteRequestOf<RegisterResult>(statements =>
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var added = statements[sql.Insert].Bind(1, tenant.Value).Bind(2, workflow.Namespace).Bind(3, workflow.Name).Bind(4, workflow.Version).Bind(5, hash).Bind(6, document).Bind(7, nowMs).Execute();
        if (added == 1)
        {
            andThen?.Invoke(statements);
            return new RegisterResult.Registered();
        }
        var find = statements[sql.HashOf].Bind(1, tenant.Value).Bind(2, workflow.Namespace).Bind(3, workflow.Name).Bind(4, workflow.Version);
        find.Step();
        var known = find.Text(0);
        find.Reset();
        return known == hash ? new RegisterResult.Unchanged() : new RegisterResult.OtherContent(known);
    }, broadcast));

    // All reads of definitions are waited for by runs: what breaks is the storage's, never theirs.
    public Task<StoredDefinition?> GetAsync(TenantId tenant, WorkflowRef workflow, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.QuerySingleOrDefaultAsync<StoredDefinition>(new CommandDefinition(sql.Get, new { Tenant = tenant.Value, workflow.Namespace, workflow.Name, workflow.Version }, cancellationToken: cancel)), cancel);

    /// <summary>All versions of a workflow, the newest first by semantic versioning.</summary>
    public Task<IReadOnlyList<StoredDefinition>> VersionsAsync(TenantId tenant, string space, string name, CancellationToken cancel) => database.ReadAsync<IReadOnlyList<StoredDefinition>>(async connection =>
    {
        var found = await connection.QueryAsync<StoredDefinition>(new CommandDefinition(sql.Versions, new { Tenant = tenant.Value, Namespace = space, Name = name }, cancellationToken: cancel));
        return [.. found.OrderByDescending(definition => definition.Version, SemanticVersion.Comparer).ThenByDescending(definition => definition.CreatedAtMs)];
    }, cancel);

    /// <summary>The newest version of a workflow, or null for an unknown one. Every start that names no version asks: the documents are not read.</summary>
    public Task<string?> NewestAsync(TenantId tenant, string space, string name, CancellationToken cancel) => database.ReadAsync(async connection =>
    {
        var found = await connection.QueryAsync<(string Version, long CreatedAtMs)>(new CommandDefinition(sql.VersionNames, new { Tenant = tenant.Value, Namespace = space, Name = name }, cancellationToken: cancel));
        return found.OrderByDescending(definition => definition.Version, SemanticVersion.Comparer).ThenByDescending(definition => definition.CreatedAtMs).Select(definition => definition.Version).FirstOrDefault();
    }, cancel);

    /// <summary>The hashes of all documents of a tenant.</summary>
    public Task<IReadOnlySet<string>> HashesAsync(TenantId tenant, CancellationToken cancel) => database.ReadAsync<IReadOnlySet<string>>(async connection =>
        (await connection.QueryAsync<string>(new CommandDefinition(sql.Hashes, new { Tenant = tenant.Value }, cancellationToken: cancel))).ToHashSet(StringComparer.Ordinal), cancel);

    /// <summary>Definitions in the order of their names, after the given one.</summary>
    public Task<IReadOnlyList<StoredDefinition>> ListAsync(TenantId tenant, WorkflowRef after, int limit, CancellationToken cancel) => database.ReadAsync<IReadOnlyList<StoredDefinition>>(async connection =>
        [.. await connection.QueryAsync<StoredDefinition>(new CommandDefinition(sql.List,
            new { Tenant = tenant.Value, AfterNamespace = after.Namespace, AfterName = after.Name, AfterVersion = after.Version, Limit = limit }, cancellationToken: cancel))], cancel);
}

/// <summary>What became of a document that was to be registered.</summary>
internal abstract record RegisterResult
{
    private RegisterResult() { }

    public sealed record Registered : RegisterResult;

    public sealed record Unchanged : RegisterResult;

    public sealed record OtherContent(string KnownHash) : RegisterResult;
}
