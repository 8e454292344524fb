namespace Baton.Jq;

/// <summary>The path from the root to a value while <c>path(f)</c> runs: the last key, the value there, and the path before.</summary>
/// <remarks>
/// As in jq, a filter that is no path expression is noticed late: an access or the end of <c>path</c> finds that the current value is
/// not the very value at the path.
/// </remarks>
internal sealed class PathNode
{
    private readonly PathNode? parent;
    private readonly JqValue key;
    private readonly int length;

    private PathNode(PathNode? parent, JqValue key, JqValue value, int length)
    {
        this.parent = parent;
        this.key = key;
        this.length = length;
        Value = value;
    }

    /// <summary>The value at this path.</summary>
    public JqValue Value { get; }

    public static PathNode Root(JqValue value) => new(null, default, value, 0);

    public PathNode Append(JqValue next, JqValue value) => new(this, next, value, length + 1);

    /// <summary>This path followed by the keys of an array, at whose end stands <paramref name="value"/>.</summary>
    public PathNode Append(JqArray keys, JqValue value)
    {
        var node = this;
        foreach (ref readonly var next in keys.AsSpan()) node = new PathNode(node, next, default, node.length + 1);
        return new PathNode(node.parent, node.key, value, node.length);
    }

    public JqArray ToArray()
    {
        var keys = new JqValue[length];
        var node = this;
        for (var i = length - 1; i >= 0; i--)
        {
            keys[i] = node!.key;
            node = node.parent;
        }
        return JqArray.Wrap(keys);
    }
}
