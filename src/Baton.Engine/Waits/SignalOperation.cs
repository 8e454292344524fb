using System.Diagnostics;
using Baton.Engine.Replay;
using Baton.Engine.Runs;
using Baton.Engine.Steps;

namespace Baton.Engine.Waits;

/// <summary>Waits for the next signal of a name. A signal sent earlier is kept for it.</summary>
internal abstract class SignalOperation(RunExecution run, string key, CancelScope scope, string name) : Operation(run, key, scope)
{
    public override string Kind => "signal";

    public string Name { get; } = name;

    public override bool Restore(Recorded recorded) => recorded.Outcome is JournalEntry.SignalReceived;

    public override void Start() => Run.Mail.Add(this);

    public void Accept(InboxMessage message)
    {
        Run.Enter();
        Run.Record(this, (seq, at) => new JournalEntry.SignalReceived(seq, at, Key, message.Body, message.No));
    }
}

internal sealed class SignalOperation<T>(RunExecution run, string key, CancelScope scope, string name, PayloadCodec<T> codec) : SignalOperation(run, key, scope, name)
{
    private readonly TaskCompletionSource<T> result = new();

    public Task<T> Result => result.Task;

    public override void Settle(JournalEntry outcome)
    {
        if (outcome is not JournalEntry.SignalReceived received) throw new UnreachableException();
        Run.Mail.Took(received);
        codec.Decode(received.Payload, Key, result);
    }

    public override void Cancel()
    {
        Run.Mail.Leave(this);
        result.TrySetCanceled();
    }
}
