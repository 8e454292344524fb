using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>One call, as it is accounted for.</summary>
/// <param name="Key">The name of the credential; <c>workflow</c> for a step of one.</param>
/// <param name="Route">The model that was asked for; empty for one that is not known.</param>
/// <param name="Model">The model that answered: another one where a stand-in did.</param>
/// <param name="Target">Empty where no target was asked.</param>
/// <param name="UpstreamModel">What the target calls the model.</param>
/// <param name="IsEstimated">Whether <paramref name="Tokens"/> are an estimate.</param>
/// <param name="CostMicros">In micro-dollars.</param>
internal sealed record UsageRecord(
    string Id, DateTimeOffset At, TenantId Tenant, string Key, string? Team, string? Run, string? Step, string Surface, string Route, string Model, string Target, string UpstreamModel, int Attempts,
    TokenUsage Tokens, bool IsEstimated, long CostMicros, TimeSpan? FirstByte, TimeSpan Duration, CallOutcome Outcome, int Status);
