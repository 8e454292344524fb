namespace Baton.Jq;

/// <summary>What comparing two values means.</summary>
internal enum Comparing
{
    /// <summary>A total order over values of any nesting: NaN equals itself, numbers compare by exact decimal value.</summary>
    Exactly,

    /// <summary>The same, but giving up beyond jq's nesting limit. Sorting needs a total order.</summary>
    ToSort,

    /// <summary>As jq's operators: NaN is below everything and equals nothing, and a literal meets a computed number as a double.</summary>
    AsOperator,
}

/// <summary>One comparison under way: how, how much work it is, and whether nesting went beyond jq's limit.</summary>
/// <param name="how">What comparing means.</param>
/// <param name="allowed">After so much work the comparison stops, without a result.</param>
internal struct Comparison(Comparing how, long allowed = long.MaxValue)
{
    public readonly Comparing How = how;
    public readonly long Allowed = allowed;
    public bool TooDeep;

    /// <summary>Elements and members visited, and strings compared by length.</summary>
    public long Work;
}

/// <summary>jq's equality and order over whole values, without recursion on the native stack.</summary>
internal static class ValueOrder
{
    private const int JqDepth = 10_000;
    private const int CharactersPerWork = 32;

    /// <summary>Compares two values in jq's order.</summary>
    public static int Compare(in JqValue left, in JqValue right, ref Comparison comparison)
    {
        if (TryCompareScalars(left, right, ref comparison, out var order)) return order;
        var outer = new Stack<Pair>();
        var pair = new Pair(left, right);
        comparison.Work += pair.Keys;
        if ((order = pair.CompareKeys()) != 0) return order;
        while (true)
        {
            if (comparison.Work > comparison.Allowed) return 0;
            if (!pair.MoveNext(out var a, out var b))
            {
                if (pair.Tail != 0) return pair.Tail;
                if (!outer.TryPop(out pair)) return 0;
            }
            else if (TryCompareScalars(a, b, ref comparison, out order))
            {
                if (order != 0) return order;
            }
            else if (outer.Count >= JqDepth && comparison.How != Comparing.Exactly)
            {
                comparison.TooDeep = true;
                return 0;
            }
            else
            {
                outer.Push(pair);
                pair = new Pair(a, b);
                comparison.Work += pair.Keys;
                if ((order = pair.CompareKeys()) != 0) return order;
            }
        }
    }

    /// <summary>Whether two values are equal.</summary>
    public static bool AreEqual(in JqValue left, in JqValue right, ref Comparison comparison)
    {
        if (TryEqualScalars(left, right, ref comparison, out var equal)) return equal;
        var outer = new Stack<EqualPair>();
        var pair = new EqualPair(left, right);
        if (!pair.MayBeEqual) return false;
        while (true)
        {
            if (comparison.Work > comparison.Allowed) return false;
            if (!pair.MoveNext(out var a, out var b, out var missing))
            {
                if (missing) return false;
                if (!outer.TryPop(out pair)) return true;
            }
            else if (TryEqualScalars(a, b, ref comparison, out equal))
            {
                if (!equal) return false;
            }
            else if (outer.Count >= JqDepth && comparison.How != Comparing.Exactly)
            {
                comparison.TooDeep = true;
                return false;
            }
            else
            {
                outer.Push(pair);
                pair = new EqualPair(a, b);
                if (!pair.MayBeEqual) return false;
            }
        }
    }

    private static int CompareNumbers(in JqValue a, in JqValue b, Comparing how)
    {
        a.TryGetDouble(out var x);
        b.TryGetDouble(out var y);
        if (double.IsNaN(x)) return how == Comparing.AsOperator || !double.IsNaN(y) ? -1 : 0;
        if (x < y) return -1;
        if (x > y || double.IsNaN(y)) return 1;
        var (l, r) = (a.Literal, b.Literal);
        if (l is null && r is null) return 0;
        if ((l is null || r is null) && how == Comparing.AsOperator) return 0;
        if (l is null) return double.IsFinite(x) ? DecimalParts.Compare(NumberText.Parts(x), r!.Parts()) : double.IsNegative(x) ? -1 : 1;
        if (r is null) return double.IsFinite(y) ? DecimalParts.Compare(l.Parts(), NumberText.Parts(y)) : double.IsNegative(y) ? 1 : -1;
        return DecimalParts.Compare(l.Parts(), r.Parts());
    }

    /// <summary>A hash that equal values share; it looks at the outer layers only.</summary>
    public static int Hash(in JqValue value, int depth = 2)
    {
        var hash = new HashCode();
        hash.Add((int)value.Kind);
        switch (value.Kind)
        {
            case JqKind.Number:
                value.TryGetDouble(out var number);
                hash.Add(number == 0 ? 0.0 : number);   // -0 equals 0
                break;
            case JqKind.String:
                hash.Add(value.AsString(), StringComparer.Ordinal);
                break;
            case JqKind.Array:
                var array = value.AsArray();
                hash.Add(array.Count);
                if (depth > 0)
                {
                    foreach (var element in array.AsSpan()[..Math.Min(16, array.Count)]) hash.Add(Hash(element, depth - 1));
                }
                break;
            case JqKind.Object:
                var members = value.AsObject();
                var sum = members.Count;   // the order of the keys does not count
                foreach (var key in members.KeySpan()) sum += key.GetHashCode(StringComparison.Ordinal);
                hash.Add(sum);
                break;
        }
        return hash.ToHashCode();
    }

