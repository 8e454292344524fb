using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway.Accounting;

public sealed class PriceTests
{
    private static readonly ModelPrice Sonnet = new(3_000_000, 300_000, 3_750_000, 15_000_000);

    [Fact]
    public void Each_kind_of_token_has_its_price()
    {
        // 1000 plain, 2000 read from the cache, 400 written to it, 500 said.
        var usage = TokenUsage.Beside(1000, 2000, 400, 500);
        Assert.Equal(3400, usage.Input);
        Assert.Equal(3000 + 600 + 1500 + 7500, Sonnet.Cost(usage, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Both_dialects_come_to_the_same_numbers() => Assert.Equal(TokenUsage.Within(3000, 2000, 500, 0), TokenUsage.Beside(1000, 2000, 0, 500));

    [Fact]
    public void Reasoning_is_paid_as_output_and_once() => Assert.Equal(Sonnet.Cost(TokenUsage.Within(10, 0, 500, 0), default), Sonnet.Cost(TokenUsage.Within(10, 0, 500, 400), default));

    [Fact]
    public void Counts_that_make_no_sense_cost_no_less_than_nothing()
    {
        Assert.Equal(new TokenUsage(10, 10, 0, 5, 5), TokenUsage.Within(10, 70, 5, 9));
        Assert.Equal(0, Sonnet.Cost(TokenUsage.Within(-1, -1, -1, -1), TimeSpan.FromSeconds(-1)));
        Assert.Equal(long.MaxValue, new ModelPrice(0, 0, 0, 0, long.MaxValue).Cost(default, TimeSpan.MaxValue));
    }

    [Fact]
    public void What_is_left_of_a_micro_dollar_is_rounded_up_once()
    {
        var cheap = new ModelPrice(20_000, 20_000, 20_000, 0);   // 0.02 dollars for a million tokens
        Assert.Equal(0, cheap.Cost(default, default));
        Assert.Equal(1, cheap.Cost(TokenUsage.Within(1, 0, 0, 0), default));
        Assert.Equal(1, cheap.Cost(TokenUsage.Within(50, 0, 0, 0), default));
        Assert.Equal(2, cheap.Cost(TokenUsage.Within(51, 0, 0, 0), default));
        Assert.Equal(1, new ModelPrice(100_000, 0, 0, 100_000, 100_000).Cost(TokenUsage.Within(3, 0, 3, 0), TimeSpan.FromMicroseconds(1)));   // 0.3 + 0.3 + 0.1
    }

    [Fact]
    public void A_host_that_answers_several_at_once_is_paid_for_once()
    {
        var time = new ManualTime();
        var share = new HostShare(time);
        var price = new ModelPrice(0, 0, 0, 0, GpuSecond: 600);
        var alone = share.Begin();
        time.Advance(TimeSpan.FromSeconds(2));          // 2 s for one
        var second = share.Begin();
        time.Advance(TimeSpan.FromSeconds(4));          // 2 s for each
        Assert.Equal(4 * 600, price.Cost(default, share.End(alone)));
        time.Advance(TimeSpan.FromSeconds(1));          // 1 s for the other
        Assert.Equal(3 * 600, price.Cost(default, share.End(second)));
        time.Advance(TimeSpan.FromHours(1));            // idle
        var third = share.Begin();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(600, price.Cost(default, share.End(third)));
    }

    [Fact]
    public void Shares_add_up_to_the_time_in_which_the_host_was_busy() => Property.Holds(Gen.Zip(Gen.Choose(0, 300), Gen.Choose(0, 99)).ListOf().ToArbitrary(), steps =>
    {
        var time = new ManualTime();
        var share = new HostShare(time);
        var open = new List<double>();
        var (busy, shared) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var (wait, which) in steps)
        {
            if (which % 2 == 0 || open.Count == 0)
            {
                open.Add(share.Begin());
            }
            else
            {
                var index = which % open.Count;
                shared += share.End(open[index]);
                open.RemoveAt(index);
            }
            time.Advance(TimeSpan.FromMilliseconds(wait));
            if (open.Count > 0) busy += TimeSpan.FromMilliseconds(wait);
        }
        shared = open.Aggregate(shared, (sum, begun) => sum + share.End(begun));
        return Math.Abs((busy - shared).TotalMicroseconds) < 10;
    });

    [Fact]
    public void The_table_that_comes_along_says_where_each_price_is_from_and_when_it_was_read()
    {
        var entries = PriceTable.ReadShipped();
        Assert.True(entries.Count > 20);
        Assert.All(entries, entry =>
        {
            Assert.StartsWith("https://", entry.Source, StringComparison.Ordinal);
            Assert.NotNull(entry.Date);
            Assert.InRange(entry.Input, 1, 1_000_000_000);
            Assert.True(entry.CachedInput is null || entry.CachedInput < entry.Input, entry.Model);
            Assert.True(entry.CacheWriteInput is null || entry.CacheWriteInput > entry.Input, entry.Model);
        });
        Assert.Equal(entries.Count, entries.Select(entry => entry.Model).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void A_model_is_found_with_and_without_the_date_of_its_version()
    {
        var table = Table(null);
        Assert.Equal(new ModelPrice(2_500_000, 1_250_000, 2_500_000, 10_000_000), table.Find("GPT-4o"));
        Assert.Equal(table.Find("gpt-4o"), table.Find("gpt-4o-2024-08-06"));
        Assert.Equal(5_000_000, table.Find("gpt-4o-2024-05-13")!.Value.Input);   // it had a price of its own
        Assert.Equal(Sonnet, table.Find("claude-sonnet-4-5-20250929"));
        Assert.Equal(table.Find("claude-3-5-haiku"), table.Find("claude-3-5-haiku-latest"));
        Assert.Null(table.Find("gpt-4o-audio"));
        Assert.Null(table.Find("gpt-4o-99999999"));
        Assert.Null(table.Find("-latest"));
    }

    [Fact]
    public void A_file_of_prices_comes_before_the_table_and_a_target_before_both()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("prices.json", """{ "models": [ { "model": "gpt-4o", "input": 7, "output": 9 }, { "model": "own", "input": 1, "cached_input": 0, "output": 2 } ] }""");
        Assert.Null(PriceTable.Problem(file));
        var table = Table(file);
        Assert.Equal(new ModelPrice(7, 7, 7, 9), table.Find("gpt-4o"));
        Assert.Equal(new ModelPrice(1, 0, 1, 2), table.Find("own"));
        Assert.NotNull(table.Find("gpt-4o-mini"));
        Assert.Equal(new ModelPrice(7, 7, 7, 9), table.Of(Target("gpt-4o", null)));
        Assert.Equal(new ModelPrice(0, 0, 0, 0, 600), table.Of(Target("gpt-4o", new PriceOptions { GpuSecond = 600 })));
        Assert.Equal(ModelPrice.None, table.Of(Target("unheard-of", null)));
    }

    [Theory]
    [InlineData("""{ "models": [ { "model": "a", "input": -1, "output": 1 } ] }""", "below 0 for 'a'")]
    [InlineData("""{ "models": [ { "model": "a", "input": 1, "output": 1 }, { "model": "A", "input": 2, "output": 1 } ] }""", "two prices for 'a'")]
    [InlineData("""{ "models": [ { "model": "a", "inptu": 1 } ] }""", "inptu")]
    [InlineData("""{ "models": [ { "input": 1 } ] }""", "model")]
    [InlineData("""{ "models": [ { "model": "a", "input": 1 } ] }""", "output")]
    [InlineData("""{ "models": [ { "model": null, "input": 1, "output": 1 } ] }""", "the name of a 'model'")]
    [InlineData("""{ "models": [ null ] }""", "the name of a 'model'")]
    [InlineData("""{ "models": null }""", "a list, 'models'")]
    [InlineData("null", "a list, 'models'")]
    [InlineData("[]", "not a file of prices")]
    [InlineData("null", "not a file of prices")]
    [InlineData("{", "not a file of prices")]
    public void A_wrong_file_of_prices_is_refused(string json, string says)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(says, PriceTable.Problem(folder.Write("prices.json", json)), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_prices_among_the_settings_are_named_with_their_path()
    {
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"), model => model.Price = new PriceOptions { Output = -1 }, all: options => options.PricesFile = "/no/such/prices.json");
        var said = world.Validate().FailureMessage;
        Assert.Contains("Gateway:Models:test/model:Price:Output: ", said, StringComparison.Ordinal);
        Assert.Contains("Gateway:PricesFile: '/no/such/prices.json' cannot be read", said, StringComparison.Ordinal);
    }

    private static PriceTable Table(string? file) => new(Microsoft.Extensions.Options.Options.Create(new GatewayOptions { PricesFile = file }));

    private static ModelTarget Target(string model, PriceOptions? price) =>
        new("t", "Gateway:Models:m", model, new TargetOptions { BaseUrl = "http://127.0.0.1/v1", Price = price }, new TargetHealth(5, TimeSpan.FromSeconds(5), TimeProvider.System)) { Route = "m" };
}
