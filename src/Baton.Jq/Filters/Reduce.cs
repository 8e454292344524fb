namespace Baton.Jq;

/// <summary><c>reduce source as patterns (start; update)</c>. An update without output leaves null, one with several outputs the last.</summary>
/// <param name="position">Where it stands.</param>
/// <param name="source">What is reduced.</param>
/// <param name="patterns">Binds each output of the source.</param>
/// <param name="start">The state at the beginning; each of its outputs is a reduction of its own.</param>
/// <param name="update">From one state to the next.</param>
/// <param name="tracked">Whether the path to the state may be asked for: then only the machine will do.</param>
internal sealed class Reduce(int position, Filter source, Alternatives patterns, Filter start, Filter update, bool tracked)
    : Filter(position, TraitsOf(source, patterns, start, update, tracked), source, start, update)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = start.Evaluate(m, input, out output);
        if (outcome != Outcome.Value) return outcome;
        var updater = new Updater(patterns.First.Matcher, update, output);
        outcome = source.ForEach(m, input, updater);
        output = updater.State.Shared;
        return outcome;
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        var state = code.NewSlots(2);
        code.Add(Op.StoreState, input);
        code.Emit(start);
        code.Add(Op.StoreState, state);
        code.Add(Op.Restore, input);
        var loop = code.Add(Op.Fork);
        code.Add(Op.Save, input);
        code.Emit(source);
        patterns.Emit(code);
        code.Add(Op.TakeState, state);
        code.Emit(update);
        code.Add(Op.StoreState, state);
        code.Add(Op.Backtrack);
        code.Land(loop);
        code.Add(Op.TakeState, state);
    }

    private static Traits TraitsOf(Filter source, Alternatives patterns, Filter start, Filter update, bool tracked) =>
        !tracked && source.IsLoop && patterns.IsSimple && start.IsExpression && update.IsExpression ? Traits.Expression : Traits.None;

    private sealed class Updater(Matcher pattern, Filter update, JqValue start) : Consumer
    {
        public JqValue State { get; private set; } = start;

        public override Outcome Accept(Machine m, JqValue value)
        {
            var outcome = pattern.Match(m, value);
            if (outcome != Outcome.Value) return outcome == Outcome.None ? Outcome.Value : outcome;
            m.Charge(1 + update.Cost);
            // Nobody but this loop refers to the state, once an update has made one.
            outcome = update.EvaluateOwned(m, State, out var next);
            State = outcome == Outcome.Value ? next : default;
            return outcome == Outcome.Error ? outcome : Outcome.Value;
        }
    }
}

/// <summary><c>foreach source as patterns (start; update; extract)</c></summary>
internal sealed class Foreach(int position, Filter source, Alternatives patterns, Filter start, Filter update, Filter extract)
    : Filter(position, TraitsOf(source, patterns, start, update, extract), source, start, update, extract)
{
    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        var outcome = start.Evaluate(m, input, out var state);
        return outcome switch
        {
            Outcome.Value => source.ForEach(m, input, new Updater(patterns.First.Matcher, update, extract, state, consumer)),
            Outcome.None => Outcome.Value,
            _ => outcome,
        };
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        var state = code.NewSlots(2);
        code.Add(Op.StoreState, input);
        code.Emit(start);
        code.Add(Op.StoreState, state);
        code.Add(Op.Restore, input);
        code.Add(Op.Save, input);
        code.Emit(source);
        patterns.Emit(code);
        code.Add(Op.TakeState, state);
        code.Emit(update);
        code.Add(Op.StoreState, state);
        code.Emit(extract);
    }

    private static Traits TraitsOf(Filter source, Alternatives patterns, Filter start, Filter update, Filter extract) =>
        source.IsLoop && patterns.IsSimple && start.IsExpression && update.IsExpression && extract.IsLoop ? Traits.Loop : Traits.None;

    private sealed class Updater(Matcher pattern, Filter update, Filter extract, JqValue start, Consumer consumer) : Consumer
    {
        private JqValue state = start;

        public override Outcome Accept(Machine m, JqValue value)
        {
            var outcome = pattern.Match(m, value);
            if (outcome != Outcome.Value) return outcome == Outcome.None ? Outcome.Value : outcome;
            m.Charge(1 + update.Cost);
            outcome = update.Evaluate(m, state, out var next);
            state = outcome == Outcome.Value ? next : default;
            if (outcome == Outcome.Value) return extract.ForEach(m, state, consumer);
            return outcome == Outcome.Error ? outcome : Outcome.Value;
        }
    }
}
