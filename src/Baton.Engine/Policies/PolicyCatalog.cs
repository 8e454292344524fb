using System.Collections.Frozen;
using Baton.Engine.Dsl;
using Baton.Engine.Dsl.Parsing;
using Baton.Engine.Policies;

namespace Baton.Engine;

/// <summary>The error policies that a server knows by name, and the one that it applies to effects of every run, if any.</summary>
public sealed class PolicyCatalog
{
    /// <summary>The name of the policy that comes with the engine.</summary>
    public const string Standard = "standard";

    /// <summary>The name by which a policy that would apply is switched off: every error stands.</summary>
    public const string None = "none";

    /// <summary>What there is without settings: the policies <c>standard</c> and <c>none</c>, and neither applied unasked.</summary>
    public static readonly PolicyCatalog BuiltIn = new([], null);

    /// <summary>Read when one of them is first asked for: their patterns are automata, a tenth of a server's start.</summary>
    private static readonly Lazy<FrozenDictionary<string, ErrorPolicy>> Ours = new(() => PolicyParser.BuiltIn().ToFrozenDictionary(policy => policy.Name, StringComparer.Ordinal));

    private readonly FrozenDictionary<string, ErrorPolicy> own;

    private PolicyCatalog(IReadOnlyList<ErrorPolicy> own, string? applied)
    {
        this.own = own.ToFrozenDictionary(policy => policy.Name, StringComparer.Ordinal);
        if (applied is null or None) return;
        Applied = Find(applied) ?? throw new InvalidWorkflowException([new DslProblem("", $"There is no error policy '{applied}'.", Nearest.Hint(applied, Names))]);
    }

    public IEnumerable<string> Names => own.Keys.Union(Ours.Value.Keys, StringComparer.Ordinal);

    /// <summary>Whether effects of new runs are under a policy even where their document names none.</summary>
    public bool AppliesByDefault => Applied is not null;

    internal ErrorPolicy? Applied { get; }

    internal ErrorPolicy? Find(string name) => own.GetValueOrDefault(name) ?? Ours.Value.GetValueOrDefault(name);

    /// <summary>Reads further policies: <c>policies: { name: { patterns, rules } }</c>, in YAML or JSON. One named <c>standard</c> replaces the built-in one.</summary>
    /// <param name="text">Null for none.</param>
    /// <param name="applied">The policy for effects whose document names none; null or <c>none</c> for none.</param>
    /// <exception cref="InvalidWorkflowException">It breaks a rule; every problem is named with its place and its mend.</exception>
    public static PolicyCatalog Parse(string? text, string? applied) => new(text is null ? [] : PolicyParser.File(text), applied);
}
