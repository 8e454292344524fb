using System.Diagnostics;

namespace Baton.Jq;

internal sealed partial class Machine
{
    private const int Slice = 8192;               // steps between two looks at the token
    private const int ElementsPerStep = 4;
    private const int CharactersPerStep = 32;
    private const int StepsPerMessage = 10;
    private const int StepsPerFrame = 2;
    private static readonly TimeSpan TimeOfStep = TimeSpan.FromMicroseconds(0.5);   // generous, so that ordinary patterns owe nothing

    private JqProgram program = null!;
    private CancellationToken cancel;
    private TimeSpan regexTime;
    private long stepsLeft;   // beyond the current slice
    private int fuel;         // left of the current slice; below zero when overdrawn

    /// <summary>The error being raised.</summary>
    public JqValue Error { get; private set; }

    private int errorPosition = -1;
    private string? errorBuiltin;

    /// <summary>Steps that may still be charged.</summary>
    public long StepsLeft => Math.Clamp(stepsLeft + fuel, 0, long.MaxValue / 4);

    /// <summary>Charges work before it is done.</summary>
    public void Charge(long steps)
    {
        if (steps < fuel) fuel -= (int)steps;
        else ChargeBeyondSlice(steps);
    }

    private void ChargeBeyondSlice(long steps)
    {
        if (steps > StepsLeft) throw StepsReached();
        stepsLeft += fuel - steps;
        fuel = 0;
        Refuel();
    }

    /// <summary>Charges copying array elements or object members, and refuses a result that is too large.</summary>
    public void ChargeElements(long copied, long resulting)
    {
        if (resulting > Options.Limits.Size) throw SizeReached();
        Charge(copied / ElementsPerStep);
    }

    /// <summary>Charges building a string, and refuses one that is too long.</summary>
    public void ChargeText(long length)
    {
        if (length > Options.Limits.Size) throw SizeReached();
        Charge(length / CharactersPerStep);
    }

    /// <summary>Adds to an array under construction.</summary>
    public void Collect(JqArray.Builder builder, JqValue element)
    {
        if (builder.Count >= Options.Limits.Size) throw SizeReached();
        builder.Add(element);
    }

    /// <summary>Counts the time of a regular expression as far as the steps charged for it do not pay for it; beyond the limit the run ends.</summary>
    public void ChargeRegex(long startedAt, long charged)
    {
        var unpaid = Stopwatch.GetElapsedTime(startedAt) - charged * TimeOfStep;
        if (unpaid <= TimeSpan.Zero) return;
        regexTime += unpaid;
        if (regexTime > Options.Limits.RegexTime) throw RegexTimeReached();
    }

    public JqLimitException RegexTimeReached() =>
        Limit(nameof(JqLimits.RegexTime), $"{Options.Limits.RegexTime.TotalMilliseconds:0} ms of regular expressions");

    public JqLimitException SizeReached() =>
        Limit(nameof(JqLimits.Size), $"{Options.Limits.Size} elements or characters in one value");

    private JqLimitException StepsReached() => Limit(nameof(JqLimits.Steps), $"{Options.Limits.Steps} steps");

    private JqLimitException DepthReached() => Limit(nameof(JqLimits.Depth), $"{Options.Limits.Depth} nested calls or pending alternatives");

    private JqLimitException Limit(string limit, string allowed) => new(limit, allowed, program.Source, Position());

    private void Refuel()
    {
        cancel.ThrowIfCancellationRequested();
        stepsLeft += fuel;
        if (stepsLeft < 0) throw StepsReached();
        fuel = (int)Math.Min(stepsLeft, Slice);
        stepsLeft -= fuel;
    }

    /// <summary>Raises an error with a message.</summary>
    public Outcome Fail(string message)
    {
        fuel -= StepsPerMessage;
        return Raise(message);
    }

    /// <summary>Raises any value as the error.</summary>
    public Outcome Raise(JqValue error)
    {
        Error = error;
        errorPosition = -1;
        errorBuiltin = null;
        return Outcome.Error;
    }

    /// <summary>Notes where an error was raised, unless that is known already; passes the outcome on.</summary>
    public Outcome At(Outcome outcome, int position, string? builtin = null)
    {
        if (outcome == Outcome.Error && errorPosition < 0)
        {
            errorPosition = position;
            errorBuiltin = builtin;
        }
        return outcome;
    }

    /// <summary>The error being raised, which is raised no more.</summary>
    public JqValue TakeError()
    {
        var error = Error;
        ClearError();
        return error;
    }

    public JqException Uncaught() => new(Error, program.Source, errorPosition, errorBuiltin);

    public JqHaltException Halt(JqValue value, int exitCode, string builtin) => new(value, exitCode, program.Source, Position(), builtin);

    private void ClearError()
    {
        Error = default;
        errorPosition = -1;
        errorBuiltin = null;
    }

    /// <summary>The nearest known place before the current instruction.</summary>
    private int Position()
    {
        for (var at = Math.Min(pc, code.Length) - 1; at >= 0; at--)
        {
            if (code[at].Operand is Filter { Position: >= 0 } filter) return filter.Position;
        }
        return -1;
    }
}
