namespace Baton.Jq;

/// <summary>A function or closure that is called at run time: its code and the size of its frames.</summary>
/// <param name="level">How many functions are around it in the source; the main program is at level 0.</param>
internal sealed class Function(int level)
{
    public int Level { get; } = level;

    /// <summary>Slots of a frame: arguments first, then variables, then the temporaries of the code.</summary>
    public int Slots { get; private set; }

    /// <summary>Where its code starts.</summary>
    public int Entry { get; set; }

    public Filter? Body { get; set; }

    /// <summary>A closure that is evaluated as a tree in the frame where it was made, instead of being called.</summary>
    public Filter? Expression { get; set; }

    public int NewSlots(int count = 1)
    {
        var first = Slots;
        Slots += count;
        return first;
    }
}

/// <summary>A call as one place of the source makes it.</summary>
internal sealed class CallSite(Function function, int hops, Argument[] arguments)
{
    public Function Function { get; } = function;

    /// <summary>How many frames out the frame is in which the function was defined.</summary>
    public int Hops { get; } = hops;

    public Argument[] Arguments { get; } = arguments;

    /// <summary>Whether nothing is left to do after the call.</summary>
    public bool IsTail { get; set; }
}

/// <summary>A call of a closure that was passed as an argument.</summary>
internal sealed class ClosureSite(int hops, int slot)
{
    public int Hops { get; } = hops;

    public int Slot { get; } = slot;

    public bool IsTail { get; set; }
}

/// <summary>An argument of a call: a closure made here, or one that was passed in and is passed on.</summary>
internal readonly record struct Argument(Function? Body, int Hops, int Slot)
{
    public JqValue Capture(Frame frame)
    {
        if (Body is not null) return JqValue.Wrap(new Closure(Body, frame));
        for (var i = 0; i < Hops; i++) frame = frame.Outer!;
        return frame.Slots[Slot];
    }
}
