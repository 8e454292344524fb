using System.Text.Json;
using Baton.Client;

namespace Baton.Server.Gateway;

/// <summary>Routes as the API shows them. Of those that serve all tenants neither addresses nor the names of keys: they are the operator's.</summary>
internal static class RouteViews
{
    /// <param name="route">What is in force here; null where this node does not know it yet.</param>
    public static RouteView Of(StoredRoute stored, ModelRoute? route)
    {
        var isCurrent = route?.Source == RouteSource.Api;
        var settings = JsonElement.Parse(stored.Document);
        return new RouteView(stored.Name, "api", stored.Version, isCurrent ? route!.Options.Strategy : null, isCurrent ? route!.Options.Fallbacks : [], isCurrent ? Targets(route!) : [], isCurrent ? route!.Fault : null, stored.UpdatedAt, stored.UpdatedBy, settings);
    }

    public static RouteView Of(ModelRoute route) =>
        new(route.Name, route.Source == RouteSource.File ? "file" : "settings", null, route.Options.Strategy, route.Options.Fallbacks, Targets(route));

    public static RouteView BuiltIn(string name) => new(name, "built_in", null, null, [], []);

    public static TargetView Of(ModelTarget target)
    {
        var health = target.Health;
        var (state, wait, first) = (health.State, health.Wait, health.FirstByteMs);
        var word = target.IsDraining ? "draining" : state switch { BreakerState.Open => "open", BreakerState.HalfOpen => "half_open", _ => target.IsFull ? "full" : health.IsCooling ? "cooling" : "closed" };
        return new TargetView(target.Name, target.Model, target.Options.Dialect, target.Options.Weight, word, Math.Round(wait.TotalSeconds, 3), health.LastFailure, health.UnderWay, first == 0 ? null : Math.Round(first, 3));
    }

    private static List<TargetView> Targets(ModelRoute route) => [.. route.Targets.Select(Of)];
}
