using System.Text;
using Baton.Engine.Runs;

namespace Baton.Engine.Replay;

/// <summary>Explains a history that the workflow's code no longer fits, and names the ways out.</summary>
internal static class Mismatch
{
    private const string WaysOut =
        "The run is paused and nothing is lost. Either bring back the code (or version) that this history was made by and resume the run, "
        + "or fork it from the last step that both agree on, or cancel it. Changed code needs a new workflow version.";

    public static ReplayMismatchException OfKind(Operation asked, JournalEntry recorded) =>
        new($"The history of this run does not fit its code. At '{asked.Key}': recorded as {NameOf(recorded)} (entry {recorded.Seq}), asked for now as {asked.Kind}. {WaysOut}");

    /// <param name="untaken">The oldest entry that the code never asked for.</param>
    /// <param name="asked">What the code asks for instead.</param>
    /// <param name="ended">The workflow's task, if it ended instead of asking.</param>
    public static ReplayMismatchException OfMissing(JournalEntry untaken, IReadOnlyCollection<Operation> asked, Task? ended)
    {
        var message = new StringBuilder($"The history of this run does not fit its code. Recorded next: {NameOf(untaken)} '{untaken.Key}' (entry {untaken.Seq}). The code asks for ");
        if (asked.Count > 0) message.AppendJoin(", ", asked.Take(5).Select(operation => $"{operation.Kind} '{operation.Key}'"));
        else message.Append(ended is null ? "nothing" : ended.IsFaulted ? $"nothing more: it failed with {ended.Exception!.InnerException!.Message}" : "nothing more: it returned");
        return new ReplayMismatchException(message.Append(" instead. ").Append(WaysOut).ToString());
    }

    private static string NameOf(JournalEntry entry) => entry switch
    {
        JournalEntry.StepCompleted or JournalEntry.StepFailed => "step",
        JournalEntry.TimerSet or JournalEntry.TimerFired => "timer",
        JournalEntry.ChildStarted or JournalEntry.ChildEnded => "child run",
        JournalEntry.SignalReceived => "signal",
        JournalEntry.EventReceived or JournalEntry.EventEmitted => "event",
        JournalEntry.ListeningStarted or JournalEntry.ListeningStopped => "listener",
        JournalEntry.MapStarted => "map",
        JournalEntry.PolicyDecided => "decision of an error policy",
        JournalEntry.ApprovalAsked or JournalEntry.ApprovalSettled => "approval",
        JournalEntry.CompensationStarted or JournalEntry.Compensated => "compensation",
        _ => entry.GetType().Name,
    };
}
