using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>
/// A hash over whole values, so that values that differ anywhere rarely collide. <see cref="JqValue.GetHashCode"/> looks at the outer
/// layers only, which hostile data turn into quadratic work.
/// </summary>
internal static class ValueHash
{
    // Below, all values hash alike: comparing them is paid from the evaluation's budget.
    private const int MaxDepth = 64;

    /// <summary>A hash that equal values share, seeded per process; adds to <paramref name="visited"/> what was looked at.</summary>
    public static int Of(in JqValue value, ref long visited) => Of(value, MaxDepth, ref visited);

    private static int Of(in JqValue value, int depth, ref long visited)
    {
        visited++;
        switch (value.Kind)
        {
            case JqKind.Number:
                return OfNumber(value, ref visited);
            case JqKind.String:
                var text = value.AsString();
                visited += text.Length >> 5;
                return HashCode.Combine((int)JqKind.String, text.GetHashCode(StringComparison.Ordinal));
            case JqKind.Array when depth > 0:
                var items = new HashCode();
                items.Add((int)JqKind.Array);
                foreach (ref readonly var item in value.AsArray().AsSpan()) items.Add(Of(item, depth - 1, ref visited));
                return items.ToHashCode();
            case JqKind.Object when depth > 0:
                var sum = 0;   // the order of the keys does not count
                foreach (var (key, member) in value.AsObject())
                {
                    sum += HashCode.Combine(key.GetHashCode(StringComparison.Ordinal), Of(member, depth - 1, ref visited));
                }
                return HashCode.Combine((int)JqKind.Object, sum);
            default:
                return HashCode.Combine((int)value.Kind);
        }
    }

    // Equal numbers may be written in many ways, and one double may stand near many literals.
    private static int OfNumber(in JqValue value, ref long visited)
    {
        Span<char> buffer = stackalloc char[ExactNumber.BufferLength];
        var number = ExactNumber.Read(value, buffer);
        visited += number.Digits.Length >> 5;
        return HashCode.Combine((int)JqKind.Number, string.GetHashCode(number.Digits, StringComparison.Ordinal), number.Exponent, number.IsNegative ? 1 : 0);
    }
}
