namespace Baton.Jq;

/// <summary><c>try body catch handler</c>; without a handler errors give no output. Errors raised further on are not caught.</summary>
internal sealed class Try(int position, Filter body, Filter? handler)
    : Filter(position, Common(body, handler) & Traits.Expression, body, handler)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = body.Evaluate(m, input, out output);
        if (outcome != Outcome.Error) return outcome;
        var error = m.TakeError();
        return handler is null ? Outcome.None : handler.Evaluate(m, error, out output);
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        var tried = path;
        var outcome = body.EvaluatePath(m, input, ref tried, out output);
        if (outcome == Outcome.Value) path = tried;
        if (outcome != Outcome.Error) return outcome;
        var error = m.TakeError();
        return handler is null ? Outcome.None : handler.EvaluatePath(m, error, ref path, out output);
    }

    public override void Emit(Emitter code)
    {
        var start = code.Add(Op.Try);
        code.Emit(body);
        var exit = code.Add(Op.TryExit);
        var end = code.Add(Op.Jump);
        code.Land(start);
        code.Land(exit);   // identifies the try
        if (handler is null) code.Add(Op.Backtrack);
        else code.Emit(handler);
        code.Land(end);
    }
}
