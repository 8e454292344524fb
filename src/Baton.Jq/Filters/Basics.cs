namespace Baton.Jq;

/// <summary><c>.</c></summary>
internal sealed class Identity(int position) : Filter(position, Traits.Expression | Traits.Updatable)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = input;
        return Outcome.Value;
    }

    public override Outcome EvaluateOwned(Machine m, JqValue input, out JqValue output)
    {
        output = input;
        return Outcome.Value;
    }

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result) => change.Apply(m, root, out result);

    public override void Emit(Emitter code)
    {
    }
}

/// <summary>A value that is known when the program is compiled.</summary>
internal sealed class Constant(int position, JqValue value) : Filter(position, Traits.Expression)
{
    public JqValue Value { get; } = value;

    public override bool ReadsInput => false;

    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = Value;
        return Outcome.Value;
    }

    public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);
}

/// <summary><c>$name</c>: a slot of a frame some functions out.</summary>
internal sealed class Variable(int position, int hops, int slot) : Filter(position, Traits.Expression)
{
    public override bool ReadsInput => false;

    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var frame = m.Frame;
        for (var i = 0; i < hops; i++) frame = frame.Outer!;
        output = frame.Slots[slot];
        return Outcome.Value;
    }

    public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);
}

/// <summary><c>empty</c></summary>
internal sealed class Empty(int position) : Filter(position, Traits.Expression | Traits.Updatable)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = default;
        return Outcome.None;
    }

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result)
    {
        result = root;
        return Outcome.Value;
    }

    public override void Emit(Emitter code) => code.Add(Op.Backtrack);
}
