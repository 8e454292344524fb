using System.Diagnostics;
using Baton.Engine.Replay;
using Baton.Engine.Runs;
using Baton.Jq;

namespace Baton.Engine.Waits;

/// <summary>
/// Waits for a person. Storage alone decides whether an answer or the deadline came first, and sends the run one message that says which:
/// so no answer that was accepted is lost to an expiry, and none is accepted after it.
/// </summary>
internal sealed class ApprovalOperation(RunExecution run, string key, CancelScope scope, Approval approval, TimeSpan? deadline) : Operation(run, key, scope)
{
    private readonly TaskCompletionSource<JqValue> result = new();
    private JournalEntry.ApprovalAsked? recorded;
    private bool isAsked, hasLapsed;

    public override string Kind => "approval";

    /// <summary>The answer <c>{ choice, comment, by, at, value }</c>, or <c>{ expired: true }</c>.</summary>
    public Task<JqValue> Result => result.Task;

    public override bool Restore(Recorded recorded)
    {
        if (recorded.Opening is not JournalEntry.ApprovalAsked asked || recorded.Outcome is not (null or JournalEntry.ApprovalSettled)) return false;
        (this.recorded, isAsked, hasLapsed) = (asked, true, recorded.HasLapsed);
        return true;
    }

    public override void Start()
    {
        if (recorded is not null)
        {
            Await(recorded.Approval.Deadline);
            return;
        }
        var asked = approval with { Deadline = Run.Time.GetUtcNow() + deadline };
        Run.Enter();
        Run.Append((seq, at) => new JournalEntry.ApprovalAsked(seq, at, Key, asked), _ =>
        {
            Run.Leave();
            isAsked = true;
            if (Run.Find(Key) == this) Await(asked.Deadline);
            else if (!Run.Root.IsCancelled) Close();
        });
    }

    public override void OnDue() => Close();

    /// <summary>Nobody waits any longer: its time is over, or that of the task around it.</summary>
    private void Close()
    {
        if (!isAsked || hasLapsed || !Run.IsLive) return;
        Run.Enter();
        hasLapsed = true;
        Run.Append((seq, at) => new JournalEntry.ApprovalLapsed(seq, at, Key, approval.Id), _ =>
        {
            Run.Leave();
            Run.Mail.Read();
        });
    }

    public void Accept(InboxMessage message)
    {
        Due = null;
        Run.Enter();
        Run.Record(this, (seq, at) => new JournalEntry.ApprovalSettled(seq, at, Key, message.Body, message.No));
    }

    public override void Settle(JournalEntry outcome)
    {
        if (outcome is not JournalEntry.ApprovalSettled settled) throw new UnreachableException();
        result.SetResult(JqValue.Parse(settled.Answer.Span, Payloads.Trusted));
    }

    public override void Cancel()
    {
        if (!Run.Root.IsCancelled) Close();   // at the run's end, all that is open is withdrawn with it
        result.TrySetCanceled();
    }

    private void Await(DateTimeOffset? due)
    {
        if (due is { } at && !hasLapsed) Run.Wait(this, at);
    }
}
