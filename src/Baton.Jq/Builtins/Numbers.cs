using System.Text;

namespace Baton.Jq;

/// <summary>Functions of the C mathematics library, and reading numbers from text.</summary>
internal static class Numbers
{
    public static void Define(NativeTable table)
    {
        table.Add("tonumber/0", ToNumber);
        table.Add("infinite/0", _ => double.PositiveInfinity);
        table.Add("nan/0", _ => double.NaN);
        table.Add("isinfinite/0", input => input.TryGetDouble(out var number) && double.IsInfinity(number));
        table.Add("isnan/0", input => input.TryGetDouble(out var number) && double.IsNaN(number));
        table.Add("isnormal/0", input => input.TryGetDouble(out var number) && double.IsNormal(number));
        table.Add("isfinite/0", input => input.TryGetDouble(out var number) && !double.IsInfinity(number));
        table.Add("abs/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            // As jq defines it: if . < 0 then -. else . end.
            output = input.IsNumber ? Abs(input) : input;
            return input.Kind is JqKind.Null or JqKind.False or JqKind.True ? m.Fail($"{Describe.Value(input)} cannot be negated") : Outcome.Value;
        });

        One(table, "floor", Math.Floor);
        One(table, "ceil", Math.Ceiling);
        One(table, "trunc", Math.Truncate);
        One(table, "round", number => Math.Round(number, MidpointRounding.AwayFromZero));
        One(table, "rint", Math.Round);
        One(table, "nearbyint", Math.Round);
        One(table, "fabs", Math.Abs);
        One(table, "sqrt", Math.Sqrt);
        One(table, "cbrt", Math.Cbrt);
        One(table, "exp", Math.Exp);
        One(table, "exp2", number => Math.Pow(2, number));
        One(table, "exp10", number => Math.Pow(10, number));
        One(table, "pow10", number => Math.Pow(10, number));
        One(table, "expm1", SpecialFunctions.ExpMinusOne);
        One(table, "log", Math.Log);
        One(table, "log2", Math.Log2);
        One(table, "log10", Math.Log10);
        One(table, "log1p", SpecialFunctions.LogOnePlus);
        One(table, "sin", Math.Sin);
        One(table, "cos", Math.Cos);
        One(table, "tan", Math.Tan);
        One(table, "asin", Math.Asin);
        One(table, "acos", Math.Acos);
        One(table, "atan", Math.Atan);
        One(table, "sinh", Math.Sinh);
        One(table, "cosh", Math.Cosh);
        One(table, "tanh", Math.Tanh);
        One(table, "asinh", Math.Asinh);
        One(table, "acosh", Math.Acosh);
        One(table, "atanh", Math.Atanh);
        One(table, "gamma", SpecialFunctions.LogGamma);
        One(table, "lgamma", SpecialFunctions.LogGamma);
        One(table, "tgamma", SpecialFunctions.Gamma);
        One(table, "erf", SpecialFunctions.Erf);
        One(table, "erfc", SpecialFunctions.Erfc);
        One(table, "j0", number => Bessel.J(0, number));
        One(table, "j1", number => Bessel.J(1, number));
        One(table, "y0", number => Bessel.Y(0, number));
        One(table, "y1", number => Bessel.Y(1, number));
        One(table, "logb", LogB);
        One(table, "significand", number => number == 0 || !double.IsFinite(number) ? number : Math.ScaleB(number, -Math.ILogB(number)));

        Two(table, "pow", Math.Pow);
        Two(table, "atan2", Math.Atan2);
        Two(table, "fmod", (x, y) => x % y);
        Two(table, "fmin", (x, y) => double.IsNaN(x) ? y : double.IsNaN(y) ? x : Math.Min(x, y));
        Two(table, "fmax", (x, y) => double.IsNaN(x) ? y : double.IsNaN(y) ? x : Math.Max(x, y));
        Two(table, "fdim", (x, y) => double.IsNaN(x) || double.IsNaN(y) ? double.NaN : x > y ? x - y : 0);
        Two(table, "hypot", (x, y) => double.Hypot(x, y));
        Two(table, "copysign", Math.CopySign);
        Two(table, "drem", Math.IEEERemainder);
        Two(table, "remainder", Math.IEEERemainder);
        Two(table, "nextafter", NextAfter);
        Two(table, "nexttoward", NextAfter);
        Two(table, "ldexp", Scale);
        Two(table, "scalb", Scale);
        Two(table, "scalbln", Scale);
        Two(table, "jn", (order, number) => Bessel.J((int)order, number));
        Two(table, "yn", (order, number) => Bessel.Y((int)order, number));

