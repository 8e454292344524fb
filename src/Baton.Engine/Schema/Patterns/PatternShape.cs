namespace Baton.Engine.Schema;

/// <summary>What can be told of a pattern by looking at its syntax.</summary>
internal static class PatternShape
{
    /// <summary>
    /// Whether an ordinary matcher takes linear time by the pattern's very shape: it is anchored at the start, and at most one part,
    /// a single character at that, repeats a varying number of times. Such patterns, the most frequent ones, need no automaton.
    /// </summary>
    public static bool IsLinear(PatternSyntax syntax)
    {
        if (syntax is not PatternSyntax.Sequence { Parts: [PatternSyntax.Start, ..] and var parts }) return false;
        var varying = 0;
        foreach (var part in parts.Skip(1))
        {
            if (part is PatternSyntax.Character or PatternSyntax.End) continue;
            if (part is not PatternSyntax.Repeat { Part: PatternSyntax.Character } repeat) return false;
            if (repeat.Least != repeat.Most) varying++;
        }
        return varying <= 1;
    }

    /// <summary>The different sets of characters in the pattern.</summary>
    public static IReadOnlyCollection<CodePointSet> Sets(PatternSyntax syntax)
    {
        var sets = new HashSet<CodePointSet>();
        Collect(syntax, sets);
        return sets;
    }

    /// <summary>
    /// What it takes to tell the sets of a pattern apart, as .NET's automata have to: the number of sets times that of their ranges. At
    /// 2,000 this was measured to take some 30 ms and 10 MB, and it grows faster still.
    /// </summary>
    public static int AlphabetCost(IReadOnlyCollection<CodePointSet> sets) => sets.Count * sets.Sum(set => set.Ranges.Length);

    private static void Collect(PatternSyntax syntax, HashSet<CodePointSet> sets)
    {
        switch (syntax)
        {
            case PatternSyntax.Character character:
                sets.Add(character.Set);
                break;
            case PatternSyntax.Sequence sequence:
                foreach (var part in sequence.Parts) Collect(part, sets);
                break;
            case PatternSyntax.Choice choice:
                foreach (var option in choice.Options) Collect(option, sets);
                break;
            case PatternSyntax.Group group:
                Collect(group.Part, sets);
                break;
            case PatternSyntax.Look look:
                Collect(look.Part, sets);
                break;
            case PatternSyntax.Repeat repeat:
                Collect(repeat.Part, sets);
                break;
        }
    }
}
