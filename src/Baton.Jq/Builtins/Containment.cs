namespace Baton.Jq;

/// <summary>
/// <c>contains</c>: every member of an object in the member of the same key, every element of an array in some element, a string as a
/// part of the other; everything else when it is equal. Without recursion.
/// </summary>
internal static class Containment
{
    private const int MaxDepth = 10_000;

    private struct Pair
    {
        public JqValue Whole, Part;
        public int Wanted;   // the member or element of the part that is looked for
        public int Tried;    // arrays: the element of the whole that is tried
    }

    public static Outcome Contains(Machine m, JqValue whole, JqValue part, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (whole.Kind != part.Kind)
        {
            return m.Fail($"{Describe.Value(whole)} and {Describe.Value(part)} cannot have their containment checked");
        }
        if (!TryScalars(m, whole, part, out var contained) && Search(m, whole, part, out contained) is not Outcome.Value and var failed) return failed;
        output = contained;
        return Outcome.Value;
    }

    private static Outcome Search(Machine m, JqValue whole, JqValue part, out bool contained)
    {
        var outer = new Stack<Pair>();
        var pair = new Pair { Whole = whole, Part = part };
        var answered = false;
        contained = false;
        while (true)
        {
            m.Charge(1);
            if (answered)
            {
                answered = false;
                if (contained) (pair.Wanted, pair.Tried) = (pair.Wanted + 1, 0);
                else if (pair.Part.IsArray) pair.Tried++;
                else goto Answer;
            }
            if (pair.Wanted == (pair.Part.TryGetArray(out var wanted) ? wanted.Count : pair.Part.AsObject().Count))
            {
                contained = true;
                goto Answer;
            }
            if (!TryNext(pair, out var left, out var right))
            {
                contained = false;
                goto Answer;
            }
            if (TryScalars(m, left, right, out contained))
            {
                answered = true;
                continue;
            }
            if (outer.Count >= MaxDepth) return m.Fail("Containment check too deep");
            outer.Push(pair);
            pair = new Pair { Whole = left, Part = right };
            continue;

        Answer:
            if (!outer.TryPop(out pair)) return Outcome.Value;
            answered = true;
        }
    }

    /// <summary>The next two values to compare; false when the part has something that the whole cannot have.</summary>
    private static bool TryNext(in Pair pair, out JqValue left, out JqValue right)
    {
        left = right = default;
        if (pair.Part.TryGetArray(out var wanted))
        {
            var whole = pair.Whole.AsArray();
            if (pair.Tried == whole.Count) return false;
            (left, right) = (whole[pair.Tried], wanted[pair.Wanted]);
            return true;
        }
        (var key, right) = pair.Part.AsObject().At(pair.Wanted);
        return pair.Whole.AsObject().TryGetValue(key, out left);
    }

    /// <summary>Answers at once unless both are arrays or both are objects.</summary>
    private static bool TryScalars(Machine m, JqValue whole, JqValue part, out bool contained)
    {
        contained = false;
        if (whole.Kind != part.Kind) return true;
        if (whole.IsArray || whole.IsObject) return false;
        if (whole.TryGetString(out var text))
        {
            m.Charge(text.Length / 32);
            contained = text.Contains(part.AsString(), StringComparison.Ordinal);
            return true;
        }
        Operators.TryEqual(m, whole, part, out contained);
        return true;
    }
}
