namespace Baton.Jq;

/// <summary>Reading and replacing parts of values by one key, with jq's rules and messages.</summary>
internal static class Access
{
    /// <summary>Largest index that jq allows an array to be extended to.</summary>
    private const double MaxIndex = 536_870_911;

    /// <summary><c>target[key]</c></summary>
    public static Outcome Get(Machine m, JqValue target, JqValue key, out JqValue value)
    {
        value = default;
        switch (target.Kind)
        {
            case JqKind.Null when key.Kind is JqKind.Null or JqKind.String or JqKind.Number or JqKind.Object:
                return Outcome.Value;
            case JqKind.Object when key.IsString:
                target.AsObject().TryGetValue(key.AsString(), out value);
                return Outcome.Value;
            case JqKind.Array when key.IsNumber:
                var array = target.AsArray();
                if (TryIndex(key, array.Count, out var index) && index < array.Count) value = array.AsSpan()[(int)index];
                return Outcome.Value;
            case JqKind.Array when key.IsArray:
                return Indices(m, target.AsArray(), key.AsArray(), out value);
            case JqKind.Array or JqKind.String when key.TryGetObject(out var slice):
                return Slice(m, target, slice, out value);
            default:
                return m.Fail($"Cannot index {target.Kind.Name()} with {Describe.Value(key)}");
        }
    }

    /// <summary><c>target[from:to]</c></summary>
    public static Outcome Slice(Machine m, JqValue target, JqValue from, JqValue to, out JqValue value)
    {
        value = default;
        if (target.IsNull) return Outcome.Value;
        if (target.TryGetArray(out var array))
        {
            if (!TryRange(from, to, array.Count, out var start, out var end)) return BadSlice(m);
            m.ChargeElements(end - start, end - start);
            value = array.Slice(start, end - start);
            return Outcome.Value;
        }
        if (!target.TryGetString(out var text))
        {
            return m.Fail($"Cannot index {target.Kind.Name()} with {Describe.Value(SliceKey(from, to))}");
        }
        m.ChargeText(text.Length);
        var basic = TextOrder.IsBasicPlane(text);
        if (!TryRange(from, to, basic ? text.Length : TextOrder.CodePoints(text), out var first, out var last)) return BadSlice(m);
        if (!basic)
        {
            var count = last - first;
            first = TextOrder.Skip(text, 0, first);
            last = TextOrder.Skip(text, first, count);
        }
        value = text[first..last];
        return Outcome.Value;
    }

    /// <summary>The key that stands for a slice in a path.</summary>
    public static JqValue SliceKey(JqValue from, JqValue to) => JqValue.Object(("start", from), ("end", to));

    /// <summary>
    /// <paramref name="target"/> with <paramref name="value"/> at the key; null becomes an array or object. A target that is owned is
    /// changed in place, and the result is owned if nothing else can refer to it.
    /// </summary>
    public static Outcome Set(Machine m, JqValue target, JqValue key, JqValue value, out JqValue result)
    {
        value = value.Shared;
        result = default;
        if (key.IsString && (target.IsObject || target.IsNull))
        {
            result = SetMember(m, target, key.AsString(), value);
            return Outcome.Value;
        }
        if (target.IsArray || target.IsNull)
        {
            var array = target.TryGetArray(out var known) ? known : JqArray.Empty;
            switch (key.Kind)
            {
                case JqKind.Number:
                    return SetElement(m, array, target.IsOwned, key, value, out result);
                case JqKind.Object:
                    return SetSlice(m, array, key.AsObject(), value, out result);
                case JqKind.Array when target.IsArray:
                    return m.Fail("Cannot update field at array index of array");
            }
        }
        if (key.IsObject) return m.Fail(target.IsString ? "Cannot update string slices" : $"Cannot update field at object index of {target.Kind.Name()}");
        return m.Fail($"Cannot index {target.Kind.Name()} with {Describe.Value(key)}");
    }

    /// <summary>The whole part of an index, a negative one counted from the end; false for NaN and what stays negative.</summary>
    public static bool TryIndex(JqValue key, int count, out double index)
    {
        key.TryGetDouble(out index);
        index = Math.Truncate(index);
        if (index < 0) index += count;
        return index >= 0;
    }

