namespace Baton.Jq;

/// <summary>Sorting and what rests on it. All sorts are stable.</summary>
internal static class Sorting
{
    public static void Define(NativeTable table)
    {
        table.Add("sort/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!input.TryGetArray(out var array)) return m.Fail($"{Describe.Value(input)} cannot be sorted, as it is not an array");
            var outcome = Sort(m, array, out var sorted);
            output = sorted;
            return outcome;
        });
        table.Add("unique/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Unique(m, input, input, out output));
        table.Add("_sort_by/1", (Machine m, JqValue input, JqValue keys, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            var outcome = TryOrder(m, input, keys, out var array, out var order);
            if (outcome == Outcome.Value) output = JqArray.Wrap(Array.ConvertAll(order, index => array[index]));
            return outcome;
        });
        table.Add("_group_by/1", (Machine m, JqValue input, JqValue keys, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (Groups(m, input, keys, out var groups) is not Outcome.Value and var failed) return failed;
            output = JqArray.Wrap([.. groups.Select(group => (JqValue)group)]);
            return Outcome.Value;
        });
        table.Add("_unique_by/1", (Machine m, JqValue input, JqValue keys, JqValue b, JqValue c, out JqValue output) => Unique(m, input, keys, out output));
        table.Add("min/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Extreme(m, input, input, -1, out output));
        table.Add("max/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Extreme(m, input, input, 1, out output));
        table.Add("_min_by/1", (Machine m, JqValue input, JqValue keys, JqValue b, JqValue c, out JqValue output) => Extreme(m, input, keys, -1, out output));
        table.Add("_max_by/1", (Machine m, JqValue input, JqValue keys, JqValue b, JqValue c, out JqValue output) => Extreme(m, input, keys, 1, out output));
    }

    /// <summary>The elements in order.</summary>
    public static Outcome Sort(Machine m, JqArray array, out JqArray sorted)
    {
        sorted = array;
        if (Order(m, array.AsSpan(), wrapped: false, out var order) is not Outcome.Value and var failed) return failed;
        sorted = JqArray.Wrap(Array.ConvertAll(order, index => array[index]));
        return Outcome.Value;
    }

    /// <summary>The order in which the keys are sorted.</summary>
    /// <param name="m">Charged for every comparison.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="wrapped">Whether every key is an array, as sort_by makes them.</param>
    /// <param name="order">Indices of the keys.</param>
    private static Outcome Order(Machine m, ReadOnlySpan<JqValue> keys, bool wrapped, out int[] order)
    {
        m.ChargeElements(keys.Length * 4L, keys.Length);
        order = new int[keys.Length];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        if (order.Length < 2) return Outcome.Value;
        var by = wrapped ? Unwrap(keys) : keys.ToArray();
        return TryNumbers(m, by, order) ? Outcome.Value : Merge(m, by, ref order);
    }

    // Arrays of one key each compare like the keys.
    private static JqValue[] Unwrap(ReadOnlySpan<JqValue> keys)
    {
        var inner = keys.ToArray();
        foreach (ref readonly var key in keys)
        {
            if (!key.TryGetArray(out var array) || array.Count != 1) return inner;
        }
        for (var i = 0; i < inner.Length; i++) inner[i] = inner[i].AsArray()[0];
        return inner;
    }

    private static bool TryNumbers(Machine m, JqValue[] keys, int[] order)
    {
        var numbers = new (double Number, int Index)[keys.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (!keys[i].TryGetPlainNumber(out var number)) return false;
            numbers[i] = (number, i);
        }
        m.Charge(numbers.Length * (long)Math.Log2(numbers.Length) / 4);
        Array.Sort(numbers, static (a, b) => a.Number.CompareTo(b.Number) is var difference && difference != 0 ? difference : a.Index - b.Index);
        for (var i = 0; i < order.Length; i++) order[i] = numbers[i].Index;
        return true;
    }

    /// <summary>A merge sort from the bottom up: it charges every comparison before the next, and stops at an error.</summary>
    private static Outcome Merge(Machine m, JqValue[] keys, ref int[] order)
    {
        var target = new int[order.Length];
        for (long width = 1; width < order.Length; width *= 2)
        {
            for (long start = 0; start < order.Length; start += width * 2)
            {
                var (left, middle) = (start, Math.Min(start + width, order.Length));
                var (right, end) = (middle, Math.Min(start + width * 2, order.Length));
                for (var at = start; at < end; at++)
                {
                    var takeLeft = right >= end;
                    if (!takeLeft && left < middle)
                    {
                        m.Charge(1);
                        if (!Operators.TryCompare(m, keys[order[left]], keys[order[right]], Comparing.ToSort, out var difference)) return Outcome.Error;
                        takeLeft = difference <= 0;
                    }
                    target[at] = order[takeLeft ? left++ : right++];
                }
            }
            (order, target) = (target, order);
        }
        return Outcome.Value;
    }

    private static Outcome TryOrder(Machine m, JqValue input, JqValue keys, out JqArray array, out int[] order)
    {
        (array, order) = (JqArray.Empty, []);
        if (!input.TryGetArray(out var elements) || !keys.TryGetArray(out var by) || elements.Count != by.Count)
        {
            return m.Fail($"{Describe.Value(input)} and {Describe.Value(keys)} cannot be sorted, as they are not both arrays");
        }
        array = elements;
        return Order(m, by.AsSpan(), wrapped: !input.IsSameAs(keys), out order);
    }

    private static Outcome Groups(Machine m, JqValue input, JqValue keys, out List<JqArray> groups)
    {
        groups = [];
        if (TryOrder(m, input, keys, out var array, out var order) is not Outcome.Value and var failed) return failed;
        var by = order.Length == 0 ? JqArray.Empty : keys.AsArray();
        for (var start = 0; start < order.Length;)
        {
            var group = new JqArray.Builder();
            var at = start;
            do
            {
                m.Charge(1);
                group.Add(array[order[at++]]);
                if (at == order.Length) break;
                if (!Operators.TryEqual(m, by[order[start]], by[order[at]], out var same)) return Outcome.Error;
                if (!same) break;
            }
            while (true);
            groups.Add(group.ToArray());
            start = at;
        }
        return Outcome.Value;
    }

    private static Outcome Unique(Machine m, JqValue input, JqValue keys, out JqValue output)
    {
        output = default;
        if (Groups(m, input, keys, out var groups) is not Outcome.Value and var failed) return failed;
        output = JqArray.Wrap([.. groups.Select(group => group[0])]);
        return Outcome.Value;
    }

    /// <summary>The element with the least or the greatest key: the first of the least, the last of the greatest.</summary>
    private static Outcome Extreme(Machine m, JqValue input, JqValue keys, int direction, out JqValue output)
    {
        output = default;
        if (!input.TryGetArray(out var array) || !keys.TryGetArray(out var by))
        {
            return m.Fail($"{Describe.Value(input)} and {Describe.Value(keys)} cannot be iterated over");
        }
        if (array.Count != by.Count) return m.Fail($"{Describe.Value(input)} and {Describe.Value(keys)} have wrong length");
        var best = 0;
        for (var i = 1; i < array.Count; i++)
        {
            m.Charge(1);
            if (!Operators.TryCompare(m, by[i], by[best], Comparing.AsOperator, out var order)) return Outcome.Error;
            if (direction < 0 ? order < 0 : order >= 0) best = i;
        }
        if (array.Count > 0) output = array[best];
        return Outcome.Value;
    }
}
