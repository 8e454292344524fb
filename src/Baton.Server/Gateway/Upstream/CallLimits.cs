namespace Baton.Server.Gateway;

/// <summary>The three clocks of one target's part in a call: the whole of the call, its first byte, and every silence after that. One timer counts down to whichever comes first.</summary>
internal sealed class CallLimits : IDisposable
{
    private readonly string label;
    private readonly ModelOptions model;
    private readonly TimeProvider time;
    private readonly CancellationToken cancel;
    private readonly CancellationTokenSource any;
    private readonly CancellationTokenRegistration stopping;
    private readonly TimeSpan whole;
    private readonly long began;
    private bool hasHeard, isWholeNext;

    public CallLimits(string label, ModelOptions model, GatewayCall call, TimeProvider time)
    {
        (this.label, this.model, this.time, cancel, began) = (label, model, time, call.Cancel, time.GetTimestamp());
        whole = call.Left < model.Timeout ? call.Left : model.Timeout;
        isWholeNext = whole <= model.FirstByteTimeout;
        any = new CancellationTokenSource(whole <= TimeSpan.Zero ? TimeSpan.Zero : isWholeNext ? whole : model.FirstByteTimeout, time);
        stopping = cancel.UnsafeRegister(static any => ((CancellationTokenSource)any!).Cancel(), any);
    }

    /// <summary>Signalled by the caller's wish to stop, or by any of the clocks.</summary>
    public CancellationToken Token => any.Token;

    public bool AreOver => any.IsCancellationRequested && !cancel.IsCancellationRequested;

    public TimeSpan Elapsed => time.GetElapsedTime(began);

    /// <summary>Whether the time ran out of which others had used most: that is not this target's fault.</summary>
    public bool WereUsedUp => isWholeNext && AreOver && 2 * whole < model.Timeout;

    /// <summary>Something of the answer has come: silence counts anew.</summary>
    public void Heard()
    {
        hasHeard = true;
        Next(model.IdleTimeout);
    }

    /// <summary>No clock of silence runs while the answer waits for its reader; <see cref="Heard"/> starts it again.</summary>
    public void Pause() => Next(TimeSpan.MaxValue);

    /// <summary>Which clock ran out.</summary>
    public string Reason =>
        WereUsedUp ? $"{label} had not ended its answer when the time for the whole call was over (Timeout)."
        : isWholeNext ? $"{label} had not ended its answer after {model.Timeout.TotalSeconds:0.###} s (Timeout)."
        : hasHeard ? $"{label} fell silent in the middle of its answer for {model.IdleTimeout.TotalSeconds:0.###} s (IdleTimeout)."
        : $"{label} gave no answer within {model.FirstByteTimeout.TotalSeconds:0.###} s (FirstByteTimeout).";

    public void Dispose()
    {
        stopping.Dispose();
        any.Dispose();
    }

    private void Next(TimeSpan silence)
    {
        if (any.IsCancellationRequested) return;
        var left = whole - Elapsed;
        isWholeNext = left <= silence;
        any.CancelAfter(left <= TimeSpan.Zero ? TimeSpan.Zero : isWholeNext ? left : silence);
    }
}
