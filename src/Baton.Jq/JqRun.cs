using System.Collections;

namespace Baton.Jq;

/// <summary>The outputs of a program for one input, computed when they are asked for.</summary>
internal sealed class JqRun(JqProgram program, JqValue input, JqValue[] values, JqOptions options, CancellationToken cancel) : IEnumerable<JqValue>
{
    public IEnumerator<JqValue> GetEnumerator()
    {
        var machine = new Machine();
        machine.Start(program, input, values, options, cancel);
        for (var outcome = machine.Next(resumed: false, out var output); outcome != Outcome.None; outcome = machine.Next(resumed: true, out output))
        {
            if (outcome == Outcome.Error) throw machine.Uncaught();
            yield return output;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
