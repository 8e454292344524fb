using System.Text;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>Which target is asked, and what is changed for it.</summary>
public sealed class RoutingTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void Round_robin_gives_each_target_its_turn()
    {
        var route = Route("round_robin", 1, 1, 1);
        Assert.Equal(["t0", "t1", "t2", "t0", "t1", "t2"], Enumerable.Range(0, 6).Select(_ => First(route)));
    }

    [Fact]
    public void Weights_are_shares()
    {
        var route = Route("weighted", 1, 3);
        Assert.InRange(Enumerable.Range(0, 4000).Count(_ => First(route) == "t1"), 2800, 3200);
    }

    [Fact]
    public void The_least_loaded_is_asked_and_of_equals_not_always_the_first()
    {
        var route = Route("least_loaded", 1, 1, 1);
        Assert.Equal(3, Enumerable.Range(0, 60).Select(_ => First(route)).Distinct().Count());
        var (tried, none) = (0UL, 0UL);
        var held = new[] { route.Begin(Surface.ChatCompletions, ref tried)!.Value.Target, route.Begin(Surface.ChatCompletions, ref tried)!.Value.Target };
        var free = route.Targets.Except(held).Single();
        Assert.Same(free, route.Begin(Surface.ChatCompletions, ref none)!.Value.Target);
    }

    [Fact]
    public void The_sooner_of_two_is_asked()
    {
        var route = Route("latency", 1, 1);
        route.Targets[0].Health.Answered(TimeSpan.FromMilliseconds(500));
        route.Targets[1].Health.Answered(TimeSpan.FromMilliseconds(50));
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal("t1", First(route)));
    }

    [Fact]
    public void One_of_which_nothing_is_known_is_tried_but_does_not_get_everything()
    {
        var route = Route("latency", 1, 1);
        route.Targets[0].Health.Answered(TimeSpan.FromMilliseconds(500));
        for (var i = 0; i < 40; i++)
        {
            var tried = 0UL;
            var target = route.Begin(Surface.ChatCompletions, ref tried)!.Value.Target;
            if (target.Name == "t0") target.Health.End();
        }
        Assert.Equal(1, route.Targets[1].Health.UnderWay);
    }

    [Fact]
    public void What_is_waited_in_vain_counts_as_a_time_for_a_minute()
    {
        var route = Route("latency", 1, 1);
        route.Targets[0].Health.Answered(TimeSpan.FromMilliseconds(500));
        route.Targets[1].Health.Abandoned(TimeSpan.FromMilliseconds(100));
        Assert.Equal("t1", First(route));
        route.Targets[1].Health.Abandoned(TimeSpan.FromSeconds(10));
        route.Targets[1].Health.Abandoned(TimeSpan.FromSeconds(1));
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal("t0", First(route)));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Enumerable.Range(0, 60).Select(_ => First(route)).Distinct().Count());
        for (var i = 0; i < 10; i++) route.Targets[1].Health.Missed(TimeSpan.FromMilliseconds(1));   // as soon as that
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal("t0", First(route)));
        route.Targets[1].Health.Answered(TimeSpan.FromMilliseconds(100));
        Assert.Equal("t1", First(route));
    }

    [Theory]
    [InlineData("round_robin")]
    [InlineData("random")]
    [InlineData("weighted")]
    [InlineData("least_loaded")]
    [InlineData("latency")]
    [InlineData("priority")]
    public void Every_target_is_tried_once(string strategy)
    {
        var route = Route(strategy, 1, 2, 3, 4);
        var tried = 0UL;
        var seen = new List<ModelTarget>();
        while (route.Begin(Surface.ChatCompletions, ref tried) is { Target: var target }) seen.Add(target);
        Assert.Equal(route.Targets, seen.OrderBy(target => target.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void One_that_asks_to_be_left_alone_comes_last_for_as_long()
    {
        var route = Route("priority", 1, 1);
        route.Targets[0].Health.Cool(TimeSpan.FromSeconds(10));
        Assert.Equal("t1", First(route));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("t0", First(route));
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("2147483647", 600)]
    [InlineData("99999999999", 600)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 600)]
    [InlineData("later", 1)]
    [InlineData(null, 1)]
    public void No_target_is_left_alone_for_longer_than_ten_minutes_because_it_asks_for_that(string? retryAfter, int seconds)
    {
        var health = Route("priority", 1).Targets[0].Health;
        health.Cool(ErrorReply.RetryAfter(retryAfter, time));
        Assert.Equal((Standing.Cooling, TimeSpan.FromSeconds(seconds)), (health.Standing, health.CoolsFor));
    }

    [Fact]
    public void After_failures_in_a_row_one_request_at_a_time_finds_out_whether_it_is_well_and_the_pause_doubles()
    {
        var health = Route("priority", 1).Targets[0].Health;
        for (var i = 0; i < 5; i++) health.Failed("500");
        Assert.Equal((BreakerState.Open, TimeSpan.FromSeconds(5)), (health.State, health.Wait));
        Assert.False(health.TryBegin());
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(BreakerState.HalfOpen, health.State);
        Assert.True(health.TryBegin());
        Assert.False(health.TryBegin());
        health.Failed("500");
        Assert.Equal(TimeSpan.FromSeconds(10), health.Wait);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(health.TryBegin());
        health.Answered(null);
        Assert.Equal((BreakerState.Closed, true), (health.State, health.TryBegin()));
        for (var i = 0; i < 5; i++) health.Failed("500");
        Assert.Equal(TimeSpan.FromSeconds(5), health.Wait);
    }

    [Fact]
    public void What_was_begun_before_a_target_was_left_alone_is_no_news_of_it()
    {
        var health = Route("priority", 1).Targets[0].Health;
        var before = health.Era;
        for (var i = 0; i < 12; i++) health.Failed("500", before);
        Assert.Equal((BreakerState.Open, TimeSpan.FromSeconds(5)), (health.State, health.Wait));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(health.TryBegin());
        health.Failed("500", before);   // while one tries
        Assert.Equal(TimeSpan.FromSeconds(5), health.Wait);
        health.Answered(null);
        for (var i = 0; i < 12; i++) health.Failed("500", before);
        Assert.Equal((BreakerState.Closed, (1L, 1L)), (health.State, health.Transitions));
    }

    [Theory]
    [InlineData("a\n\nb", 3)]
    [InlineData("a\r\n\r\nb", 5)]
    [InlineData("a\r\rb", 3)]
    [InlineData("a\n\nb\n\n", 6)]
    [InlineData("a\nb\n", 0)]
    [InlineData("a\r\nb\r\n", 0)]
    [InlineData("", 0)]
    [InlineData("\n", 0)]
    [InlineData("a\n\r\nb", 4)]
    public void An_event_is_complete_at_its_empty_line(string text, int length) => Assert.Equal(length, Frames.CompleteLength(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void The_model_at_the_top_of_a_request_counts_and_is_changed()
    {
        var body = """{"x":{"model":"x"},"model":"m"}"""u8.ToArray();
        var peek = RequestPeek.Read(body, Surface.ChatCompletions, out _)!.Value;
        Assert.Equal("m", peek.Model);
        Assert.Equal("""{"x":{"model":"x"},"model":"up"}""", Encoding.UTF8.GetString(RequestPatch.Apply(body, peek, "up", null, null).Span));
    }

    [Theory]
    [InlineData("model", "\"dear\"")]
    [InlineData("m\\u006fdel", "\"dear\"")]
    [InlineData("stream", "true")]
    [InlineData("n", "3")]
    [InlineData("max_tokens", "5")]
    [InlineData("max_completion_tokens", "5")]
    public void What_a_request_is_judged_by_may_not_stand_in_it_twice(string name, string value)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","stream":false,"n":1,"max_tokens":4,"max_completion_tokens":4,"{{name}}":{{value}}}""");
        Assert.Null(RequestPeek.Read(body, Surface.ChatCompletions, out var problem));
        Assert.EndsWith("' stands in the request twice.", problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_without_model_gets_one()
    {
        var body = """ {"a":1}"""u8.ToArray();
        var peek = RequestPeek.Read(body, Surface.ChatCompletions, out _)!.Value;
        Assert.Equal(""" {"model":"up","a":1}""", Encoding.UTF8.GetString(RequestPatch.Apply(body, peek, "up", null, null).Span));
    }

    private static string First(ModelRoute route)
    {
        var tried = 0UL;
        var target = route.Begin(Surface.ChatCompletions, ref tried)!.Value.Target;
        target.Health.End();
        return target.Name;
    }

    private ModelRoute Route(string strategy, params double[] weights)
    {
        var options = new GatewayOptions();
        options.Models["m"] = new ModelOptions { Strategy = strategy, Targets = [.. weights.Select((weight, i) => new TargetOptions { BaseUrl = "http://127.0.0.1/v1", Name = $"t{i}", Weight = weight })] };
        return new RouteTable(Microsoft.Extensions.Options.Options.Create(options), time).Current.Find(TenantId.Default, "M")!;
    }
}
