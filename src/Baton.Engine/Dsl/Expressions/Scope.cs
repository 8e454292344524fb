using Baton.Jq;

namespace Baton.Engine.Dsl.Expressions;

/// <summary>The runtime arguments at one place of a run: what the run offers everywhere, and the variables set on the way here.</summary>
internal sealed class Scope
{
    private readonly RunFrame frame;
    private readonly Scope? parent;
    private readonly string name = "";
    private readonly JqValue value;
    private readonly Func<JqValue>? compute;

    public Scope(RunFrame frame) => this.frame = frame;

    private Scope(Scope parent, string name, JqValue value, Func<JqValue>? compute)
    {
        frame = parent.frame;
        this.parent = parent;
        this.name = name;
        this.value = value;
        this.compute = compute;
    }

    private Scope(Scope original, RunFrame frame)
    {
        this.frame = frame;
        (parent, name, value, compute) = (original.parent is null ? null : new Scope(original.parent, frame), original.name, original.value, original.compute);
    }

    public RunFrame Frame => frame;

    public JqOptions Options => frame.Options;

    public Scope With(string name, JqValue value) => new(this, name, value, null);

    /// <summary>A variable that most expressions never read, and that costs something to make.</summary>
    public Scope WithLazy(string name, Func<JqValue> compute) => new(this, name, default, compute);

    /// <summary>The same variables over another state: what happens there stays there.</summary>
    public Scope Over(RunFrame other) => new(this, other);

    public JqValue Find(string wanted)
    {
        for (var scope = this; scope.parent is not null; scope = scope.parent)
        {
            if (scope.name == wanted) return scope.compute?.Invoke() ?? scope.value;
        }
        return frame.Find(wanted);
    }
}
