using System.Collections.Frozen;
using System.Collections.Immutable;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>Where a route comes from.</summary>
internal enum RouteSource
{
    /// <summary><c>Gateway:Models</c>, read when the server starts.</summary>
    Settings,

    /// <summary>The file of <c>Gateway:RoutesFile</c>.</summary>
    File,

    /// <summary>A tenant, by the API.</summary>
    Api,
}

/// <summary>All models as they are at one time, by the names that callers say; upper and lower case do not matter. Read once for each request.</summary>
/// <param name="shared">Those that serve all tenants.</param>
/// <param name="own">Those of one tenant each, which go before.</param>
internal sealed class RouteSnapshot(FrozenDictionary<string, ModelRoute> shared, FrozenDictionary<TenantId, FrozenDictionary<string, ModelRoute>> own, string defaultModel)
{
    /// <summary>The model of a request that names none.</summary>
    public string DefaultModel => defaultModel;

    /// <summary>Those that serve all tenants.</summary>
    public ImmutableArray<ModelRoute> Shared => shared.Values;

    /// <summary>Every route of every tenant.</summary>
    public IEnumerable<ModelRoute> All => shared.Values.Concat(own.Values.SelectMany(routes => routes.Values));

    /// <summary>Those that a tenant can ask: its own, and the others but for those whose names it has given to its own.</summary>
    public IEnumerable<ModelRoute> For(TenantId tenant) => own.GetValueOrDefault(tenant) is { } mine ? mine.Values.Concat(shared.Values.Where(route => !mine.ContainsKey(route.Name))) : shared.Values;

    public ModelRoute? Find(TenantId tenant, string name) => own.Count > 0 && own.TryGetValue(tenant, out var mine) && mine.TryGetValue(name, out var route) ? route : shared.GetValueOrDefault(name);
}
