namespace Baton.Engine;

/// <summary>How one life of a run in memory ended.</summary>
public abstract record RunOutcome
{
    private RunOutcome() { }

    /// <summary>The run is completed, failed, cancelled or paused, and that is stored.</summary>
    public sealed record Settled(RunState State, ReadOnlyMemory<byte> Output, WorkflowError? Error) : RunOutcome;

    /// <summary>The run waits, out of memory, until this time or a message.</summary>
    public sealed record Parked(DateTimeOffset? WakeAt) : RunOutcome;

    /// <summary>The run was given back because its host stops.</summary>
    public sealed record Released : RunOutcome;

    /// <summary>Another owner has the run: what this one did since is not recorded.</summary>
    public sealed record LeaseLost : RunOutcome;
}
