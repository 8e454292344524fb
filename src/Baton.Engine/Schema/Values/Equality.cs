using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>
/// Equality of JSON values as the specification has it: numbers by mathematical value, objects without regard to order. As
/// <see cref="JqValue.Equals(JqValue)"/>, but paid from the budget of the evaluation and without memory.
/// </summary>
internal static class Equality
{
    public static bool AreEqual(in JqValue a, in JqValue b, Evaluation evaluation)
    {
        if (a.Kind != b.Kind) return false;
        if (a.TryGetArray(out var items))
        {
            var others = b.AsArray();
            if (items.Count != others.Count) return false;
            if (!evaluation.Enter()) return false;
            var equal = true;
            for (var i = 0; equal && i < items.Count; i++) equal = AreEqual(items.AsSpan()[i], others.AsSpan()[i], evaluation);
            evaluation.Leave();
            return equal;
        }
        if (a.TryGetObject(out var members))
        {
            var others = b.AsObject();
            if (members.Count != others.Count) return false;
            if (!evaluation.Enter()) return false;
            var equal = true;
            foreach (var (key, member) in members)
            {
                equal = others.TryGetValue(key, out var other) && AreEqual(member, other, evaluation);
                if (!equal) break;
            }
            evaluation.Leave();
            return equal;
        }
        evaluation.Charge(a.TryGetString(out var text) ? 1 + (text.Length >> 5) : 1);
        return a.Equals(b);
    }
}
