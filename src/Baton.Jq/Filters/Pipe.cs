namespace Baton.Jq;

/// <summary><c>a | b | c</c></summary>
internal sealed class Pipe : Filter
{
    private readonly Filter[] stages;

    private Pipe(int position, Filter[] stages)
        : base(position, Common(stages), stages) => this.stages = stages;

    /// <summary>A pipe; neighbouring expressions become one.</summary>
    public static Filter Of(int position, IEnumerable<Filter> stages)
    {
        var flat = new List<Filter>();
        foreach (var stage in stages)
        {
            if (stage is Pipe inner) flat.AddRange(inner.stages);
            else if (stage is not Identity) flat.Add(stage);
        }
        if (flat.Count == 0) return new Identity(position);
        if (flat.Count == 1) return flat[0];
        if (flat.TrueForAll(stage => stage.IsExpression)) return new Pipe(position, [.. flat]);

        var merged = new List<Filter>();
        for (var i = 0; i < flat.Count;)
        {
            var end = i;
            while (end < flat.Count && flat[end].IsExpression) end++;
            merged.Add(end - i < 2 ? flat[i] : new Pipe(flat[i].Position, [.. flat[i..end]]));
            i = Math.Max(end, i + 1);
        }
        return merged.Count == 1 ? merged[0] : new Pipe(position, [.. merged]);
    }

    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = input;
        foreach (var stage in stages)
        {
            var outcome = stage.Evaluate(m, output, out output);
            if (outcome != Outcome.Value) return outcome;
        }
        return Outcome.Value;
    }

    public override bool ReadsInput => stages[0].ReadsInput;

    public override Outcome EvaluateOwned(Machine m, JqValue input, out JqValue output)
    {
        output = input;
        foreach (var stage in stages)
        {
            var outcome = stage.EvaluateOwned(m, output, out output);
            if (outcome != Outcome.Value) return outcome;
        }
        return Outcome.Value;
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        output = input;
        foreach (var stage in stages)
        {
            var outcome = stage.EvaluatePath(m, output, ref path, out output);
            if (outcome != Outcome.Value) return outcome;
        }
        return Outcome.Value;
    }

    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        for (var i = stages.Length - 1; i > 0; i--) consumer = new Stage(stages[i], consumer);
        return stages[0].ForEach(m, input, consumer);
    }

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result)
    {
        for (var i = stages.Length - 1; i > 0; i--) change = new Below(stages[i], change);
        return stages[0].Update(m, root, change, out result);
    }

    public override void Emit(Emitter code)
    {
        foreach (var stage in stages) code.Emit(stage);
    }

    private sealed class Stage(Filter filter, Consumer next) : Consumer
    {
        public override Outcome Accept(Machine m, JqValue value)
        {
            if (!filter.IsExpression) return filter.ForEach(m, value, next);
            var outcome = filter.Evaluate(m, value, out var output);
            return outcome switch
            {
                Outcome.Value => next.Accept(m, output),
                Outcome.None => Outcome.Value,
                _ => outcome,
            };
        }
    }

    private sealed class Below(Filter filter, Change change) : Change
    {
        public override Outcome Apply(Machine m, JqValue old, out JqValue replacement) => filter.Update(m, old, change, out replacement);
    }
}