        table.Add("fma/3", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!Take(m, a, out var x) || !Take(m, b, out var y) || !Take(m, c, out var z)) return Outcome.Error;
            output = Math.FusedMultiplyAdd(x, y, z);
            return Outcome.Value;
        });
        Pair(table, "frexp", FractionAndExponent);
        Pair(table, "modf", number => (double.IsInfinity(number) ? Math.CopySign(0, number) : number - Math.Truncate(number), Math.Truncate(number)));
        Pair(table, "lgamma_r", number => (SpecialFunctions.LogGamma(number), SpecialFunctions.GammaSign(number)));
    }

    /// <summary>The absolute value; a literal keeps its digits.</summary>
    public static JqValue Abs(JqValue number) =>
        number.TryGetPlainNumber(out var plain) ? Math.Abs(plain) : new JqValue(number.Literal!.Abs());

    /// <summary>Reads a number as decNumber does: also <c>+1</c>, <c>.5</c>, <c>1.</c>, <c>nan</c>, <c>-Infinity</c>.</summary>
    public static bool TryRead(string text, out JqValue number)
    {
        number = default;
        var rest = text.AsSpan().TrimStart("+-");
        if (text.Length - rest.Length > 1) return false;
        if (rest.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            number = double.NaN;
            return true;
        }
        if (rest.Equals("infinity", StringComparison.OrdinalIgnoreCase) || rest.Equals("inf", StringComparison.OrdinalIgnoreCase))
        {
            number = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        if (!IsDecimal(rest)) return false;
        number = NumberText.Read(Encoding.ASCII.GetBytes(text));
        return true;
    }

    private static bool IsDecimal(ReadOnlySpan<char> text)
    {
        var integers = Digits(text);
        var rest = text[integers..];
        var fraction = 0;
        if (rest.StartsWith("."))
        {
            fraction = Digits(rest[1..]);
            rest = rest[(fraction + 1)..];
        }
        if (integers + fraction == 0) return false;
        if (rest.IsEmpty) return true;
        if (rest[0] is not ('e' or 'E')) return false;
        rest = rest[1..];
        if (rest.StartsWith("+") || rest.StartsWith("-")) rest = rest[1..];
        return !rest.IsEmpty && Digits(rest) == rest.Length;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var length = text.IndexOfAnyExceptInRange('0', '9');
        return length < 0 ? text.Length : length;
    }

    private static Outcome ToNumber(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = input;
        if (input.IsNumber) return Outcome.Value;
        if (input.TryGetString(out var text))
        {
            m.ChargeText(text.Length);
            if (text.Length > 0 && TryRead(text, out output)) return Outcome.Value;
        }
        return m.Fail($"{Describe.Value(input)} cannot be parsed as a number");
    }

    private static void One(NativeTable table, string name, Func<double, double> function) =>
        table.Add(name + "/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!Take(m, input, out var number)) return Outcome.Error;
            output = function(number);
            return Outcome.Value;
        });

    private static void Two(NativeTable table, string name, Func<double, double, double> function) =>
        table.Add(name + "/2", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!Take(m, a, out var x) || !Take(m, b, out var y)) return Outcome.Error;
            output = function(x, y);
            return Outcome.Value;
        });

    private static void Pair(NativeTable table, string name, Func<double, (double, double)> function) =>
        table.Add(name + "/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!Take(m, input, out var number)) return Outcome.Error;
            var (first, second) = function(number);
            output = JqValue.Array(first, second);
            return Outcome.Value;
        });

    private static bool Take(Machine m, JqValue value, out double number)
    {
        if (value.TryGetDouble(out number)) return true;
        m.Fail($"{Describe.Value(value)} number required");
        return false;
    }

    private static double LogB(double number) => number switch
    {
        0 => double.NegativeInfinity,
        double.NaN => double.NaN,
        _ when double.IsInfinity(number) => double.PositiveInfinity,
        _ => Math.ILogB(number),
    };

    private static double Scale(double number, double exponent) =>
        double.IsNaN(exponent) ? double.NaN : Math.ScaleB(number, (int)Math.Clamp(exponent, -100_000, 100_000));

    private static double NextAfter(double from, double to)
    {
        if (double.IsNaN(from) || double.IsNaN(to)) return double.NaN;
        if (from == to) return to;
        return from < to ? Math.BitIncrement(from) : Math.BitDecrement(from);
    }

    private static (double, double) FractionAndExponent(double number)
    {
        if (number == 0 || !double.IsFinite(number)) return (number, 0);
        var exponent = Math.ILogB(number) + 1;
        return (Math.ScaleB(number, -exponent), exponent);
    }
}
