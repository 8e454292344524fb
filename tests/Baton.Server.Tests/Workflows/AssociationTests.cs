using Baton.Server.Workflows;

namespace Baton.Server.Tests.Workflows;

/// <summary>Coefficients and p-values against those of tables and of other programs.</summary>
public sealed class AssociationTests
{
    [Fact]
    public void Phi_and_Fishers_test_agree_with_the_lady_tasting_tea()
    {
        // R. A. Fisher, "The Design of Experiments", 1935: three of four cups told right on either side; two-sided 0.4857.
        var (phi, p) = Association.Phi(Table(3, 1, 1, 3))!.Value;
        Assert.Equal(0.5, phi, 6);
        Assert.Equal(0.485714, p, 6);
        (phi, p) = Association.Phi(Table(4, 0, 0, 4))!.Value;
        Assert.Equal((1, 0.028571), (phi, Math.Round(p, 6)));
    }

    [Fact]
    public void Two_series_that_never_change_say_nothing()
    {
        Assert.Null(Association.Phi(Table(5, 0, 3, 0)));
        Assert.Null(Association.Spearman([.. Enumerable.Range(0, 12).Select(i => (1.0, (double)i))]));
    }

    [Fact]
    public void Spearman_looks_at_order_alone_and_shares_ranks()
    {
        Assert.Equal(1, Association.Spearman([.. Enumerable.Range(1, 20).Select(i => (i, Math.Exp(i)))])!.Value.Coefficient, 9);
        Assert.Equal(-1, Association.Spearman([.. Enumerable.Range(1, 20).Select(i => (i, -Math.Pow(i, 3)))])!.Value.Coefficient, 9);
        // Intelligence against hours of television, the example of the article in Wikipedia: -29/165.
        double[] first = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110], second = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
        var (r, p) = Association.Spearman([.. first.Zip(second)])!.Value;
        Assert.Equal(-29.0 / 165, r, 9);
        Assert.InRange(p, 0.55, 0.65);
    }

    [Fact]
    public void Many_comparisons_are_adjusted_as_Holm_does()
    {
        double[] expected = [0.03, 0.06, 0.06, 0.02];
        Assert.Equal(expected, Association.Holm([0.01, 0.04, 0.03, 0.005]).Select(p => Math.Round(p, 9)));
        Assert.Empty(Association.Holm([]));
    }

    [Fact]
    public void Chance_alone_is_hardly_ever_shown()
    {
        var random = new Random(11);
        var shown = 0;
        for (var round = 0; round < 100; round++)
        {
            var seen = new Observations("m");
            for (var item = 0; item < 50; item++)
            {
                for (var variable = 0; variable < 6; variable++) seen.Add(item, $"v{variable}", random.NextDouble());
            }
            if (Observations.Significant(seen.Compare().Judged).Count > 0) shown++;
        }
        Assert.InRange(shown, 0, 12);   // at most 5 of 100 are to be expected
    }

    private static List<(bool, bool)> Table(int both, int first, int second, int neither) =>
        [.. Enumerable.Repeat((true, true), both), .. Enumerable.Repeat((true, false), first), .. Enumerable.Repeat((false, true), second), .. Enumerable.Repeat((false, false), neither)];
}
