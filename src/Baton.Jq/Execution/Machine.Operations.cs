using System.Diagnostics;

namespace Baton.Jq;

internal sealed partial class Machine
{
    /// <summary>The instructions that do more than move values: <see cref="Outcome.Value"/> goes on, <see cref="Outcome.None"/> backtracks.</summary>
    private Outcome Execute(in Instruction step)
    {
        var slots = Frame.Slots;
        switch (step.Op)
        {
            case Op.Each:
                return Each(step.Slot != 0, (Filter)step.Operand!);
            case Op.Range:
                return Range(slots[step.Slot], slots[step.Slot + 1], (Filter)step.Operand!);
            case Op.Descend:
                if (current.IsArray || current.IsObject) PushFork(ForkKind.Descend, pc).State = new Descent(current, path);
                return Outcome.Value;
            case Op.CountStart:
                return CountStart(step);
            case Op.CountNone:
                return slots[step.Slot] == 0 ? Outcome.None : Outcome.Value;
            case Op.CountLimit:
                var counted = Counted.CountDown(this, ref slots[step.Slot]);
                if (counted == Outcome.Value && slots[step.Slot] <= 0) CutForks(slots[step.Target]);
                return counted;
            case Op.CountSkip:
                if (slots[step.Slot] == 0) return Outcome.Value;
                counted = Counted.CountDown(this, ref slots[step.Slot]);
                return counted == Outcome.Value && slots[step.Slot] >= 0 ? Outcome.None : counted;
            case Op.LastStart:
                slots[step.Slot + 2] = JqValue.False;
                PushFork(ForkKind.Alternative, step.Target);
                return Outcome.Value;
            case Op.LastAdd:
                slots[step.Slot] = current;
                slots[step.Slot + 1] = JqValue.Wrap(path);
                slots[step.Slot + 2] = JqValue.True;
                return Outcome.None;
            case Op.LastEnd:
                if (!slots[step.Slot + 2].IsTruthy) return Outcome.None;
                current = slots[step.Slot];
                path = slots[step.Slot + 1].Unwrap<PathNode>();
                return Outcome.Value;
            case Op.PathStart:
                slots[step.Slot + 1] = JqValue.Wrap(path);
                path = PathNode.Root(current);
                return Outcome.Value;
            case Op.PathEnd:
                if (!TryFinishPath((Filter)step.Operand!, out var keys)) return Outcome.Error;
                current = keys;
                path = slots[step.Slot + 1].Unwrap<PathNode>();
                return Outcome.Value;
            case Op.Call:
                return Call((CallSite)step.Operand!);
            case Op.CallClosure:
                return CallClosure((ClosureSite)step.Operand!);
            default:
                return Update(step, slots);
        }
    }

    private Outcome Update(in Instruction step, JqValue[] slots)
    {
        switch (step.Op)
        {
            case Op.UpdateStart:
                slots[step.Slot] = current;
                slots[step.Slot + 1] = JqValue.Wrap(path);
                slots[step.Slot + 3] = default;
                PushFork(ForkKind.Alternative, step.Target);
                path = PathNode.Root(current);
                return Outcome.Value;
            case Op.UpdateGet:
                if (!TryFinishPath((Filter)step.Operand!, out slots[step.Slot + 2])) return Outcome.Error;
                return Paths.Get(this, slots[step.Slot], slots[step.Slot + 2], out current);
            case Op.UpdateSet:
                var outcome = Paths.Set(this, slots[step.Slot], slots[step.Slot + 2], current, out slots[step.Slot]);
                return outcome == Outcome.Error ? outcome : Outcome.None;
            case Op.UpdateDelete:
                var deletions = slots[step.Slot + 3].TryGetArray(out var noted) ? noted : JqArray.Empty;
                slots[step.Slot + 3] = deletions.Add(slots[step.Slot + 2]);
                return Outcome.None;
            case Op.AssignSet:
                if (!TryFinishPath((Filter)step.Operand!, out var at)) return Outcome.Error;
                outcome = Paths.Set(this, slots[step.Slot], at, slots[step.Target], out slots[step.Slot]);
                return outcome == Outcome.Error ? outcome : Outcome.None;
            case Op.UpdateEnd:
                path = slots[step.Slot + 1].Unwrap<PathNode>();
                current = slots[step.Slot];
                return slots[step.Slot + 3].IsNull ? Outcome.Value : Paths.Delete(this, current, slots[step.Slot + 3], out current);
            default:
                throw new UnreachableException($"The machine does not know {step.Op}.");
        }
    }

