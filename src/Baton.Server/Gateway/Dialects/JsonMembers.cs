using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Members of what may be no object, or may not have them; and texts that may be no Unicode: hosts send what their models make, bytes and halves of surrogate pairs included.</summary>
internal static class JsonMembers
{
    public static JsonElement Get(this JsonElement parent, ReadOnlySpan<byte> name) => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var found) ? found : default;

    /// <summary>A text that is whole: what is no Unicode in it is U+FFFD.</summary>
    public static string? Text(this JsonElement parent, string name) => parent.Piece(name) is { } text ? SurrogatePairs.Replace(text) : null;

    /// <summary>A text that others follow: the halves of a surrogate pair may stand in two of them.</summary>
    public static string? Piece(this JsonElement parent, string name) => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var found) ? found.Piece() : null;

    /// <summary>As <see cref="Piece(JsonElement, string)"/>, of a value; null where it is no text.</summary>
    public static string? Piece(this JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return null;
        var text = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        return text.Contains((byte)'\\') ? Unescape(text) : Encoding.UTF8.GetString(text);
    }

    /// <summary>A value in JSON, as it came.</summary>
    public static string Raw(this JsonElement value) => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value));

    public static long Count(this JsonElement parent, ReadOnlySpan<byte> name) => parent.Get(name) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt64(out var count) && count > 0 ? count : 0;

    public static bool IsNothing(this JsonElement value) => value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>The framework's own refuses half of a pair.</summary>
    /// <param name="text">Its escapes are known to be right.</param>
    private static string Unescape(ReadOnlySpan<byte> text)
    {
        var (chars, length) = (new char[text.Length], 0);
        while (text.IndexOf((byte)'\\') is >= 0 and var at)
        {
            length += Encoding.UTF8.GetChars(text[..at], chars.AsSpan(length));
            chars[length++] = text[at + 1] switch
            {
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                (byte)'u' => (char)ushort.Parse(text.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var itself => (char)itself,
            };
            text = text[(at + (text[at + 1] == 'u' ? 6 : 2))..];
        }
        length += Encoding.UTF8.GetChars(text, chars.AsSpan(length));
        return new string(chars, 0, length);
    }
}
