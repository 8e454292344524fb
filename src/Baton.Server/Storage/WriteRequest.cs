using System.Threading.Tasks.Sources;

namespace Baton.Server.Storage;

/// <summary>Something to be written in the next group commit, and awaited until it is durable.</summary>
internal abstract class WriteRequest
{
    /// <summary>True when the request runs several statements, so that a failing one must take back the others.</summary>
    public virtual bool NeedsSavepoint => true;

    /// <summary>Requests with the same number are written in the order in which they were queued: those of one run.</summary>
    public virtual int Affinity => 0;

    /// <summary>How requests like this one are written together, where that is worth while; null to execute it alone.</summary>
    public virtual BulkWrite? Bulk => null;

    /// <summary>True when its bulk write has nothing after it, unless the statement itself says so: nothing else to write, and nothing to tell other nodes.</summary>
    public virtual bool IsQuiet => false;

    /// <summary>Lines that other nodes are told with the commit; null for none. Asked after the request was executed.</summary>
    public virtual IEnumerable<string>? Broadcast => null;

    /// <summary>Runs the statements, on the writer's thread, inside the batch's transaction. Called again when the transaction has to be repeated.</summary>
    public abstract void Execute(SqlStatements statements);

    /// <summary>The batch is durable.</summary>
    public abstract void Complete();

    /// <summary>Nothing of this request was stored.</summary>
    public abstract void Fail(Exception e);
}

/// <summary>A request with a result.</summary>
/// <param name="inline">True to continue on the writer's thread: for engine code that hands over at once.</param>
internal abstract class WriteRequest<T>(bool inline) : WriteRequest, IValueTaskSource<T>
{
    private ManualResetValueTaskSourceCore<T> source = new() { RunContinuationsAsynchronously = !inline };

    /// <summary>What <c>Execute</c> came to; handed out once it is durable.</summary>
    protected T? Result { get; set; }

    public ValueTask<T> Task => new(this, source.Version);

    public override void Complete() => source.SetResult(Result!);

    public override void Fail(Exception e) => source.SetException(e);

    T IValueTaskSource<T>.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}

/// <summary>A request written where it is used.</summary>
/// <param name="broadcast">See <see cref="WriteRequest.Broadcast"/>.</param>
internal sealed class WriteRequestOf<T>(Func<SqlStatements, T> write, Func<IEnumerable<string>?>? broadcast = null) : WriteRequest<T>(inline: false)
{
    public override IEnumerable<string>? Broadcast => broadcast?.Invoke();

    public override void Execute(SqlStatements statements) => Result = write(statements);
}
