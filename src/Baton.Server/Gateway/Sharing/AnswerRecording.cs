using System.Collections.Immutable;

namespace Baton.Server.Gateway;

/// <summary>
/// An answer that is kept while it comes, so that any number of listeners can follow it: each gets its start and then what is added, in the pieces in which it came. At most a window of
/// it is kept: the writer is at most so far ahead of the listener that is foremost, and a listener that falls further behind than that has lost it. Thread-safe; one writer.
/// </summary>
/// <param name="window">Most bytes that are kept, but for a single piece that is larger.</param>
internal sealed class AnswerRecording(int window) : IAnswerSink
{
    private readonly Lock gate = new();
    private readonly List<byte[]> frames = [];
    private readonly List<AnswerListener> listeners = [];
    private TaskCompletionSource? news, room;
    private int head;                    // index in the list of the first piece that is kept
    private int dropped;                 // pieces that are no longer kept
    private int foremost;                // how many pieces any listener has ever been through with
    private long start, end;             // bytes of the answer: where what is kept begins, and where it ends
    private int holds;
    private bool isAbandoned;

    public IHeaderDictionary Headers { get; } = new HeaderDictionary();

    public bool HasBegun { get; private set; }

    public RecordingState State { get; private set; }

    public int Status { get; private set; }

    /// <summary>Bytes of the whole answer, where they were told before it came.</summary>
    public long? Length { get; private set; }

    /// <summary>Bytes that are kept.</summary>
    public long KeptBytes
    {
        get
        {
            lock (gate) return end - start;
        }
    }

    /// <summary>How many follow it.</summary>
    public int Listeners
    {
        get
        {
            lock (gate) return listeners.Count;
        }
    }

    public void Begin(int status, long? length)
    {
        lock (gate) (Status, Length, HasBegun) = (status, length, true);
        Tell();
    }

    /// <summary>Adds a piece; waits while the window is full and no listener is through with what stands in front.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        var frame = bytes.ToArray();
        if (!TryAdd(frame, out var wait)) return WaitAsync(frame, wait!, cancel);
        Tell();
        return ValueTask.CompletedTask;
    }

    public void Abort() => End(RecordingState.Aborted);

    /// <summary>Nothing more comes.</summary>
    /// <param name="isWhole">Whether it is an answer to its end; else it says itself that it is none.</param>
    public void Complete(bool isWhole) => End(isWhole ? RecordingState.Whole : RecordingState.Failed);

    /// <summary>Begins to listen.</summary>
    /// <param name="from">The byte of the answer to begin with.</param>
    /// <returns>Null when that is no longer kept or has not come yet, or when everybody had left.</returns>
    public AnswerListener? Listen(long from = 0)
    {
        AnswerListener listener;
        lock (gate)
        {
            if (isAbandoned || from < start || from > end) return null;
            var (at, position) = (dropped, start);
            while (position < from && position + frames[head + at - dropped].Length <= from) position += frames[head + at++ - dropped].Length;
            listener = new AnswerListener(this, at, (int)(from - position));
            listeners.Add(listener);
        }
        GiveRoom();   // one who begins at the end is ahead of those for whom the writer waits
        return listener;
    }

    /// <summary>Keeps the answer coming though nobody listens, until it is released.</summary>
    /// <returns>False when everybody had left.</returns>
    public bool TryHold()
    {
        lock (gate)
        {
            if (isAbandoned) return false;
            holds++;
            return true;
        }
    }

    /// <returns>True when now nobody wants the answer any more: it can be ended, and nobody joins it again.</returns>
    public bool Release()
    {
        lock (gate)
        {
            holds--;
            return isAbandoned = listeners.Count == 0 && holds == 0;
        }
    }

    /// <returns>As <see cref="Release"/>.</returns>
    public bool Leave(AnswerListener listener)
    {
        bool isNow;
        lock (gate) isNow = listeners.Remove(listener) && (isAbandoned = listeners.Count == 0 && holds == 0);
        GiveRoom();
        return isNow;
    }

    /// <summary>What has come, in its pieces; null where it no longer has its start, or has broken off.</summary>
    public ImmutableArray<byte[]>? Frames
    {
        get
        {
            lock (gate) return State != RecordingState.Aborted && dropped == 0 ? [.. frames] : null;
        }
    }

    /// <summary>Done once the answer has begun, or has ended without that.</summary>
    public async ValueTask BegunAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (HasBegun || State != RecordingState.Open) return;
                wait = (news ??= New()).Task;
            }
            await wait.WaitAsync(cancel);
        }
    }

    /// <summary>The piece of that number; waits for it.</summary>
    /// <returns>No piece at the end, or when it is no longer kept.</returns>
    internal async ValueTask<(Heard Heard, ReadOnlyMemory<byte> Frame)> HearAsync(AnswerListener listener, CancellationToken cancel)
    {
        var at = listener.At;
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (at > foremost) foremost = at;
                if (at < dropped) return (Heard.TooSlow, default);
                if (at - dropped + head is var index && index < frames.Count && !IsLastWord(index)) return (Heard.Frame, frames[index]);
                if (State != RecordingState.Open) return (State == RecordingState.Aborted ? Heard.Aborted : Heard.End, default);
                wait = (news ??= New()).Task;
            }
            await wait.WaitAsync(cancel);
        }
    }

    /// <summary>Whether a client that counts bytes would take the answer for ended with this piece, while it is not yet: whoever has all of an answer must find it kept.</summary>
    private bool IsLastWord(int index) => State == RecordingState.Open && index == frames.Count - 1 && end == Length;

    private async ValueTask WaitAsync(byte[] frame, Task wait, CancellationToken cancel)
    {
        do await wait.WaitAsync(cancel);
        while (!TryAdd(frame, out wait!));
        Tell();
    }

    private bool TryAdd(byte[] frame, out Task? wait)
    {
        wait = null;
        lock (gate)
        {
            if (State != RecordingState.Open) return true;
            if (end - start + frame.Length > window) MakeRoom(frame.Length);
            if (end - start + frame.Length > window && head < frames.Count)
            {
                wait = (room ??= New()).Task;
                return false;
            }
            frames.Add(frame);
            end += frame.Length;
            return true;
        }
    }

    /// <summary>Lets go of what stands in front, as far as the foremost listener is through with it: those who are behind have then lost it.</summary>
    private void MakeRoom(int length)
    {
        var through = listeners.Count == 0 ? foremost : 0;
        foreach (var listener in listeners) through = Math.Max(through, listener.At);
        while (head < frames.Count && dropped < through && end - start + length > window)
        {
            start += frames[head].Length;
            frames[head++] = [];
            dropped++;
        }
        if (head <= frames.Count / 2) return;
        frames.RemoveRange(0, head);
        head = 0;
    }

    private void End(RecordingState state)
    {
        lock (gate)
        {
            if (State != RecordingState.Open) return;
            State = state;
        }
        Tell();
        GiveRoom();
    }

    private void Tell()
    {
        TaskCompletionSource? told;
        lock (gate) (told, news) = (news, null);
        told?.SetResult();
    }

    internal void GiveRoom()
    {
        TaskCompletionSource? given;
        lock (gate) (given, room) = (room, null);
        given?.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>How far an answer has come.</summary>
internal enum RecordingState
{
    Open,

    /// <summary>To its own end.</summary>
    Whole,

    /// <summary>To an end that says what went wrong.</summary>
    Failed,

    /// <summary>Broken off, without a word.</summary>
    Aborted,
}
