namespace Baton.Jq;

/// <summary><c>[body]</c></summary>
internal sealed class Collect(int position, Filter body)
    : Filter(position, body.IsLoop ? Traits.Expression : Traits.None, body)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        m.Charge(2);
        var collector = new Collector();
        var outcome = body.ForEach(m, input, collector);
        output = outcome == Outcome.Value ? collector.Elements.ToArray() : default(JqValue);
        return outcome;
    }

    public override bool ReadsInput => body.ReadsInput;

    public override void Emit(Emitter code)
    {
        var array = code.NewSlots();
        var start = code.Add(Op.CollectStart, array);
        code.Emit(body);
        code.Add(Op.CollectAdd, array);
        code.Land(start);
        code.Add(Op.CollectEnd, array);
    }

    private sealed class Collector : Consumer
    {
        public JqArray.Builder Elements { get; } = new();

        public override Outcome Accept(Machine m, JqValue value)
        {
            m.Collect(Elements, value);
            return Outcome.Value;
        }
    }
}
