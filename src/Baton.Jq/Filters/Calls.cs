namespace Baton.Jq;

/// <summary>A call of a function that could not be put in place: a recursive one, or one of too many.</summary>
internal sealed class Call(int position, Function function, int hops, Argument[] arguments) : Filter(position, Traits.None)
{
    public override void Emit(Emitter code)
    {
        code.Require(function);
        foreach (var argument in arguments)
        {
            if (argument.Body is not null) code.Require(argument.Body);
        }
        code.Add(Op.Call, operand: new CallSite(function, hops, arguments));
    }
}

/// <summary>A call of a parameter.</summary>
internal sealed class CallParameter(int position, int hops, int slot) : Filter(position, Traits.None)
{
    public override void Emit(Emitter code) => code.Add(Op.CallClosure, operand: new ClosureSite(hops, slot));
}

/// <summary><c>label $name | body</c></summary>
internal sealed class Label(int position, int slot, Filter body) : Filter(position, Traits.None, body)
{
    public override void Emit(Emitter code)
    {
        code.Add(Op.Mark, slot);
        code.Emit(body);
    }
}

/// <summary><c>break $name</c>: no more outputs of the label's body.</summary>
internal sealed class Break(int position, int hops, int slot) : Filter(position, Traits.None)
{
    public override void Emit(Emitter code) => code.Add(Op.Break, slot, hops);
}

/// <summary>A builtin function that is written in C#. Arguments are values; the last one varies slowest.</summary>
internal sealed class NativeCall(int position, Native native, Filter[] arguments)
    : Filter(position, Common(arguments) & Traits.Expression, arguments)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        JqValue a = default, b = default, c = default;
        output = default;
        if (arguments.Length > 2 && arguments[2].Evaluate(m, input, out c) is not Outcome.Value and var third) return third;
        if (arguments.Length > 1 && arguments[1].Evaluate(m, input, out b) is not Outcome.Value and var second) return second;
        if (arguments.Length > 0 && arguments[0].Evaluate(m, input, out a) is not Outcome.Value and var first) return first;
        return m.At(native.Invoke(m, input, a, b, c, out output), Position, native.Signature);
    }

    public override void Emit(Emitter code)
    {
        var last = (Filter[])arguments.Clone();
        Array.Reverse(last);
        code.EmitOperands(last, results =>
        {
            Array.Reverse(results);
            return new NativeCall(Position, native, results);
        });
    }
}
