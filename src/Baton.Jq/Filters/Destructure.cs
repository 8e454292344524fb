namespace Baton.Jq;

/// <summary>Binds the variables of a pattern to the parts of its input, which passes unchanged.</summary>
internal sealed class Destructure(Matcher matcher)
    : Filter(matcher.Position, matcher.IsSimple ? Traits.Expression : Traits.None, matcher.Keys)
{
    public Matcher Matcher { get; } = matcher;

    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = input;
        return Matcher.Match(m, input);
    }

    public override void Emit(Emitter code) => Matcher.Emit(code);
}

/// <summary>A pattern with slots for its variables.</summary>
internal abstract class Matcher(int position)
{
    public int Position { get; } = position;

    /// <summary>The filters that compute keys, in this pattern and those below.</summary>
    public virtual Filter[] Keys => [];

    /// <summary>Whether every key has one output.</summary>
    public bool IsSimple => System.Array.TrueForAll(Keys, key => key.IsExpression);

    public abstract Outcome Match(Machine m, JqValue value);

    /// <summary>Writes code that matches the current value.</summary>
    public abstract void Emit(Emitter code);

    public sealed class Variable(int position, int slot) : Matcher(position)
    {
        public override Outcome Match(Machine m, JqValue value)
        {
            m.Frame.Slots[slot] = value;
            return Outcome.Value;
        }

        public override void Emit(Emitter code) => code.Add(Op.Store, slot);
    }

    public sealed class Array(int position, Matcher[] elements) : Matcher(position)
    {
        public override Filter[] Keys { get; } = [.. elements.SelectMany(element => element.Keys)];

        public override Outcome Match(Machine m, JqValue value)
        {
            for (var i = 0; i < elements.Length; i++)
            {
                var outcome = m.At(Access.Get(m, value, i, out var element), Position);
                if (outcome == Outcome.Value) outcome = elements[i].Match(m, element);
                if (outcome != Outcome.Value) return outcome;
            }
            return Outcome.Value;
        }

        public override void Emit(Emitter code)
        {
            var whole = code.NewSlots();
            code.Add(Op.Store, whole);
            for (var i = 0; i < elements.Length; i++)
            {
                if (i > 0) code.Add(Op.Reload, whole);
                code.Emit(new Index(Position, new Identity(Position), new Constant(Position, i)));
                elements[i].Emit(code);
            }
        }
    }

    /// <summary>Members: the variable (or -1) and the pattern (or none) that the value of a key goes to.</summary>
    public sealed class Object(int position, (int Slot, Filter Key, Matcher? Value)[] members) : Matcher(position)
    {
        public override Filter[] Keys { get; } = [.. members.SelectMany(member => (Filter[])[member.Key, .. member.Value?.Keys ?? []])];

        public override Outcome Match(Machine m, JqValue value)
        {
            foreach (var (slot, key, inner) in members)
            {
                var outcome = key.Evaluate(m, value, out var name);
                if (outcome != Outcome.Value) return outcome;
                outcome = m.At(GetMember(m, value, name, out var member), key.Position);
                if (outcome != Outcome.Value) return outcome;
                if (slot >= 0) m.Frame.Slots[slot] = member;
                if (inner is not null && inner.Match(m, member) is not Outcome.Value and var failed) return failed;
            }
            return Outcome.Value;
        }

        public override void Emit(Emitter code)
        {
            var whole = code.NewSlots(2);
            code.Add(Op.Save, whole);
            foreach (var (slot, key, inner) in members)
            {
                var name = code.EmitEach([key], whole)[0];
                code.Add(Op.Reload, whole);
                code.Add(Op.Evaluate, operand: new Member(key.Position, name));
                if (slot >= 0) code.Add(Op.Store, slot);
                inner?.Emit(code);
            }
        }

        private static Outcome GetMember(Machine m, JqValue value, JqValue name, out JqValue member)
        {
            member = default;
            return name.IsString ? Access.Get(m, value, name, out member) : m.Fail($"Cannot index {value.Kind.Name()} with {Describe.Value(name)}");
        }

        private sealed class Member(int position, Filter name) : Filter(position, Traits.Expression, name)
        {
            public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
            {
                var outcome = name.Evaluate(m, input, out output);
                return outcome == Outcome.Value ? m.At(GetMember(m, input, output, out output), Position) : outcome;
            }

            public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);
        }
    }
}
