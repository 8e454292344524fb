using System.Diagnostics;

namespace Baton.Jq;

/// <summary><c>{key: value, ...}</c>. Keys and values are evaluated in the order in which they are written; the last varies fastest.</summary>
internal sealed class MakeObject : Filter
{
    private readonly Filter[] parts;       // key, value, key, value, ...
    private readonly KeyTable? table;      // when all keys are constant and differ

    public MakeObject(int position, Filter[] parts)
        : base(position, Common(parts) & Traits.Expression, parts)
    {
        this.parts = parts;
        table = ConstantKeys(parts);
    }

    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = default;
        return table is not null ? Values(m, input, out output) : Members(m, input, out output);
    }

    public override bool ReadsInput => Array.Exists(parts, part => part.ReadsInput);

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        var results = new Filter[parts.Length];
        code.Add(Op.Save, input);
        for (var i = 0; i < parts.Length; i += 2)
        {
            code.EmitEach(parts.AsSpan(i, 2), input).CopyTo(results, i);
            // A wrong key is an error before the next member is looked at.
            if (results[i] is not Constant) code.Add(Op.Evaluate, operand: new KeyCheck(results[i]));
        }
        code.Add(Op.Reload, input);
        code.Add(Op.Evaluate, operand: new MakeObject(Position, results));
        code.Add(Op.RestorePath, input);
    }

    private static Outcome RefuseKey(Machine m, JqValue key, int position) =>
        m.At(m.Fail($"Cannot use {Describe.Value(key)} as object key"), position);

    private Outcome Values(Machine m, JqValue input, out JqValue output)
    {
        output = default;
        m.Charge(2 + parts.Length / 8);
        var values = new JqValue[parts.Length / 2];
        for (var i = 0; i < values.Length; i++)
        {
            var outcome = parts[i * 2 + 1].Evaluate(m, input, out values[i]);
            if (outcome != Outcome.Value) return outcome;
        }
        output = new JqObject(table!, values, values.Length);
        return Outcome.Value;
    }

    private Outcome Members(Machine m, JqValue input, out JqValue output)
    {
        output = default;
        m.Charge(4 + parts.Length / 2);
        var members = new JqObject.Builder(parts.Length / 2);
        for (var i = 0; i < parts.Length; i += 2)
        {
            var outcome = parts[i].Evaluate(m, input, out var key);
            if (outcome != Outcome.Value) return outcome;
            outcome = parts[i + 1].Evaluate(m, input, out var value);
            if (outcome != Outcome.Value) return outcome;
            if (!key.TryGetString(out var name)) return RefuseKey(m, key, parts[i].Position);
            members[name] = value;
        }
        output = members.ToObject();
        return Outcome.Value;
    }

    private sealed class KeyCheck(Filter key) : Filter(key.Position, Traits.Expression, key)
    {
        public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
        {
            var outcome = key.Evaluate(m, input, out output);
            return outcome == Outcome.Value && !output.IsString ? RefuseKey(m, output, Position) : outcome;
        }

        public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);
    }

    private static KeyTable? ConstantKeys(Filter[] parts)
    {
        var keys = KeyTable.Empty;
        for (var i = 0; i < parts.Length; i += 2)
        {
            if (parts[i] is not Constant { Value: var key } || !key.TryGetString(out var name)) return null;
            if (keys.IndexOf(name, i / 2) >= 0) return null;
            keys = keys.Append(i / 2, name);
        }
        Debug.Assert(parts.Length % 2 == 0);
        return keys;
    }
}
