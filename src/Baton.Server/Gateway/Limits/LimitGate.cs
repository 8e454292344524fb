using System.Collections.Frozen;
using System.Collections.Immutable;
using Baton.Client;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Lets calls into the gateway that their key may make, within the limits of key, team and tenant.</summary>
internal sealed class LimitGate(Limiter limiter, IOptions<GatewayOptions> options, TimeProvider time)
{
    private const string Others = "*";

    private readonly LimitsOptions settings = options.Value.Limits;
    private readonly FrozenDictionary<string, TenantLimits> tenants = options.Value.Limits.Tenants.ToFrozenDictionary(tenant => tenant.Key, tenant => TenantLimits.Of(tenant.Value), StringComparer.OrdinalIgnoreCase);

    /// <summary>Refuses the call, or gives it its admission, which ends with it.</summary>
    /// <param name="route">Null for a built-in model.</param>
    /// <returns>Whether it may be asked.</returns>
    /// <exception cref="OperationCanceledException">The client left while it waited.</exception>
    public async ValueTask<bool> AdmitAsync(GatewayCall call, string model, ModelRoute? route, RequestPeek peek)
    {
        var asking = AskAsync(call, model, route, peek);
        var waitsSince = asking.IsCompleted ? (long?)null : time.GetTimestamp();
        var result = await asking;
        if (waitsSince is { } since) call.Waited(since);
        switch (result)
        {
            case AdmissionResult.Admitted(var admission):
                call.Admission = admission;
                return true;
            case AdmissionResult.Refused refused:
                await call.RefuseAsync(Refuse(call, refused));
                return false;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private ValueTask<AdmissionResult> AskAsync(GatewayCall call, string model, ModelRoute? route, RequestPeek peek)
    {
        var (origin, key) = (call.Origin, call.Origin.Key);
        var tenant = tenants.GetValueOrDefault(origin.Tenant.Value) ?? tenants.GetValueOrDefault(Others);
        if (tenant is null && (key is null || key.Limits.IsEmpty)) return ValueTask.FromResult(Limiter.Unlimited);
        var owners = new OwnerBuffer();
        var count = 0;
        if (key is { Limits.IsEmpty: false }) owners[count++] = new LimitOwner(("key", origin.Tenant.Value, key.Id), key.Name, key.Limits);
        if (key?.Team is { } team && tenant?.OfTeam(team) is { IsEmpty: false } ofTeam) owners[count++] = new LimitOwner(("team", origin.Tenant.Value, team), team, ofTeam);
        if (tenant is { All.IsEmpty: false }) owners[count++] = new LimitOwner(("tenant", origin.Tenant.Value, ""), origin.Tenant.Value, tenant.All);
        ReadOnlySpan<LimitOwner> all = owners;
        return limiter.AdmitAsync((origin.Tenant.Value, key?.Id ?? origin.Caller), all[..count], model, Reserve(call, route, peek), call.Cancel);
    }

    /// <summary>What a call may use: its prompt, and the longest answer that it asks for.</summary>
    private long Reserve(GatewayCall call, ModelRoute? route, RequestPeek peek)
    {
        if (call.Surface == Surface.CountTokens) return 0;
        var prompt = call.Account.PromptTokens;
        if (call.Surface == Surface.Embeddings) return prompt;
        long? ceiling = route?.Options.MaxOutputTokens;
        var answer = peek.MaxTokens is { } asked ? Math.Min(Math.Clamp(asked, 0, int.MaxValue), ceiling ?? int.MaxValue) : ceiling ?? settings.AssumedOutputTokens;
        return prompt + answer;
    }

    private static GatewayError Refuse(GatewayCall call, AdmissionResult.Refused refused)
    {
        refused.State.Explain(call.Answer.Headers);
        var waited = refused.Waited > TimeSpan.Zero ? $" It waited {refused.Waited.TotalSeconds:0.#} s for its turn." : "";
        if (refused.RetryAfter is { } wait) return new GatewayError(429, "rate_limit_error", "rate_limit_exceeded", $"{refused.Limit}.{waited} Ask again in {Math.Max(1, Math.Ceiling(wait.TotalSeconds)):0} s.") { RetryAfter = wait };
        call.Answer.Headers["x-should-retry"] = "false";   // the providers' SDKs look at it: it would be the same again
        return new GatewayError(429, "rate_limit_error", GatewayError.NeverAdmitted, $"{refused.Limit}. Send a shorter prompt, or ask for fewer tokens.");
    }

    [System.Runtime.CompilerServices.InlineArray(3)]
    private struct OwnerBuffer
    {
        private LimitOwner first;
    }

    /// <summary>The settings of a tenant as they are looked up.</summary>
    private sealed record TenantLimits(ImmutableArray<KeyLimit> All, FrozenDictionary<string, ImmutableArray<KeyLimit>> Teams)
    {
        public static TenantLimits Of(TenantLimitOptions options) =>
            new(Of(options.Limits), options.Teams.ToFrozenDictionary(team => team.Key, team => Of(team.Value), StringComparer.OrdinalIgnoreCase));

        public ImmutableArray<KeyLimit> OfTeam(string team) => Teams.TryGetValue(team, out var limits) || Teams.TryGetValue(Others, out limits) ? limits : [];

        private static ImmutableArray<KeyLimit> Of(List<LimitOptions> limits) => [.. limits.Select(limit => limit.ToLimit())];
    }
}
