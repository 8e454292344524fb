using System.Threading.Tasks.Sources;

namespace Baton.Server.Storage;

/// <summary>Something to be written in the next group commit, and awaited until it is durable.</summary>
internal abstract class WriteRequest
{
    /// <summary>True when the request runs several statements, so that a failing one must take back the others.</summary>
    public virtual bool NeedsSavepoint => true;

    /// <summary>Runs the statements, on the writer's thread, inside the batch's transaction.</summary>
    public abstract void Execute(SqliteConnectionStatements statements);

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
internal sealed class WriteRequestOf<T>(Func<SqliteConnectionStatements, T> write) : WriteRequest<T>(inline: false)
{
    public override void Execute(SqliteConnectionStatements statements) => Result = write(statements);
}
