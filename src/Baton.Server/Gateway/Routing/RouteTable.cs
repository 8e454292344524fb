using System.Collections.Frozen;
using System.Collections.Immutable;
using Baton.Engine;
using Baton.Jq;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// The models of this server, replaced as a whole whenever their file or a tenant's routes change. What is known of a target survives, as long as its address, model and key
/// stay; requests that are under way end with the routes with which they began. Thread-safe.
/// </summary>
internal sealed class RouteTable
{
    private readonly GatewayOptions gateway;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private ImmutableDictionary<string, ModelOptions> file;
    private ImmutableArray<StoredRoute> stored = [];
    private volatile RouteSnapshot current;

    /// <exception cref="StartupException">The file of routes is not as it must be: it has changed since the settings were checked.</exception>
    public RouteTable(IOptions<GatewayOptions> options, TimeProvider time)
    {
        (gateway, this.time) = (options.Value, time);
        (file, FileAtStart) = RoutesFile.Read(gateway.RoutesFile) switch
        {
            RoutesReading.Models read => (read.All, read.Text),
            RoutesReading.Refused refused => throw new StartupException(refused.Reason),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        current = Build(null);
    }

    public RouteSnapshot Current => current;

    /// <summary>What the file held when the server started; null without one.</summary>
    public string? FileAtStart { get; }

    /// <summary>Puts the models of the file in the place of those that it held before.</summary>
    /// <returns>What is wrong with them: then nothing has changed.</returns>
    public IReadOnlyList<RouteFault> ReplaceFile(ImmutableDictionary<string, ModelOptions> models)
    {
        if (GatewayRules.Check(gateway, models).ToList() is { Count: > 0 } faults) return faults;
        lock (gate)
        {
            file = models;
            current = Build(current);
        }
        return [];
    }

    /// <summary>Puts these in the place of all routes that tenants had.</summary>
    /// <returns>False when they are the same as before.</returns>
    public bool ReplaceStored(ImmutableArray<StoredRoute> routes)
    {
        lock (gate)
        {
            if (stored.SequenceEqual(routes)) return false;
            stored = routes;
            current = Build(current);
            return true;
        }
    }

    private RouteSnapshot Build(RouteSnapshot? before)
    {
        var kept = new KeptHealth(before);
        var shared = gateway.Models.Select(entry => Make(null, entry.Key, RouteSource.Settings, RoutePlace.InSettings(entry.Key), entry.Value, kept))
            .Concat(file.Select(entry => Make(null, entry.Key, RouteSource.File, RoutePlace.InFile(entry.Key), entry.Value, kept)))
            .ToFrozenDictionary(route => route.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var route in shared.Values) route.Chain = ChainOf(route, (_, name) => shared.GetValueOrDefault(name));
        var own = stored.GroupBy(route => route.Tenant).ToFrozenDictionary(tenant => tenant.Key, tenant =>
        {
            var mine = tenant.Select(route => MakeOwn(route, kept)).ToFrozenDictionary(route => route.Name, StringComparer.OrdinalIgnoreCase);
            foreach (var route in mine.Values) route.Chain = ChainOf(route, (asking, name) => (asking.Source == RouteSource.Api ? mine.GetValueOrDefault(name) : null) ?? shared.GetValueOrDefault(name));
            return mine;
        });
        return new RouteSnapshot(shared, own, gateway.DefaultModel is { Length: > 0 } name ? name : ExtractModel.Name);
    }

    /// <summary>
    /// One that was right when it was stored may not be so any more: a key that was allowed is not, a newer version has other rules. It keeps its name and answers with the reason,
    /// for a route of that name that serves all tenants may send the requests where this tenant does not want them.
    /// </summary>
    private ModelRoute MakeOwn(StoredRoute route, KeptHealth kept)
    {
        var (model, faults) = RouteReader.Read(JqValue.Parse(route.Document), RoutePlace.Body);
        var fault = faults.Concat(faults.IsEmpty ? GatewayRules.CheckOwn(route.Tenant, route.Name, model, gateway.KeyGrants) : []).FirstOrDefault();
        return fault is null ? Make(route.Tenant, route.Name, RouteSource.Api, RoutePlace.Body, model, kept) : new ModelRoute(route.Name, new ModelOptions(), []) { Source = RouteSource.Api, Tenant = route.Tenant, Fault = fault.ToString() };
    }

    private ModelRoute Make(TenantId? tenant, string name, RouteSource source, RoutePlace place, ModelOptions model, KeptHealth kept)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return new ModelRoute(name, model, [.. GatewayRules.TargetsOf(place, model).Select(one =>
        {
            var upstream = one.Options.Model ?? model.Model ?? name;
            var health = kept.Take(tenant, name, upstream, one.Options) ?? new TargetHealth(gateway.BreakerFailures == 0 ? int.MaxValue : gateway.BreakerFailures, gateway.BreakerPause, time);
            var path = one.Place.Name.Length > 0 ? one.Place.Name : $"route '{name}'";
            return new ModelTarget(Distinct(one.Options.Name ?? new Uri(one.Options.BaseUrl!).Authority, names), path, upstream, one.Options, health) { IsConfigured = tenant is null, Route = name };
        })])
        { Source = source, Tenant = tenant };
    }

    /// <summary>Two targets of one name could not be told apart, in no header, sum or metric: the second is called <c>NAME#2</c>.</summary>
    private static string Distinct(string name, HashSet<string> taken)
    {
        var distinct = name;
        for (var count = 2; !taken.Add(distinct); count++) distinct = $"{name}#{count}";
        return distinct;
    }

    /// <param name="find">Finds what stands in for a route by its name: of one that serves all tenants, another that does.</param>
    private static ImmutableArray<ModelRoute> ChainOf(ModelRoute first, Func<ModelRoute, string, ModelRoute?> find)
    {
        var chain = new List<ModelRoute> { first };
        for (var i = 0; i < chain.Count; i++)
        {
            foreach (var fallback in chain[i].Options.Fallbacks)
            {
                if (find(chain[i], fallback) is { } next && !chain.Contains(next)) chain.Add(next);
            }
        }
        return [.. chain];
    }
}
