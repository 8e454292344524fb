using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>The models of this server by the names that callers say; upper and lower case do not matter.</summary>
internal sealed class RouteTable
{
    private readonly FrozenDictionary<string, ModelRoute> routes;

    public RouteTable(IOptions<GatewayOptions> options, TimeProvider time)
    {
        var gateway = options.Value;
        routes = gateway.Models.ToFrozenDictionary(entry => entry.Key, entry => new ModelRoute(entry.Key, entry.Value, Targets(entry.Key, entry.Value, gateway, time)), StringComparer.OrdinalIgnoreCase);
        foreach (var route in routes.Values) route.Chain = ChainOf(route);
        DefaultModel = gateway.DefaultModel is { Length: > 0 } name ? name : ExtractModel.Name;
    }

    /// <summary>The model of a request that names none.</summary>
    public string DefaultModel { get; }

    public ImmutableArray<ModelRoute> All => routes.Values;

    public ModelRoute? Find(string name) => routes.GetValueOrDefault(name);

    /// <summary>The places of a model's targets among the settings.</summary>
    public static IEnumerable<(string Path, TargetOptions Options)> TargetsOf(string path, ModelOptions model) =>
        model.Targets.Count == 0 ? [(path, model)] : model.Targets.Select((target, index) => ($"{path}:Targets:{index}", target));

    private static ImmutableArray<ModelTarget> Targets(string name, ModelOptions model, GatewayOptions gateway, TimeProvider time) =>
    [
        .. TargetsOf($"Gateway:Models:{name}", model).Select(one => new ModelTarget(
            one.Options.Name ?? new Uri(one.Options.BaseUrl!).Authority, one.Path, one.Options.Model ?? model.Model ?? name, one.Options, new TargetHealth(gateway.BreakerFailures, gateway.BreakerPause, time))),
    ];

    private ImmutableArray<ModelRoute> ChainOf(ModelRoute first)
    {
        var chain = new List<ModelRoute> { first };
        for (var i = 0; i < chain.Count; i++)
        {
            foreach (var fallback in chain[i].Options.Fallbacks)
            {
                if (routes.GetValueOrDefault(fallback) is { } next && !chain.Contains(next)) chain.Add(next);
            }
        }
        return [.. chain];
    }
}
