namespace Baton.Jq;

internal enum BinaryOperator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>The infix operators on values.</summary>
internal static class Operators
{
    private const int MaxMergeDepth = 10_000;
    private const int ComparisonsPerStep = 2;

    public static BinaryOperator Parse(string symbol) => symbol switch
    {
        "+" or "+=" => BinaryOperator.Add,
        "-" or "-=" => BinaryOperator.Subtract,
        "*" or "*=" => BinaryOperator.Multiply,
        "/" or "/=" => BinaryOperator.Divide,
        "%" or "%=" => BinaryOperator.Remainder,
        "==" => BinaryOperator.Equal,
        "!=" => BinaryOperator.NotEqual,
        "<" => BinaryOperator.Less,
        "<=" => BinaryOperator.LessOrEqual,
        ">" => BinaryOperator.Greater,
        _ => BinaryOperator.GreaterOrEqual,
    };

    public static Outcome Apply(Machine m, BinaryOperator operation, JqValue a, JqValue b, out JqValue result)
    {
        if (a.TryGetPlainNumber(out var x) && b.TryGetPlainNumber(out var y) && TryNumbers(operation, x, y, out result)) return Outcome.Value;
        switch (operation)
        {
            case BinaryOperator.Add:
                return Add(m, a, b, out result);
            case BinaryOperator.Subtract:
                return Subtract(m, a, b, out result);
            case BinaryOperator.Multiply:
                return Multiply(m, a, b, out result);
            case BinaryOperator.Divide:
                return Divide(m, a, b, out result);
            case BinaryOperator.Remainder:
                return Remainder(m, a, b, out result);
            case BinaryOperator.Equal or BinaryOperator.NotEqual:
                result = default;
                if (!TryEqual(m, a, b, out var equal)) return Outcome.Error;
                result = equal == (operation == BinaryOperator.Equal);
                return Outcome.Value;
            default:
                result = default;
                if (!TryCompare(m, a, b, Comparing.AsOperator, out var order)) return Outcome.Error;
                result = operation switch
                {
                    BinaryOperator.Less => order < 0,
                    BinaryOperator.LessOrEqual => order <= 0,
                    BinaryOperator.Greater => order > 0,
                    _ => order >= 0,
                };
                return Outcome.Value;
        }
    }

    /// <summary>jq's <c>==</c>; false, with an error raised, when the values nest too deeply.</summary>
    public static bool TryEqual(Machine m, JqValue a, JqValue b, out bool equal)
    {
        var comparison = new Comparison(Comparing.AsOperator, m.StepsLeft * ComparisonsPerStep);
        equal = ValueOrder.AreEqual(a, b, ref comparison);
        m.Charge(comparison.Work / ComparisonsPerStep);
        if (comparison.TooDeep) m.Fail("Equality check too deep");
        return !comparison.TooDeep;
    }

    /// <summary>jq's order; false, with an error raised, when the values nest too deeply.</summary>
    public static bool TryCompare(Machine m, JqValue a, JqValue b, Comparing how, out int order)
    {
        var comparison = new Comparison(how, m.StepsLeft * ComparisonsPerStep);
        order = ValueOrder.Compare(a, b, ref comparison);
        m.Charge(comparison.Work / ComparisonsPerStep);
        if (comparison.TooDeep) m.Fail("Comparison too deep");
        return !comparison.TooDeep;
    }

    /// <summary>Computes what cannot fail and costs next to nothing, at compile time.</summary>
    public static bool TryFold(BinaryOperator operation, JqValue a, JqValue b, out JqValue result)
    {
        if (a.TryGetPlainNumber(out var x) && b.TryGetPlainNumber(out var y)) return TryNumbers(operation, x, y, out result);
        result = default;
        if (operation != BinaryOperator.Add || !a.TryGetString(out var s) || !b.TryGetString(out var t)) return false;
        result = string.Concat(s, t);
        return true;
    }

    public static Outcome Negate(Machine m, JqValue value, out JqValue result)
    {
        result = value.IsNumber ? Negate(value) : default;
        return value.IsNumber ? Outcome.Value : m.Fail($"{Describe.Value(value)} cannot be negated");
    }

