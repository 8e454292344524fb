using System.Globalization;
using System.Numerics;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>multipleOf</c> on decimals, exactly: 0.3 is a multiple of 0.1, and 1e308 costs no more than 10.</summary>
internal sealed class MultipleOf : Keyword
{
    /// <summary>Longest divisor in digits: a remainder costs the product of both lengths.</summary>
    private const int MaxDigits = 1_000;

    private const int ChunkDigits = 18;   // so many decimal digits fit a long

    private readonly JqValue divisor;
    private readonly long small;      // the divisor's digits when a long holds them, else 0
    private readonly BigInteger large;
    private readonly long exponent;

    private MultipleOf(SchemaLocation location, JqValue divisor, ExactNumber exact) : base(location)
    {
        this.divisor = divisor;
        large = BigInteger.Parse(exact.Digits, NumberStyles.None, CultureInfo.InvariantCulture);
        small = exact.Digits.Length <= ChunkDigits ? (long)large : 0;
        exponent = exact.Exponent;
    }

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Number("multipleOf") is not { } divisor) return;
        Span<char> buffer = stackalloc char[ExactNumber.BufferLength];
        var exact = ExactNumber.Read(divisor, buffer);
        if (exact.Digits.IsEmpty || exact.IsNegative) schema.Report("multipleOf", $"must be more than 0, but is {Wording.Excerpt(divisor)}");
        else if (exact.Digits.Length > MaxDigits) schema.Report("multipleOf", $"must have at most {MaxDigits} digits");
        else keywords.Add(new MultipleOf(schema.At("multipleOf"), divisor, exact));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Number;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen) => IsMultiple(value, evaluation) || evaluation.Fail(this, value);

    public override string Explain(in JqValue value, object? detail) => $"must be a multiple of {Wording.Excerpt(divisor)}, but is {Wording.Excerpt(value)}";

    // value / divisor = digits / digits × 10^shift. Neither has zeros at its end, so a negative shift leaves a fraction.
    private bool IsMultiple(in JqValue value, Evaluation evaluation)
    {
        Span<char> buffer = stackalloc char[ExactNumber.BufferLength];
        var number = ExactNumber.Read(value, buffer);
        if (number.Digits.IsEmpty) return !double.IsNaN(value.AsDouble());
        var shift = number.Exponent - exponent;
        if (shift < 0) return false;
        evaluation.Charge(number.Digits.Length >> 3);
        return small > 0 && number.Digits.Length <= ChunkDigits
            ? SmallRemainder(long.Parse(number.Digits, NumberStyles.None, CultureInfo.InvariantCulture), shift) == 0
            : LargeRemainder(number.Digits, shift).IsZero;
    }

    private UInt128 SmallRemainder(long digits, long shift)
    {
        var modulus = (UInt128)small;
        var (remainder, power) = ((UInt128)digits % modulus, (UInt128)10 % modulus);
        for (; shift > 0 && remainder != 0; shift >>= 1)
        {
            if ((shift & 1) != 0) remainder = remainder * power % modulus;
            power = power * power % modulus;
        }
        return remainder;
    }

    private BigInteger LargeRemainder(ReadOnlySpan<char> digits, long shift)
    {
        var remainder = BigInteger.Zero;
        for (; !digits.IsEmpty; digits = digits[Math.Min(ChunkDigits, digits.Length)..])
        {
            var chunk = digits[..Math.Min(ChunkDigits, digits.Length)];
            remainder = (remainder * BigInteger.Pow(10, chunk.Length) + long.Parse(chunk, NumberStyles.None, CultureInfo.InvariantCulture)) % large;
        }
        return remainder * BigInteger.ModPow(10, shift, large) % large;
    }
}
