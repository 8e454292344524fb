using System.Threading.Channels;

namespace Baton.Server.Cluster;

/// <summary>Says that something may have happened since the last look. However often it is set, it is heard once; by one listener.</summary>
internal sealed class Signal(TimeProvider time)
{
    private readonly Channel<bool> set = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => set.Writer.TryWrite(true);

    /// <returns>True when it was set, false when the time is up.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public async Task<bool> WaitAsync(TimeSpan most, CancellationToken cancel)
    {
        if (most <= TimeSpan.Zero) return false;
        using var timeout = new CancellationTokenSource(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            return await set.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>The same, until something is due; null for nothing.</summary>
    public Task<bool> WaitAsync(DateTimeOffset? due, TimeSpan most, CancellationToken cancel) =>
        WaitAsync(due is { } at && at - time.GetUtcNow() is var wait && wait < most ? wait : most, cancel);
}
