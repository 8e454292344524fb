namespace Baton.Jq;

/// <summary>Functions of the C library that .NET lacks; accurate to about 14 digits.</summary>
internal static class SpecialFunctions
{
    // C. Lanczos, "A Precision Approximation of the Gamma Function", 1964; coefficients for g = 607/128, n = 15 by P. Godfrey.
    private const double LanczosG = 607.0 / 128;

    private static ReadOnlySpan<double> Lanczos =>
    [
        0.99999999999999709182, 57.156235665862923517, -59.597960355475491248, 14.136097974741747174, -0.49191381609762019978,
        0.33994649984811888699e-4, 0.46523628927048575665e-4, -0.98374475304879564677e-4, 0.15808870322491248884e-3,
        -0.21026444172410488319e-3, 0.21743961811521264320e-3, -0.16431810653676389022e-3, 0.84418223983852743293e-4,
        -0.26190838401581408670e-4, 0.36899182659531622704e-5,
    ];

    private const int LargestFactorial = 170;

    private static readonly double[] Factorials = MakeFactorials();

    public static double ExpMinusOne(double x)
    {
        if (Math.Abs(x) > 1e-5)
        {
            // W. Kahan's correction: the rounding of exp(x) cancels against that of its logarithm.
            var power = Math.Exp(x);
            if (double.IsInfinity(power)) return power;
            var difference = power - 1;
            return difference == -1 ? -1 : power == 1 ? x : difference * x / Math.Log(power);
        }
        return x + x * x / 2 + x * x * x / 6;
    }

    public static double LogOnePlus(double x)
    {
        var sum = 1 + x;
        return sum == 1 || double.IsInfinity(sum) ? x : Math.Log(sum) * x / (sum - 1);
    }

    public static double Gamma(double x)
    {
        if (x == Math.Truncate(x))
        {
            if (x == 0) return double.IsNegative(x) ? double.NegativeInfinity : double.PositiveInfinity;
            if (x < 0) return double.NaN;
            if (x - 1 <= LargestFactorial) return Factorials[(int)x - 1];
        }
        if (x < 0.5) return Math.PI / (Math.Sin(Math.PI * x) * Gamma(1 - x));
        var t = x + LanczosG - 0.5;
        var half = Math.Pow(t, (x - 0.5) / 2);   // in two halves, which overflow later
        return Math.Sqrt(2 * Math.PI) * half * Math.Exp(-t) * half * LanczosSum(x - 1);
    }

    public static double LogGamma(double x)
    {
        if (double.IsInfinity(x)) return double.PositiveInfinity;
        if (x == Math.Truncate(x))
        {
            if (x <= 0) return double.PositiveInfinity;
            if (x - 1 <= LargestFactorial) return Math.Log(Factorials[(int)x - 1]);
        }
        if (x < 0.5) return Math.Log(Math.PI / Math.Abs(Math.Sin(Math.PI * x))) - LogGamma(1 - x);
        var t = x + LanczosG - 0.5;
        return 0.5 * Math.Log(2 * Math.PI) + (x - 0.5) * Math.Log(t) - t + Math.Log(LanczosSum(x - 1));
    }

    /// <summary>The sign of the gamma function, as <c>lgamma_r</c> gives it.</summary>
    public static double GammaSign(double x) =>
        x > 0 || double.IsNaN(x) || x == Math.Truncate(x) ? (x == 0 && double.IsNegative(x) ? -1 : 1)
            : Math.Floor(x) % 2 == 0 ? 1 : -1;

    public static double Erf(double x)
    {
        if (Math.Abs(x) > 2) return Math.Sign(x) * (1 - Erfc(Math.Abs(x)));
        double sum = x, term = x;
        for (var n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    public static double Erfc(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x < 2) return x < -2 ? 2 - Erfc(-x) : 1 - Erf(x);
        if (x > 28) return 0;
        // The continued fraction, from its end.
        double fraction = 0;
        for (var n = 60 + (int)(200 / x); n > 0; n--) fraction = n / 2.0 / (x + fraction);
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (x + fraction);
    }

    private static double LanczosSum(double x)
    {
        var sum = Lanczos[0];
        for (var i = 1; i < Lanczos.Length; i++) sum += Lanczos[i] / (x + i);
        return sum;
    }

    private static double[] MakeFactorials()
    {
        var factorials = new double[LargestFactorial + 1];
        factorials[0] = 1;
        for (var i = 1; i < factorials.Length; i++) factorials[i] = factorials[i - 1] * i;
        return factorials;
    }
}
