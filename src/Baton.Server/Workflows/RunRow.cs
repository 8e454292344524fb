using Baton.Client;
using Baton.Engine;

namespace Baton.Server.Workflows;

/// <summary>A run's row.</summary>
internal sealed record RunRow(
    long No, string Id, string Namespace, string Workflow, string Version, string State, long Priority, string Labels, string? ParentId,
    long CreatedAtMs, long? StartedAtMs, long UpdatedAtMs, long? EndedAtMs, long? WakeAtMs, string? Error, string? ForkedFrom, long? ForkedSeq, long? Turn, string? TurnKey, long? TurnLimit, long? TurnLimitPerKey)
{
    /// <summary>True when the run will never change again.</summary>
    public bool IsTerminal => RunStates.Parse(State).IsTerminal();

    public RunView ToView(ProgressView? progress = null) => new(
        Id, Namespace, Workflow, Version, State, (int)Priority, RunLabels.Read(Labels), ParentId,
        Time(CreatedAtMs)!.Value, Time(StartedAtMs), Time(UpdatedAtMs)!.Value, Time(EndedAtMs), Time(WakeAtMs), Views.Error(JournalRows.Error(Error)), progress,
        ForkedFrom is null ? null : new ForkView(ForkedFrom, ForkedSeq!.Value),
        Turn: State == "waiting" && Turn is 0 or 1 ? new TurnView(TurnLimitPerKey is null ? null : TurnKey, (int?)TurnLimit, (int?)TurnLimitPerKey) : null);

    /// <summary>Whether its id, its workflow, a label or its error holds a text, in either case of letters.</summary>
    public bool Holds(string text)
    {
        bool Has(string? one) => one is not null && one.Contains(text, StringComparison.OrdinalIgnoreCase);
        return Has(Id) || Has($"{Namespace}/{Workflow}@{Version}") || (Labels != "{}" && RunLabels.Read(Labels).Any(label => Has($"{label.Key}={label.Value}")))
            || (JournalRows.Error(Error) is { } error && (Has(error.Title) || Has(error.Detail) || Has(error.Instance) || Has(error.Class)));
    }

    private static DateTimeOffset? Time(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;
}
