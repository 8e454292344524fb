namespace Baton.Jq;

/// <summary><c>target[from:to]</c></summary>
internal sealed class Slice(int position, Filter target, Filter from, Filter to)
    : Filter(position, Common(target, from, to) & Traits.Expression, target, from, to)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = default;
        var outcome = from.Evaluate(m, input, out var start);
        if (outcome != Outcome.Value) return outcome;
        outcome = to.Evaluate(m, input, out var end);
        if (outcome != Outcome.Value) return outcome;
        outcome = target.Evaluate(m, input, out var container);
        return outcome == Outcome.Value ? m.At(Access.Slice(m, container, start, end, out output), Position) : outcome;
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        output = default;
        var outcome = from.Evaluate(m, input, out var start);
        if (outcome != Outcome.Value) return outcome;
        outcome = to.Evaluate(m, input, out var end);
        if (outcome != Outcome.Value) return outcome;
        outcome = target.EvaluatePath(m, input, ref path, out var container);
        if (outcome != Outcome.Value) return outcome;
        var key = Access.SliceKey(start, end);
        if (!m.CheckPath(path, container, this, $"access element {Describe.Text(key)} of")) return Outcome.Error;
        outcome = m.At(Access.Slice(m, container, start, end, out output), Position);
        if (outcome == Outcome.Value) path = path.Append(key, output);
        return outcome;
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        code.Add(Op.Save, input);
        var bounds = code.EmitEach([from, to], input);
        code.Add(Op.Restore, input);
        code.Emit(target);
        code.Add(Op.Evaluate, operand: new Slice(Position, new Identity(Position), bounds[0], bounds[1]));
    }
}
