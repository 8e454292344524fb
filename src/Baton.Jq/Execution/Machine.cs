namespace Baton.Jq;

/// <summary>
/// Runs a compiled program: a register machine with backtracking. The stack of forks holds what is still to be tried; frames and paths are
/// on the heap, so neither recursion nor nesting in a program touches the native stack.
/// </summary>
/// <remarks>
/// Slots need no saving when the machine backtracks: between storing to a slot and its last use, the same code never runs again in the same
/// frame, because everything downstream of an output is exhausted before the next output is asked for.
/// </remarks>
internal sealed partial class Machine
{
    private const int MaxIdleForks = 1024;

    private Instruction[] code = [];
    private JqValue current;
    private PathNode? path;
    private int pc;

    /// <summary>The activation whose slots expressions see.</summary>
    public Frame Frame { get; set; } = null!;

    public JqOptions Options { get; private set; } = JqOptions.Default;

    [ThreadStatic] private static Machine? idle;

    /// <summary>A machine for a run that begins and ends in one call.</summary>
    public static Machine Rent()
    {
        var machine = idle ?? new Machine();
        idle = null;
        return machine;
    }

    /// <summary>Lets the next run on this thread use the machine.</summary>
    public void Return()
    {
        if (forks.Length > MaxIdleForks) return;
        Clear();
        idle = this;
    }

    /// <summary>Prepares a run from the beginning.</summary>
    public void Start(JqProgram started, JqValue input, ReadOnlySpan<JqValue> variables, JqOptions options, CancellationToken cancellation)
    {
        program = started;
        code = started.Code;
        Options = options;
        cancel = cancellation;
        stepsLeft = options.Limits.Steps;
        fuel = 0;
        forkCount = 0;
        regexTime = TimeSpan.Zero;
        Frame = started.Slots == 0 ? Frame.Root : new Frame(started.Slots, null, null, -1, 0);
        variables.CopyTo(Frame.Slots);
        ClearError();
        current = input;
        path = null;
        pc = 0;
    }

    // Nothing of a run may stay alive.
    private void Clear()
    {
        Array.Clear(forks, 0, forkCount);
        forkCount = 0;
        Frame = null!;
        current = Error = default;
        path = null;
        Options = JqOptions.Default;
        cancel = default;
    }

    /// <summary>Runs to the next output.</summary>
    /// <param name="resumed">Whether an output has been given before: then the machine backtracks first.</param>
    /// <param name="output">The output, if there is one.</param>
    public Outcome Next(bool resumed, out JqValue output)
    {
        output = default;
        if (resumed && !Backtrack()) return Outcome.None;
        while (true)
        {
            if (--fuel < 0) Refuel();
            ref readonly var step = ref code[pc++];
            switch (step.Op)
            {
                case Op.Evaluate:
                    var filter = (Filter)step.Operand!;
                    fuel -= filter.Cost;
                    var outcome = path is null
                        ? filter.Evaluate(this, current, out var next)
                        : filter.EvaluatePath(this, current, ref path, out next);
                    if (outcome == Outcome.Error) goto Raise;
                    if (outcome == Outcome.None) goto Backtrack;
                    current = next;
                    continue;
                case Op.Output:
                    if (current.Kind >= JqKind.Array && Weight.Of(current) > Options.Limits.Size) throw SizeReached();
                    output = current;
                    return Outcome.Value;
                case Op.Jump:
                    pc = step.Target;
                    continue;
                case Op.Backtrack:
                    goto Backtrack;
                case Op.Fork:
                    PushFork(ForkKind.Alternative, step.Target);
                    continue;
                case Op.Save:
                    Frame.Slots[step.Slot] = current;
                    Frame.Slots[step.Slot + 1] = JqValue.Wrap(path);
                    path = null;
                    continue;
                case Op.Reload:
                    current = Frame.Slots[step.Slot];
                    continue;
                case Op.Restore:
                    current = Frame.Slots[step.Slot];
                    path = Frame.Slots[step.Slot + 1].Unwrap<PathNode>();
                    continue;
                case Op.RestorePath:
                    path = Frame.Slots[step.Slot + 1].Unwrap<PathNode>();
                    continue;
                case Op.Store:
                    Frame.Slots[step.Slot] = current;
                    continue;
                case Op.StoreState:
                    Frame.Slots[step.Slot] = current;
                    Frame.Slots[step.Slot + 1] = JqValue.Wrap(path);
                    continue;
                case Op.TakeState:
                    current = Frame.Slots[step.Slot];
                    path = Frame.Slots[step.Slot + 1].Unwrap<PathNode>();
                    Frame.Slots[step.Slot] = default;
                    continue;
                case Op.Branch:
                    if (!current.IsTruthy) pc = step.Target;
                    current = Frame.Slots[step.Slot];
                    path = Frame.Slots[step.Slot + 1].Unwrap<PathNode>();
                    continue;
                case Op.Mark:
                    Frame.Slots[step.Slot] = forkCount;
                    continue;
                case Op.Cut:
                    CutForks(Frame.Slots[step.Slot]);
                    continue;
                case Op.Break:
                    var labelled = Frame;
                    for (var i = 0; i < step.Target; i++) labelled = labelled.Outer!;
                    CutForks(labelled.Slots[step.Slot]);
                    goto Backtrack;
                case Op.CollectStart:
                    Frame.Slots[step.Slot] = JqValue.Wrap(new JqArray.Builder());
                    PushFork(ForkKind.Alternative, step.Target);
                    path = null;
                    continue;
                case Op.CollectAdd:
                    Collect(Frame.Slots[step.Slot].Unwrap<JqArray.Builder>()!, current);
                    goto Backtrack;
                case Op.CollectEnd:
                    current = Frame.Slots[step.Slot].Unwrap<JqArray.Builder>()!.ToArray();
                    continue;
                case Op.Try:
                    PushFork(ForkKind.Try, step.Target);
                    continue;
                case Op.TryExit:
                    ExitTry(step.Target);
                    continue;
                case Op.OtherPattern:
                    PushFork(ForkKind.OtherPattern, step.Target);
                    continue;
                case Op.AlternativeStart:
                    Frame.Slots[step.Slot] = JqValue.False;
                    PushFork(ForkKind.Alternative, step.Target);
                    continue;
                case Op.AlternativeFound:
                    if (!current.IsTruthy) goto Backtrack;
                    Frame.Slots[step.Slot] = JqValue.True;
                    pc = step.Target;
                    continue;
                case Op.AlternativeElse:
                    if (Frame.Slots[step.Slot].IsTruthy) goto Backtrack;
                    continue;
                case Op.Return:
                    pc = Frame.ReturnTo;
                    Frame = Frame.Caller!;
                    continue;
                default:
                    outcome = Execute(step);
                    if (outcome == Outcome.Error) goto Raise;
                    if (outcome == Outcome.None) goto Backtrack;
                    continue;
            }

        Raise:
            if (!CatchError()) return Outcome.Error;
            continue;

        Backtrack:
            if (!Backtrack()) return Outcome.None;
        }
    }
}
