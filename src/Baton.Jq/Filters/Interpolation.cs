namespace Baton.Jq;

/// <summary>A string with interpolations, each formatted. As with <c>+</c>, later ones vary slowest.</summary>
internal sealed class Interpolation(int position, Format format, string[] texts, Filter[] holes)
    : Filter(position, Common(holes) & Traits.Expression, holes)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = default;
        var pieces = new string[texts.Length + holes.Length];
        long length = 0;
        for (var i = holes.Length - 1; i >= 0; i--)
        {
            var outcome = holes[i].Evaluate(m, input, out var value);
            if (outcome != Outcome.Value) return outcome;
            outcome = format.Apply(m, value, out var text);
            if (outcome != Outcome.Value) return m.At(outcome, Position);
            pieces[i * 2 + 1] = text;
            length += text.Length;
        }
        for (var i = 0; i < texts.Length; i++)
        {
            pieces[i * 2] = texts[i];
            length += texts[i].Length;
        }
        m.ChargeText(length);
        output = string.Concat(pieces);
        return Outcome.Value;
    }

    public override bool ReadsInput => Array.Exists(holes, hole => hole.ReadsInput);

    public override void Emit(Emitter code)
    {
        var last = (Filter[])holes.Clone();
        Array.Reverse(last);
        code.EmitOperands(last, results =>
        {
            Array.Reverse(results);
            return new Interpolation(Position, format, texts, results);
        });
    }
}
