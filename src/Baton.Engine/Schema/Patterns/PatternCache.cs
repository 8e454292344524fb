namespace Baton.Engine.Schema;

/// <summary>The patterns of one schema, each compiled once; bounded in number, because each costs memory for as long as the schema lives.</summary>
internal sealed class PatternCache(TimeSpan longest)
{
    /// <summary>Most different patterns in one schema.</summary>
    public const int MaxPatterns = 1_000;

    /// <summary>Most ranges of characters in the sets of all patterns of a schema.</summary>
    private const int MaxRanges = 200_000;

    /// <summary>Most automata: each takes some 50 KB, and up to 20 MB once hostile texts have been matched.</summary>
    private const int MaxAutomata = 32;

    /// <summary>What all automata of a schema may cost together, as <see cref="PatternShape.AlphabetCost"/>.</summary>
    private const int MaxAutomatonCost = 8_000;

    /// <summary>What one automaton may cost.</summary>
    private const int MaxCostOfOne = 4_000;

    private readonly Dictionary<string, Pattern> known = new(StringComparer.Ordinal);
    private int automata;
    private int automatonCost;
    private int ranges;

    /// <summary>The compiled pattern; null with a <paramref name="problem"/> that says what is wrong with it.</summary>
    public Pattern? Get(string source, out string? problem)
    {
        problem = null;
        if (known.TryGetValue(source, out var pattern)) return pattern;
        if (known.Count == MaxPatterns)
        {
            problem = $"is one pattern too many: a schema may have {MaxPatterns:N0} different ones";
            return null;
        }
        if (PatternParser.Parse(source, out problem) is not { } parsed) return null;
        ranges += parsed.Ranges;
        if (ranges > MaxRanges)
        {
            problem = $"is one pattern too many: the sets of all patterns hold more than {MaxRanges:N0} ranges of characters";
            return null;
        }
        var affordable = automata < MaxAutomata ? Math.Min(MaxCostOfOne, MaxAutomatonCost - automatonCost) : 0;
        pattern = Pattern.Compile(source, parsed, longest, affordable);
        if (pattern.AutomatonCost > 0) automata++;
        automatonCost += pattern.AutomatonCost;
        known.Add(source, pattern);
        return pattern;
    }
}