    /// <summary>The number with the other sign; a literal keeps its digits.</summary>
    public static JqValue Negate(JqValue number) =>
        number.TryGetPlainNumber(out var plain) ? -plain : new JqValue(number.Literal!.Negate());

    public static Outcome Add(Machine m, JqValue a, JqValue b, out JqValue result)
    {
        if (a.IsNull || b.IsNull)
        {
            result = a.IsNull ? b : a;
            return Outcome.Value;
        }
        if (a.TryGetString(out var s) && b.TryGetString(out var t))
        {
            m.ChargeText((long)s.Length + t.Length);
            result = string.Concat(s, t);
            return Outcome.Value;
        }
        if (a.TryGetArray(out var left) && b.TryGetArray(out var right))
        {
            var total = (long)left.Count + right.Count;
            m.ChargeElements(left.CanGrowInPlace(right.Count) ? right.Count : total, total);
            result = left.AddRange(right.AsSpan());
            return Outcome.Value;
        }
        if (a.TryGetObject(out var members) && b.TryGetObject(out var more)) return Merge(m, members, more, out result);
        if (a.TryGetDouble(out var x) && b.TryGetDouble(out var y))
        {
            result = x + y;
            return Outcome.Value;
        }
        return Refuse(m, a, b, "added", out result);
    }

    private static bool TryNumbers(BinaryOperator operation, double x, double y, out JqValue result)
    {
        result = operation switch
        {
            BinaryOperator.Add => x + y,
            BinaryOperator.Subtract => x - y,
            BinaryOperator.Multiply => x * y,
            BinaryOperator.Divide => x / y,
            BinaryOperator.Equal => x == y,
            BinaryOperator.NotEqual => x != y,
            BinaryOperator.Less => x < y || double.IsNaN(x),
            BinaryOperator.LessOrEqual => x <= y || double.IsNaN(x),
            BinaryOperator.Greater => x > y || (double.IsNaN(y) && !double.IsNaN(x)),
            BinaryOperator.GreaterOrEqual => x >= y || (double.IsNaN(y) && !double.IsNaN(x)),
            _ => default,
        };
        return operation != BinaryOperator.Remainder && (operation != BinaryOperator.Divide || y != 0);
    }

    private static Outcome Merge(Machine m, JqObject members, JqObject more, out JqValue result)
    {
        m.ChargeElements((long)members.Count + more.Count, (long)members.Count + more.Count);
        if (members.Count == 0 || more.Count == 0)
        {
            result = members.Count == 0 ? more : members;
            return Outcome.Value;
        }
        if (more.Count == 1)
        {
            var (key, value) = more.At(0);
            result = members.With(key, value);
            return Outcome.Value;
        }
        var builder = new JqObject.Builder(members, more.Count);
        foreach (var (key, value) in more) builder[key] = value;
        result = builder.ToObject();
        return Outcome.Value;
    }

    private static Outcome Subtract(Machine m, JqValue a, JqValue b, out JqValue result)
    {
        if (a.TryGetDouble(out var x) && b.TryGetDouble(out var y))
        {
            result = x - y;
            return Outcome.Value;
        }
        if (!a.TryGetArray(out var left) || !b.TryGetArray(out var right)) return Refuse(m, a, b, "subtracted", out result);
        result = default;
        var rest = new JqArray.Builder();
        foreach (ref readonly var element in left.AsSpan())
        {
            var found = false;
            foreach (ref readonly var unwanted in right.AsSpan())
            {
                m.Charge(1);
                if (!TryEqual(m, element, unwanted, out found)) return Outcome.Error;
                if (found) break;
            }
            m.Charge(1);
            if (!found) rest.Add(element);
        }
        result = rest.ToArray();
        return Outcome.Value;
    }

