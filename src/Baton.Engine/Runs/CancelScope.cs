namespace Baton.Engine.Runs;

/// <summary>A part of a run that can be cancelled alone: a branch that lost its race, a task past its deadline, or the whole run.</summary>
internal sealed class CancelScope(CancelScope? parent)
{
    private CancellationTokenSource? source;
    private volatile bool cancelled;   // effects look at it from other threads

    public bool IsCancelled => cancelled || parent is { IsCancelled: true };

    /// <summary>Told to effects that run in this scope. Created on demand: most scopes never need one.</summary>
    public CancellationToken Token
    {
        get
        {
            if (source is not null) return source.Token;
            source = parent is null ? new CancellationTokenSource() : CancellationTokenSource.CreateLinkedTokenSource(parent.Token);
            if (cancelled) source.Cancel();
            return source.Token;
        }
    }

    public bool IsWithin(CancelScope other)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (ReferenceEquals(scope, other)) return true;
        }
        return false;
    }

    private CancelScope? Parent => parent;

    /// <summary>Marks the scope and tells its effects. Their callbacks run here: they are ours, or were registered by an effect.</summary>
    public void Cancel()
    {
        if (cancelled) return;
        cancelled = true;
        try
        {
            source?.Cancel();
        }
        catch (AggregateException)
        {
            // All were told. What one of them throws is the effect's own affair, whose outcome nobody waits for any more: the run goes on.
        }
    }
}
