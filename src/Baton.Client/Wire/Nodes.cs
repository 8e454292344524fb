namespace Baton.Client;

/// <summary>A process that takes part in the work.</summary>
/// <param name="State">alive, draining (it stops, and takes nothing new), or lapsed (silent for so long that others took over its runs).</param>
/// <param name="Leads">Whether it serves timers and schedules.</param>
/// <param name="Roles">gateway, worker, api, scheduler.</param>
/// <param name="SilentSeconds">Since its last heartbeat, by the database's clock.</param>
/// <param name="Runs">How many of the caller's runs it has in memory.</param>
public sealed record NodeView(string Id, string State, bool Leads, IReadOnlyList<string> Roles, string Version, string Host, long ProcessId, DateTimeOffset StartedAt, double SilentSeconds, long Runs);
