namespace Baton.Jq;

/// <summary><c>paths |= change</c>: the first output of the change replaces each value; without output the value is deleted, at the end.</summary>
internal sealed class Update(int position, Filter paths, Filter change)
    : Filter(position, paths.IsUpdatable && change.IsExpression ? Traits.Expression : Traits.None, paths, change)
{
    private readonly Change replace = new Replace(change);

    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = paths.UpdateWhole(m, input, replace, out output);
        output = output.Shared;
        return outcome;
    }

    public override Outcome EvaluateOwned(Machine m, JqValue input, out JqValue output) => paths.UpdateWhole(m, input, replace, out output);

    public override void Emit(Emitter code)
    {
        var root = code.NewSlots(4);
        var mark = code.NewSlots();
        var start = code.Add(Op.UpdateStart, root);
        code.Emit(paths);
        code.Add(Op.UpdateGet, root, operand: this);
        code.Add(Op.Mark, mark);
        var none = code.Add(Op.Fork);
        code.Emit(change);
        code.Add(Op.Cut, mark);
        code.Add(Op.UpdateSet, root);
        code.Land(none);
        code.Add(Op.UpdateDelete, root);
        code.Land(start);
        code.Add(Op.UpdateEnd, root);
    }

    private sealed class Replace(Filter filter) : Change
    {
        public override Outcome Apply(Machine m, JqValue old, out JqValue replacement) => filter.EvaluateOwned(m, old, out replacement);
    }
}

/// <summary><c>paths = value</c>, for a value that a variable or constant holds.</summary>
internal sealed class Assign(int position, Filter paths, Filter value)
    : Filter(position, paths.IsUpdatable && value.IsExpression ? Traits.Expression : Traits.None, paths, value)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = EvaluateOwned(m, input, out output);
        output = output.Shared;
        return outcome;
    }

    public override Outcome EvaluateOwned(Machine m, JqValue input, out JqValue output)
    {
        var outcome = value.Evaluate(m, input.Shared, out output);
        if (outcome != Outcome.Value) return outcome;
        // .a = . must not put a container into itself.
        if (output.IsContainer && value.ReadsInput) input = input.Shared;
        return paths.UpdateWhole(m, input, new Put(output), out output);
    }

    public override void Emit(Emitter code)
    {
        var root = code.NewSlots(4);
        var put = code.NewSlots();
        code.Add(Op.Save, root);
        code.Emit(value);
        code.Add(Op.Store, put);
        code.Add(Op.Restore, root);
        var start = code.Add(Op.UpdateStart, root);
        code.Emit(paths);
        code.Add(Op.AssignSet, root, put, this);
        code.Land(start);
        code.Add(Op.UpdateEnd, root);
    }

    private sealed class Put(JqValue value) : Change
    {
        public override Outcome Apply(Machine m, JqValue old, out JqValue replacement)
        {
            replacement = value;
            return Outcome.Value;
        }
    }
}

/// <summary><c>del(paths)</c> where values can be deleted in place.</summary>
internal sealed class Delete(int position, Filter paths) : Filter(position, Traits.Expression, paths)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = paths.UpdateWhole(m, input, Nothing.Instance, out output);
        output = output.Shared;
        return outcome;
    }

    public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);

    private sealed class Nothing : Change
    {
        public static readonly Nothing Instance = new();

        public override Outcome Apply(Machine m, JqValue old, out JqValue replacement)
        {
            replacement = default;
            return Outcome.None;
        }
    }
}
