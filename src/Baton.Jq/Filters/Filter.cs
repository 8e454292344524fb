namespace Baton.Jq;

/// <summary>A filter ready to run. Every filter can become machine code; many can also be evaluated as a tree, which is faster.</summary>
/// <remarks>
/// Three ways, from the fastest to the most general:
/// an <i>expression</i> gives at most one output and is evaluated by <see cref="Evaluate"/>;
/// a <i>loop</i> gives any number of outputs, at once, to a consumer (<see cref="ForEach"/>), so that <c>[.[] | f]</c> is an expression again;
/// everything else — what must be left and resumed between two outputs, recursion, labels — runs on the <see cref="Machine"/> (<see cref="Emit"/>).
/// The machine also runs what nests so deeply that evaluating it as a tree might use up the native stack.
/// </remarks>
internal abstract class Filter
{
    /// <summary>Beyond this nesting a filter is not evaluated as a tree: about 300 bytes of stack for each level.</summary>
    private const int MaxTreeDepth = 200;

    private const int PartsPerStep = 4;

    private readonly int size = 1, depth = 1;

    protected Filter(int position, Traits traits, params ReadOnlySpan<Filter?> parts)
    {
        Position = position;
        foreach (var part in parts)
        {
            if (part is null) continue;
            size += part.size;
            depth = Math.Max(depth, part.depth + 1);
        }
        Traits = depth > MaxTreeDepth ? Traits.None : traits;
    }

    /// <summary>Where an error in it is reported; -1 for what the compiler added.</summary>
    public int Position { get; }

    /// <summary>How many steps evaluating it costs, besides what loops and builtins charge themselves.</summary>
    public int Cost => size / PartsPerStep;

    public Traits Traits { get; }

    public bool IsExpression => (Traits & Traits.Expression) != Traits.None;

    public bool IsLoop => (Traits & (Traits.Expression | Traits.Loop)) != Traits.None;

    public bool IsUpdatable => (Traits & Traits.Updatable) != Traits.None;

    /// <summary>Evaluates an expression.</summary>
    public virtual Outcome Evaluate(Machine m, JqValue input, out JqValue output) => throw NotAnExpression();

    /// <summary>
    /// Evaluates an expression whose input nobody else refers to, if it is <see cref="JqValue.IsOwned"/>: then it may be changed in place,
    /// as jq does when it holds the only reference. The output may be owned as well.
    /// </summary>
    public virtual Outcome EvaluateOwned(Machine m, JqValue input, out JqValue output) => Evaluate(m, input.Shared, out output);

    /// <summary>Whether outputs may depend on the input, or hold parts of it.</summary>
    public virtual bool ReadsInput => true;

    /// <summary>
    /// Evaluates an expression while the path is tracked. What is no path expression leaves the path as it is: the next access then finds
    /// that its input is not the value at the path.
    /// </summary>
    public virtual Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output) => Evaluate(m, input, out output);

    /// <summary>Gives every output of a loop to <paramref name="consumer"/>, until it wants no more.</summary>
    public virtual Outcome ForEach(Machine m, JqValue input, Consumer consumer)
    {
        var outcome = Evaluate(m, input, out var output);
        return outcome switch
        {
            Outcome.Value => consumer.Accept(m, output),
            Outcome.None => Outcome.Value,
            _ => outcome,
        };
    }

    /// <summary>
    /// Changes what stands at the paths of this filter in <paramref name="root"/>; <see cref="Outcome.None"/> deletes the root itself. The
    /// root may be owned, and so may the result.
    /// </summary>
    public virtual Outcome Update(Machine m, JqValue root, Change change, out JqValue result) => throw NotAnExpression();

    /// <summary>As <see cref="Update"/>, for a whole value: where the root is deleted, null is left.</summary>
    public Outcome UpdateWhole(Machine m, JqValue root, Change change, out JqValue result)
    {
        var outcome = Update(m, root, change, out result);
        if (outcome != Outcome.None) return outcome;
        result = default;
        return Outcome.Value;
    }

    /// <summary>Writes the code of a filter that is no expression.</summary>
    public abstract void Emit(Emitter code);

    /// <summary>The traits that all parts have.</summary>
    protected static Traits Common(params ReadOnlySpan<Filter?> parts)
    {
        var common = Traits.Expression | Traits.Loop | Traits.Updatable;
        foreach (var part in parts)
        {
            if (part is not null) common &= part.Traits | (part.IsExpression ? Traits.Loop : Traits.None);
        }
        return common;
    }

    private InvalidOperationException NotAnExpression() => new($"{GetType().Name} cannot be evaluated as a tree here.");
}

[Flags]
internal enum Traits
{
    None = 0,

    /// <summary>At most one output.</summary>
    Expression = 1,

    /// <summary>Outputs can be given to a consumer one after the other. Expressions are loops as well.</summary>
    Loop = 2,

    /// <summary>A path expression through which values can be replaced in place.</summary>
    Updatable = 4,
}

/// <summary>What takes the outputs of a loop.</summary>
internal abstract class Consumer
{
    /// <summary><see cref="Outcome.Value"/> asks for more, <see cref="Outcome.None"/> does not.</summary>
    public abstract Outcome Accept(Machine m, JqValue value);
}

/// <summary>What is done to a value in the middle of another.</summary>
internal abstract class Change
{
    /// <summary><see cref="Outcome.None"/> deletes the value. Both values may be owned.</summary>
    public abstract Outcome Apply(Machine m, JqValue old, out JqValue replacement);
}
