namespace Baton.Jq;

/// <summary><c>range(from; to; by)</c></summary>
internal sealed class Range(int position, Filter from, Filter to, Filter by)
    : Filter(position, Common(from, to, by).HasFlag(Traits.Expression) ? Traits.Loop : Traits.None, from, to, by)
{
    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        var outcome = from.Evaluate(m, input, out var first);
        JqValue last = default, step = default;
        if (outcome == Outcome.Value) outcome = to.Evaluate(m, input, out last);
        if (outcome == Outcome.Value) outcome = by.Evaluate(m, input, out step);
        if (outcome != Outcome.Value) return outcome == Outcome.None ? Outcome.Value : outcome;
        if (!first.TryGetDouble(out var number) || !last.TryGetDouble(out var limit) || !step.TryGetDouble(out var increment))
        {
            return m.At(m.Fail("Range bounds must be numeric"), Position);
        }
        for (; increment > 0 ? number < limit : increment < 0 && number > limit; number += increment)
        {
            m.Charge(1);
            outcome = consumer.Accept(m, number);
            if (outcome != Outcome.Value) return outcome;
        }
        return Outcome.Value;
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        var bounds = code.NewSlots(2);
        code.Add(Op.Save, input);
        code.Emit(from);
        code.Add(Op.Store, bounds);
        code.Add(Op.Reload, input);
        code.Emit(by);
        code.Add(Op.Store, bounds + 1);
        code.Add(Op.Reload, input);
        code.Emit(to);
        code.Add(Op.RestorePath, input);
        code.Add(Op.Range, bounds, operand: this);
    }
}

/// <summary><c>..</c>: the input and everything below it, depth first.</summary>
internal sealed class Recurse(int position) : Filter(position, Traits.Loop)
{
    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        var outcome = consumer.Accept(m, input);
        if (outcome != Outcome.Value || !(input.IsArray || input.IsObject)) return outcome;
        var descent = new Descent(input, null);
        while (descent.MoveNext(out var value, out _))
        {
            m.Charge(1);
            outcome = consumer.Accept(m, value);
            if (outcome != Outcome.Value) return outcome;
        }
        return Outcome.Value;
    }

    public override void Emit(Emitter code) => code.Add(Op.Descend);
}

/// <summary><c>limit(count; body)</c> and <c>skip(count; body)</c></summary>
internal sealed class Counted(int position, Filter count, Filter body, bool isLimit)
    : Filter(position, count.IsExpression && body.IsLoop ? Traits.Loop : Traits.None, count, body)
{
    /// <summary>Refuses what is below zero in jq's order. What is no number at all is refused when it is to be counted down.</summary>
    public Outcome CheckCount(Machine m, JqValue number) =>
        number.Kind > JqKind.Number || (number.TryGetDouble(out var times) && times >= 0)
            ? Outcome.Value
            : m.At(m.Fail($"{(isLimit ? "limit" : "skip")} doesn't support negative count"), Position);

    /// <summary>Takes one from what is left.</summary>
    public static Outcome CountDown(Machine m, ref JqValue left) => Operators.Apply(m, BinaryOperator.Subtract, left, 1, out left);

    public override Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        var outcome = count.Evaluate(m, input, out var number);
        if (outcome == Outcome.Value) outcome = CheckCount(m, number);
        if (outcome != Outcome.Value) return outcome == Outcome.None ? Outcome.Value : outcome;
        if (!isLimit) return body.ForEach(m, input, new Skipper(number, consumer));
        if (number == 0) return Outcome.Value;
        var limiter = new Limiter(number, consumer);
        outcome = body.ForEach(m, input, limiter);
        // That the limit is reached is no reason for the consumer to stop.
        return outcome == Outcome.None && !limiter.Stopped ? Outcome.Value : outcome;
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        var left = code.NewSlots();
        code.Add(Op.Save, input);
        code.Emit(count);
        code.Add(Op.CountStart, left, operand: this);
        code.Add(Op.Restore, input);
        if (isLimit)
        {
            var mark = code.NewSlots();
            code.Add(Op.CountNone, left);
            code.Add(Op.Mark, mark);
            code.Emit(body);
            code.Add(Op.CountLimit, left, mark);
        }
        else
        {
            code.Emit(body);
            code.Add(Op.CountSkip, left);
        }
    }

    private sealed class Limiter(JqValue left, Consumer next) : Consumer
    {
        private JqValue left = left;

        /// <summary>Whether the consumer itself wants no more.</summary>
        public bool Stopped { get; private set; }

        public override Outcome Accept(Machine m, JqValue value)
        {
            var outcome = CountDown(m, ref left);
            if (outcome == Outcome.Value) outcome = next.Accept(m, value);
            Stopped = outcome == Outcome.None;
            return outcome == Outcome.Value && left <= 0 ? Outcome.None : outcome;
        }
    }

    private sealed class Skipper(JqValue left, Consumer next) : Consumer
    {
        private JqValue left = left;

        public override Outcome Accept(Machine m, JqValue value)
        {
            // Zero is not counted any further: all that follows passes.
            if (left == 0) return next.Accept(m, value);
            var outcome = CountDown(m, ref left);
            return outcome == Outcome.Value && left < 0 ? next.Accept(m, value) : outcome;
        }
    }
}

