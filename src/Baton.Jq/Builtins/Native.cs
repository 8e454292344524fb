namespace Baton.Jq;

/// <summary>What a builtin function does with its input and up to three arguments.</summary>
internal delegate Outcome NativeFunction(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output);

/// <summary>A builtin function of values that is written in C#.</summary>
/// <param name="signature">Its name and arity, as <c>name/arity</c>.</param>
/// <param name="function">What it does.</param>
internal sealed class Native(string signature, NativeFunction function)
{
    public string Signature { get; } = signature;

    public Outcome Invoke(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) => function(m, input, a, b, c, out output);
}

/// <summary>Collects builtin functions by their signature.</summary>
internal sealed class NativeTable
{
    public Dictionary<string, Native> Natives { get; } = new(StringComparer.Ordinal);

    public void Add(string signature, NativeFunction function) => Natives.Add(signature, new Native(signature, function));

    /// <summary>A function that cannot fail.</summary>
    public void Add(string signature, Func<JqValue, JqValue> function) => Add(signature, (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
    {
        output = function(input);
        return Outcome.Value;
    });
}
