namespace Baton.Jq;

/// <summary>One activation of a function. Frames live on the heap: a fork inside keeps its frame alive after the function returned.</summary>
internal sealed class Frame(int slots, Frame? outer, Frame? caller, int returnTo, int depth)
{
    /// <summary>The frame of every main program without slots: nothing in it can change.</summary>
    public static Frame Root { get; } = new(0, null, null, -1, 0);

    /// <summary>Variables, closures and temporaries.</summary>
    public readonly JqValue[] Slots = slots == 0 ? [] : new JqValue[slots];

    /// <summary>The frame of the function around this one in the source.</summary>
    public readonly Frame? Outer = outer;

    /// <summary>Where to go on after returning.</summary>
    public readonly Frame? Caller = caller;

    public readonly int ReturnTo = returnTo;

    /// <summary>How many calls wait for this one.</summary>
    public readonly int Depth = depth;
}

/// <summary>A filter passed to a function, with the frame that its variables live in.</summary>
internal sealed record Closure(Function Body, Frame Environment);
