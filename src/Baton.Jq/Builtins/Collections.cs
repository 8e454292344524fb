namespace Baton.Jq;

/// <summary>Arrays and objects as wholes.</summary>
internal static class Collections
{
    public static void Define(NativeTable table)
    {
        table.Add("keys/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Keys(m, input, sorted: true, out output));
        table.Add("keys_unsorted/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Keys(m, input, sorted: false, out output));
        table.Add("has/1", Has);
        table.Add("contains/1", Containment.Contains);
        table.Add("add/0", Addition.Add);
        table.Add("to_entries/0", ToEntries);
        table.Add("from_entries/0", FromEntries);
        table.Add("reverse/0", Reverse);
        table.Add("flatten/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Flatten(m, input, -1, out output));
        table.Add("flatten/1", (Machine m, JqValue input, JqValue depth, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            return depth < 0 ? m.Fail("flatten depth must not be negative") : Flatten(m, input, depth, out output);
        });
        table.Add("setpath/2", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Paths.Set(m, input, a, b, out output));
        table.Add("delpaths/1", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => Paths.Delete(m, input, a, out output));
        table.Add("bsearch/1", BinarySearch);
        table.Add("_columns/0", Columns);
        Streams.Define(table);
    }

    /// <summary>The elements of an array or the values of an object; false, with an error raised, for anything else.</summary>
    public static bool TryItems(Machine m, JqValue value, out ReadOnlySpan<JqValue> items)
    {
        items = default;
        if (value.TryGetArray(out var array)) items = array.AsSpan();
        else if (value.TryGetObject(out var members)) items = members.AsSpan();
        else return m.Fail($"Cannot iterate over {Describe.Value(value)}") == Outcome.Value;
        return true;
    }

    private static Outcome Keys(Machine m, JqValue input, bool sorted, out JqValue output)
    {
        output = default;
        if (input.TryGetArray(out var array))
        {
            m.ChargeElements(array.Count, array.Count);
            var indices = new JqValue[array.Count];
            for (var i = 0; i < indices.Length; i++) indices[i] = i;
            output = JqArray.Wrap(indices);
            return Outcome.Value;
        }
        if (!input.TryGetObject(out var members)) return m.Fail($"{Describe.Value(input)} has no keys");
        m.ChargeElements(sorted ? members.Count * 8L : members.Count, members.Count);
        var names = new JqValue[members.Count];
        var keys = members.KeySpan();
        if (sorted)
        {
            var order = members.Table.Order(members.Count);
            for (var i = 0; i < names.Length; i++) names[i] = keys[order[i]];
        }
        else
        {
            for (var i = 0; i < names.Length; i++) names[i] = keys[i];
        }
        output = JqArray.Wrap(names);
        return Outcome.Value;
    }

    private static Outcome Has(Machine m, JqValue input, JqValue key, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (input.TryGetObject(out var members) && key.TryGetString(out var name))
        {
            output = members.ContainsKey(name);
            return Outcome.Value;
        }
        if (input.TryGetArray(out var array) && key.TryGetDouble(out var index))
        {
            output = index >= 0 && index < array.Count;
            return Outcome.Value;
        }
        return m.Fail($"Cannot check whether {input.Kind.Name()} has a {key.Kind.Name()} key");
    }

    private static readonly KeyTable EntryKeys = KeyTable.Start("key").Append(1, "value");

    private static Outcome ToEntries(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (Keys(m, input, sorted: false, out var keys) is not Outcome.Value and var failed) return failed;
        TryItems(m, input, out var items);
        m.Charge(items.Length * 3L);
        var entries = new JqValue[items.Length];
        for (var i = 0; i < entries.Length; i++) entries[i] = new JqObject(EntryKeys, [keys[i], items[i]], 2);
        output = JqArray.Wrap(entries);
        return Outcome.Value;
    }

    private static Outcome FromEntries(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!TryItems(m, input, out var entries)) return Outcome.Error;
        m.Charge(entries.Length * 2L);
        var members = new JqObject.Builder(entries.Length);
        foreach (ref readonly var entry in entries)
        {
            JqValue key = default, value = default;
            if (!entry.TryGetObject(out var fields))
            {
                // Nothing else has keys; null has them all, as null.
                if (!entry.IsNull) return m.Fail($"Cannot index {entry.Kind.Name()} with {Describe.Value("key")}");
                fields = JqObject.Empty;
            }
            foreach (var name in (ReadOnlySpan<string>)["key", "k", "name", "Name", "Key", "K"])
            {
                if (fields.TryGetValue(name, out var found) && !found.IsNull && (key.IsNull || !key.IsTruthy)) key = found;
            }
            foreach (var name in (ReadOnlySpan<string>)["value", "v", "Value", "V"])
            {
                if (fields.TryGetValue(name, out value)) break;
            }
            if (key.IsNull) return m.Fail("Cannot use null (null) as object key");
            members[key.TryGetString(out var text) ? text : Basics.Json(m, key)] = value;
        }
        output = members.ToObject();
        return Outcome.Value;
    }

    private static Outcome Reverse(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = JqValue.EmptyArray;
        if (input.TryGetArray(out var array))
        {
            m.ChargeElements(array.Count, array.Count);
            var reversed = array.AsSpan().ToArray();
            System.Array.Reverse(reversed);
            output = JqArray.Wrap(reversed);
            return Outcome.Value;
        }
        // jq reads elements from length - 1 down to 0, so that whatever has none is fine and anything else cannot be indexed.
        if (Basics.Length(m, input, a, b, c, out var length) is not Outcome.Value and var failed) return failed;
        return length == 0 ? Outcome.Value : Access.Get(m, input, length.AsDouble() - 1, out _);
    }

    private static Outcome Flatten(Machine m, JqValue input, JqValue depth, out JqValue output)
    {
        output = default;
        var isCounted = depth.TryGetDouble(out var levels);
        if (!TryItems(m, input, out var first)) return Outcome.Error;
        var flat = new JqArray.Builder(first.Length);
        var open = new Stack<(JqValue Items, int Next)>([(input, 0)]);
        while (open.TryPop(out var top))
        {
            TryItems(m, top.Items, out var items);
            var index = top.Next;
            for (; index < items.Length; index++)
            {
                m.Charge(1);
                // As in jq, a level that is never exactly zero flattens all the way.
                if (!items[index].IsArray || open.Count == levels) m.Collect(flat, items[index]);
                else break;
            }
            if (index == items.Length) continue;
            if (!isCounted) return Operators.Apply(m, BinaryOperator.Subtract, depth, 1, out _);
            open.Push((top.Items, index + 1));
            open.Push((items[index], 0));
        }
        output = flat.ToArray();
        return Outcome.Value;
    }

    /// <summary>The index of a value in a sorted array, or -1 - the index where it would have to be inserted.</summary>
    private static Outcome BinarySearch(Machine m, JqValue input, JqValue target, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!input.TryGetArray(out var array)) return m.Fail($"{Describe.Value(input)} cannot be searched from");
        int low = 0, high = array.Count - 1;
        while (low <= high)
        {
            var middle = low + (high - low) / 2;
            if (!Operators.TryCompare(m, array[middle], target, Comparing.AsOperator, out var order)) return Outcome.Error;
            if (order == 0)
            {
                output = middle;
                return Outcome.Value;
            }
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        output = -1 - low;
        return Outcome.Value;
    }

    /// <summary>Of rows of strings, the first of each joined, the second of each joined, and so on.</summary>
    private static Outcome Columns(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        var columns = new List<System.Text.StringBuilder>();
        foreach (ref readonly var row in input.AsArray().AsSpan())
        {
            for (var i = 0; i < row.AsArray().Count; i++)
            {
                if (i == columns.Count) columns.Add(new System.Text.StringBuilder());
                var text = row[i].AsString();
                m.ChargeText((long)columns[i].Length + text.Length - columns[i].Length);
                if (columns[i].Length + (long)text.Length > m.Options.Limits.Size) throw m.SizeReached();
                columns[i].Append(text);
            }
        }
        output = JqArray.Wrap([.. columns.Select(column => (JqValue)column.ToString())]);
        return Outcome.Value;
    }
}
