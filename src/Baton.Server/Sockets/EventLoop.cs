using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Baton.Server.Sockets;

/// <summary>
/// One thread that sees what happens on many sockets (<c>epoll(7)</c>, edge-triggered) and lets what waits for it go on at once, itself. Linux only. Thread-safe.
/// </summary>
internal sealed unsafe partial class EventLoop : IDisposable
{
    private const int Add = 1;   // EPOLL_CTL_ADD
    private const uint CanRead = 0x1, CanWrite = 0x4, HasFailed = 0x8, HasHungUp = 0x10, HasStoppedSending = 0x2000, OnChange = 1u << 31;
    private const int MostEvents = 256, CloseOnExec = 0x80000;

    /// <summary>Transfers at once, one behind the other: what has more to do goes on when others have had their turn. Of 64 KB each they take about a millisecond.</summary>
    private const int MostOfTurn = 32;

    /// <summary>The kernel's <c>epoll_event</c> is packed on x64 and nowhere else.</summary>
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16, DataAt = EventSize - 8;

    [ThreadStatic]
    private static EventLoop? current;

    private readonly int epoll, bell;
    private readonly Lock gate = new();
    private volatile LoopSocket?[] sockets = new LoopSocket?[64];   // by descriptor
    private readonly ConcurrentQueue<LoopWait> later = new();
    private uint lastTurn;
    private int leftOfTurn;
    private volatile bool isDisposed;
    private readonly long busyPoll;

    /// <param name="busyPoll">How long it looks for events before it sleeps.</param>
    public EventLoop(string name, TimeSpan busyPoll)
    {
        this.busyPoll = (long)(busyPoll.TotalSeconds * Stopwatch.Frequency);
        if ((epoll = EpollCreate(CloseOnExec)) < 0 || (bell = EventFd(0, CloseOnExec)) < 0) throw new SocketException(Errors.Of(Marshal.GetLastPInvokeError()));
        Control(bell, CanRead | OnChange, data: ulong.MaxValue);   // each time that it is rung, and nobody has to read it
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>That of the thread that asks; null elsewhere.</summary>
    public static EventLoop? Current => current;

    /// <summary>Watches a socket from here on, under a number that tells it apart from others that had its descriptor before.</summary>
    /// <exception cref="SocketException">The system watches no more.</exception>
    public void Watch(LoopSocket socket, int descriptor)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            var all = sockets;
            if (descriptor >= all.Length)
            {
                Array.Resize(ref all, Math.Max(descriptor + 1, all.Length * 2));
                sockets = all;
            }
            socket.Turn = ++lastTurn;
            all[descriptor] = socket;
            Control(descriptor, CanRead | CanWrite | HasStoppedSending | OnChange, ((ulong)socket.Turn << 32) | (uint)descriptor);   // not with a number that the loop has closed
        }
    }

    /// <summary>Forgets a socket, before it is closed: that ends the kernel's part.</summary>
    public void Forget(LoopSocket socket, int descriptor)
    {
        lock (gate)
        {
            if (descriptor < sockets.Length && sockets[descriptor] == socket) sockets[descriptor] = null;
        }
    }

    /// <summary>Whether what goes on on this loop's thread may do one transfer more before others have had their turn. On the loop's thread.</summary>
    public bool MayGoOn() => leftOfTurn-- > 0;

    /// <summary>Lets a transfer that waits go on, by the loop's thread, behind all that has happened meanwhile.</summary>
    public void GoOnLater(LoopWait wait)
    {
        later.Enqueue(wait);
        if (current == this) return;
        lock (gate)
        {
            if (!isDisposed) Ring();
        }
    }

    /// <summary>Ends the thread; sockets that are left are told nothing any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (isDisposed) return;
            isDisposed = true;
            Ring();
        }
    }

    private void Ring()
    {
        var one = 1UL;
        _ = Write(bell, &one, sizeof(ulong));
    }

    private void Run()
    {
        current = this;
        var events = stackalloc byte[MostEvents * EventSize];
        while (!isDisposed)
        {
            var count = NextEvents(events);
            for (var i = 0; i < count; i++)
            {
                var one = events + (i * EventSize);
                var (what, data) = (*(uint*)one, Unsafe.ReadUnaligned<ulong>(one + DataAt));
                if (data == ulong.MaxValue) continue;
                var all = sockets;
                var descriptor = (uint)data;
                if (descriptor < (uint)all.Length && all[descriptor] is { } socket && socket.Turn == (uint)(data >> 32))
                {
                    leftOfTurn = MostOfTurn;
                    socket.Happened((what & (CanRead | HasStoppedSending | HasHungUp | HasFailed)) != 0, (what & (CanWrite | HasHungUp | HasFailed)) != 0, (what & (HasStoppedSending | HasHungUp | HasFailed)) != 0);
                }
            }
            for (var left = later.Count; left > 0 && later.TryDequeue(out var wait); left--)
            {
                leftOfTurn = MostOfTurn;
                wait.BecomeReady();
            }
        }
        lock (gate)
        {
            _ = Close(epoll);
            _ = Close(bell);
        }
    }

    /// <summary>Waits for events, awake at first where that is wanted; not at all where transfers wait for their turn.</summary>
    private int NextEvents(byte* events)
    {
        if (busyPoll > 0 && later.IsEmpty)   // what comes there meanwhile rings
        {
            var began = Stopwatch.GetTimestamp();
            do
            {
                if (EpollWait(epoll, events, MostEvents, 0) is not 0 and var count) return count;
            }
            while (Stopwatch.GetTimestamp() - began < busyPoll);
        }
        return EpollWait(epoll, events, MostEvents, later.IsEmpty ? -1 : 0);
    }

    private void Control(int descriptor, uint events, ulong data)
    {
        var one = stackalloc byte[EventSize];
        *(uint*)one = events;
        Unsafe.WriteUnaligned(one + DataAt, data);
        if (EpollControl(epoll, Add, descriptor, one) < 0) throw new SocketException(Errors.Of(Marshal.GetLastPInvokeError()));
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int what, int descriptor, byte* one);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    private static partial int EpollWait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint first, int flags);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, void* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
