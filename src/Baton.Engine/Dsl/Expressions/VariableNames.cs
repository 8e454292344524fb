using System.Collections.Immutable;

namespace Baton.Engine.Dsl.Expressions;

/// <summary>The variables that an expression may read at its place in the document.</summary>
internal sealed class VariableNames
{
    /// <summary>The runtime arguments of the language, and ours: <c>$steps</c>, the outputs of finished tasks by name.</summary>
    public static readonly VariableNames Runtime = new(["context", "input", "output", "secrets", "authorization", "task", "workflow", "runtime", "steps"]);

    /// <summary>Where nothing is there yet but the input.</summary>
    public static readonly VariableNames None = new([]);

    private readonly ImmutableHashSet<string> names;

    private VariableNames(ImmutableHashSet<string> names, ImmutableHashSet<string>? secrets = null) => (this.names, Secrets) = (names, secrets);

    /// <summary>What <c>$secrets</c> holds: the names under <c>use.secrets</c>. Null where they are not known: in a function that stands elsewhere.</summary>
    public ImmutableHashSet<string>? Secrets { get; }

    public VariableNames WithSecrets(IEnumerable<string> secrets) => new(names, [.. secrets]);

    public bool Contains(string name) => names.Contains(name);

    public VariableNames With(params ReadOnlySpan<string> more)
    {
        var all = names;
        foreach (var name in more) all = all.Add(name);
        return new VariableNames(all, Secrets);
    }

    public override string ToString() => string.Join(", ", names.Order(StringComparer.Ordinal).Select(name => $"${name}"));
}
