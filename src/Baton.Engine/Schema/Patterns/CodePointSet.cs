namespace Baton.Engine.Schema;

/// <summary>A set of Unicode code points: sorted ranges that do not touch. Immutable, equal by content.</summary>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    public const int Last = 0x10FFFF;

    private readonly (int First, int Last)[] ranges;
    private CodePointSet? complement;   // made when first asked for; two threads may make the same

    private CodePointSet((int, int)[] ranges) => this.ranges = ranges;

    public ReadOnlySpan<(int First, int Last)> Ranges => ranges;

    /// <summary>The union of ranges in any order.</summary>
    public static CodePointSet Of(params IEnumerable<(int First, int Last)> ranges)
    {
        var sorted = ranges.Where(range => range.First <= range.Last).Order().ToList();
        var joined = new List<(int First, int Last)>(sorted.Count);
        foreach (var range in sorted)
        {
            if (joined.Count > 0 && range.First <= joined[^1].Last + 1) joined[^1] = (joined[^1].First, Math.Max(joined[^1].Last, range.Last));
            else joined.Add(range);
        }
        return new CodePointSet([.. joined]);
    }

    public static CodePointSet Single(int codePoint) => new([(codePoint, codePoint)]);

    public static CodePointSet Union(IEnumerable<CodePointSet> sets) => Of(sets.SelectMany(set => set.ranges));

    /// <summary>All other characters. Surrogates are halves of characters and belong to no complement.</summary>
    public CodePointSet Complement()
    {
        if (complement is not null) return complement;
        var rest = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in Of([.. ranges, (0xD800, 0xDFFF)]).ranges)
        {
            rest.Add((next, first - 1));
            next = last + 1;
        }
        rest.Add((next, Last));
        return complement = Of(rest);
    }

    public bool Equals(CodePointSet? other) => other is not null && Ranges.SequenceEqual(other.Ranges);

    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var (first, last) in ranges) hash.Add(HashCode.Combine(first, last));
        return hash.ToHashCode();
    }

    public bool Contains(int codePoint)
    {
        var (low, high) = (0, ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < ranges[middle].First) high = middle - 1;
            else if (codePoint > ranges[middle].Last) low = middle + 1;
            else return true;
        }
        return false;
    }
}
