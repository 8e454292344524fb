namespace Baton.Jq;

/// <summary><c>target[]</c>; quietly also <c>target[]?</c> where the target cannot fail.</summary>
internal sealed class Iterate(int position, Filter target, bool quiet)
    : Filter(position, Common(target) & (quiet ? Traits.Loop : Traits.Loop | Traits.Updatable), target)
{
    /// <summary>Whether this is <c>.[]</c>.</summary>
    public bool IsPlain => target is Identity && !quiet;

    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer) =>
        target is Identity ? Elements(m, input, consumer) : target.ForEach(m, input, new Each(this, consumer));

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result) =>
        target.Update(m, root, new ToEach(this, change), out result);

    public override void Emit(Emitter code)
    {
        code.Emit(target);
        code.Add(Op.Each, quiet ? 1 : 0, operand: this);
    }

    private Outcome Elements(Machine m, JqValue container, Consumer consumer)
    {
        ReadOnlySpan<JqValue> items;
        if (container.TryGetArray(out var array)) items = array.AsSpan();
        else if (container.TryGetObject(out var members)) items = members.AsSpan();
        else return quiet ? Outcome.Value : Refuse(m, container);
        foreach (ref readonly var item in items)
        {
            m.Charge(1);
            var outcome = consumer.Accept(m, item);
            if (outcome != Outcome.Value) return outcome;
        }
        return Outcome.Value;
    }

    private Outcome Refuse(Machine m, JqValue container) => m.At(m.Fail($"Cannot iterate over {Describe.Value(container)}"), Position);

    private sealed class Each(Iterate owner, Consumer consumer) : Consumer
    {
        public override Outcome Accept(Machine m, JqValue value) => owner.Elements(m, value, consumer);
    }

    private sealed class ToEach(Iterate owner, Change change) : Change
    {
        public override Outcome Apply(Machine m, JqValue old, out JqValue replacement)
        {
            replacement = old;
            if (old.TryGetArray(out var array)) return Elements(m, array, out replacement);
            return old.TryGetObject(out var members) ? Members(m, members, out replacement) : owner.Refuse(m, old);
        }

        private Outcome Elements(Machine m, JqArray array, out JqValue replacement)
        {
            replacement = default;
            m.ChargeElements(array.Count, array.Count);
            var changed = new JqArray.Builder(array.Count);
            foreach (ref readonly var element in array.AsSpan())
            {
                m.Charge(1);
                var outcome = change.Apply(m, element, out var value);
                if (outcome == Outcome.Error) return outcome;
                if (outcome == Outcome.Value) changed.Add(value);
            }
            replacement = changed.ToArray();
            return Outcome.Value;
        }

        private Outcome Members(Machine m, JqObject members, out JqValue replacement)
        {
            replacement = default;
            m.ChargeElements(members.Count, members.Count);
            var changed = new JqValue[members.Count];
            var gone = new List<string>();
            for (var i = 0; i < changed.Length; i++)
            {
                m.Charge(1);
                var outcome = change.Apply(m, members.AsSpan()[i], out changed[i]);
                if (outcome == Outcome.Error) return outcome;
                if (outcome == Outcome.None) gone.Add(members.KeySpan()[i]);
            }
            var rest = members.WithValues(changed);
            if (gone.Count > 0) rest = Without(m, rest, gone);
            replacement = rest;
            return Outcome.Value;
        }

        private static JqObject Without(Machine m, JqObject members, List<string> gone)
        {
            m.ChargeElements(members.Count, members.Count);
            var unwanted = gone.ToHashSet(StringComparer.Ordinal);
            var rest = new JqObject.Builder(members.Count - gone.Count);
            foreach (var (key, value) in members)
            {
                if (!unwanted.Contains(key)) rest[key] = value;
            }
            return rest.ToObject();
        }
    }
}
