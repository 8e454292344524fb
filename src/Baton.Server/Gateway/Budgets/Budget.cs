using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>How much may be spent on calls of models in a period, and on whose.</summary>
/// <param name="Id"><c>bud_</c> and a UUIDv7: another for each budget, also for one that takes the name of a deleted one.</param>
/// <param name="Name">One of the tenant's.</param>
/// <param name="Team">Only calls of this team, upper and lower case alike; null for all.</param>
/// <param name="Key">Only calls with the key of this name; of runs, those of the workflow. Null for all.</param>
/// <param name="Model">Only calls of this model, as callers name it, upper and lower case alike; null for all.</param>
/// <param name="Limit">In micro-dollars.</param>
internal sealed record Budget(string Id, TenantId Tenant, string Name, string? Team, string? Key, string? Model, BudgetPeriod Period, long Limit)
{
    /// <summary>A thousand million dollars: no sum of a few of them overflows.</summary>
    public const long MaxLimit = 1_000_000_000_000_000;

    public bool Covers(string? team, string key, string model) =>
        (Team is null || Team.Equals(team, StringComparison.OrdinalIgnoreCase)) && (Key is null || Key.Equals(key, StringComparison.Ordinal)) && (Model is null || Model.Equals(model, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whose money it is, for people.</summary>
    public string Whose => $"{(Key is not null ? $"key '{Key}'" : Team is not null ? $"team '{Team}'" : "this tenant")}{(Key is not null && Team is not null ? $" of team '{Team}'" : "")}{(Model is null ? "" : $" for model '{Model}'")}";
}