    private Outcome Each(bool quiet, Filter site)
    {
        if (!CheckPath(current, site, "iterate through")) return Outcome.Error;
        int count;
        if (current.TryGetArray(out var array)) count = array.Count;
        else if (current.TryGetObject(out var members)) count = members.Count;
        else return quiet ? Outcome.None : At(Fail($"Cannot iterate over {Describe.Value(current)}"), site.Position);
        if (count == 0) return Outcome.None;
        ref var fork = ref PushFork(ForkKind.Each, pc);
        fork.Index = 0;
        ResumeEach(ref fork);
        return Outcome.Value;
    }

    private Outcome Range(JqValue from, JqValue by, Filter site)
    {
        if (!from.TryGetDouble(out var number) || !current.TryGetDouble(out var limit) || !by.TryGetDouble(out var increment))
        {
            return At(Fail("Range bounds must be numeric"), site.Position);
        }
        if (!(increment > 0 ? number < limit : increment < 0 && number > limit)) return Outcome.None;
        current = number;
        var next = number + increment;
        if (increment > 0 ? next < limit : next > limit)
        {
            ref var fork = ref PushFork(ForkKind.Range, pc);
            fork.Value = next;
            (fork.Limit, fork.Step) = (limit, increment);
        }
        return Outcome.Value;
    }

    private Outcome CountStart(in Instruction step)
    {
        var filter = (Counted)step.Operand!;
        Frame.Slots[step.Slot] = current;
        return filter.CheckCount(this, current);
    }

    private Outcome Call(CallSite site)
    {
        var environment = Frame;
        for (var i = 0; i < site.Hops; i++) environment = environment.Outer!;
        var frame = NewFrame(site.Function, environment, site.IsTail);
        var arguments = site.Arguments;
        for (var i = 0; i < arguments.Length; i++) frame.Slots[i] = arguments[i].Capture(Frame);
        Frame = frame;
        pc = site.Function.Entry;
        return Outcome.Value;
    }

    private Outcome CallClosure(ClosureSite site)
    {
        var environment = Frame;
        for (var i = 0; i < site.Hops; i++) environment = environment.Outer!;
        var closure = environment.Slots[site.Slot].Unwrap<Closure>()!;
        if (closure.Body.Expression is { } expression)
        {
            fuel -= expression.Cost;
            var caller = Frame;
            Frame = closure.Environment;
            var outcome = path is null
                ? expression.Evaluate(this, current, out current)
                : expression.EvaluatePath(this, current, ref path, out current);
            Frame = caller;
            return outcome;
        }
        Frame = NewFrame(closure.Body, closure.Environment, site.IsTail);
        pc = closure.Body.Entry;
        return Outcome.Value;
    }

    private Frame NewFrame(Function function, Frame environment, bool tail)
    {
        // A call in tail position returns where its caller would.
        var frame = tail
            ? new Frame(function.Slots, environment, Frame.Caller, Frame.ReturnTo, Frame.Depth)
            : new Frame(function.Slots, environment, Frame, pc, Frame.Depth + 1);
        if (frame.Depth > Options.Limits.Depth) throw DepthReached();
        fuel -= StepsPerFrame + function.Slots / ElementsPerStep;
        return frame;
    }

    /// <summary>Takes the path at hand as an array, if the current value is what stands there.</summary>
    private bool TryFinishPath(Filter site, out JqValue keys)
    {
        keys = default;
        var node = path!;
        path = null;
        if (!current.IsSameAs(node.Value))
        {
            At(Fail($"Invalid path expression with result {Describe.Text(current)}"), site.Position);
            return false;
        }
        keys = node.ToArray();
        return true;
    }

    private bool CheckPath(JqValue value, Filter site, string attempt) => path is null || CheckPath(path, value, site, attempt);

    /// <summary>Whether a path can go on from this value; raises an error if not.</summary>
    public bool CheckPath(PathNode at, JqValue value, Filter site, string attempt)
    {
        if (value.IsSameAs(at.Value)) return true;
        At(Fail($"Invalid path expression near attempt to {attempt} {Describe.Text(value)}"), site.Position);
        return false;
    }
}
