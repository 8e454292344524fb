using Baton.Engine;

namespace Baton.Server.Outbound;

/// <summary>A limit on how long something may take, told apart from its caller's own wish to stop.</summary>
internal static class Deadline
{
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    /// <exception cref="WorkflowException">The time is up.</exception>
    public static async Task<T> RunAsync<T>(TimeSpan limit, TimeProvider time, string late, Func<CancellationToken, Task<T>> action, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            return await action(any.Token);
        }
        catch (OperationCanceledException e) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancel);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested)
        {
            throw CallErrors.TimedOut(late, e);
        }
    }
}
