namespace Baton.Client;

/// <summary>What calls of models used, summed up.</summary>
/// <param name="From">Of the first hour that is in it.</param>
/// <param name="To">The end of the last one.</param>
/// <param name="By">hour, day, model, key, team or target.</param>
/// <param name="Total">Over the groups of this page.</param>
/// <param name="NextCursor">For the groups that follow; null on the last page.</param>
public sealed record UsageView(DateTimeOffset From, DateTimeOffset To, string By, IReadOnlyList<UsageGroupView> Groups, UsageGroupView Total, string? NextCursor);

/// <summary>Sums of one group.</summary>
/// <param name="Name">The model, key, team or target; empty where there was none; null for hours, days and the total.</param>
/// <param name="At">When the hour or the day begins (UTC).</param>
/// <param name="Outcomes">Calls by how they ended: completed, refused, failed, cancelled, broken, cached. Those that are not there are 0.</param>
/// <param name="Estimated">Calls whose tokens are an estimate.</param>
/// <param name="CostMicros">In micro-dollars: 1,000,000 is a dollar.</param>
/// <param name="FirstByteMs">The mean time to the first byte of an answer, in ms; null for no answer.</param>
/// <param name="DurationMs">The mean of a call, in ms.</param>
public sealed record UsageGroupView(string? Name, DateTimeOffset? At, long Requests, IReadOnlyDictionary<string, long> Outcomes, long Estimated, TokensView Tokens, long CostMicros, double? FirstByteMs, double? DurationMs);

/// <summary>Tokens by kind.</summary>
/// <param name="Input">All of the prompts, those of the next two included.</param>
/// <param name="CachedInput">Read from the provider's cache.</param>
/// <param name="CacheWriteInput">Written to it.</param>
/// <param name="Output">All of the answers, reasoning included.</param>
public sealed record TokensView(long Input, long CachedInput, long CacheWriteInput, long Output, long Reasoning);

/// <summary>One call of a model.</summary>
/// <param name="Key">The name of the credential; <c>workflow</c> for a step of one.</param>
/// <param name="Surface">The address that was asked, or step.</param>
/// <param name="Route">The model that was asked for; empty for one that is not known.</param>
/// <param name="Model">The model that answered, or was asked last.</param>
/// <param name="UpstreamModel">What the target calls it.</param>
/// <param name="Attempts">How many targets were asked.</param>
/// <param name="Estimated">Whether the tokens are an estimate: the answer did not tell them, or broke off.</param>
/// <param name="CostMicros">In micro-dollars.</param>
/// <param name="Outcome">completed, refused, failed, cancelled, broken or cached.</param>
/// <param name="Status">Of the answer; 0 for none.</param>
public sealed record UsageRequestView(
    string Id, DateTimeOffset At, string Key, string? Team, string? RunId, string? Step, string Surface, string Route, string Model, string Target, string UpstreamModel, long Attempts, TokensView Tokens, bool Estimated,
    long CostMicros, long? FirstByteMs, long DurationMs, string Outcome, long Status);
