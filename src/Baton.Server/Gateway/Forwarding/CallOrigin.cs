using Baton.Engine;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>On whose behalf a model is asked.</summary>
/// <param name="Caller">The name of the credential; <see cref="Identity.Caller.Workflow"/> for a run's.</param>
/// <param name="Run">The run whose step asks; null for applications.</param>
/// <param name="Step">The key of that step.</param>
internal sealed record CallOrigin(TenantId Tenant, string Caller, string? Run = null, string? Step = null)
{
    /// <summary>The key that was sent; null for those of the environment and of the keys file, and for runs.</summary>
    public VirtualKey? Key { get; init; }

    /// <summary>The team of the key; null for none.</summary>
    public string? Team => Key?.Team;
}