/// <summary><c>first(body)</c></summary>
internal sealed class First(int position, Filter body, bool tracked)
    : Filter(position, body.IsLoop && (!tracked || body.IsExpression) ? Traits.Expression : Traits.None, body)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        if (body.IsExpression) return body.Evaluate(m, input, out output);
        var taker = new Taker();
        var outcome = body.ForEach(m, input, taker);
        output = taker.Taken;
        return outcome == Outcome.Error ? outcome : outcome == Outcome.None ? Outcome.Value : Outcome.None;
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output) =>
        body.IsExpression ? body.EvaluatePath(m, input, ref path, out output) : Evaluate(m, input, out output);

    public override void Emit(Emitter code)
    {
        var mark = code.NewSlots();
        code.Add(Op.Mark, mark);
        code.Emit(body);
        code.Add(Op.Cut, mark);
    }

    private sealed class Taker : Consumer
    {
        public JqValue Taken { get; private set; }

        public override Outcome Accept(Machine m, JqValue value)
        {
            Taken = value;
            return Outcome.None;
        }
    }
}

/// <summary><c>last(body)</c></summary>
internal sealed class Last(int position, Filter body, bool tracked)
    : Filter(position, body.IsLoop && (!tracked || body.IsExpression) ? Traits.Expression : Traits.None, body)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        if (body.IsExpression) return body.Evaluate(m, input, out output);
        var keeper = new Keeper();
        var outcome = body.ForEach(m, input, keeper);
        output = keeper.Kept;
        return outcome == Outcome.Value && !keeper.Any ? Outcome.None : outcome;
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output) =>
        body.IsExpression ? body.EvaluatePath(m, input, ref path, out output) : Evaluate(m, input, out output);

    public override void Emit(Emitter code)
    {
        var kept = code.NewSlots(3);
        var start = code.Add(Op.LastStart, kept);
        code.Emit(body);
        code.Add(Op.LastAdd, kept);
        code.Land(start);
        code.Add(Op.LastEnd, kept);
    }

    private sealed class Keeper : Consumer
    {
        public JqValue Kept { get; private set; }

        public bool Any { get; private set; }

        public override Outcome Accept(Machine m, JqValue value)
        {
            (Kept, Any) = (value, true);
            return Outcome.Value;
        }
    }
}

/// <summary>Whether a filter has outputs: gives one constant or another. The filter stops at its first output.</summary>
internal sealed class IsEmpty(int position, Filter body, bool whenEmpty)
    : Filter(position, body.IsLoop ? Traits.Expression : Traits.None, body)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        var outcome = body.ForEach(m, input, Stopper.Instance);
        output = (outcome == Outcome.Value) == whenEmpty;
        return outcome == Outcome.Error ? outcome : Outcome.Value;
    }

    public override void Emit(Emitter code)
    {
        var input = code.NewSlots(2);
        var mark = code.NewSlots();
        code.Add(Op.Save, input);
        code.Add(Op.Mark, mark);
        var fork = code.Add(Op.Fork);
        code.Emit(body);
        code.Add(Op.Cut, mark);
        code.Emit(new Constant(Position, !whenEmpty));
        var end = code.Add(Op.Jump);
        code.Land(fork);
        code.Emit(new Constant(Position, whenEmpty));
        code.Land(end);
        code.Add(Op.RestorePath, input);
    }

    private sealed class Stopper : Consumer
    {
        public static readonly Stopper Instance = new();

        public override Outcome Accept(Machine m, JqValue value) => Outcome.None;
    }
}

/// <summary><c>until(condition; next)</c> where both give at most one output; otherwise it is a recursive function.</summary>
internal sealed class Until(int position, Filter condition, Filter next)
    : Filter(position, Common(condition, next) & Traits.Expression, condition, next)
{
    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        output = input;
        while (true)
        {
            m.Charge(1 + Cost);
            var outcome = condition.Evaluate(m, output, out var done);
            if (outcome != Outcome.Value || done.IsTruthy) return outcome;
            outcome = next.Evaluate(m, output, out output);
            if (outcome != Outcome.Value) return outcome;
        }
    }

    public override void Emit(Emitter code) => code.Add(Op.Evaluate, operand: this);
}
