using System.Buffers.Binary;

namespace Baton.TestBed;

/// <summary>The write-ahead log of a SQLite file that nobody has open.</summary>
/// <remarks>Format: sqlite.org/fileformat2.html, "The Write-Ahead Log".</remarks>
public static class SqliteLog
{
    private const int Header = 32, FrameHeader = 24;

    /// <summary>
    /// Leaves at the end what a machine that loses power in the middle of a write leaves: a part of a frame, behind all that was committed. Nothing that
    /// was committed is touched: that had been synced, and a disk that loses synced bytes is beyond what a database can promise.
    /// </summary>
    /// <returns>What was done, for people; null if there is no log.</returns>
    public static string? Tear(string database, int seed)
    {
        var path = $"{database}-wal";
        if (!File.Exists(path)) return null;
        var random = new Random(seed);
        var log = File.ReadAllBytes(path);
        var end = EndOfCommitted(log);
        if (end == 0) return null;
        var frame = FrameHeader + PageSize(log);
        var torn = new byte[random.Next(1, 3 * frame)];
        random.NextBytes(torn);
        // Half of the time it looks like a frame of this log, with only the page wrong.
        if (random.Next(2) == 0 && torn.Length > FrameHeader)
        {
            BinaryPrimitives.WriteUInt32BigEndian(torn, 1);
            BinaryPrimitives.WriteUInt32BigEndian(torn.AsSpan(4), 1);
            log.AsSpan(16, 8).CopyTo(torn.AsSpan(8));
        }
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.Seek(end, SeekOrigin.Begin);
        file.Write(torn);
        if (random.Next(2) == 0) file.SetLength(end + torn.Length);   // the file had not grown beyond, or there are old frames behind
        return $"{torn.Length:N0} bytes of a torn write lie behind the {end:N0} that are committed";
    }

    /// <summary>The position behind the last frame that ends a transaction, and up to which all sums are right; 0 for no log.</summary>
    public static long EndOfCommitted(ReadOnlySpan<byte> log)
    {
        if (log.Length < Header) return 0;
        var big = (BinaryPrimitives.ReadUInt32BigEndian(log) & 1) == 1;
        var page = PageSize(log);
        var (a, b) = Sum(log[..24], big, 0, 0);
        if (!Is(log[24..], a, b)) return 0;
        var end = (long)Header;
        for (var at = Header; at + FrameHeader + page <= log.Length; at += FrameHeader + page)
        {
            var frame = log.Slice(at, FrameHeader + page);
            if (!frame.Slice(8, 8).SequenceEqual(log.Slice(16, 8))) break;
            (a, b) = Sum(frame[..8], big, a, b);
            (a, b) = Sum(frame[FrameHeader..], big, a, b);
            if (!Is(frame[16..], a, b)) break;
            if (BinaryPrimitives.ReadUInt32BigEndian(frame[4..]) != 0) end = at + FrameHeader + page;
        }
        return end;
    }

    private static int PageSize(ReadOnlySpan<byte> log) => BinaryPrimitives.ReadInt32BigEndian(log[8..]);

    private static bool Is(ReadOnlySpan<byte> stored, uint a, uint b) => BinaryPrimitives.ReadUInt32BigEndian(stored) == a && BinaryPrimitives.ReadUInt32BigEndian(stored[4..]) == b;

    private static (uint A, uint B) Sum(ReadOnlySpan<byte> bytes, bool big, uint a, uint b)
    {
        for (var i = 0; i < bytes.Length; i += 8)
        {
            a += Read(bytes[i..], big) + b;
            b += Read(bytes[(i + 4)..], big) + a;
        }
        return (a, b);
    }

    private static uint Read(ReadOnlySpan<byte> bytes, bool big) => big ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
