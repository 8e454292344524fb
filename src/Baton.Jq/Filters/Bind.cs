namespace Baton.Jq;

/// <summary><c>source as pattern | body</c></summary>
internal sealed class Bind(int position, Filter source, Destructure pattern, Filter body)
    : Filter(position, TraitsOf(source, pattern, body), source, pattern, body)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = source.Evaluate(m, input, out output);
        if (outcome == Outcome.Value) outcome = pattern.Matcher.Match(m, output);
        return outcome == Outcome.Value ? body.Evaluate(m, input, out output) : outcome;
    }

    public override Outcome EvaluateOwned(Machine m, JqValue input, out JqValue output)
    {
        var outcome = source.Evaluate(m, input.Shared, out output);
        if (outcome == Outcome.Value) outcome = pattern.Matcher.Match(m, output);
        return outcome == Outcome.Value ? body.EvaluateOwned(m, MayKeep(output) ? input.Shared : input, out output) : outcome;
    }

    /// <summary>Whether the variables may refer to the input, or to something that does.</summary>
    private bool MayKeep(JqValue value) => value.IsContainer && source.ReadsInput;

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        var outcome = source.Evaluate(m, input, out output);
        if (outcome == Outcome.Value) outcome = pattern.Matcher.Match(m, output);
        return outcome == Outcome.Value ? body.EvaluatePath(m, input, ref path, out output) : outcome;
    }

    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer) =>
        IsExpression ? base.ForEach(m, input, consumer) : source.ForEach(m, input, new Bound(this, input, consumer));

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result)
    {
        result = root;
        var outcome = source.Evaluate(m, root.Shared, out var value);
        if (outcome == Outcome.Value) outcome = pattern.Matcher.Match(m, value);
        return outcome switch
        {
            Outcome.Value => body.Update(m, MayKeep(value) ? root.Shared : root, change, out result),
            Outcome.None => Outcome.Value,
            _ => outcome,
        };
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        code.Add(Op.Save, input);
        code.Emit(source);
        code.Emit(pattern);
        code.Add(Op.Restore, input);
        code.Emit(body);
    }

    private static Traits TraitsOf(Filter source, Destructure pattern, Filter body)
    {
        if (!pattern.IsExpression) return Traits.None;
        if (source.IsExpression) return body.Traits;
        return source.IsLoop && body.IsLoop ? Traits.Loop : Traits.None;
    }

    private sealed class Bound(Bind owner, JqValue input, Consumer consumer) : Consumer
    {
        private readonly Bind owner = owner;

        public override Outcome Accept(Machine m, JqValue value)
        {
            var outcome = owner.Matched(m, value);
            return outcome == Outcome.Value ? owner.Body.ForEach(m, input, consumer)
                : outcome == Outcome.None ? Outcome.Value : outcome;
        }
    }

    private Filter Body => body;

    private Outcome Matched(Machine m, JqValue value) => pattern.Matcher.Match(m, value);
}

/// <summary><c>source as pattern ?// pattern | body</c>: an error, in the pattern or further on, lets the next pattern be tried.</summary>
internal sealed class BindAlternatives(int position, Filter source, Alternatives patterns, Filter body)
    : Filter(position, Traits.None, source, body)
{
    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        code.Add(Op.Save, input);
        code.Emit(source);
        patterns.Emit(code);
        code.Add(Op.Restore, input);
        code.Emit(body);
    }
}

/// <summary>Several patterns for one value; all variables of all of them are null unless the pattern that fits binds them.</summary>
internal sealed class Alternatives(Destructure[] patterns, int[] variables)
{
    public bool IsSimple => patterns.Length == 1 && patterns[0].IsExpression;

    public Destructure First => patterns[0];

    /// <summary>Writes code that matches the current value.</summary>
    public void Emit(Emitter code)
    {
        if (patterns.Length == 1)
        {
            code.Emit(patterns[0]);
            return;
        }
        var ends = new List<int>();
        var clear = new Clear(patterns[0].Position, variables);
        for (var i = 0; i < patterns.Length; i++)
        {
            var isLast = i == patterns.Length - 1;
            var fork = isLast ? -1 : code.Add(Op.OtherPattern);
            code.Emit(clear);
            code.Emit(patterns[i]);
            if (isLast) break;
            ends.Add(code.Add(Op.Jump));
            code.Land(fork);
        }
        foreach (var end in ends) code.Land(end);
    }

    private sealed class Clear(int position, int[] slots) : Filter(position, Traits.Expression)
    {
        public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
        {
            foreach (var slot in slots) m.Frame.Slots[slot] = default;
            output = input;
            return Outcome.Value;
        }

        public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);
    }
}
