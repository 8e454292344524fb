namespace Baton.Engine;

/// <summary>What an error policy does about an error.</summary>
public enum PolicyMove
{
    /// <summary>The task is tried again, after a delay.</summary>
    Retry,

    /// <summary>One of the rule's fallbacks is tried in the task's place.</summary>
    Fallback,

    /// <summary>The task gives the output that the rule holds for it, and the run goes on.</summary>
    Skip,

    /// <summary>The run fails, and what its finished tasks did is undone.</summary>
    Compensate,

    /// <summary>A person decides.</summary>
    Escalate,

    /// <summary>The error stands: whoever catches it has it, or the run fails.</summary>
    Fail,
}

/// <summary>One decision of an error policy, as it stands in the journal. A replay reads it and does not decide again.</summary>
/// <param name="Class">The error's class (see <see cref="ErrorClasses.ToName"/>), after the policy's patterns were tried.</param>
/// <param name="Rule">The rule that decided, such as <c>standard/2</c>: the policy's name and the rule's place in it, from 0. Empty when none fits.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="Attempt">Attempts that were made of the task so far.</param>
public sealed record PolicyDecision(string Class, string Rule, PolicyMove Move, string Reason, int Attempt)
{
    /// <summary>The reason that a skipped task is recorded with.</summary>
    public const string Skipped = "error_handling_skip";

    /// <summary>Which of the rule's fallbacks is tried, from 0; null for another move.</summary>
    public int? Option { get; init; }

    /// <summary>The pause before a retry of a task of several steps; null where the step itself records it.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The error that the decision is about; null where it stands beside the decision anyway.</summary>
    public WorkflowError? Error { get; init; }

    /// <summary>Channels that are told when the run fails by this decision; empty for those that are told by default.</summary>
    public EquatableList<string> Notify { get; init; } = [];
}

public static class PolicyMoves
{
    /// <summary>The move as it stands in journals and on the wire.</summary>
    public static string ToName(this PolicyMove move) => move switch
    {
        PolicyMove.Retry => "retry",
        PolicyMove.Fallback => "fallback",
        PolicyMove.Skip => "skip",
        PolicyMove.Compensate => "compensate",
        PolicyMove.Escalate => "escalate",
        PolicyMove.Fail => "fail",
        _ => throw new ArgumentOutOfRangeException(nameof(move), move, "Not a move."),
    };

    /// <exception cref="InvalidDataException">It is none: a newer version wrote it.</exception>
    public static PolicyMove Parse(string name) =>
        Enum.GetValues<PolicyMove>().Where(move => string.Equals(move.ToName(), name, StringComparison.Ordinal)).Select(move => (PolicyMove?)move).FirstOrDefault()
            ?? throw new InvalidDataException($"'{name}' is not a move of an error policy.");
}
