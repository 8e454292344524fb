using System.Collections.Immutable;

namespace Baton.Chaos.Verdict;

/// <summary>What a scenario came to.</summary>
/// <param name="Lines">Figures for people: what was done, what was found.</param>
/// <param name="Violations">What must never be, each with the run and key that show it.</param>
internal sealed record Outcome(ImmutableArray<(string Name, string Value)> Lines, ImmutableArray<string> Violations)
{
    public bool IsClean => Violations.IsEmpty;
}
