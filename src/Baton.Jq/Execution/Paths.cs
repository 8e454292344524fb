namespace Baton.Jq;

/// <summary>Reading, replacing and deleting by whole paths, without recursion.</summary>
internal static class Paths
{
    private const int MaxLength = 10_000;

    /// <summary><c>getpath</c>: null as soon as something on the way is null.</summary>
    public static Outcome Get(Machine m, JqValue root, JqValue path, out JqValue value)
    {
        value = default;
        if (!path.TryGetArray(out var keys)) return m.Fail("Path must be specified as an array");
        if (keys.Count > MaxLength) return m.Fail("Path too deep");
        m.Charge(keys.Count);
        var at = root;
        foreach (ref readonly var key in keys.AsSpan())
        {
            if (at.IsNull) return Outcome.Value;
            var outcome = Access.Get(m, at, key, out at);
            if (outcome != Outcome.Value) return outcome;
        }
        value = at;
        return Outcome.Value;
    }

    /// <summary><c>setpath</c></summary>
    public static Outcome Set(Machine m, JqValue root, JqValue path, JqValue value, out JqValue result)
    {
        result = value;
        if (!path.TryGetArray(out var keys)) return m.Fail("Path must be specified as an array");
        if (keys.Count > MaxLength) return m.Fail("Path too deep");
        if (keys.Count == 0) return Outcome.Value;
        m.Charge(keys.Count);
        var parents = new JqValue[keys.Count];
        var at = root.Shared;
        for (var i = 0; i < parents.Length; i++)
        {
            parents[i] = at;
            // jq reads before it writes, so a wrong key is reported as an access.
            var outcome = Access.Get(m, at, keys[i], out at);
            if (outcome != Outcome.Value) return outcome;
        }
        for (var i = parents.Length - 1; i >= 0; i--)
        {
            var outcome = Access.Set(m, parents[i], keys[i], result, out result);
            if (outcome != Outcome.Value) return outcome;
        }
        result = result.Shared;
        return Outcome.Value;
    }

    /// <summary><c>delpaths</c>: all paths count in the value as it is before the first deletion.</summary>
    public static Outcome Delete(Machine m, JqValue root, JqValue paths, out JqValue result)
    {
        result = root;
        if (!paths.TryGetArray(out var list)) return m.Fail("Paths must be specified as an array");
        foreach (ref readonly var path in list.AsSpan())
        {
            if (!path.TryGetArray(out var keys)) return m.Fail("Path must be specified as an array");
            if (keys.Count > MaxLength) return m.Fail("Path too deep");
            m.Charge(1);
        }
        if (list.Count == 0) return Outcome.Value;
        if (Sorting.Sort(m, list, out var sorted) is not Outcome.Value and var failed) return failed;
        if (sorted[0].AsArray().Count == 0)
        {
            result = default;
            return Outcome.Value;
        }
        return new Deletion(m, sorted).Run(root, out result);
    }

    /// <summary>Deletes sorted paths: those that start with the same key are neighbours and are dealt with together.</summary>
    private sealed class Deletion(Machine m, JqArray paths)
    {
        private readonly Stack<Level> outer = new();

        private struct Level
        {
            public JqValue Container;
            public int Depth, Next, End;            // the paths from Next to End share their first Depth keys
            public List<JqValue>? Keys;             // to delete from the container itself
            public JqValue Below;                   // the key whose value is being worked on
        }

        public Outcome Run(JqValue root, out JqValue result)
        {
            result = default;
            var level = new Level { Container = root.Shared, End = paths.Count };
            while (true)
            {
                m.Charge(1);
                if (level.Next == level.End)
                {
                    var deleted = Keys(level.Container, level.Keys, out var rest);
                    if (deleted != Outcome.Value) return deleted;
                    if (!outer.TryPop(out level))
                    {
                        result = rest.Shared;
                        return Outcome.Value;
                    }
                    var set = Access.Set(m, level.Container, level.Below, rest, out level.Container);
                    if (set != Outcome.Value) return set;
                    continue;
                }
                var path = paths[level.Next].AsArray();
                var key = path[level.Depth];
                var start = level.Next;
                while (level.Next < level.End)
                {
                    if (!Operators.TryEqual(m, key, paths[level.Next].AsArray()[level.Depth], out var same)) return Outcome.Error;
                    if (!same && level.Next > start) break;   // NaN is not equal even to itself
                    level.Next++;
                }
                if (path.Count == level.Depth + 1)
                {
                    // The shortest path comes first; it takes whatever the others would delete below.
                    (level.Keys ??= []).Add(key);
                    continue;
                }
                var read = Access.Get(m, level.Container, key, out var below);
                if (read != Outcome.Value) return read;
                if (below.IsNull) continue;
                level.Below = key;
                outer.Push(level);
                level = new Level { Container = below, Depth = level.Depth + 1, Next = start, End = level.Next };
            }
        }

        private Outcome Keys(JqValue container, List<JqValue>? keys, out JqValue result)
        {
            result = container;
            if (keys is null || container.IsNull) return Outcome.Value;
            if (container.TryGetArray(out var array)) return Elements(array, keys, out result);
            if (!container.TryGetObject(out var members)) return m.Fail($"Cannot delete fields from {container.Kind.Name()}");
            foreach (var key in keys)
            {
                if (!key.TryGetString(out var name)) return m.Fail($"Cannot delete {key.Kind.Name()} field of object");
                m.ChargeElements(members.Count, members.Count);
                members = members.Without(name);
            }
            result = members;
            return Outcome.Value;
        }

        private Outcome Elements(JqArray array, List<JqValue> keys, out JqValue result)
        {
            result = default;
            var gone = new bool[array.Count];
            foreach (var key in keys)
            {
                if (key.IsNumber)
                {
                    if (Access.TryIndex(key, array.Count, out var index) && index < array.Count) gone[(int)index] = true;
                }
                else if (key.TryGetObject(out var slice))
                {
                    if (!slice.TryGetValue("start", out var from) || !slice.TryGetValue("end", out var to)
                        || !Access.TryRange(from, to, array.Count, out var start, out var end))
                    {
                        return m.Fail("Array/string slice indices must be integers");
                    }
                    gone.AsSpan(start, end - start).Fill(true);
                }
                else
                {
                    return m.Fail($"Cannot delete {key.Kind.Name()} element of array");
                }
            }
            m.ChargeElements(array.Count, array.Count);
            var rest = new JqArray.Builder(array.Count);
            for (var i = 0; i < gone.Length; i++)
            {
                if (!gone[i]) rest.Add(array.AsSpan()[i]);
            }
            result = rest.ToArray();
            return Outcome.Value;
        }
    }
}
