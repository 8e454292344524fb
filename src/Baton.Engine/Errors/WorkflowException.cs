namespace Baton.Engine;

/// <summary>A step or a workflow failed in a way that it can describe. Workflow code may catch it and go on.</summary>
public class WorkflowException(WorkflowError error, ErrorClass errorClass = ErrorClass.Generic, Exception? inner = null)
    : Exception(error.ToString(), inner)
{
    public WorkflowError Error { get; } = error with { Class = errorClass.ToName() };

    public ErrorClass Class { get; } = errorClass;

    /// <summary>What the other side asked to wait before the next attempt (HTTP <c>Retry-After</c>), if it did.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Attempts that the step made; 1 where that is not known.</summary>
    internal int Attempt { get; init; } = 1;

    /// <summary>The decision of an error policy by which the error stands; null where none decided.</summary>
    internal PolicyDecision? Decision { get; init; }

    /// <summary>The same with another error: what is known besides stays.</summary>
    internal WorkflowException With(WorkflowError error) => new(error, Class, this) { RetryAfter = RetryAfter, Attempt = Attempt, Decision = Decision };
}

/// <summary>What the recorded history says and what the workflow now asks for do not fit. The run is paused, nothing is lost.</summary>
public sealed class ReplayMismatchException(string message) : Exception(message);

/// <summary>The journal cannot be written or read now: a full disk, a lost database. Nothing that was acknowledged is lost.</summary>
public sealed class StorageUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
