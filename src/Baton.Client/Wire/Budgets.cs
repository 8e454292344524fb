namespace Baton.Client;

/// <summary>A budget, as it is asked for. Amounts of money are whole micro-dollars: 1,000,000 are a dollar.</summary>
/// <param name="Period">hour, day, week (from Monday), month or total; by the calendar of UTC.</param>
/// <param name="Team">Only calls of this team.</param>
/// <param name="Key">Only calls with the key of this name.</param>
/// <param name="Model">Only calls of this model.</param>
public sealed record PutBudget(long LimitMicro, string Period, string? Team = null, string? Key = null, string? Model = null);

/// <summary>A budget as it stands in the current period.</summary>
/// <param name="SpentMicro">Known to be spent. Other nodes tell once a second.</param>
/// <param name="ReservedMicro">Kept for calls that are under way at the node that answers.</param>
/// <param name="UncertainMicro">Was in the hands of processes that were killed, who may have spent it: it counts as spent until it is reconciled or the period is over.</param>
/// <param name="LeftMicro">Limit less spent, reserved and uncertain; not below 0.</param>
/// <param name="ResetsAt">When it begins anew; absent for never.</param>
public sealed record BudgetView(
    string Name, string Period, string? Team, string? Key, string? Model, long LimitMicro, long SpentMicro, long ReservedMicro, long UncertainMicro, long LeftMicro, DateTimeOffset? StartsAt, DateTimeOffset? ResetsAt);

/// <summary>Gives back what killed processes had at hand.</summary>
/// <param name="SpentMicro">Of it, what they did spend, as the provider says; counted from now on as spent.</param>
public sealed record ReconcileBudget(long SpentMicro = 0);
