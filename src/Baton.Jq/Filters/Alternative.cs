namespace Baton.Jq;

/// <summary><c>preferred // otherwise</c>: the true outputs of one, or all outputs of the other.</summary>
internal sealed class Alternative(int position, Filter preferred, Filter otherwise)
    : Filter(position, Common(preferred, otherwise) & (Traits.Expression | Traits.Loop), preferred, otherwise)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = preferred.Evaluate(m, input, out output);
        if (outcome == Outcome.Error || (outcome == Outcome.Value && output.IsTruthy)) return outcome;
        return otherwise.Evaluate(m, input, out output);
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        var tried = path;
        var outcome = preferred.EvaluatePath(m, input, ref tried, out output);
        if (outcome == Outcome.Error) return outcome;
        if (outcome == Outcome.Value && output.IsTruthy)
        {
            path = tried;
            return outcome;
        }
        return otherwise.EvaluatePath(m, input, ref path, out output);
    }

    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        if (IsExpression) return base.ForEach(m, input, consumer);
        var truths = new Truths(consumer);
        var outcome = preferred.ForEach(m, input, truths);
        return outcome == Outcome.Value && !truths.Found ? otherwise.ForEach(m, input, consumer) : outcome;
    }

    public override void Emit(Emitter code)
    {
        var found = code.NewSlots();
        var start = code.Add(Op.AlternativeStart, found);
        code.Emit(preferred);
        var end = code.Add(Op.AlternativeFound, found);
        code.Land(start);
        code.Add(Op.AlternativeElse, found);
        code.Emit(otherwise);
        code.Land(end);
    }

    private sealed class Truths(Consumer next) : Consumer
    {
        public bool Found { get; private set; }

        public override Outcome Accept(Machine m, JqValue value)
        {
            if (!value.IsTruthy) return Outcome.Value;
            Found = true;
            return next.Accept(m, value);
        }
    }
}
