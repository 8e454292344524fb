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
    public static readonly PolicyCatalog BuiltIn = new(PolicyParser.BuiltIn(), null);

    private readonly FrozenDictionary<string, ErrorPolicy> policies;

    private PolicyCatalog(IEnumerable<ErrorPolicy> policies, ErrorPolicy? applied)
    {
        this.policies = policies.ToFrozenDictionary(policy => policy.Name, StringComparer.Ordinal);
        Applied = applied;
    }

    public IEnumerable<string> Names => policies.Keys;

    /// <summary>Whether effects of new runs are under a policy even where their document names none.</summary>
    public bool AppliesByDefault => Applied is not null;

    internal ErrorPolicy? Applied { get; }

    internal ErrorPolicy? Find(string name) => policies.GetValueOrDefault(name);

    /// <summary>Reads further policies: <c>policies: { name: { patterns, rules } }</c>, in YAML or JSON. One named <c>standard</c> replaces the built-in one.</summary>
    /// <param name="text">Null for none.</param>
    /// <param name="applied">The policy for effects whose document names none; null or <c>none</c> for none.</param>
    /// <exception cref="InvalidWorkflowException">It breaks a rule; every problem is named with its place and its mend.</exception>
    public static PolicyCatalog Parse(string? text, string? applied)
    {
        var all = BuiltIn.policies.ToDictionary(StringComparer.Ordinal);
        foreach (var policy in text is null ? [] : PolicyParser.File(text)) all[policy.Name] = policy;
        if (applied is null or None) return new PolicyCatalog(all.Values, null);
        if (!all.TryGetValue(applied, out var found)) throw new InvalidWorkflowException([new DslProblem("", $"There is no error policy '{applied}'.", Nearest.Hint(applied, all.Keys))]);
        return new PolicyCatalog(all.Values, found);
    }
}
