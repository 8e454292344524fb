using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Baton.Engine;

/// <summary>Where a run stands. Stored and shown in lower case.</summary>
public enum RunState
{
    /// <summary>Stored, and waiting for a worker to claim it.</summary>
    Queued,

    /// <summary>Claimed by a worker and in its memory.</summary>
    Running,

    /// <summary>Dropped from memory until a timer, an event, a signal or a child run wakes it.</summary>
    Waiting,

    /// <summary>Halted by a person, or by a replay that no longer fits its history, until it is resumed.</summary>
    Paused,

    Completed,

    Failed,

    Cancelled,
}

/// <summary>The one table of legal transitions. The database repeats the states in a CHECK; the rest is here.</summary>
public static class RunStates
{
    private static readonly FrozenDictionary<RunState, ImmutableArray<RunState>> Next = new Dictionary<RunState, ImmutableArray<RunState>>
    {
        [RunState.Queued] = [RunState.Running, RunState.Paused, RunState.Cancelled],
        [RunState.Running] = [RunState.Queued, RunState.Waiting, RunState.Paused, RunState.Completed, RunState.Failed, RunState.Cancelled],
        [RunState.Waiting] = [RunState.Queued, RunState.Running, RunState.Paused, RunState.Cancelled],
        [RunState.Paused] = [RunState.Queued, RunState.Cancelled],
        [RunState.Completed] = [],
        [RunState.Failed] = [],
        [RunState.Cancelled] = [],
    }.ToFrozenDictionary();

    /// <summary>Every state as it is stored, in the order of the enum.</summary>
    public static ImmutableArray<string> Names { get; } = [.. Enum.GetValues<RunState>().Select(ToName)];

    public static bool IsTerminal(this RunState state) => Next[state].IsEmpty;

    public static bool CanBecome(this RunState from, RunState to) => Next[from].Contains(to);

    public static string ToName(this RunState state) => state switch
    {
        RunState.Queued => "queued",
        RunState.Running => "running",
        RunState.Waiting => "waiting",
        RunState.Paused => "paused",
        RunState.Completed => "completed",
        RunState.Failed => "failed",
        RunState.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a run state."),
    };

    public static bool TryParse(string name, out RunState state)
    {
        var index = Names.IndexOf(name);
        state = (RunState)Math.Max(index, 0);
        return index >= 0;
    }
}
