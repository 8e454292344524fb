using System.Collections.Immutable;
using Baton.Server.Words;

namespace Baton.Server.Gateway;

/// <param name="Coverage">The share of the question's words that stand in the sentences or in the headings of their passages, weighed by rarity; in [0,1].</param>
/// <param name="Quotes">Parts of the text, letter by letter, in its order.</param>
internal sealed record Extract(double Coverage, ImmutableArray<string> Quotes);

/// <summary>
/// Finds the few sentences of a text that together say most about a question: again and again the one that adds most words of the question that
/// are not yet quoted, its own rank and that of its paragraph beside. The same input gives the same sentences.
/// </summary>
/// <remarks>
/// Ranks are BM25 over the sentences: S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations and Trends in
/// Information Retrieval 3(4), 2009, with 1 added inside the logarithm, divided by their upper bound.
/// </remarks>
internal sealed class Extractor
{
    /// <summary>No quote is longer.</summary>
    public const int MaxQuoteChars = 300;

    private const double K1 = 1.2;
    private const double B = 0.75;

    // Shorter sentences prove nothing.
    private const int MinLetters = 6;

    // A sentence that adds less than this share of the question is left out.
    private const double MinGain = 0.05;

    // What counts beside the share that a sentence adds: its rank, and the share of its paragraph.
    private const double RankWeight = 0.5;
    private const double BlockWeight = 0.25;

    // A paragraph must have this share of the question, or two words of it: single words stand everywhere.
    private const double MinBlockShare = 0.34;

    private readonly string text;
    private readonly ImmutableArray<Candidate> candidates;
    private readonly Dictionary<string, double> weights;
    private readonly double possible;

    /// <param name="Own">Words of the question in the sentence.</param>
    /// <param name="Found">These, and those in the heading of its passage.</param>
    private sealed record Candidate(Sentence Sentence, HashSet<string> Own, HashSet<string> Found, double Rank, double BlockShare);

    public Extractor(string question, string text)
    {
        this.text = text;
        var blocks = Sentences.Of(text);
        // A question of nothing but everyday words is taken at its word.
        Func<string, IEnumerable<string>> terms = Tokenizer.Terms(question).Any() ? Tokenizer.Terms : Tokenizer.Words;
        var asked = terms(question).ToHashSet(StringComparer.Ordinal);
        var all = blocks.SelectMany(block => block.Sentences).Select(sentence => (Sentence: sentence, Terms: terms(sentence.In(text)).ToArray())).ToArray();
        weights = asked.ToDictionary(term => term, term => Weight(all.Length, all.Count(item => item.Terms.Contains(term, StringComparer.Ordinal))), StringComparer.Ordinal);
        possible = weights.Values.Sum();
        var average = all.Length == 0 ? 1 : Math.Max(1, all.Average(item => item.Terms.Length));
        var headings = blocks.Select(block => terms(block.Heading).Where(asked.Contains).ToHashSet(StringComparer.Ordinal)).ToArray();
        var shares = all.GroupBy(item => item.Sentence.Block).ToDictionary(
            block => block.Key, block => block.SelectMany(item => item.Terms).Concat(headings[block.Key]).Where(asked.Contains).ToHashSet(StringComparer.Ordinal));
        candidates =
        [
            .. from item in all
               where item.Terms.Any(asked.Contains) && item.Sentence.In(text).Count(char.IsLetterOrDigit) >= MinLetters
               let block = shares[item.Sentence.Block]
               where block.Count >= 2 || Share(block) >= MinBlockShare
               let own = item.Terms.Where(asked.Contains).ToHashSet(StringComparer.Ordinal)
               select new Candidate(item.Sentence, own, own.Concat(headings[item.Sentence.Block]).ToHashSet(StringComparer.Ordinal), Rank(item.Terms, average), Share(block)),
        ];
    }

    /// <summary>The best sentences, at most as many as asked for.</summary>
    public Extract Take(int max)
    {
        var chosen = new List<Candidate>();
        var quoted = new HashSet<string>(StringComparer.Ordinal);
        while (chosen.Count < max && Next(quoted) is { } next)
        {
            chosen.Add(next);
            quoted.UnionWith(next.Own);
        }
        return new Extract(
            Math.Round(Share(chosen.SelectMany(candidate => candidate.Found).Distinct(StringComparer.Ordinal)), 4),
            [.. chosen.OrderBy(candidate => candidate.Sentence.Start).Select(candidate => Cut(candidate.Sentence.In(text)))]);
    }

    private Candidate? Next(HashSet<string> quoted) => candidates
        .Select(candidate => (Candidate: candidate, Gain: Share(candidate.Own.Where(term => !quoted.Contains(term)))))
        .Where(item => item.Gain >= MinGain)
        .OrderByDescending(item => item.Gain + (RankWeight * item.Candidate.Rank) + (BlockWeight * item.Candidate.BlockShare)).ThenBy(item => item.Candidate.Sentence.Start)
        .FirstOrDefault().Candidate;

    private double Share(IEnumerable<string> terms) => possible > 0 ? Math.Min(1, terms.Sum(term => weights[term]) / possible) : 0;

    private double Rank(string[] terms, double average)
    {
        var norm = K1 * (1 - B + (B * terms.Length / average));
        return terms.Where(weights.ContainsKey).GroupBy(term => term, StringComparer.Ordinal).Sum(group => weights[group.Key] * group.Count() / (norm + group.Count())) / possible;
    }

    // A word that stands nowhere is as rare as one that stands once: in a short text it would outweigh all others.
    private static double Weight(int sentences, int having) => Math.Log(1 + ((sentences - Math.Max(1, having) + 0.5) / (Math.Max(1, having) + 0.5)));

    private static string Cut(string sentence)
    {
        if (sentence.Length <= MaxQuoteChars) return sentence;
        var end = sentence.LastIndexOf(' ', MaxQuoteChars);
        if (end < MaxQuoteChars / 2) end = char.IsHighSurrogate(sentence[MaxQuoteChars - 1]) ? MaxQuoteChars - 1 : MaxQuoteChars;
        return sentence[..end].TrimEnd();
    }
}
