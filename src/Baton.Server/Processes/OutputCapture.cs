using System.Buffers;
using System.Text;

namespace Baton.Server.Processes;

/// <summary>Keeps the beginning of what a process writes, and the last of it. The rest is read and dropped, so that the process is not held up.</summary>
internal sealed class OutputCapture(int limit)
{
    private const int TailBytes = 2_000;

    private readonly ArrayBufferWriter<byte> head = new();
    private byte[] tail = [];
    private long total;

    /// <summary>Reads to the end, or until <paramref name="cancel"/>.</summary>
    public async Task ReadAsync(Stream from, CancellationToken cancel)
    {
        var buffer = new byte[16 << 10];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, cancel)) > 0;) Add(buffer.AsSpan(0, read));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Something outlived the process and holds its pipe: what has come so far is what there is.
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
}
