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

/// <summary>The states by their stored names. Which may follow which stands where it is held: in the statements that change them, each of which names the states it starts from.</summary>
public static class RunStates
{
    /// <summary>Every state as it is stored, in the order of the enum.</summary>
    public static ImmutableArray<string> Names { get; } = [.. Enum.GetValues<RunState>().Select(ToName)];

    public static bool IsTerminal(this RunState state) => state is RunState.Completed or RunState.Failed or RunState.Cancelled;

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

    /// <summary>A state out of storage.</summary>
    /// <exception cref="InvalidDataException">It is none: a newer version wrote it.</exception>
    public static RunState Parse(string name) => TryParse(name, out var state) ? state : throw new InvalidDataException($"'{name}' is not a run state.");
}
