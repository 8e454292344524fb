namespace Baton.Jq;

/// <summary><c>a, b, c</c></summary>
internal sealed class Comma(int position, Filter[] parts) : Filter(position, Common(parts) & Traits.Loop, parts)
{
    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        foreach (var part in parts)
        {
            var outcome = part.ForEach(m, input, consumer);
            if (outcome != Outcome.Value) return outcome;
        }
        return Outcome.Value;
    }

    /// <summary>The values, if all parts are constant.</summary>
    public JqValue[]? Constants() =>
        Array.TrueForAll(parts, part => part is Constant) ? Array.ConvertAll(parts, part => ((Constant)part).Value) : null;

    public override bool ReadsInput => Array.Exists(parts, part => part.ReadsInput);

    public override void Emit(Emitter code)
    {
        var ends = new List<int>();
        for (var i = 0; i < parts.Length - 1; i++)
        {
            var fork = code.Add(Op.Fork);
            code.Emit(parts[i]);
            ends.Add(code.Add(Op.Jump));
            code.Land(fork);
        }
        code.Emit(parts[^1]);
        foreach (var end in ends) code.Land(end);
    }
}
