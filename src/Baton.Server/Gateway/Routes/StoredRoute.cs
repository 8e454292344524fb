using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>A tenant's own route as it is kept.</summary>
/// <param name="Version">The first 16 hexadecimal digits of the SHA-256 of name and document: what is put back to what it was has its version again.</param>
/// <param name="Document">Its settings, as JSON with names in snake_case.</param>
/// <param name="UpdatedBy">The name of the credential.</param>
internal sealed record StoredRoute(TenantId Tenant, string Name, string Version, string Document, DateTimeOffset UpdatedAt, string UpdatedBy);

/// <summary>Which version a change is for.</summary>
internal abstract record RouteCondition
{
    private RouteCondition() { }

    /// <summary>Whatever there is.</summary>
    public sealed record Any : RouteCondition;

    /// <summary>There is none yet.</summary>
    public sealed record Absent : RouteCondition;

    public sealed record Is(string Version) : RouteCondition;

    /// <param name="version">That there is; null for none.</param>
    public bool Allows(string? version) => this switch
    {
        Absent => version is null,
        Is wanted => version == wanted.Version,
        _ => true,
    };
}

/// <summary>What became of a change to a route.</summary>
internal abstract record RouteChange
{
    private RouteChange() { }

    public sealed record Created(StoredRoute Route) : RouteChange;

    public sealed record Replaced(StoredRoute Route) : RouteChange;

    public sealed record Removed : RouteChange;

    /// <summary>There is none to remove.</summary>
    public sealed record Unknown : RouteChange;

    /// <param name="Version">That there is; null for none.</param>
    public sealed record OtherVersion(string? Version) : RouteChange;

    public sealed record TooMany(int Most) : RouteChange;
}
