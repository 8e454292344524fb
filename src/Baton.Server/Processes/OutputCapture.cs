using System.Buffers;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;

namespace Baton.Server.Processes;

/// <summary>Keeps the beginning of what a process writes, and the last of it. The rest is read and dropped, so that the process is not held up.</summary>
internal sealed class OutputCapture(int limit)
{
    private const int TailBytes = 2_000;

    // The most that a pipe of Linux holds unless the system's owner has allowed more.
    private const int MaxPipeBytes = 1 << 20;

    private const short PollIn = 1;

    private readonly ArrayBufferWriter<byte> head = new();
    private byte[] tail = [];
    private long total;

    /// <summary>Reads to the end, or until <paramref name="cancel"/>: what has been written by then is read, for the process may have ended long before this was its turn.</summary>
    public async Task ReadAsync(PipeStream from, CancellationToken cancel)
    {
        var buffer = new byte[16 << 10];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, cancel)) > 0;) Add(buffer.AsSpan(0, read));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Something outlived the process and holds its pipe: what is in it is what there is.
            for (long left = MaxPipeBytes; left > 0 && HoldsSomething(from) && await from.ReadAsync(buffer, CancellationToken.None) is > 0 and var read; left -= read) Add(buffer.AsSpan(0, read));
        }
    }

    /// <summary>What was kept, with a note where it was cut.</summary>
    public string Text
    {
        get
        {
            var cut = total - head.WrittenCount;
            if (cut == 0) return Encoding.UTF8.GetString(head.WrittenSpan);
            // A character that the limit cuts in half is left out.
            var characters = new char[Encoding.UTF8.GetMaxCharCount(head.WrittenCount)];
            var count = Encoding.UTF8.GetDecoder().GetChars(head.WrittenSpan, characters, flush: false);
            return $"{characters.AsSpan(0, count)}\n[cut: {cut} bytes more]";
        }
    }

    /// <summary>The last of it, for a message.</summary>
    public string End
    {
        get
        {
            var start = 0;
            while (start < tail.Length && start < 4 && total > tail.Length && (tail[start] & 0xC0) == 0x80) start++;   // the rest of a character
            return Encoding.UTF8.GetString(tail.AsSpan(start)).Trim();
        }
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        total += bytes.Length;
        head.Write(bytes[..Math.Min(bytes.Length, limit - head.WrittenCount)]);
        tail = bytes.Length >= TailBytes ? bytes[^TailBytes..].ToArray() : [.. tail.AsSpan(Math.Max(0, tail.Length + bytes.Length - TailBytes)), .. bytes];
    }

    /// <summary>Whether a reader would get something, or the end, without waiting: asked of the system, for a read that is late looks like one that has nothing.</summary>
    private static bool HoldsSomething(PipeStream pipe)
    {
        if (OperatingSystem.IsWindows()) return false;
        var state = new PollState { Descriptor = (int)pipe.SafePipeHandle.DangerousGetHandle(), Events = PollIn };
        return Poll(ref state, 1, 0) > 0;
    }

    [DllImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollState state, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollState
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
