namespace Baton.Jq;

/// <summary>What a program sees of the world around it: nothing but the clock it is given, and a place for debugging output.</summary>
internal static class Surroundings
{
    public static void Define(NativeTable table)
    {
        table.Add("now/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = (m.Options.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / (double)TimeSpan.TicksPerSecond;
            return Outcome.Value;
        });
        table.Add("debug/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            m.Options.Debug?.Invoke(JqValue.Array("DEBUG:", input));
            output = input;
            return Outcome.Value;
        });
        table.Add("stderr/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            m.Options.Debug?.Invoke(input);
            output = input;
            return Outcome.Value;
        });

        // There is one input; what jq's library raises when nobody provides more is the string "break".
        table.Add("input/0", Failing("break"));
        table.Add("modulemeta/0", Failing("modulemeta is not supported: a program stands by itself, no modules are loaded"));
        table.Add("input_filename/0", _ => default);
        table.Add("input_line_number/0", _ => 0);
        table.Add("get_search_list/0", _ => JqValue.EmptyArray);

        table.Add("halt/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
            throw m.Halt(default, 0, "halt/0"));
        table.Add("halt_error/1", (Machine m, JqValue input, JqValue code, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            return code.TryGetDouble(out var exitCode)
                ? throw m.Halt(input, (int)Math.Clamp(exitCode, int.MinValue, int.MaxValue), "halt_error/1")
                : m.Fail("halt_error/1: number required");
        });
    }

    private static NativeFunction Failing(string message) => (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
    {
        output = default;
        return m.Fail(message);
    };
}
