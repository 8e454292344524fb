namespace Baton.Jq;

/// <summary>Arithmetic and comparison. The right operand is evaluated first, so its outputs vary slowest.</summary>
internal sealed class Binary(int position, BinaryOperator operation, Filter left, Filter right)
    : Filter(position, Common(left, right) & Traits.Expression, left, right)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = default;
        var outcome = right.Evaluate(m, input, out var b);
        if (outcome != Outcome.Value) return outcome;
        outcome = left.Evaluate(m, input, out var a);
        return outcome == Outcome.Value ? m.At(Operators.Apply(m, operation, a, b, out output), Position) : outcome;
    }

    public override bool ReadsInput => left.ReadsInput || right.ReadsInput;

    /// <summary>The result, if it is known now and certain not to be an error.</summary>
    public bool TryFold(out JqValue result)
    {
        result = default;
        return left is Constant { Value: var a } && right is Constant { Value: var b } && Operators.TryFold(operation, a, b, out result);
    }

    public override void Emit(Emitter code) =>
        code.EmitOperands([right, left], results => new Binary(Position, operation, results[1], results[0]));
}

/// <summary>Its input, negated: what a minus does with what stands behind it.</summary>
internal sealed class Negate(int position) : Filter(position, Traits.Expression)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output) => m.At(Operators.Negate(m, input, out output), Position);

    public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);
}

/// <summary><c>left and right</c>, <c>left or right</c></summary>
internal sealed class Logic(int position, bool isOr, Filter left, Filter right)
    : Filter(position, Common(left, right) & Traits.Expression, left, right)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = left.Evaluate(m, input, out output);
        if (outcome != Outcome.Value) return outcome;
        if (output.IsTruthy == isOr)
        {
            output = isOr;
            return Outcome.Value;
        }
        outcome = right.Evaluate(m, input, out output);
        if (outcome == Outcome.Value) output = output.IsTruthy;
        return outcome;
    }

    public override void Emit(Emitter code)
    {
        var (yes, no) = (new Constant(Position, JqValue.True), new Constant(Position, JqValue.False));
        var rest = new Condition(Position, right, yes, no);
        code.Emit(isOr ? new Condition(Position, left, yes, rest) : new Condition(Position, left, rest, no));
    }
}
