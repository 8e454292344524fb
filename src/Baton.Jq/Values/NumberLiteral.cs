using System.Globalization;
using System.Text;

namespace Baton.Jq;

/// <summary>A number literal that no double can hold or print: its text in canonical form, and the nearest double.</summary>
/// <remarks>
/// The canonical form is the "to-scientific-string" of M. Cowlishaw's General Decimal Arithmetic, which jq prints through decNumber.
/// Literals whose decimal value the nearest double prints again are plain doubles; whole numbers from ±2^53 on never are, because there
/// a computed double stands for its neighbours too and jq tells the two apart.
/// </remarks>
internal sealed class NumberLiteral(string text, double nearest)
{
    /// <summary>2^53: below, every whole number is a double of its own.</summary>
    public const long MaxPlainInteger = 1L << 53;

    public string Text { get; } = text;

    public double Double { get; } = nearest;

    public static NumberLiteral From(long number) => new(number.ToString(CultureInfo.InvariantCulture), number);

    public NumberLiteral Negate() => new(Text[0] == '-' ? Text[1..] : "-" + Text, -Double);

    public NumberLiteral Abs() => Text[0] == '-' ? Negate() : this;

    /// <summary>The exact decimal value.</summary>
    public DecimalParts Parts() => DecimalParts.Read(Encoding.ASCII.GetBytes(Text));
}

/// <summary>A decimal number taken apart: ±0.DIGITS × 10^<see cref="Point"/>, the digits without zeros at either end.</summary>
internal readonly struct DecimalParts
{
    /// <summary>Beyond these exponents decNumber overflows to infinity or underflows to zero.</summary>
    public const long MaxExponent = 999_999_999, MinExponent = -1_147_483_646;

    private const long ExponentCeiling = 1L << 40;   // saturates: far beyond the limits, far below overflow

    private readonly byte[]? significant;

    private DecimalParts(byte[]? significant) => this.significant = significant;

    public bool Negative { get; private init; }

    /// <summary>The significant digits; empty for zero.</summary>
    public ReadOnlySpan<byte> Digits => significant;

    /// <summary>Power of ten of the first digit plus one.</summary>
    public long Point { get; private init; }

    /// <summary>Zeros after the last digit that the text spelled out.</summary>
    public long TrailingZeros { get; private init; }

    public bool IsZero => Digits.IsEmpty;

    /// <summary>Reads <c>[+-] digits [. digits] [e [+-] digits]</c>, which the caller has checked.</summary>
    public static DecimalParts Read(ReadOnlySpan<byte> text)
    {
        var negative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') text = text[1..];
        long exponent = 0;
        var mark = text.IndexOfAny((byte)'e', (byte)'E');
        if (mark >= 0)
        {
            exponent = ReadExponent(text[(mark + 1)..]);
            text = text[..mark];
        }
        var point = text.IndexOf((byte)'.');
        byte[] digits = point < 0 ? text.ToArray() : [.. text[..point], .. text[(point + 1)..]];
        var integers = point < 0 ? text.Length : point;
        var first = digits.AsSpan().IndexOfAnyExcept((byte)'0');
        if (first < 0) return new DecimalParts { Negative = negative };
        var last = digits.AsSpan().LastIndexOfAnyExcept((byte)'0');
        return new DecimalParts(digits[first..(last + 1)])
        {
            Negative = negative,
            Point = integers - first + exponent,
            TrailingZeros = digits.Length - 1 - last,
        };
    }

    /// <summary>Compares exact values.</summary>
    public static int Compare(DecimalParts a, DecimalParts b)
    {
        if (a.IsZero || b.IsZero || a.Negative != b.Negative) return a.Sign.CompareTo(b.Sign);
        var magnitude = a.Point != b.Point ? a.Point.CompareTo(b.Point) : a.Digits.SequenceCompareTo(b.Digits);
        return a.Negative ? -magnitude : magnitude;
    }

    /// <summary>The canonical text: plain when the exponent is small and not positive, scientific otherwise.</summary>
    public string ToText()
    {
        var all = Encoding.ASCII.GetString(Digits) + new string('0', (int)TrailingZeros);
        var exponent = Point - all.Length;
        var adjusted = Point - 1;
        var text = new StringBuilder(all.Length + 16);
        if (Negative) text.Append('-');
        if (exponent <= 0 && adjusted >= -6)
        {
            if (Point <= 0) text.Append("0.").Append('0', (int)-Point).Append(all);
            else if (exponent == 0) text.Append(all);
            else text.Append(all, 0, (int)Point).Append('.').Append(all, (int)Point, all.Length - (int)Point);
            return text.ToString();
        }
        text.Append(all[0]);
        if (all.Length > 1) text.Append('.').Append(all, 1, all.Length - 1);
        return text.Append('E').Append(adjusted < 0 ? '-' : '+').Append(Math.Abs(adjusted)).ToString();
    }

    private int Sign => IsZero ? 0 : Negative ? -1 : 1;

    private static long ReadExponent(ReadOnlySpan<byte> text)
    {
        var negative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') text = text[1..];
        long value = 0;
        foreach (var digit in text) value = Math.Min(value * 10 + (digit - '0'), ExponentCeiling);
        return negative ? -value : value;
    }
}
