using System.Text;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>Conversations that stay where they are, targets that serve only some requests, and the shares of extra calls.</summary>
public sealed class SelectionTests
{
    private const string Tool = """{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}""";

    private readonly ManualTime time = new();

    public static TheoryData<string, string> Turns => new()
    {
        {   // an answer and the next question follow; the model's settings may change
            """{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]}""",
            """{"model":"m","temperature":1,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Why?"}],"stream":true}"""
        },
        {   // Anthropic's mark for its cache stands at the last message, and makes a list of a text
            """{"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}""",
            """{"system":"Be brief.","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":[{"type":"text","text":"Why?","cache_control":{"type":"ephemeral"}}]}]}"""
        },
        {   // calls of tools
            $$$"""{"tools":[{{{Tool}}}],"messages":[{"content":"hi","role":"user"}]}""",
            $$$"""{"messages":[{"content":"hi","role":"user"},{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"look","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"3"}],"tools":[{{{Tool}}}]}"""
        },
        {   // responses
            """{"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}""",
            """{"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Yes?"}]}]}"""
        },
        {   // a key says it, whatever else there is
            """{"prompt_cache_key":"k1","messages":[{"role":"user","content":"hi"}]}""",
            """{"messages":[{"role":"user","content":"summary of what was"}],"prompt_cache_key":"k1"}"""
        },
    };

