using System.Runtime.CompilerServices;

namespace Baton.Jq;

/// <summary>Writes machine code.</summary>
/// <param name="source">The program, for errors.</param>
/// <param name="preferTrees">
/// Whether expressions become single instructions. Otherwise everything that can runs on the machine: both ways must give the same, and
/// tests compare them.
/// </param>
internal sealed class Emitter(string source, bool preferTrees)
{
    private readonly List<Instruction> code = [];
    private readonly Queue<Function> waiting = new();
    private readonly HashSet<Function> known = [];
    private Function current = null!;

    /// <summary>The code of a program and of all functions it calls.</summary>
    public static Instruction[] Compile(Function main, string source, bool preferTrees)
    {
        var emitter = new Emitter(source, preferTrees) { current = main };
        emitter.Emit(main.Body!);
        emitter.Add(Op.Output);
        while (emitter.waiting.TryDequeue(out var function))
        {
            emitter.current = function;
            function.Entry = emitter.code.Count;
            emitter.Emit(function.Body!);
            emitter.Add(Op.Return);
        }
        emitter.MarkTailCalls();
        return [.. emitter.code];
    }

    /// <summary>Writes a filter: one instruction for an expression, its own code otherwise.</summary>
    public void Emit(Filter filter)
    {
        if (filter is Identity) return;
        if (filter.IsExpression && preferTrees)
        {
            Add(Op.Evaluate, operand: filter);
            return;
        }
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new JqSyntaxException("The program nests too deeply", source, Math.Max(filter.Position, 0));
        }
        filter.Emit(this);
    }

    public int NewSlots(int count = 1) => current.NewSlots(count);

    /// <summary>Appends an instruction; the result identifies it for <see cref="Land"/>.</summary>
    public int Add(Op op, int slot = 0, int target = 0, object? operand = null)
    {
        code.Add(new Instruction(op, slot, target, operand));
        return code.Count - 1;
    }

    /// <summary>Lets an instruction's target be the next instruction to come.</summary>
    public void Land(int instruction)
    {
        var landed = code[instruction];
        landed.Target = code.Count;
        code[instruction] = landed;
    }

    /// <summary>Sees to it that the code of a function will be written.</summary>
    public void Require(Function function)
    {
        if (function.Expression is null && known.Add(function)) waiting.Enqueue(function);
    }

    /// <summary>
    /// Writes subexpressions, in order, each with the current value as its input; then what <paramref name="combine"/> makes of their
    /// results, which stand in for the operands as variables.
    /// </summary>
    public void EmitOperands(ReadOnlySpan<Filter> operands, Func<Filter[], Filter> combine)
    {
        var input = NewSlots(2);
        Add(Op.Save, input);
        var results = EmitEach(operands, input);
        Add(Op.Reload, input);
        Add(Op.Evaluate, operand: combine(results));
        Add(Op.RestorePath, input);
    }

    /// <summary>Writes subexpressions that start from the value saved in a slot, and gives variables for their results.</summary>
    public Filter[] EmitEach(ReadOnlySpan<Filter> operands, int input)
    {
        var results = new Filter[operands.Length];
        for (var i = 0; i < operands.Length; i++)
        {
            if (operands[i] is Constant or Variable)
            {
                results[i] = operands[i];
                continue;
            }
            var slot = NewSlots();
            Add(Op.Reload, input);
            Emit(operands[i]);
            Add(Op.Store, slot);
            results[i] = new Variable(operands[i].Position, 0, slot);
        }
        return results;
    }

    private void MarkTailCalls()
    {
        for (var i = 0; i < code.Count; i++)
        {
            if (code[i].Op is not (Op.Call or Op.CallClosure)) continue;
            var next = i + 1;
            while (code[next].Op == Op.Jump) next = code[next].Target;
            if (code[next].Op != Op.Return) continue;
            if (code[i].Operand is CallSite call) call.IsTail = true;
            else ((ClosureSite)code[i].Operand!).IsTail = true;
        }
    }
}
