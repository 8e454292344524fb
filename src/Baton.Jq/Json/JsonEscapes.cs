using System.Globalization;
using System.Text;

namespace Baton.Jq;

/// <summary>The escape sequences of JSON strings; a surrogate without its partner becomes U+FFFD.</summary>
internal static class JsonEscapes
{
    /// <summary>Reads the escape at the start of <paramref name="rest"/>, appends what it stands for and moves behind it.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, StringBuilder target)
    {
        if (rest.Length < 2) return false;
        if (rest[1] == 'u')
        {
            if (!TryReadUnit(rest, out var unit)) return false;
            rest = rest[6..];
            if (char.IsHighSurrogate(unit) && TryReadUnit(rest, out var low) && char.IsLowSurrogate(low))
            {
                target.Append(unit).Append(low);
                rest = rest[6..];
            }
            else
            {
                target.Append(char.IsSurrogate(unit) ? '\uFFFD' : unit);
            }
            return true;
        }
        var plain = rest[1] switch
        {
            (byte)'"' => '"',
            (byte)'\\' => '\\',
            (byte)'/' => '/',
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            _ => '\0',
        };
        if (plain == '\0') return false;
        target.Append(plain);
        rest = rest[2..];
        return true;
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> rest, out char unit)
    {
        unit = '\0';
        if (rest.Length < 6 || rest[0] != '\\' || rest[1] != 'u') return false;
        if (!ushort.TryParse(rest.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) return false;
        unit = (char)code;
        return true;
    }
}
