using System.Text;
using System.Text.Unicode;

namespace Baton.Server.PrConfidence;

/// <summary>Text out of bytes that git does not promise to be UTF-8.</summary>
internal static class GitText
{
    /// <summary>A path: UTF-8, and each byte that is none is written as \xNN, so that two different paths do not become one.</summary>
    public static string Path(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length + 16);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                used = 1;
                text.Append($"\\x{bytes[0]:X2}");
            }
            bytes = bytes[used..];
        }
        return text.ToString();
    }

    /// <summary>A line or a file: UTF-8 where it is that, else Latin-1, which loses no byte and keeps the words of old sources readable.</summary>
    public static string Content(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Encoding.Latin1.GetString(bytes);

    /// <summary>Undoes git's C-style quoting of a path in a patch header.</summary>
    public static byte[] Unquote(ReadOnlySpan<byte> quoted)
    {
        if (quoted.Length < 2 || quoted[0] != '"' || quoted[^1] != '"') return quoted.ToArray();
        var inner = quoted[1..^1];
        var plain = new List<byte>(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] != '\\' || i + 1 == inner.Length)
            {
                plain.Add(inner[i]);
                continue;
            }
            i++;
            if (inner[i] is >= (byte)'0' and <= (byte)'3' && i + 2 < inner.Length)
            {
                plain.Add((byte)(((inner[i] - '0') << 6) | ((inner[i + 1] - '0') << 3) | (inner[i + 2] - '0')));
                i += 2;
                continue;
            }
            plain.Add(inner[i] switch
            {
                (byte)'a' => 7,
                (byte)'b' => 8,
                (byte)'t' => 9,
                (byte)'n' => 10,
                (byte)'v' => 11,
                (byte)'f' => 12,
                (byte)'r' => 13,
                var other => other,
            });
        }
        return [.. plain];
    }

    /// <summary>The parts between NUL bytes; what stands after the last NUL is a part only if it is not empty.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> SplitAtNul(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.Span.IndexOf((byte)0);
            yield return end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
        }
    }

    /// <summary>The lines, without their line feeds.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.Span.IndexOf((byte)'\n');
            yield return end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
        }
    }

    /// <summary>At most <paramref name="max"/> characters, cut before a surrogate pair rather than inside it, with an ellipsis.</summary>
    public static string Cut(string text, int max)
    {
        if (text.Length <= max) return text;
        var end = Math.Max(0, max - 1);
        if (end > 0 && char.IsHighSurrogate(text[end - 1])) end--;
        return text[..end] + "…";
    }
}
