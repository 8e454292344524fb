using System.Buffers;
using System.Text;

namespace Baton.Jq;

/// <summary>Values in error messages, cut and worded as in jq 1.8.</summary>
internal static class Describe
{
    private const int MaxBytes = 29;

    /// <summary>Kind and value: <c>number (1)</c>.</summary>
    public static string Value(JqValue value) => $"{value.Kind.Name()} ({Text(value)})";

    /// <summary>The value as JSON in at most 29 bytes: what is cut ends in <c>...</c> and the closing delimiter.</summary>
    public static string Text(JqValue value)
    {
        var json = new ArrayBufferWriter<byte>(MaxBytes * 2);
        new JsonWriter(json, enough: MaxBytes + 1).Write(value);
        return Cut(json.WrittenSpan);
    }

    private static string Cut(ReadOnlySpan<byte> json)
    {
        if (json.Length <= MaxBytes) return Encoding.UTF8.GetString(json);
        var end = json[0] switch
        {
            (byte)'"' => "...\"",
            (byte)'[' => "...]",
            (byte)'{' => "...}",
            _ => "...",
        };
        var length = MaxBytes - end.Length;
        while ((json[length] & 0xC0) == 0x80) length--;   // not inside of a character
        return Encoding.UTF8.GetString(json[..length]) + end;
    }
}