    /// <summary>The range of a slice: NaN and null mean the respective end, fractions are rounded outwards.</summary>
    public static bool TryRange(JqValue from, JqValue to, int count, out int start, out int end)
    {
        start = end = 0;
        if (!TryBound(from, 0, out var first) || !TryBound(to, count, out var last)) return false;
        if (first < 0) first += count;
        if (last < 0) last += count;
        start = (int)Math.Clamp(first, 0, count);
        end = last < first ? start : Math.Max(start, (int)Math.Ceiling(Math.Min(last, count)));
        return true;
    }

    private static bool TryBound(JqValue bound, double missing, out double number)
    {
        number = missing;
        if (bound.IsNull) return true;
        if (!bound.TryGetDouble(out var given)) return false;
        if (!double.IsNaN(given)) number = given;
        return true;
    }

    private static Outcome Slice(Machine m, JqValue target, JqObject slice, out JqValue value)
    {
        value = default;
        return slice.TryGetValue("start", out var from) && slice.TryGetValue("end", out var to)
            ? Slice(m, target, from, to, out value)
            : BadSlice(m);
    }

    private static Outcome BadSlice(Machine m) => m.Fail("Array/string slice indices must be integers");

    private static JqValue SetMember(Machine m, JqValue target, string key, JqValue value)
    {
        var members = target.TryGetObject(out var known) ? known : JqObject.Empty;
        var index = members.Table.IndexOf(key, members.Count);
        m.Charge(1);
        if (index >= 0 && target.IsOwned)
        {
            members.SetInPlace(index, value);
            return target;
        }
        var grows = index < 0 && members.CanGrowInPlace;
        m.ChargeElements(grows ? 0 : members.Count, members.Count + 1L);
        JqValue result = members.With(key, value);
        // Growing in place shares the buffer with the object before, which somebody else may hold.
        return grows && !target.IsOwned ? result : result.Owned;
    }

    private static Outcome SetElement(Machine m, JqArray array, bool isOwned, JqValue key, JqValue value, out JqValue result)
    {
        result = default;
        if (!TryIndex(key, array.Count, out var index))
        {
            return m.Fail(double.IsNaN(index) ? "Cannot set array element at NaN index" : "Out of bounds negative array index");
        }
        if (index > MaxIndex) return m.Fail("Array index too large");
        m.Charge(1);
        if (index < array.Count)
        {
            if (isOwned)
            {
                array.SetInPlace((int)index, value);
                result = new JqValue(array).Owned;
                return Outcome.Value;
            }
            m.ChargeElements(array.Count, array.Count);
            result = new JqValue(array.SetItem((int)index, value)).Owned;
            return Outcome.Value;
        }
        var padding = (int)index - array.Count;
        var grows = array.CanGrowInPlace(padding + 1);
        m.ChargeElements(grows ? padding : (long)index, (long)index + 1);
        if (padding > 0) array = array.AddRange(new JqValue[padding]);
        result = array.Add(value);
        if (isOwned || !grows) result = result.Owned;
        return Outcome.Value;
    }

    private static Outcome SetSlice(Machine m, JqArray array, JqObject slice, JqValue value, out JqValue result)
    {
        result = default;
        if (!slice.TryGetValue("start", out var from) || !slice.TryGetValue("end", out var to)
            || !TryRange(from, to, array.Count, out var start, out var end))
        {
            return BadSlice(m);
        }
        if (!value.TryGetArray(out var middle)) return m.Fail("A slice of an array can only be assigned another array");
        var total = (long)start + middle.Count + array.Count - end;
        m.ChargeElements(total, total);
        var builder = new JqArray.Builder((int)total);
        builder.AddRange(array.AsSpan()[..start]);
        builder.AddRange(middle.AsSpan());
        builder.AddRange(array.AsSpan()[end..]);
        result = builder.ToArray();
        return Outcome.Value;
    }

    /// <summary>Where <paramref name="wanted"/> occurs in <paramref name="array"/>.</summary>
    public static Outcome Indices(Machine m, JqArray array, JqArray wanted, out JqValue value)
    {
        value = default;
        var found = new JqArray.Builder();
        var items = array.AsSpan();
        var pattern = wanted.AsSpan();
        for (var i = 0; pattern.Length > 0 && i + pattern.Length <= items.Length; i++)
        {
            m.Charge(1);
            var matches = 0;
            while (matches < pattern.Length)
            {
                m.Charge(1);
                if (!Operators.TryEqual(m, items[i + matches], pattern[matches], out var equal)) return Outcome.Error;
                if (!equal) break;
                matches++;
            }
            if (matches == pattern.Length) found.Add(i);
        }
        value = found.ToArray();
        return Outcome.Value;
    }
}
