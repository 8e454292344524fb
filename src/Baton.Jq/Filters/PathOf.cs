namespace Baton.Jq;

/// <summary><c>path(body)</c></summary>
internal sealed class PathOf(int position, Filter body) : Filter(position, Common(body) & Traits.Expression, body)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var path = PathNode.Root(input);
        var outcome = body.EvaluatePath(m, input, ref path, out output);
        if (outcome != Outcome.Value) return outcome;
        if (!output.IsSameAs(path.Value))
        {
            return m.At(m.Fail($"Invalid path expression with result {Describe.Text(output)}"), Position);
        }
        output = path.ToArray();
        return outcome;
    }

    public override void Emit(Emitter code)
    {
        var outer = code.NewSlots(2);
        code.Add(Op.PathStart, outer);
        code.Emit(body);
        code.Add(Op.PathEnd, outer, operand: this);
    }
}

/// <summary><c>getpath(keys)</c>, which is a path expression itself.</summary>
internal sealed class GetPath(int position, Filter keys)
    : Filter(position, keys.IsExpression ? Traits.Expression | Traits.Updatable : Traits.None, keys)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = keys.Evaluate(m, input, out output);
        return outcome == Outcome.Value ? Read(m, input, output, out output) : outcome;
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        output = default;
        var outcome = keys.Evaluate(m, input, out var at);
        if (outcome != Outcome.Value) return outcome;
        if (!m.CheckPath(path, input, this, $"access element {Describe.Text(at)} of")) return Outcome.Error;
        outcome = Read(m, input, at, out output);
        if (outcome == Outcome.Value) path = path.Append(at.AsArray(), output);
        return outcome;
    }

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result)
    {
        result = root = root.Shared;
        var outcome = keys.Evaluate(m, root, out var at);
        if (outcome != Outcome.Value) return outcome == Outcome.None ? Outcome.Value : outcome;
        outcome = Read(m, root, at, out var old);
        if (outcome != Outcome.Value) return outcome;
        outcome = change.Apply(m, old, out var changed);
        if (outcome == Outcome.Error) return outcome;
        return m.At(outcome == Outcome.Value
            ? Paths.Set(m, root, at, changed, out result)
            : Paths.Delete(m, root, JqValue.Array(at), out result), Position);
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        code.Add(Op.Save, input);
        var at = code.EmitEach([keys], input)[0];
        code.Add(Op.Restore, input);
        code.Add(Op.Evaluate, operand: new GetPath(Position, at));
    }

    private Outcome Read(Machine m, JqValue root, JqValue at, out JqValue value) =>
        m.At(Paths.Get(m, root, at, out value), Position, "getpath/1");
}