    private static bool TryCompareScalars(in JqValue a, in JqValue b, ref Comparison comparison, out int order)
    {
        comparison.Work++;
        var kind = a.Kind;
        order = (int)kind - (int)b.Kind;
        if (order != 0) return true;
        switch (kind)
        {
            case JqKind.Number:
                order = CompareNumbers(a, b, comparison.How);
                return true;
            case JqKind.String:
                var (s, t) = (a.AsString(), b.AsString());
                comparison.Work += Math.Min(s.Length, t.Length) / CharactersPerWork;
                order = TextOrder.Compare(s, t);
                return true;
            case JqKind.Array or JqKind.Object:
                return false;
            default:
                return true;
        }
    }

    private static bool TryEqualScalars(in JqValue a, in JqValue b, ref Comparison comparison, out bool equal)
    {
        comparison.Work++;
        var kind = a.Kind;
        equal = kind == b.Kind;
        if (!equal) return true;
        switch (kind)
        {
            case JqKind.Number:
                equal = CompareNumbers(a, b, comparison.How) == 0;
                return true;
            case JqKind.String:
                var (s, t) = (a.AsString(), b.AsString());
                if (s.Length == t.Length) comparison.Work += s.Length / CharactersPerWork;
                equal = string.Equals(s, t);
                return true;
            case JqKind.Array or JqKind.Object:
                return false;
            default:
                return true;
        }
    }

    /// <summary>Two containers of one kind on their way through an ordered comparison.</summary>
    private struct Pair(in JqValue left, in JqValue right)
    {
        private readonly JqValue left = left, right = right;
        private int index = 0;

        /// <summary>What decides once the common part is equal.</summary>
        public readonly int Tail => left.TryGetArray(out var a) ? a.Count - right.AsArray().Count : 0;

        /// <summary>Objects: how many keys there are to sort and compare.</summary>
        public readonly int Keys => left.TryGetObject(out var a) ? a.Count + right.AsObject().Count : 0;

        /// <summary>Objects: compares the sorted keys as arrays.</summary>
        public readonly int CompareKeys()
        {
            if (!left.TryGetObject(out var a)) return 0;
            var b = right.AsObject();
            if (a.Table == b.Table && a.Count == b.Count) return 0;
            var orderA = a.Table.Order(a.Count);
            var orderB = b.Table.Order(b.Count);
            var keysA = a.KeySpan();
            var keysB = b.KeySpan();
            for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
            {
                var order = TextOrder.Compare(keysA[orderA[i]], keysB[orderB[i]]);
                if (order != 0) return order;
            }
            return a.Count - b.Count;
        }

        public bool MoveNext(out JqValue a, out JqValue b)
        {
            if (left.TryGetArray(out var l))
            {
                var r = right.AsArray();
                if (index < Math.Min(l.Count, r.Count))
                {
                    (a, b) = (l.AsSpan()[index], r.AsSpan()[index]);
                    index++;
                    return true;
                }
            }
            else
            {
                var (x, y) = (left.AsObject(), right.AsObject());
                if (index < x.Count)
                {
                    (a, b) = (x.AsSpan()[x.Table.Order(x.Count)[index]], y.AsSpan()[y.Table.Order(y.Count)[index]]);
                    index++;
                    return true;
                }
            }
            a = b = default;
            return false;
        }
    }

    /// <summary>Two containers of one kind on their way through a test for equality.</summary>
    private struct EqualPair(in JqValue left, in JqValue right)
    {
        private readonly JqValue left = left, right = right;
        private int index = 0;

        public readonly bool MayBeEqual => left.TryGetArray(out var a)
            ? a.Count == right.AsArray().Count
            : left.AsObject().Count == right.AsObject().Count;

        public bool MoveNext(out JqValue a, out JqValue b, out bool missing)
        {
            missing = false;
            if (left.TryGetArray(out var l))
            {
                if (index < l.Count)
                {
                    (a, b) = (l.AsSpan()[index], right.AsArray().AsSpan()[index]);
                    index++;
                    return true;
                }
            }
            else
            {
                var (x, y) = (left.AsObject(), right.AsObject());
                if (index < x.Count)
                {
                    a = x.AsSpan()[index];
                    if (x.Table == y.Table) b = y.AsSpan()[index];
                    else missing = !y.TryGetValue(x.KeySpan()[index], out b);
                    index++;
                    return !missing;
                }
            }
            a = b = default;
            return false;
        }
    }
}
