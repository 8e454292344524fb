using System.Collections.Immutable;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Identity;

/// <summary>A key's row.</summary>
internal sealed record KeyRow(
    string TenantId, string Id, string Name, string? Team, string Scope, string Hash, string Hint, string? PreviousHash, long? PreviousUntilMs, string Models, string Limits,
    long CreatedAtMs, string CreatedBy, long? ExpiresAtMs, long Disabled, long? LastUsedAtMs)
{
    public VirtualKey ToKey(KeyUse use) =>
        new(new TenantId(TenantId), Id, Name, Team, KeyScopes.Parse(Scope)!.Value, ModelList, LimitList, Time(ExpiresAtMs), Disabled != 0) { Use = use };

    /// <param name="lastUsedMs">What this process knows of; 0 for nothing.</param>
    /// <param name="secret">Where it is to be shown: once.</param>
    public KeyView ToView(DateTimeOffset now, long lastUsedMs, string? secret = null) => new(
        Id, Name, Team, Scope, Disabled != 0 ? "disabled" : Time(ExpiresAtMs) <= now ? "expired" : "active", Hint, ModelList, LimitList, Time(CreatedAtMs)!.Value, CreatedBy, Time(ExpiresAtMs), Disabled != 0,
        Time(lastUsedMs > (LastUsedAtMs ?? 0) ? lastUsedMs : LastUsedAtMs), Time(PreviousUntilMs) is { } until && until > now ? until : null, secret);

    private ImmutableArray<string> ModelList => [.. JsonSerializer.Deserialize(Models, WireJson.Web.IReadOnlyListString)!];

    private ImmutableArray<KeyLimit> LimitList => [.. JsonSerializer.Deserialize(Limits, WireJson.Web.IReadOnlyListKeyLimit)!];

    private static DateTimeOffset? Time(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;
}

/// <summary>A key to be stored.</summary>
internal sealed record NewKey(string Id, KeyFields Fields, string Secret, string By);

/// <summary>Keys as rows. What is written is told to other nodes with the commit.</summary>
internal sealed class KeyStore(Database database, TimeProvider time)
{
    private readonly KeySql sql = database.Dialect == Dialect.Sqlite ? KeySql.Sqlite : KeySql.Postgres;

    public ValueTask<bool> AddAsync(TenantId tenant, NewKey key) => WriteAsync(statements => statements[sql.Add].Bind(1, tenant.Value).Bind(2, key.Id).Bind(3, key.Fields.Name).Bind(4, key.Fields.Team)
        .Bind(5, (key.Fields.Scope ?? KeyScope.Gateway).ToName()).Bind(6, KeyHash.Of(key.Secret).ToString()).Bind(7, KeySecret.HintOf(key.Secret)).Bind(8, key.Fields.ModelsJson ?? "[]").Bind(9, key.Fields.LimitsJson ?? "[]")
        .Bind(10, time.GetUtcNow().ToUnixTimeMilliseconds()).Bind(11, key.By).Bind(12, key.Fields.ExpiresAt?.ToUnixTimeMilliseconds()).Execute() > 0);

    /// <returns>False for an unknown key.</returns>
    public ValueTask<bool> ChangeAsync(TenantId tenant, string id, KeyFields fields) => WriteAsync(statements => statements[sql.Change].Bind(1, tenant.Value).Bind(2, id).Bind(3, fields.Name)
        .Bind(4, fields.HasTeam ? 1 : 0).Bind(5, fields.Team).Bind(6, fields.Scope?.ToName()).Bind(7, fields.ModelsJson).Bind(8, fields.LimitsJson)
        .Bind(9, fields.HasExpiry ? 1 : 0).Bind(10, fields.ExpiresAt?.ToUnixTimeMilliseconds()).Bind(11, fields.IsDisabled is { } disabled ? disabled ? 1L : 0L : (long?)null).Execute() > 0);

    /// <param name="grace">How long the secret before is good beside the new one.</param>
    /// <returns>False for an unknown key.</returns>
    public ValueTask<bool> RotateAsync(TenantId tenant, string id, string secret, TimeSpan grace)
    {
        long? until = grace > TimeSpan.Zero ? (time.GetUtcNow() + grace).ToUnixTimeMilliseconds() : null;
        return WriteAsync(statements => statements[sql.Rotate].Bind(1, tenant.Value).Bind(2, id).Bind(3, KeyHash.Of(secret).ToString()).Bind(4, KeySecret.HintOf(secret)).Bind(5, until).Execute() > 0);
    }

    /// <returns>False for an unknown key.</returns>
    public ValueTask<bool> RemoveAsync(TenantId tenant, string id) => WriteAsync(statements => statements[sql.Remove].Bind(1, tenant.Value).Bind(2, id).Execute() > 0);

    /// <summary>Notes when keys were used. Nobody is told.</summary>
    public ValueTask<bool> UsedAsync(IReadOnlyList<(VirtualKey Key, long AtMs)> uses) => database.WriteAsync(statements =>
    {
        foreach (var (key, at) in uses) statements[sql.Used].Bind(1, key.Tenant.Value).Bind(2, key.Id).Bind(3, at).Execute();
        return true;
    });

    public Task<KeyRow?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.QuerySingleOrDefaultAsync<KeyRow>(new CommandDefinition(sql.Get, new { Tenant = tenant.Value, Id = id }, cancellationToken: cancel)), cancel);

    /// <param name="before">The cursor: keys that were made before this one.</param>
    public Task<IReadOnlyList<KeyRow>> ListAsync(TenantId tenant, string? team, string? before, int limit, CancellationToken cancel) => database.ReadAsync<IReadOnlyList<KeyRow>>(async connection =>
        [.. await connection.QueryAsync<KeyRow>(new CommandDefinition(sql.List, new { Tenant = tenant.Value, Team = team, BeforeId = before, Limit = limit }, cancellationToken: cancel))], cancel);

    /// <summary>Those of all tenants.</summary>
    public Task<IReadOnlyList<KeyRow>> AllAsync(CancellationToken cancel) => database.ReadAsync<IReadOnlyList<KeyRow>>(async connection =>
        [.. await connection.QueryAsync<KeyRow>(new CommandDefinition(sql.All, cancellationToken: cancel))], cancel);

    private ValueTask<bool> WriteAsync(Func<SqlStatements, bool> write) => database.WriteAsync(new WriteRequestOf<bool>(write, static () => [NodeNews.Keys]));
}
