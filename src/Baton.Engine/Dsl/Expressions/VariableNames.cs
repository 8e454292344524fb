using System.Collections.Immutable;

namespace Baton.Engine.Dsl.Expressions;

/// <summary>The variables that an expression may read at its place in the document.</summary>
internal sealed class VariableNames
{
    /// <summary>The runtime arguments of the language, and ours: <c>$steps</c>, the outputs of finished tasks by name.</summary>
    public static readonly VariableNames Runtime = new(["context", "input", "output", "secrets", "authorization", "task", "workflow", "runtime", "steps"]);

    private readonly ImmutableHashSet<string> names;

    private VariableNames(ImmutableHashSet<string> names) => this.names = names;

    public bool Contains(string name) => names.Contains(name);

    public VariableNames With(params ReadOnlySpan<string> more)
    {
        var all = names;
        foreach (var name in more) all = all.Add(name);
        return new VariableNames(all);
    }

    public override string ToString() => string.Join(", ", names.Order(StringComparer.Ordinal).Select(name => $"${name}"));
}
