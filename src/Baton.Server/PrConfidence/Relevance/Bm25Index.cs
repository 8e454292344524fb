namespace Baton.Server.PrConfidence;

/// <summary>The parts of a passage, which count differently.</summary>
internal enum Field
{
    /// <summary>Path and enclosing declaration; of a commit, its subject.</summary>
    Title,

    /// <summary>Added lines; of a commit, the body of its message.</summary>
    Added,
    Removed,
    Context,
}

/// <param name="Title">What a passage is called says most about it.</param>
/// <param name="Added">What the range brings.</param>
/// <param name="Removed">Deleted lines show what a change is about, but do not fulfil anything, unless deletion was asked for.</param>
/// <param name="Context">Unchanged lines: the neighbourhood.</param>
internal sealed record FieldWeights(double Title = 1.5, double Added = 1.0, double Removed = 0.2, double Context = 0.15)
{
    public double Of(Field field) => field switch
    {
        Field.Title => Title,
        Field.Added => Added,
        Field.Removed => Removed,
        _ => Context,
    };
}

/// <summary>
/// Ranks passages for a query by BM25F: BM25 whose term frequency is summed over weighted fields before it saturates.
/// <code>
/// tf(t,d)    = sum over fields f of  w_f * n(t,d,f) / (1 - b + b * len(d,f) / avglen(f))
/// idf(t)     = ln(1 + (N - n(t) + 0.5) / (n(t) + 0.5))            n(t) at least 1
/// score(q,d) = sum over t of  u_t * idf(t) * tf / (k1 + tf)   /   sum over t of  u_t * idf(t)
/// </code>
/// The divisor is the limit of the numerator for endless term frequency, so that scores lie in [0,1) and compare across queries.
/// </summary>
/// <remarks>
/// S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations and Trends in Information Retrieval 3(4), 2009;
/// term weight by S. Robertson and K. Spärck Jones, "Relevance weighting of search terms", JASIS 27(3), 1976, with 1 added inside the logarithm so
/// that it is never negative.
/// </remarks>
internal sealed class Bm25Index
{
    /// <summary>How fast repetition stops to count. The usual value.</summary>
    public const double K1 = 1.2;

    /// <summary>How much the length of a passage counts. The usual value.</summary>
    public const double B = 0.75;

    private static readonly int FieldCount = Enum.GetValues<Field>().Length;
    private readonly List<Entry> entries = [];
    private readonly Dictionary<string, int> passagesWith = new(StringComparer.Ordinal);
    private readonly double[] averages = new double[FieldCount];

    private sealed record Entry(Dictionary<string, int[]> Counts, int[] Lengths);

    /// <param name="passages">Terms by field, for each passage.</param>
    public Bm25Index(IEnumerable<IReadOnlyDictionary<Field, IReadOnlyCollection<string>>> passages)
    {
        foreach (var passage in passages)
        {
            var entry = new Entry(new(StringComparer.Ordinal), new int[FieldCount]);
            foreach (var (field, terms) in passage)
            {
                entry.Lengths[(int)field] = terms.Count;
                foreach (var term in terms)
                {
                    if (!entry.Counts.TryGetValue(term, out var counts)) entry.Counts[term] = counts = new int[FieldCount];
                    counts[(int)field]++;
                }
            }
            foreach (var term in entry.Counts.Keys) passagesWith[term] = passagesWith.GetValueOrDefault(term) + 1;
            entries.Add(entry);
        }
        for (var field = 0; field < FieldCount; field++)
        {
            var lengths = entries.Select(entry => entry.Lengths[field]).Where(length => length > 0).ToArray();
            averages[field] = lengths.Length == 0 ? 1 : lengths.Average();
        }
    }

    public int Count => entries.Count;

    /// <summary>
    /// Rarity of a term. One that occurs nowhere weighs as much as one that occurs once: that nobody changed a line with it does not make it rarer
    /// in the language.
    /// </summary>
    public double Idf(string term)
    {
        var with = Math.Max(1, passagesWith.GetValueOrDefault(term));
        return Math.Log(1 + ((Math.Max(1, entries.Count) - with + 0.5) / (with + 0.5)));
    }

    /// <param name="passage">In the order given to the constructor.</param>
    /// <param name="query">Terms with their weights u, which are positive.</param>
    /// <param name="weights">Of the fields.</param>
    /// <returns>In [0,1); 0 for an empty query.</returns>
    public double Score(int passage, IReadOnlyDictionary<string, double> query, FieldWeights weights)
    {
        var (reached, possible) = (0.0, 0.0);
        foreach (var (term, weight) in query)
        {
            var worth = weight * Idf(term);
            possible += worth;
            var frequency = Frequency(entries[passage], term, weights);
            reached += worth * frequency / (K1 + frequency);
        }
        return possible > 0 ? reached / possible : 0;
    }

    /// <summary>The term stands in the passage, in a field of at least this weight.</summary>
    public bool Has(int passage, string term, FieldWeights weights, double atLeast)
    {
        if (!entries[passage].Counts.TryGetValue(term, out var counts)) return false;
        for (var field = 0; field < FieldCount; field++)
        {
            if (counts[field] > 0 && weights.Of((Field)field) >= atLeast) return true;
        }
        return false;
    }

    private double Frequency(Entry entry, string term, FieldWeights weights)
    {
        if (!entry.Counts.TryGetValue(term, out var counts)) return 0;
        var frequency = 0.0;
        for (var field = 0; field < FieldCount; field++)
        {
            if (counts[field] > 0) frequency += weights.Of((Field)field) * counts[field] / (1 - B + (B * entry.Lengths[field] / averages[field]));
        }
        return frequency;
    }
}