    [Theory]
    [MemberData(nameof(Turns))]
    public void The_next_turn_belongs_to_the_conversation(string first, string next)
    {
        var conversation = Conversation(first);
        Assert.NotEqual(0UL, conversation);
        Assert.Equal(conversation, Conversation(next));
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"ho"}]}""")]
    [InlineData("""{"messages":[{"role":"system","content":"x"},{"role":"user","content":"hi"}]}""")]
    [InlineData("""{"system":"x","messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("""{"prompt_cache_key":"hi","messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("""{"tools":[1],"messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("{}")]
    public void Another_conversation_is_another(string body) => Assert.NotEqual(Conversation("""{"messages":[{"role":"user","content":"hi"}]}"""), Conversation(body));

    [Theory]
    [InlineData("""{"messages":[{"role":3,"content":[[]]},null,"x",{"role":{"a":1}}],"metadata":{"tags":[1,null,{"a":"\ud800"},"\ud800","a"],"x":{"tags":"b"}}}""", "a")]
    [InlineData("""{"messages":3,"input":null,"system":{},"tools":"x","prompt":[],"prompt_cache_key":{},"metadata":{"x":1,"tags":" a,, b "}}""", "a b")]
    [InlineData("""{"metadata":[]}""", "")]
    public void Odd_bodies_are_read_as_far_as_they_make_sense(string body, string tags) => Assert.Equal(tags, string.Join(' ', Conversations.Read(Encoding.UTF8.GetBytes(body)).Tags));

    /// <summary>By what a conversation is told. 400 of them, 8 turns each, over 4 targets; each of the ways is asked how often the next turn would go where the last one went.</summary>
    [Fact]
    public void The_beginning_up_to_the_first_question_finds_every_next_turn_and_the_first_bytes_do_not()
    {
        var random = new Random(7);
        var systems = Enumerable.Range(0, 3).Select(_ => Words(random, 700)).ToArray();   // three applications
        var (mine, bytes, systemOnly, turns) = (0, 0, new int[4], 0);
        var order = new Rendezvous(Route("prefix_affine", 1, 1, 1, 1).Targets);
        for (var conversation = 0; conversation < 400; conversation++)
        {
            var system = systems[random.Next(3)];
            var messages = $$"""[{"role":"system","content":"{{system[..random.Next(20, system.Length)]}}"}""";
            var (last, lastBytes) = (-1, -1);
            for (var turn = 0; turn < 8; turn++)
            {
                messages += $$""",{"role":"user","content":"{{Words(random, random.Next(2, 60))}}"}""";
                var body = Encoding.UTF8.GetBytes($$"""{"model":"m","messages":{{messages}}]}""");
                var (at, atBytes) = (First(order, Conversations.Read(body).Conversation), First(order, Conversations.Hash(0, body.AsSpan(0, Math.Min(body.Length, 4096)))));
                if (turn > 0)
                {
                    turns++;
                    if (at == last) mine++;
                    if (atBytes == lastBytes) bytes++;
                }
                systemOnly[at]++;
                (last, lastBytes) = (at, atBytes);
                messages += $$""",{"role":"assistant","content":"{{Words(random, random.Next(20, 200))}}"}""";
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"next turn at the same target: beginning {mine}/{turns}, first 4 KiB {bytes}/{turns}; share of the targets {string.Join(", ", systemOnly)}");
        Assert.Equal(turns, mine);
        Assert.True(bytes < turns);
        Assert.All(systemOnly, share => Assert.InRange(share, 3200 / 4 * 0.75, 3200 / 4 * 1.25));
    }

    [Fact]
    public void A_target_that_goes_moves_only_its_own_conversations()
    {
        var (before, after) = (Route("prefix_affine", 1, 2, 1, 1, 1), Route("prefix_affine", 1, 2, 1, 1));
        var moved = 0;
        for (var conversation = 1UL; conversation <= 5000; conversation++)
        {
            var (was, now) = (First(before, conversation), First(after, conversation));
            if (was == "t4") moved++;
            else Assert.Equal(was, now);
        }
        Assert.InRange(moved, 5000 / 6 * 0.85, 5000 / 6 * 1.15);
    }

    [Fact]
    public void No_target_is_above_its_bound_and_a_conversation_comes_back_once_there_is_room()
    {
        var random = new Random(11);
        for (var round = 0; round < 50; round++)
        {
            var route = Route("prefix_affine", [.. Enumerable.Range(0, random.Next(2, 9)).Select(_ => 0.5 + (random.NextDouble() * 3))]);
            var weights = route.Targets.Sum(target => target.Options.Weight);
            var held = new List<ModelTarget>();
            var hot = (ulong)random.NextInt64(1, long.MaxValue);
            var home = First(route, hot);
            for (var request = 0; request < 300; request++)
            {
                var tried = 0UL;
                var target = route.Begin(Surface.ChatCompletions, ref tried, Facts(random.Next(2) == 0 ? hot : (ulong)random.NextInt64(1, long.MaxValue)))!.Value.Target;
                held.Add(target);
                Assert.True(target.Health.UnderWay <= Math.Max(Rendezvous.NeverTooMany, Math.Ceiling(1.25 * held.Count * target.Options.Weight / weights)), $"{target.Health.UnderWay} of {held.Count}");
                if (random.Next(3) != 0) continue;
                var ended = random.Next(held.Count);
                held[ended].Health.End();
                held.RemoveAt(ended);
            }
            foreach (var target in held) target.Health.End();
            Assert.Equal(home, First(route, hot));
        }
    }

    [Fact]
    public async Task Requests_at_once_do_not_pass_a_bound_together()
    {
        var route = Route("prefix_affine", 1, 1, 1, 1);
        var begun = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => Task.Factory.StartNew(() =>
        {
            var tried = 0UL;
            return route.Begin(Surface.ChatCompletions, ref tried, Facts(42))!.Value.Target;
        }, TestContext.Current.CancellationToken, TaskCreationOptions.None, TaskScheduler.Default)));
        Assert.Equal(400, begun.Length);
        Assert.All(route.Targets, target => Assert.InRange(target.Health.UnderWay, 1, 126));
    }

    [Fact]
    public void A_target_with_a_condition_serves_only_whom_it_is_meant_for_and_goes_first_for_them()
    {
        var route = Route("priority", one => one.When = null, one => one.When = new WhenOptions { Header = "x-team=blue" }, one => one.When = new WhenOptions { Tag = "gpu", Key = "acme-*" });
        Assert.Equal(["t0"], Order(route, null));
        Assert.Equal(["t0"], Order(route, With("someone", [], ("x-team", "red"))));
        Assert.Equal(["t1", "t0"], Order(route, With("someone", ["gpu"], ("X-Team", "Blue"))));
        Assert.Equal(["t2", "t0"], Order(route, With("acme-web", ["cpu", "GPU"])));
        var told = route.Explain(Surface.ChatCompletions, With("acme-web", []));
        Assert.Equal([(Standing.Ready, 1.0, null), (Standing.NotMeant, 0, "serves only requests with the header x-team=blue"), (Standing.NotMeant, 0, "serves only requests with the tag gpu")], told.Select(one => (one.Standing, one.Chance, one.Why)));
    }

    [Fact]
    public void What_keeps_a_target_back_is_told()
    {
        var route = Route("weighted", 1, 3, 1, 1, 1);
        route.Targets[2].Health.Cool(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 5; i++) route.Targets[3].Health.Failed("503");
        for (var i = 0; i < 5; i++) route.Targets[4].Health.Failed("connectivity");
        Assert.Equal(
            [(Standing.Ready, 0.25, null), (Standing.Ready, 0.75, null), (Standing.Cooling, 0, "asked to be left alone for 10 s more; asked once there is no other"), (Standing.Open, 0, "failed repeatedly (503); left alone for 5 s more"), (Standing.Open, 0, "failed repeatedly (connectivity); left alone for 5 s more")],
            route.Explain(Surface.ChatCompletions, null).Select(one => (one.Standing, one.Chance, one.Why)));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("failed repeatedly (503); asked once there is no other", route.Explain(Surface.ChatCompletions, null)[3].Why);
        Assert.All(route.Explain(Surface.CountTokens, null), one => Assert.Equal("speaks openai, and there is no translation", one.Why));
    }

    public static TheoryData<string> Strategies => ["round_robin", "random", "weighted", "least_loaded", "latency", "prefix_affine", "priority"];

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task No_target_gets_more_at_once_than_it_may_have(string strategy)
    {
        var route = Route(strategy, one => one.MaxConcurrency = 3, one => one.MaxConcurrency = 5);
        var begun = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Factory.StartNew(() =>
        {
            var tried = 0UL;
            return route.Begin(Surface.ChatCompletions, ref tried, Facts(42)) is not null;
        }, TestContext.Current.CancellationToken, TaskCreationOptions.None, TaskScheduler.Default)));
        Assert.Equal((8, 3, 5), (begun.Count(isBegun => isBegun), route.Targets[0].Health.UnderWay, route.Targets[1].Health.UnderWay));
        Assert.Equal(["has 3 requests under way, as many as it may (MaxConcurrency)", "has 5 requests under way, as many as it may (MaxConcurrency)"], route.Explain(Surface.ChatCompletions, null).Select(one => one.Why));
        route.Targets[0].Health.End();
        Assert.Equal("t0", First(route, 42));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_chances_that_are_told_are_those_that_come_about(string strategy)
    {
        var route = Route(strategy, 1, 2, 3);
        foreach (var (target, ms) in route.Targets.Zip([30, 10, 20])) target.Health.Answered(TimeSpan.FromMilliseconds(ms));
        var facts = Facts(7);
        var (expected, seen) = (new double[3], new double[3]);
        for (var i = 0; i < 6000; i++)
        {
            foreach (var (index, one) in route.Explain(Surface.ChatCompletions, facts).Index()) expected[index] += one.Chance;
            seen[First(route, 7)[1] - '0']++;
        }
        Assert.Equal(6000, expected.Sum(), 3);
        Assert.All(expected.Zip(seen), pair => Assert.InRange(pair.Second, pair.First - 250, pair.First + 250));
    }

    [Fact]
    public void Extra_calls_are_a_share_of_the_requests_of_the_last_ten_seconds_and_a_few_a_second()
    {
        var share = new CallShare(share: 0.2, perSecond: 2);
        Assert.Equal(20, Taken());
        for (var i = 0; i < 1000; i++) share.Count(time);
        Assert.Equal(200, Taken());
        time.Advance(TimeSpan.FromSeconds(9.5));
        Assert.Equal(0, Taken());
        time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(20, Taken());
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(20, Taken());

        int Taken()
        {
            var taken = 0;
            while (share.TryTake(time)) taken++;
            return taken;
        }
    }

    [Fact]
    public void A_wait_that_a_target_asks_for_is_kept_up_to_a_limit()
    {
        var route = Route("priority", 1);
        Assert.All(Enumerable.Range(1, 8), retry => Assert.InRange(RetryPause.Before(retry, route, Surface.ChatCompletions, null)!.Value.TotalMilliseconds, 0, Math.Min(5000, 125 * Math.Pow(2, retry))));
        route.Targets[0].Health.Cool(TimeSpan.FromSeconds(3));
        Assert.InRange(RetryPause.Before(1, route, Surface.ChatCompletions, null)!.Value.TotalSeconds, 3, 3.25);
        route.Targets[0].Health.Cool(TimeSpan.FromSeconds(6));
        Assert.Null(RetryPause.Before(1, route, Surface.ChatCompletions, null));
    }

    private static ulong Conversation(string body) => Conversations.Read(Encoding.UTF8.GetBytes(body)).Conversation;

    private static string Words(Random random, int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => new string((char)random.Next('a', 'z'), random.Next(1, 9))));

    private static int First(Rendezvous order, ulong conversation) => Enumerable.Range(0, 4).MaxBy(index => order.Score(conversation, index, 1));

    private static string First(ModelRoute route, ulong conversation)
    {
        var tried = 0UL;
        var target = route.Begin(Surface.ChatCompletions, ref tried, Facts(conversation))!.Value.Target;
        target.Health.End();
        return target.Name;
    }

    private static List<string> Order(ModelRoute route, RoutingFacts? facts) => [.. route.InTurn(Surface.ChatCompletions, facts).Select(next => next.Target.Name)];

    private static RoutingFacts Facts(ulong conversation) => new(null, null) { Conversation = conversation };

    private static RoutingFacts With(string caller, string[] tags, params (string Name, string Value)[] headers) =>
        new(new HeaderDictionary(headers.ToDictionary(header => header.Name, header => new Microsoft.Extensions.Primitives.StringValues(header.Value), StringComparer.OrdinalIgnoreCase)), caller) { Tags = [.. tags] };

    private ModelRoute Route(string strategy, params double[] weights) => Route(strategy, [.. weights.Select(weight => (Action<TargetOptions>)(one => one.Weight = weight))]);

    private ModelRoute Route(string strategy, params Action<TargetOptions>[] targets)
    {
        var options = new GatewayOptions();
        var model = options.Models["m"] = new ModelOptions { Strategy = strategy };
        foreach (var (index, configure) in targets.Index())
        {
            model.Targets.Add(new TargetOptions { BaseUrl = "http://127.0.0.1/v1", Name = $"t{index}" });
            configure(model.Targets[index]);
        }
        return new RouteTable(Microsoft.Extensions.Options.Options.Create(options), time).Current.Find(TenantId.Default, "m")!;
    }
}
