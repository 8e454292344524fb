namespace Baton.Jq;

internal enum ForkKind : byte
{
    /// <summary>Goes on elsewhere with the same input.</summary>
    Alternative,

    /// <summary>Gives the next element of an array or member of an object.</summary>
    Each,

    /// <summary>Gives the next number of a range.</summary>
    Range,

    /// <summary>Gives the next value below, depth first.</summary>
    Descend,

    /// <summary>Catches errors raised before the matching <see cref="TryExit"/>.</summary>
    Try,

    /// <summary>The body of a try has given an output: errors from here on pass its handler by.</summary>
    TryExit,

    /// <summary>Another pattern of <c>?//</c>: tried only when an error is raised.</summary>
    OtherPattern,
}

/// <summary>A point to return to when the current way has given all its outputs.</summary>
internal struct Fork
{
    public ForkKind Kind;
    public int Target;
    public int Index;           // Each: the next element
    public Frame Frame;
    public JqValue Value;       // the input to go on with; Each: the container; Range: the next number
    public PathNode? Path;
    public object? State;       // Descend: where it stands
    public double Limit, Step;  // Range
}
