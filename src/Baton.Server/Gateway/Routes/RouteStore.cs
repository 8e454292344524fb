using System.Collections.Immutable;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Statements of tenants' routes. A route's key is its name in small letters.</summary>
internal sealed record RouteSql
{
    /// <summary>Of all tenants: for the snapshot of this process.</summary>
    public string All { get; init; } = "SELECT tenant_id, name, version, document, updated_at_ms, updated_by FROM model_routes ORDER BY tenant_id, key";

    public string List { get; init; } = "SELECT tenant_id, name, version, document, updated_at_ms, updated_by FROM model_routes WHERE tenant_id = @Tenant ORDER BY key";

    public string Get { get; init; } = "SELECT tenant_id, name, version, document, updated_at_ms, updated_by FROM model_routes WHERE tenant_id = @Tenant AND key = @Key";

    public string VersionOf { get; init; } = "SELECT version FROM model_routes WHERE tenant_id = $1 AND key = $2";

    public string Count { get; init; } = "SELECT count(*) FROM model_routes WHERE tenant_id = $1";

    public string Insert { get; init; } = "INSERT INTO model_routes (tenant_id, key, name, version, document, updated_at_ms, updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";

    /// <summary>8 the version that it replaces.</summary>
    public string Replace { get; init; } = "UPDATE model_routes SET name = $3, version = $4, document = $5, updated_at_ms = $6, updated_by = $7 WHERE tenant_id = $1 AND key = $2 AND version = $8";

    public string Remove { get; init; } = "DELETE FROM model_routes WHERE tenant_id = $1 AND key = $2 AND version = $3";

    public static readonly RouteSql Sqlite = new(), Postgres = new();
}

/// <summary>Routes that tenants have put by the API. Other nodes are told of every change with its commit.</summary>
internal sealed class RouteStore(Database database, IOptions<GatewayOptions> options, TimeProvider time)
{
    private static readonly string[] News = [NodeNews.Rerouted];

    private readonly RouteSql sql = database.Dialect == Storage.Dialect.Sqlite ? RouteSql.Sqlite : RouteSql.Postgres;

    /// <summary>Those of all tenants.</summary>
    public Task<ImmutableArray<StoredRoute>> AllAsync(CancellationToken cancel) => ReadAsync(sql.All, null, cancel);

    /// <summary>In the order of their names.</summary>
    public Task<ImmutableArray<StoredRoute>> ListAsync(TenantId tenant, CancellationToken cancel) => ReadAsync(sql.List, new { Tenant = tenant.Value }, cancel);

    public async Task<StoredRoute?> GetAsync(TenantId tenant, string name, CancellationToken cancel) => (await ReadAsync(sql.Get, new { Tenant = tenant.Value, Key = Key(name) }, cancel)).SingleOrDefault();

    /// <summary>Puts a route in place of what there is of that name; durable when the task completes.</summary>
    public ValueTask<RouteChange> PutAsync(TenantId tenant, string name, string document, string by, RouteCondition condition)
    {
        var route = new StoredRoute(tenant, name, VersionOf(name, document), document, DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()), by);
        return ChangeAsync(statements =>
        {
            var known = Version(statements, tenant, name);
            if (!condition.Allows(known)) return new RouteChange.OtherVersion(known);
            if (known is null && Count(statements, tenant) >= options.Value.MaxRoutesPerTenant) return new RouteChange.TooMany(options.Value.MaxRoutesPerTenant);
            var write = statements[known is null ? sql.Insert : sql.Replace].Bind(1, tenant.Value).Bind(2, Key(name)).Bind(3, name).Bind(4, route.Version).Bind(5, document).Bind(6, route.UpdatedAt.ToUnixTimeMilliseconds()).Bind(7, by);
            if (known is not null) write.Bind(8, known);
            if (write.Execute() == 0) return new RouteChange.OtherVersion(Version(statements, tenant, name));   // another node was sooner
            return known is null ? new RouteChange.Created(route) : new RouteChange.Replaced(route);
        });
    }

    public ValueTask<RouteChange> RemoveAsync(TenantId tenant, string name, RouteCondition condition) => ChangeAsync(statements =>
    {
        if (Version(statements, tenant, name) is not { } known) return condition is RouteCondition.Is ? new RouteChange.OtherVersion(null) : new RouteChange.Unknown();
        if (!condition.Allows(known)) return new RouteChange.OtherVersion(known);
        return statements[sql.Remove].Bind(1, tenant.Value).Bind(2, Key(name)).Bind(3, known).Execute() == 0 ? new RouteChange.OtherVersion(Version(statements, tenant, name)) : new RouteChange.Removed();
    });

    private ValueTask<RouteChange> ChangeAsync(Func<SqlStatements, RouteChange> change)
    {
        RouteChange? last = null;
        return database.WriteAsync(new WriteRequestOf<RouteChange>(statements => last = change(statements), () => last is RouteChange.Created or RouteChange.Replaced or RouteChange.Removed ? News : null));
    }

    private string? Version(SqlStatements statements, TenantId tenant, string name)
    {
        var find = statements[sql.VersionOf].Bind(1, tenant.Value).Bind(2, Key(name));
        var version = find.Step() ? find.Text(0) : null;
        find.Reset();
        return version;
    }

    private long Count(SqlStatements statements, TenantId tenant)
    {
        var count = statements[sql.Count].Bind(1, tenant.Value);
        count.Step();
        var found = count.Long(0);
        count.Reset();
        return found;
    }

    private Task<ImmutableArray<StoredRoute>> ReadAsync(string text, object? parameters, CancellationToken cancel) => database.ReadAsync(async (DbConnection connection) =>
        (await connection.QueryAsync<Row>(new CommandDefinition(text, parameters, cancellationToken: cancel)))
            .Select(row => new StoredRoute(new TenantId(row.TenantId), row.Name, row.Version, row.Document, DateTimeOffset.FromUnixTimeMilliseconds(row.UpdatedAtMs), row.UpdatedBy)).ToImmutableArray(), cancel);

    private static string Key(string name) => name.ToLowerInvariant();

    private static string VersionOf(string name, string document) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\n{document}")))[..16];

    private sealed record Row(string TenantId, string Name, string Version, string Document, long UpdatedAtMs, string UpdatedBy);
}
