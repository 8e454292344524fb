using System.Diagnostics.CodeAnalysis;

namespace Baton.Jq;

/// <summary>A program of the jq 1.8 language, compiled once. Immutable; may run on many threads at a time.</summary>
/// <remarks>
/// A program is safe to take from strangers: it sees its input, its variables and the clock it is given, and nothing else; and it ends,
/// by itself or by its <see cref="JqLimits"/>.
/// </remarks>
public sealed class JqProgram
{
    private readonly Function main;
    private readonly int variables;

    private JqProgram(string source, Function main, int variables, bool preferTrees)
    {
        Source = source;
        this.main = main;
        this.variables = variables;
        Code = Emitter.Compile(main, source, preferTrees);
    }

    /// <summary>The program as it was written.</summary>
    public string Source { get; }

    internal Instruction[] Code { get; }

    internal int Slots => main.Slots;

    /// <summary>Compiles a program.</summary>
    /// <param name="source">The program; empty means <c>.</c>.</param>
    /// <param name="variables">Names, without <c>$</c>, of variables whose values each run provides in the same order.</param>
    /// <exception cref="JqSyntaxException">The source is no program, or uses a name that is not defined.</exception>
    public static JqProgram Compile(string source, params ReadOnlySpan<string> variables)
    {
        ArgumentNullException.ThrowIfNull(source);
        foreach (var name in variables)
        {
            if (!Lexer.IsName(name)) throw new ArgumentException($"\"{name}\" is no name of a variable.", nameof(variables));
        }
        return new JqProgram(source, Compiler.Compile(source, variables), variables.Length, preferTrees: true);
    }

    /// <summary>Compiles a program to run on the machine alone, without the shortcut through expression trees.</summary>
    internal static JqProgram CompileForMachine(string source) => new(source, Compiler.Compile(source, []), 0, preferTrees: false);

    /// <summary>Compiles a program, for a caller that expects wrong ones.</summary>
    public static bool TryCompile(
        string source, ReadOnlySpan<string> variables, [NotNullWhen(true)] out JqProgram? program, [NotNullWhen(false)] out JqSyntaxException? error)
    {
        try
        {
            (program, error) = (Compile(source, variables), null);
            return true;
        }
        catch (JqSyntaxException wrong)
        {
            (program, error) = (null, wrong);
            return false;
        }
    }

    /// <summary>Runs the program. It runs as far as outputs are asked for; each enumeration is a run of its own.</summary>
    /// <param name="input">What <c>.</c> is.</param>
    /// <param name="values">The values of the variables, in the order of <see cref="Compile"/>.</param>
    /// <param name="options">Limits, clock and debugging output.</param>
    /// <param name="cancel">Ends the run with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">There are more or fewer values than variables.</exception>
    /// <remarks>
    /// Enumerating throws <see cref="JqException"/> for an error that the program does not catch, <see cref="JqLimitException"/> when a limit
    /// is reached, and <see cref="JqHaltException"/> when the program halts.
    /// </remarks>
    public IEnumerable<JqValue> Run(
        JqValue input, ReadOnlySpan<JqValue> values = default, JqOptions? options = null, CancellationToken cancel = default)
    {
        CheckValues(values);
        return new JqRun(this, input, values.ToArray(), options ?? JqOptions.Default, cancel);
    }

    /// <summary>Runs the program to its first output.</summary>
    /// <exception cref="JqException">The program raised an error, or gave no output.</exception>
    /// <exception cref="JqLimitException">A limit was reached.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    /// <inheritdoc cref="Run" path="/param"/>
    public JqValue RunSingle(
        JqValue input, ReadOnlySpan<JqValue> values = default, JqOptions? options = null, CancellationToken cancel = default) =>
        TryRunSingle(input, out var output, values, options, cancel)
            ? output
            : throw new JqException("the program gave no output", Source, -1, null);

    /// <summary>Runs the program to its first output; false when it gives none.</summary>
    /// <param name="input">What <c>.</c> is.</param>
    /// <param name="output">The first output.</param>
    /// <param name="values">The values of the variables, in the order of <see cref="Compile"/>.</param>
    /// <param name="options">Limits, clock and debugging output.</param>
    /// <param name="cancel">Ends the run with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="JqException">The program raised an error.</exception>
    /// <exception cref="JqLimitException">A limit was reached.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public bool TryRunSingle(
        JqValue input, out JqValue output, ReadOnlySpan<JqValue> values = default, JqOptions? options = null, CancellationToken cancel = default)
    {
        CheckValues(values);
        var machine = Machine.Rent();
        try
        {
            machine.Start(this, input, values, options ?? JqOptions.Default, cancel);
            return machine.Next(resumed: false, out output) switch
            {
                Outcome.Value => true,
                Outcome.None => false,
                _ => throw machine.Uncaught(),
            };
        }
        finally
        {
            machine.Return();
        }
    }

    /// <summary>The source.</summary>
    public override string ToString() => Source;

    private void CheckValues(ReadOnlySpan<JqValue> values)
    {
        if (values.Length != variables)
        {
            throw new ArgumentException($"The program has {variables} variables, but {values.Length} values were given.", nameof(values));
        }
    }
}
