using System.Runtime.InteropServices;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>What is known of targets, for those of them that stay: same route, address, model and key.</summary>
internal sealed class KeptHealth
{
    private readonly Dictionary<Key, Queue<TargetHealth>> known = [];

    /// <param name="before">Null for none.</param>
    public KeptHealth(RouteSnapshot? before)
    {
        foreach (var route in before?.All ?? [])
        {
            foreach (var target in route.Targets)
            {
                ref var queue = ref CollectionsMarshal.GetValueRefOrAddDefault(known, Key.Of(route.Tenant, route.Name, target.Model, target.Options), out _);
                (queue ??= new Queue<TargetHealth>()).Enqueue(target.Health);
            }
        }
    }

    /// <summary>Each one once: targets that are alike keep to their order.</summary>
    public TargetHealth? Take(TenantId? tenant, string route, string model, TargetOptions options) =>
        known.TryGetValue(Key.Of(tenant, route, model, options), out var queue) && queue.TryDequeue(out var health) ? health : null;

    private sealed record Key(TenantId? Tenant, string Route, string? BaseUrl, string Model, string? ApiKeyVariable, string? ApiKeyFile, string KeyHeader)
    {
        public static Key Of(TenantId? tenant, string route, string model, TargetOptions options) =>
            new(tenant, route.ToUpperInvariant(), options.BaseUrl, model, options.ApiKeyVariable, options.ApiKeyFile, ModelTarget.KeyHeaderOf(options));
    }
}
