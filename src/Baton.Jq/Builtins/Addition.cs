using System.Text;

namespace Baton.Jq;

/// <summary><c>add</c>: the sum of all elements, without copying what has been added up before.</summary>
internal static class Addition
{
    public static Outcome Add(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!Collections.TryItems(m, input, out var items)) return Outcome.Error;
        for (var i = 0; i < items.Length;)
        {
            m.Charge(1);
            if (output.IsString && items[i].IsString)
            {
                output = Texts(m, output.AsString(), items, ref i);
                continue;
            }
            if (Operators.Add(m, output, items[i], out output) is not Outcome.Value and var failed) return failed;
            i++;
        }
        return Outcome.Value;
    }

    // Arrays grow in place and objects share their keys; strings do neither.
    private static string Texts(Machine m, string start, ReadOnlySpan<JqValue> items, ref int index)
    {
        var sum = new StringBuilder(start);
        for (; index < items.Length && items[index].TryGetString(out var text); index++)
        {
            m.ChargeText((long)text.Length);
            if (sum.Length + (long)text.Length > m.Options.Limits.Size) throw m.SizeReached();
            m.Charge(1);
            sum.Append(text);
        }
        return sum.ToString();
    }
}