    private static Outcome Multiply(Machine m, JqValue a, JqValue b, out JqValue result)
    {
        if (a.TryGetDouble(out var x))
        {
            if (b.TryGetString(out var text)) return Repeat(m, text, x, out result);
            if (b.TryGetDouble(out var y))
            {
                result = x * y;
                return Outcome.Value;
            }
        }
        else if (a.TryGetString(out var text) && b.TryGetDouble(out var y))
        {
            return Repeat(m, text, y, out result);
        }
        else if (a.TryGetObject(out var left) && b.TryGetObject(out var right))
        {
            return DeepMerge(m, left, right, out result);
        }
        return Refuse(m, a, b, "multiplied", out result);
    }

    private static Outcome Repeat(Machine m, string text, double times, out JqValue result)
    {
        result = default;
        if (!(times >= 0)) return Outcome.Value;
        var count = Math.Truncate(times);
        if (text.Length == 0 || count == 0)
        {
            result = "";
            return Outcome.Value;
        }
        if (text.Length * count >= int.MaxValue) return m.Fail("Repeat string result too long");
        m.ChargeText((long)(text.Length * count));
        result = string.Create(text.Length * (int)count, text, static (target, text) =>
        {
            for (var at = 0; at < target.Length; at += text.Length) text.CopyTo(target[at..]);
        });
        return Outcome.Value;
    }

    /// <summary>Merges objects that stand under the same key, at any depth, without recursion.</summary>
    private static Outcome DeepMerge(Machine m, JqObject left, JqObject right, out JqValue result)
    {
        result = default;
        var outer = new Stack<(JqObject.Builder Merged, JqObject Right, int Next)>();
        var merged = new JqObject.Builder(left);
        var (members, next) = (right, 0);
        while (true)
        {
            if (next == members.Count)
            {
                var done = merged.ToObject();
                if (!outer.TryPop(out var top))
                {
                    result = done;
                    return Outcome.Value;
                }
                (merged, members, next) = top;
                merged[members.At(next).Key] = done;
                next++;
                continue;
            }
            var (key, value) = members.At(next);
            m.Charge(1);
            if (value.TryGetObject(out var more) && merged.TryGetValue(key, out var known) && known.TryGetObject(out var inner))
            {
                if (outer.Count >= MaxMergeDepth) return m.Fail("Object merge too deep");
                m.Charge(4);
                m.ChargeElements((long)inner.Count + more.Count, (long)inner.Count + more.Count);
                outer.Push((merged, members, next));
                (merged, members, next) = (new JqObject.Builder(inner), more, 0);
                continue;
            }
            merged[key] = value;
            next++;
        }
    }

    private static Outcome Divide(Machine m, JqValue a, JqValue b, out JqValue result)
    {
        if (a.TryGetDouble(out var x) && b.TryGetDouble(out var y))
        {
            if (y == 0) return Refuse(m, a, b, "divided because the divisor is zero", out result);
            result = x / y;
            return Outcome.Value;
        }
        if (a.TryGetString(out var text) && b.TryGetString(out var separator)) return Strings.Split(m, text, separator, out result);
        return Refuse(m, a, b, "divided", out result);
    }

    /// <summary>jq's remainder works on whole numbers: operands are truncated to 64 bits, the result has the sign of the dividend.</summary>
    private static Outcome Remainder(Machine m, JqValue a, JqValue b, out JqValue result)
    {
        if (!a.TryGetDouble(out var x) || !b.TryGetDouble(out var y)) return Refuse(m, a, b, "divided (remainder)", out result);
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            result = double.NaN;
            return Outcome.Value;
        }
        var divisor = Whole(y);
        if (divisor == 0) return Refuse(m, a, b, "divided (remainder) because the divisor is zero", out result);
        result = divisor == -1 ? 0 : (double)(Whole(x) % divisor);
        return Outcome.Value;
    }

    private static long Whole(double number) => number switch
    {
        < long.MinValue => long.MinValue,
        >= 9223372036854775808.0 => long.MaxValue,
        _ => (long)number,
    };

    private static Outcome Refuse(Machine m, JqValue a, JqValue b, string what, out JqValue result)
    {
        result = default;
        return m.Fail($"{Describe.Value(a)} and {Describe.Value(b)} cannot be {what}");
    }
}
