using Baton.Server.PrConfidence;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Server.Tests.PrConfidence;

public sealed class Bm25IndexTests
{
    private static readonly FieldWeights Weights = new();

    private static Dictionary<Field, IReadOnlyCollection<string>> Passage(string added, string title = "", string removed = "", string context = "") => new()
    {
        [Field.Title] = title.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        [Field.Added] = added.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        [Field.Removed] = removed.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        [Field.Context] = context.Split(' ', StringSplitOptions.RemoveEmptyEntries),
    };

    private static Dictionary<string, double> Query(params string[] terms) => terms.Distinct(StringComparer.Ordinal)
        .ToDictionary(term => term, _ => 1.0, StringComparer.Ordinal);

    [Fact]
    public void The_formula_is_the_published_one()
    {
        var index = new Bm25Index([Passage("a a b c"), Passage("b c"), Passage("c c c")]);
        // N = 3, a in 1 and c in 3 passages; the average length is 3.
        double Idf(int n) => Math.Log(1 + ((3 - n + 0.5) / (n + 0.5)));
        double Saturated(double n, double length) => n / (1 - 0.75 + (0.75 * length / 3)) is var tf ? tf / (1.2 + tf) : 0;
        Assert.Equal(Idf(1), index.Idf("a"), 12);
        var expected = ((Idf(1) * Saturated(2, 4)) + (Idf(3) * Saturated(1, 4))) / (Idf(1) + Idf(3));
        Assert.Equal(expected, index.Score(0, Query("a", "c"), Weights), 12);
    }

    [Fact]
    public void A_rare_word_counts_more_than_a_common_one()
    {
        var index = new Bm25Index([Passage("parcel webhook"), Passage("parcel store"), Passage("parcel route")]);
        Assert.True(index.Score(0, Query("webhook", "x"), Weights) > index.Score(0, Query("parcel", "x"), Weights));
    }

    [Fact]
    public void A_word_in_the_title_counts_more_than_in_added_lines_and_these_more_than_the_rest()
    {
        var index = new Bm25Index([Passage("x", title: "hook"), Passage("hook", title: "x"), Passage("x", "x", removed: "hook"),
            Passage("x", "x", context: "hook")]);
        var scores = Enumerable.Range(0, 4).Select(passage => index.Score(passage, Query("hook"), Weights)).ToArray();
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.Equal(4, scores.Distinct().Count());
    }

    [Fact]
    public void Removed_lines_count_in_full_where_removal_was_asked_for()
    {
        var index = new Bm25Index([Passage("", removed: "flag"), Passage("flag")]);
        Assert.Equal(index.Score(1, Query("flag"), Weights), index.Score(0, Query("flag"), new(Removed: 1)), 12);
    }

    [Fact]
    public void Nothing_to_find_and_nothing_to_search_score_zero()
    {
        Assert.Equal(0, new Bm25Index([Passage("a")]).Score(0, Query(), Weights));
        Assert.Equal(0, new Bm25Index([Passage("")]).Score(0, Query("a"), Weights));
        Assert.Equal(0, new Bm25Index([]).Count);
    }

    private static readonly Gen<string[]> Terms = Gen.Elements("a", "b", "c", "d", "e", "f", "g").ArrayOf(12);

    private static readonly Arbitrary<(string[] First, string[] Second, string[] Asked)> Corpora = Arb.From(
        from first in Terms
        from second in Terms
        from asked in Gen.Elements("a", "b", "c", "x").ArrayOf(3)
        select (first, second, asked));

    [Fact]
    public void Scores_lie_between_zero_and_one() => Property.Holds(Corpora, corpus =>
    {
        var index = new Bm25Index([Passage(string.Join(' ', corpus.First), string.Join(' ', corpus.Second)), Passage(string.Join(' ', corpus.Second))]);
        return Enumerable.Range(0, 2).All(passage => index.Score(passage, Query(corpus.Asked), Weights) is >= 0 and < 1);
    });

    [Fact]
    public void The_order_of_words_and_of_passages_does_not_matter() => Property.Holds(Corpora, corpus =>
    {
        var index = new Bm25Index([Passage(string.Join(' ', corpus.First)), Passage(string.Join(' ', corpus.Second))]);
        var turned = new Bm25Index([Passage(string.Join(' ', corpus.Second.Reverse())), Passage(string.Join(' ', corpus.First.Reverse()))]);
        var query = Query(corpus.Asked);
        var backwards = Query([.. corpus.Asked.Reverse()]);
        return Math.Abs(index.Score(0, query, Weights) - turned.Score(1, backwards, Weights)) < 1e-12;
    });

    [Fact]
    public void One_more_occurrence_in_place_of_another_word_never_lowers_the_score() => Property.Holds(Corpora, corpus =>
    {
        // "z" fills the place, so that lengths stay; and both words occur in the second passage, so that rarity stays.
        var before = string.Join(' ', corpus.First.Append("z"));
        var after = string.Join(' ', corpus.First.Append("a"));
        var other = Passage(string.Join(' ', corpus.Second.Append("a").Append("z")));
        double Score(string text) => new Bm25Index([Passage(text), other, Passage("a")]).Score(0, Query("a"), Weights);
        var isCounted = corpus.First.Contains("a", StringComparer.Ordinal);
        return !isCounted || Score(after) > Score(before);
    });
}
