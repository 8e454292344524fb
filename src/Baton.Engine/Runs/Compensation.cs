using Baton.Engine.Waits;

namespace Baton.Engine.Runs;

/// <summary>What undoes a finished task.</summary>
/// <param name="Task">Which task, for people: its key or its place in the document.</param>
/// <param name="OnPolicyOnly">True when a failure alone is no reason: the policy that lets the run fail must say so.</param>
internal sealed record Compensation(string Task, bool OnPolicyOnly, Func<RunContext, Task> UndoAsync);

/// <summary>Undoes what finished, in reverse order of completion; each in turn, and each whatever became of the one before.</summary>
internal sealed class Compensations(RunExecution run)
{
    /// <summary>What is recorded of compensations stands below this key.</summary>
    public const string Key = "~compensate";

    private readonly List<Compensation> finished = [];
    private Task? work;

    /// <summary>Outlives the run's own: what is undone after a cancel is not cancelled with it.</summary>
    public CancelScope Scope { get; } = new(null);

    public bool HasBegun => work is not null;

    public bool IsDone => work is { IsCompleted: true };

    /// <summary>What broke the undoing itself: a history that does not fit the code.</summary>
    public Exception? Fault => work?.Exception?.InnerException;

    public void Add(Compensation compensation)
    {
        if (!HasBegun) finished.Add(compensation);
    }

    /// <summary>Whether there is anything to undo for this end.</summary>
    /// <param name="thrown">What the workflow failed with; null for a cancelled one.</param>
    public bool AreDue(Exception? thrown) => finished.Exists(compensation => IsDue(compensation, thrown));

    public void Begin(Exception? thrown) => work = UndoAsync([.. finished.Where(compensation => IsDue(compensation, thrown)).Reverse()]);

    private static bool IsDue(Compensation compensation, Exception? thrown) =>
        thrown is null || !compensation.OnPolicyOnly || thrown is WorkflowException { Decision.Move: PolicyMove.Compensate };

    private async Task UndoAsync(Compensation[] due)
    {
        for (var i = 0; i < due.Length; i++)
        {
            var key = $"{Key}/{due.Length - 1 - i}";
            var scope = new CancelScope(Scope);
            WorkflowError? error = null;
            try
            {
                await due[i].UndoAsync(new RunContext(run, key, scope));
            }
            catch (Exception e) when (e is not ReplayMismatchException)   // one that fails must not keep the others from being tried
            {
                (error, _) = FailureClassifier.Describe(e, due[i].Task);
            }
            var task = due[i].Task;
            var record = new FactOperation<JournalEntry.Compensated>(run, key, Scope, "compensation", (seq, at, key) => new(seq, at, key, task, error));
            run.Ask(record);
            await record.Result;
        }
    }
}
