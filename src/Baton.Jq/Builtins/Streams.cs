namespace Baton.Jq;

/// <summary>Values as streams of events: <c>[path, leaf]</c>, and <c>[path]</c> after the last of each container.</summary>
internal static class Streams
{
    public static void Define(NativeTable table)
    {
        table.Add("_tostream/0", ToStream);
        table.Add("_stream/1", Next);
    }

    private static Outcome ToStream(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        var events = new JqArray.Builder();
        var open = new Stack<(JqValue Container, int Next, JqArray Path)>();
        var (value, path) = (input, JqArray.Empty);
        while (true)
        {
            m.Charge(1 + path.Count / 4);
            if (value.IsArray && value.AsArray().Count > 0 || value.IsObject && value.AsObject().Count > 0)
            {
                open.Push((value, 0, path));
            }
            else
            {
                m.Collect(events, JqValue.Array(path, value));
            }
            JqArray? last = null;
            while (true)
            {
                if (!open.TryPop(out var top))
                {
                    output = events.ToArray();
                    return Outcome.Value;
                }
                var isObject = top.Container.TryGetObject(out var members);
                var items = isObject ? members!.AsSpan() : top.Container.AsArray().AsSpan();
                if (top.Next == items.Length)
                {
                    m.Collect(events, JqValue.Array(top.Path.Add(last ?? LastKey(isObject, members, items.Length))));
                    continue;
                }
                open.Push((top.Container, top.Next + 1, top.Path));
                path = top.Path.Add(isObject ? members!.KeySpan()[top.Next] : top.Next);
                value = items[top.Next];
                break;
            }
        }
    }

    private static JqValue LastKey(bool isObject, JqObject? members, int count) => isObject ? members!.KeySpan()[count - 1] : count - 1;

    /// <summary>The state of <c>fromstream</c> after one more event: <c>x</c> is under construction, <c>done</c> is complete.</summary>
    private static Outcome Next(Machine m, JqValue state, JqValue next, JqValue b, JqValue c, out JqValue output)
    {
        output = state;
        var path = JqArray.Empty;
        if (!next.TryGetArray(out var parts) || (parts.Count > 0 && !parts[0].TryGetArray(out path!)))
        {
            return m.Fail($"{Describe.Value(next)} is not a streaming event");
        }
        var started = state["done"].IsNull && !state.AsObject().ContainsKey("done") ? state["x"] : default;
        if (parts.Count != 2)
        {
            output = path.Count == 1 ? JqValue.Object(("done", started)) : JqValue.Object(("x", started));
            return Outcome.Value;
        }
        if (path.Count == 0)
        {
            output = JqValue.Object(("done", parts[1]));
            return Outcome.Value;
        }
        var outcome = Paths.Set(m, started, path, parts[1], out var grown);
        output = JqValue.Object(("x", grown));
        return outcome;
    }
}
