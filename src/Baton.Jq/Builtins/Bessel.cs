namespace Baton.Jq;

/// <summary>Bessel functions of whole order.</summary>
/// <remarks>
/// Up to 30: J by downward recurrence, normalised with 1 = J0 + 2 J2 + 2 J4 + ... (J. C. P. Miller), Y0 by Neumann's series over those J,
/// Y1 by the Wronskian. Beyond: Hankel's asymptotic expansion. See Abramowitz and Stegun, chapter 9.
/// </remarks>
internal static class Bessel
{
    private const double AsymptoticFrom = 30;
    private const double EulerGamma = 0.57721566490153286061;
    private const int MaxOrder = 100_000;

    public static double J(int order, double x)
    {
        if (double.IsNaN(x)) return x;
        if (order < 0) return Parity(order) * J(-Math.Max(order, -MaxOrder), x);
        if (x < 0) return Parity(order) * J(order, -x);
        if (double.IsInfinity(x)) return 0;
        if (x == 0) return order == 0 ? 1 : 0;
        if (order > MaxOrder) return 0;
        if (x < AsymptoticFrom || order > x / 2) return Downward(x, order)[order];
        if (order < 2) return Asymptotic(order, x).J;
        // Upward recurrence is stable while the order is below the argument.
        double before = Asymptotic(0, x).J, current = Asymptotic(1, x).J;
        for (var n = 1; n < order; n++) (before, current) = (current, 2 * n / x * current - before);
        return current;
    }

    public static double Y(int order, double x)
    {
        if (double.IsNaN(x) || x < 0) return double.NaN;
        if (order < 0) return Parity(order) * Y(-Math.Max(order, -MaxOrder), x);
        if (x == 0 || order > MaxOrder) return double.NegativeInfinity;
        if (double.IsInfinity(x)) return 0;
        double y0, y1;
        if (x < AsymptoticFrom)
        {
            var j = Downward(x, 1);
            double sum = 0;
            for (var k = 1; 2 * k < j.Length; k++) sum += (k % 2 == 0 ? 1 : -1) * j[2 * k] / k;
            y0 = 2 / Math.PI * ((Math.Log(x / 2) + EulerGamma) * j[0] - 2 * sum);
            y1 = (j[1] * y0 - 2 / (Math.PI * x)) / j[0];
        }
        else
        {
            (y0, y1) = (Asymptotic(0, x).Y, Asymptotic(1, x).Y);
        }
        if (order == 0) return y0;
        for (var n = 1; n < order; n++) (y0, y1) = (y1, 2 * n / x * y1 - y0);
        return y1;
    }

    private static double[] Downward(double x, int order)
    {
        var start = 2 * (Math.Max(order, (int)x) / 2 + 30 + (int)Math.Sqrt(40.0 * Math.Max(order, x)) / 2);
        var values = new double[start + 1];
        double above = 0, current = 1e-300, norm = 0;
        for (var n = start; n >= 0; n--)
        {
            values[n] = current;
            norm += n % 2 == 0 ? (n == 0 ? 1 : 2) * current : 0;
            (above, current) = (current, 2 * n / x * current - above);
            if (Math.Abs(current) < 1e250) continue;
            for (var i = n; i <= start; i++) values[i] *= 1e-250;
            (above, current, norm) = (above * 1e-250, current * 1e-250, norm * 1e-250);
        }
        for (var n = 0; n <= start; n++) values[n] /= norm;
        return values;
    }

    private static (double J, double Y) Asymptotic(int order, double x)
    {
        var mu = 4.0 * order * order;
        double p = 1, q = 0, term = 1;
        for (var k = 1; k < 30; k++)
        {
            var next = term * (mu - (2 * k - 1.0) * (2 * k - 1)) / (k * 8 * x);
            if (Math.Abs(next) > Math.Abs(term)) break;
            term = next;
            switch (k % 4)
            {
                case 0: p += term; break;
                case 1: q += term; break;
                case 2: p -= term; break;
                default: q -= term; break;
            }
        }
        var angle = x - (order / 2.0 + 0.25) * Math.PI;
        var scale = Math.Sqrt(2 / (Math.PI * x));
        return (scale * (p * Math.Cos(angle) - q * Math.Sin(angle)), scale * (p * Math.Sin(angle) + q * Math.Cos(angle)));
    }

    private static int Parity(int order) => order % 2 == 0 ? 1 : -1;
}
