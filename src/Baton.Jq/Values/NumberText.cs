using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Baton.Jq;

/// <summary>Numbers as text: reading decides whether a double is enough, writing follows jq's format.</summary>
internal static class NumberText
{
    /// <summary>Longest text of a double, with room to spare.</summary>
    public const int MaxDoubleLength = 40;

    private const int ExactDigits = 15;   // so many digits survive the way through a double

    private static ReadOnlySpan<double> PowersOfTen =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Reads <c>[+-] digits [. digits] [e [+-] digits]</c> with at least one digit, which the caller has checked.</summary>
    public static JqValue Read(ReadOnlySpan<byte> text)
    {
        // 1. Few digits and a small power of ten: one exact multiplication or division (W. Clinger, "How to Read Floating Point
        //    Numbers Accurately", 1990).
        ulong mantissa = 0;
        int significant = 0, scale = 0, at = 0;
        bool fraction = false, exponent = false;
        var negative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') at++;
        for (; at < text.Length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit <= 9)
            {
                if (significant > 0 || digit != 0) significant++;
                if (significant <= ExactDigits) mantissa = mantissa * 10 + digit;
                if (fraction) scale--;
            }
            else if (text[at] == '.')
            {
                fraction = true;
            }
            else
            {
                exponent = true;
                if (!Utf8Parser.TryParse(text[(at + (text[at + 1] == '+' ? 2 : 1))..], out int power, out _)) return ReadExactly(text, whole: false);
                scale = power is > 1000 or < -1000 ? power : scale + power;
                break;
            }
        }
        if (significant <= ExactDigits && scale is >= -22 and <= 22)
        {
            var number = scale < 0 ? mantissa / PowersOfTen[-scale] : mantissa * PowersOfTen[scale];
            return new JqValue(negative ? -number : number);
        }

        // 2. The general case.
        return ReadExactly(text, whole: !fraction && !exponent);
    }

    /// <summary>Writes a double as jq 1.8 does: 17 digits at most, the shortest that read back the same; never NaN or infinity.</summary>
    public static int Write(double number, Span<byte> target)
    {
        if (double.IsNaN(number))
        {
            "null"u8.CopyTo(target);
            return 4;
        }
        int written;
        if (Math.Abs(number) < NumberLiteral.MaxPlainInteger && number == Math.Truncate(number) && (number != 0 || !double.IsNegative(number)))
        {
            Utf8Formatter.TryFormat((long)number, target, out written);
            return written;
        }
        if (double.IsInfinity(number)) number = number > 0 ? double.MaxValue : double.MinValue;
        number.TryFormat(target, out written, default, CultureInfo.InvariantCulture);
        var mark = target[..written].IndexOf((byte)'E');
        return mark < 0 ? written : WriteScientific(target, written, mark);
    }

    /// <summary>The text of a double.</summary>
    public static string Write(double number)
    {
        Span<byte> buffer = stackalloc byte[MaxDoubleLength];
        return Encoding.ASCII.GetString(buffer[..Write(number, buffer)]);
    }

    /// <summary>The exact decimal value that a double prints; the number is finite.</summary>
    public static DecimalParts Parts(double number)
    {
        Span<byte> buffer = stackalloc byte[MaxDoubleLength];
        number.TryFormat(buffer, out var written, default, CultureInfo.InvariantCulture);
        return DecimalParts.Read(buffer[..written]);
    }

    private static JqValue ReadExactly(ReadOnlySpan<byte> text, bool whole)
    {
        var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (whole && Math.Abs(number) < NumberLiteral.MaxPlainInteger) return new JqValue(number);
        var parts = DecimalParts.Read(text);
        if (parts.IsZero) return new JqValue(number);
        if (parts.Point - 1 > DecimalParts.MaxExponent) return new JqValue(parts.Negative ? double.NegativeInfinity : double.PositiveInfinity);
        if (parts.Point < DecimalParts.MinExponent) return new JqValue(parts.Negative ? -0.0 : 0.0);
        var isDouble = double.IsFinite(number) && number != 0 && !(whole && Math.Abs(number) >= NumberLiteral.MaxPlainInteger)
            && DecimalParts.Compare(Parts(number), parts) == 0;
        return isDouble ? new JqValue(number) : new JqValue(new NumberLiteral(parts.ToText(), number));
    }

    // .NET turns to exponents from 1E+15 on, jq only beyond 15 zeros after the last digit; jq writes a small e.
    private static int WriteScientific(Span<byte> text, int length, int mark)
    {
        var exponent = int.Parse(text[(mark + 1)..length], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = text[0] == '-' ? 1 : 0;
        var digits = mark - sign - (mark > sign + 1 ? 1 : 0);
        var point = exponent + 1;
        if (point <= 0 || point > digits + 15)
        {
            text[mark] = (byte)'e';
            return length;
        }
        Span<byte> plain = stackalloc byte[digits];
        plain[0] = text[sign];
        if (digits > 1) text[(sign + 2)..mark].CopyTo(plain[1..]);
        var target = text[sign..];
        if (point >= digits)
        {
            plain.CopyTo(target);
            target[digits..point].Fill((byte)'0');
            return sign + point;
        }
        plain[..point].CopyTo(target);
        target[point] = (byte)'.';
        plain[point..].CopyTo(target[(point + 1)..]);
        return sign + digits + 1;
    }
}
