using System.Globalization;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>A number as exact decimal: ±<see cref="Digits"/> × 10^<see cref="Exponent"/>, the digits without zeros at either end.</summary>
/// <remarks>JSON numbers are decimals; a double stands for the decimal that it prints. NaN, which JSON cannot write, counts as zero digits.</remarks>
internal readonly ref struct ExactNumber
{
    /// <summary>Room for the text of any double.</summary>
    public const int BufferLength = 64;

    private const long MaxPlainInteger = 1L << 53;   // from here on a double stands for its neighbours too

    private const long ExponentCeiling = 1L << 40;   // saturates: the values of Baton.Jq end far below

    private ExactNumber(ReadOnlySpan<char> digits, long exponent, bool isNegative)
    {
        Digits = digits;
        Exponent = exponent;
        IsNegative = isNegative;
    }

    /// <summary>The significant digits; empty for zero.</summary>
    public ReadOnlySpan<char> Digits { get; }

    /// <summary>Power of ten of the last digit.</summary>
    public long Exponent { get; }

    public bool IsNegative { get; }

    public bool IsInteger => Digits.IsEmpty || Exponent >= 0;

    /// <summary>Takes a number apart. A plain double needs no memory but the buffer of <see cref="BufferLength"/> characters.</summary>
    public static ExactNumber Read(in JqValue number, Span<char> buffer)
    {
        // What a double tells apart is written from the number; the rest keeps its text.
        if (number.TryGetInt64(out var whole) && whole is > -MaxPlainInteger and < MaxPlainInteger)
        {
            whole.TryFormat(buffer, out var written, default, CultureInfo.InvariantCulture);
            return Parse(buffer[..written], buffer);
        }
        var nearest = number.AsDouble();
        if (double.IsNaN(nearest)) return default;
        if (double.IsFinite(nearest) && number.Equals(nearest))
        {
            nearest.TryFormat(buffer, out var written, default, CultureInfo.InvariantCulture);
            return Parse(buffer[..written], buffer);
        }
        var text = number.ToJson();
        return Parse(text, text.Length <= buffer.Length ? buffer : new char[text.Length]);
    }

    /// <summary>Whether the number has no fraction. Neither NaN nor a literal such as 3.00000000000000000001 has none.</summary>
    public static bool IsWhole(in JqValue number)
    {
        if (number.TryGetInt64(out _)) return true;
        var nearest = number.AsDouble();
        if (nearest != Math.Truncate(nearest)) return false;   // also NaN
        Span<char> buffer = stackalloc char[BufferLength];
        return Read(number, buffer).IsInteger;
    }

    // Digits move to the front of the target, which may be the text itself: they are never written before they are read.
    private static ExactNumber Parse(ReadOnlySpan<char> text, Span<char> target)
    {
        var negative = text[0] == '-';
        int count = 0, last = 0;
        long exponent = 0;
        var fraction = false;
        for (var at = negative ? 1 : 0; at < text.Length; at++)
        {
            var unit = text[at];
            if (unit is 'e' or 'E')
            {
                exponent += ReadExponent(text[(at + 1)..]);
                break;
            }
            if (unit == '.')
            {
                fraction = true;
                continue;
            }
            if (fraction) exponent--;
            if (unit == '0' && count == 0) continue;
            target[count++] = unit;
            if (unit != '0') last = count;
        }
        return last == 0 ? default : new ExactNumber(target[..last], exponent + (count - last), negative);
    }

    private static long ReadExponent(ReadOnlySpan<char> text)
    {
        var negative = text[0] == '-';
        long value = 0;
        foreach (var digit in text.TrimStart("+-")) value = Math.Min(value * 10 + (digit - '0'), ExponentCeiling);
        return negative ? -value : value;
    }
}
