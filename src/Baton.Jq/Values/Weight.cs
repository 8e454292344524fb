namespace Baton.Jq;

/// <summary>
/// How many values a value consists of, itself included. Parts that occur several times count each time: sixty steps of <c>[., .]</c> make
/// a small thing in memory that no one could ever write out.
/// </summary>
internal static class Weight
{
    private const long Ceiling = long.MaxValue / 4;

    /// <summary>The weight; containers remember theirs.</summary>
    public static long Of(JqValue value)
    {
        if (TryKnown(value, out var weight)) return weight;
        var open = new Stack<(JqValue Container, int Next, long Sum)>([(value, 0, 1)]);
        while (open.TryPop(out var top))
        {
            var (container, next, sum) = top;
            var items = container.TryGetArray(out var array) ? array.AsSpan() : container.AsObject().AsSpan();
            while (next < items.Length && TryKnown(items[next], out weight))
            {
                sum = Math.Min(sum + weight, Ceiling);
                next++;
            }
            if (next < items.Length)
            {
                open.Push((container, next, sum));
                open.Push((items[next], 0, 1));
            }
            else
            {
                if (array is not null) array.Weight = sum;
                else container.AsObject().Weight = sum;
            }
        }
        TryKnown(value, out weight);
        return weight;
    }

    /// <summary>The weight of a container of values whose own weights are known.</summary>
    public static long OfItems(ReadOnlySpan<JqValue> items)
    {
        long sum = 1;
        foreach (ref readonly var item in items)
        {
            TryKnown(item, out var weight);
            sum = Math.Min(sum + weight, Ceiling);
        }
        return sum;
    }

    private static bool TryKnown(in JqValue value, out long weight)
    {
        weight = value.TryGetArray(out var array) ? array.Weight : value.TryGetObject(out var members) ? members.Weight : 1;
        return weight != 0;
    }
}
