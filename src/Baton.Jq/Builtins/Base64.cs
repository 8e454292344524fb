using System.Buffers;
using System.Text;

namespace Baton.Jq;

/// <summary>RFC 4648, forgiving about padding as jq is.</summary>
internal static class Base64
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private static readonly SearchValues<char> Digits = SearchValues.Create(Alphabet);

    /// <summary>Decodes up to the first <c>=</c>; bytes that are not UTF-8 become U+FFFD.</summary>
    public static Outcome Decode(Machine m, JqValue value, out string text)
    {
        text = "";
        Basics.ToText(m, value, out var encoded);
        m.ChargeText(encoded.Length);
        var end = encoded.IndexOf('=', StringComparison.Ordinal);
        var digits = encoded.AsSpan(0, end < 0 ? encoded.Length : end);
        if (digits.ContainsAnyExcept(Digits)) return m.Fail($"{Describe.Value(encoded)} is not valid base64 data");
        if (digits.Length % 4 == 1) return m.Fail($"{Describe.Value(encoded)} trailing base64 byte found");
        var padded = digits.ToString().PadRight((digits.Length + 3) / 4 * 4, '=');
        text = Encoding.UTF8.GetString(Convert.FromBase64String(Clean(padded)));
        return Outcome.Value;
    }

    // The bits that padding cuts off may be anything in jq; .NET wants them to be zero.
    private static string Clean(string padded)
    {
        var digits = padded.TrimEnd('=');
        var unused = (digits.Length % 4) switch { 2 => 4, 3 => 2, _ => 0 };
        if (unused == 0) return padded;
        var last = Alphabet.IndexOf(digits[^1], StringComparison.Ordinal) >> unused << unused;
        return (digits[..^1] + Alphabet[last]).PadRight(padded.Length, '=');
    }
}

/// <summary>RFC 4648.</summary>
internal static class Base32
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length + 4) / 5 * 8);
        int buffer = 0, bits = 0;
        foreach (var unit in bytes)
        {
            buffer = (buffer << 8) | unit;
            for (bits += 8; bits >= 5; bits -= 5) text.Append(Alphabet[(buffer >> (bits - 5)) & 31]);
            buffer &= 0xFF;
        }
        if (bits > 0) text.Append(Alphabet[(buffer << (5 - bits)) & 31]);
        return text.Append('=', (8 - text.Length % 8) % 8).ToString();
    }

    /// <summary>The text, or null when this is no base 32.</summary>
    public static string? Decode(string encoded)
    {
        var digits = encoded.AsSpan().TrimEnd('=');
        var bytes = new byte[digits.Length * 5 / 8];
        int buffer = 0, bits = 0, length = 0;
        foreach (var digit in digits)
        {
            var value = Alphabet.IndexOf(digit, StringComparison.Ordinal);
            if (value < 0) return null;
            buffer = ((buffer << 5) | value) & 0xFFF;
            bits += 5;
            if (bits < 8) continue;
            bits -= 8;
            bytes[length++] = (byte)(buffer >> bits);
        }
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
