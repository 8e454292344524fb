namespace Baton.Server.Gateway;

/// <summary>The three clocks of one call: the whole of it, its first byte, and every silence after that.</summary>
internal sealed class CallLimits : IDisposable
{
    private readonly string label;
    private readonly ModelOptions model;
    private readonly CancellationTokenSource whole;
    private readonly CancellationTokenSource silence;
    private readonly CancellationTokenSource any;
    private bool hasHeard;

    public CallLimits(string label, ModelOptions model, TimeProvider time, CancellationToken cancel)
    {
        (this.label, this.model) = (label, model);
        whole = new CancellationTokenSource(model.Timeout, time);
        silence = new CancellationTokenSource(model.FirstByteTimeout, time);
        any = CancellationTokenSource.CreateLinkedTokenSource(cancel, whole.Token, silence.Token);
    }

    /// <summary>Signalled by the caller's wish to stop, or by any of the clocks.</summary>
    public CancellationToken Token => any.Token;

    public bool AreOver => whole.IsCancellationRequested || silence.IsCancellationRequested;

    /// <summary>Something of the answer has come: silence counts anew.</summary>
    public void Heard()
    {
        hasHeard = true;
        silence.CancelAfter(model.IdleTimeout);
    }

    /// <summary>No clock of silence runs while the answer waits for its reader; <see cref="Heard"/> starts it again.</summary>
    public void Pause() => silence.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>Which clock ran out.</summary>
    public string Reason =>
        !silence.IsCancellationRequested ? $"{label} had not ended its answer after {model.Timeout.TotalSeconds:0.###} s (Timeout)."
        : hasHeard ? $"{label} fell silent in the middle of its answer for {model.IdleTimeout.TotalSeconds:0.###} s (IdleTimeout)."
        : $"{label} gave no answer within {model.FirstByteTimeout.TotalSeconds:0.###} s (FirstByteTimeout).";

    public void Dispose()
    {
        any.Dispose();
        silence.Dispose();
        whole.Dispose();
    }
}
