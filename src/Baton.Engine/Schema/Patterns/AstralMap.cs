namespace Baton.Engine.Schema;

/// <summary>
/// Makes one UTF-16 unit of every character, so that a .NET expression, which counts units, counts characters. Characters beyond the
/// basic plane that no set of the pattern tells apart share a unit of the surrogate range, which well-formed texts leave free.
/// </summary>
/// <remarks>
/// There are units enough: a set that sets one more class of characters apart takes two units of the pattern or more, and
/// <see cref="PatternParser.MaxLength"/> is below twice their number.
/// </remarks>
internal sealed class AstralMap
{
    private const int FirstAstral = 0x10000, FirstSurrogate = 0xD800;

    private readonly int[] starts;    // first code point of each interval
    private readonly int[] classes;   // the class of each interval
    private readonly int count;       // of the classes

    private AstralMap(int[] starts, int[] classes, int count)
    {
        this.starts = starts;
        this.classes = classes;
        this.count = count;
    }

    /// <summary>The map for these sets, which differ.</summary>
    public static AstralMap Of(IEnumerable<CodePointSet> sets)
    {
        // Each set has a number of its own. Where sets begin and end, their numbers are mixed into what is there, or out of it again:
        // intervals with the same mixture belong to the same sets.
        var changes = new SortedDictionary<int, ulong> { [FirstAstral] = 0 };
        var number = 0UL;
        foreach (var set in sets)
        {
            number = Mix(number + 1);
            foreach (var (first, last) in set.Ranges)
            {
                if (last < FirstAstral) continue;
                Toggle(changes, Math.Max(first, FirstAstral), number);
                if (last < CodePointSet.Last) Toggle(changes, last + 1, number);
            }
        }
        var known = new Dictionary<ulong, int>();
        var members = new List<int>(changes.Count);
        var mixture = 0UL;
        foreach (var change in changes.Values)
        {
            mixture ^= change;
            if (!known.TryGetValue(mixture, out var found)) known.Add(mixture, found = known.Count);
            members.Add(found);
        }
        return new AstralMap([.. changes.Keys], [.. members], known.Count);
    }

    /// <summary>The units that stand for the characters of a set beyond the basic plane, as ranges.</summary>
    public IEnumerable<(int First, int Last)> UnitsOf(CodePointSet set)
    {
        var isMember = new bool[count];
        foreach (var (first, last) in set.Ranges)
        {
            if (last < FirstAstral) continue;
            for (var i = IndexOf(Math.Max(first, FirstAstral)); i < starts.Length && starts[i] <= last; i++) isMember[classes[i]] = true;
        }
        for (var first = Array.IndexOf(isMember, true); first >= 0;)
        {
            var end = Array.IndexOf(isMember, false, first);
            if (end < 0) end = count;
            yield return (FirstSurrogate + first, FirstSurrogate + end - 1);
            first = end == count ? -1 : Array.IndexOf(isMember, true, end);
        }
    }

    /// <summary>Writes a text with one unit for each character. A surrogate without its partner becomes U+FFFD.</summary>
    /// <returns>How many units were written: at most as many as the text has.</returns>
    public int Write(ReadOnlySpan<char> text, Span<char> target)
    {
        var written = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) target[written++] = text[i];
            else if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) target[written++] = UnitOf(char.ConvertToUtf32(text[i], text[++i]));
            else target[written++] = '\uFFFD';
        }
        return written;
    }

    private char UnitOf(int codePoint) => (char)(FirstSurrogate + classes[IndexOf(codePoint)]);

    private int IndexOf(int codePoint)
    {
        var index = Array.BinarySearch(starts, codePoint);
        return index >= 0 ? index : ~index - 1;
    }

    private static void Toggle(SortedDictionary<int, ulong> changes, int at, ulong number) => changes[at] = changes.GetValueOrDefault(at) ^ number;

    // SplitMix64 (S. Vigna, 2015): neighbours become numbers without anything in common.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
