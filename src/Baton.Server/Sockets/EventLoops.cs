namespace Baton.Server.Sockets;

/// <summary>The loops of a process that forwards: one for each processor. Thread-safe.</summary>
/// <param name="busyPoll">See <see cref="SocketOptions.BusyPoll"/>.</param>
internal sealed class EventLoops(TimeSpan busyPoll = default) : IDisposable
{
    private readonly EventLoop[] all = [.. Enumerable.Range(1, Environment.ProcessorCount).Select(number => new EventLoop($"Sockets {number}", busyPoll))];
    private uint last;

    /// <summary>Each in its turn.</summary>
    public EventLoop Next() => all[Interlocked.Increment(ref last) % (uint)all.Length];

    /// <summary>That of the thread which asks, where it is one of them.</summary>
    public EventLoop Own() => EventLoop.Current is { } current && Array.IndexOf(all, current) >= 0 ? current : Next();

    public void Dispose()
    {
        foreach (var loop in all) loop.Dispose();
    }
}
