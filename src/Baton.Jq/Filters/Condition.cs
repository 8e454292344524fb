namespace Baton.Jq;

/// <summary><c>if condition then yes else no end</c>, once for each output of the condition.</summary>
internal sealed class Condition(int position, Filter condition, Filter yes, Filter no)
    : Filter(position, condition.IsExpression ? Common(yes, no) : Traits.None, condition, yes, no)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = condition.Evaluate(m, input, out output);
        return outcome == Outcome.Value ? (output.IsTruthy ? yes : no).Evaluate(m, input, out output) : outcome;
    }

    public override bool ReadsInput => condition.ReadsInput || yes.ReadsInput || no.ReadsInput;

    public override Outcome EvaluateOwned(Machine m, JqValue input, out JqValue output)
    {
        var outcome = condition.Evaluate(m, input.Shared, out output);
        return outcome == Outcome.Value ? (output.IsTruthy ? yes : no).EvaluateOwned(m, input, out output) : outcome;
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        var outcome = condition.Evaluate(m, input, out output);
        return outcome == Outcome.Value ? (output.IsTruthy ? yes : no).EvaluatePath(m, input, ref path, out output) : outcome;
    }

    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        var outcome = condition.Evaluate(m, input, out var chosen);
        return outcome switch
        {
            Outcome.Value => (chosen.IsTruthy ? yes : no).ForEach(m, input, consumer),
            Outcome.None => Outcome.Value,
            _ => outcome,
        };
    }

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result)
    {
        result = root;
        var outcome = condition.Evaluate(m, root.Shared, out var chosen);
        return outcome switch
        {
            Outcome.Value => (chosen.IsTruthy ? yes : no).Update(m, root, change, out result),
            Outcome.None => Outcome.Value,
            _ => outcome,
        };
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        code.Add(Op.Save, input);
        code.Emit(condition);
        var branch = code.Add(Op.Branch, input);
        code.Emit(yes);
        var end = code.Add(Op.Jump);
        code.Land(branch);
        code.Emit(no);
        code.Land(end);
    }
}
