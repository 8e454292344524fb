using System.Buffers;

namespace Baton.Server.Gateway;

/// <summary>The bytes of an answer while it comes, as long as they are few enough to be kept.</summary>
internal sealed class AnswerBytes
{
    /// <summary>More than nearly all answers have: a megabyte of events is some 5,000 tokens.</summary>
    private const int Most = 1 << 20;

    private readonly ArrayBufferWriter<byte> bytes = new(4096);
    private bool isCut;

    /// <summary>All of them; null where there were too many.</summary>
    public ReadOnlyMemory<byte>? Whole => isCut ? null : bytes.WrittenMemory;

    public void Add(ReadOnlySpan<byte> more)
    {
        if (isCut) return;
        if (bytes.WrittenCount + more.Length <= Most)
        {
            bytes.Write(more);
            return;
        }
        isCut = true;
        bytes.Clear();
    }
}
