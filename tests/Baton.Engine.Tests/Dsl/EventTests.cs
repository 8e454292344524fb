using Baton.Engine.Dsl;
using Baton.Engine.Tests.Support;
using Baton.Jq;
using static Baton.Engine.Tests.Dsl.Documents;

namespace Baton.Engine.Tests.Dsl;

public sealed class EventTests
{
    [Fact]
    public async Task An_emitted_event_is_complete_and_the_same_in_every_replay()
    {
        var world = new World();
        var body = WorkflowDefinition.Parse(Header + "do: [ { e: { emit: { event: { with: { type: t.v1, data: { n: '${ .n }' } } } } } } ]", new FakeEffects()).Body;
        var settled = await world.RunAsync(body, new { n = 1 });
        var output = JqValue.Parse(settled.Output.Span, null);
        Assert.Equal(("1.0", "/test/doc/1.0.0", "t.v1"), (output["specversion"].AsString(), output["source"].AsString(), output["type"].AsString()));
        Assert.True(Guid.TryParse(output["id"].AsString(), out _));
        Assert.Equal(settled.Output.ToArray(), (await world.ReplayAsync(world.Current, body)).ToArray());
    }

    [Fact]
    public Task One_event_is_awaited_by_type_and_data() => ListenAsync(
        "one: { with: { type: temperature, data: '${ .value > 38 }' } }", """[{"value":39}]""",
        ("temperature", """{"value":36}"""), ("pulse", """{"value":99}"""), ("temperature", """{"value":39}"""));

    [Fact]
    public Task All_events_are_awaited_in_any_order_and_correlated() => ListenAsync(
        "all: [ { with: { type: a }, correlate: { room: { from: .data.room } } }, { with: { type: b }, correlate: { room: { from: .data.room } } } ]",
        """[{"room":1,"n":2},{"room":1,"n":4}]""",
        ("b", """{"room":1,"n":2}"""), ("a", """{"room":2,"n":3}"""), ("a", """{"room":1,"n":4}"""));

    [Fact]
    public Task Events_are_consumed_until_a_condition_over_them_holds() => ListenAsync(
        "any: [], until: '(. | length) > 2'", """[{"n":1},{"n":2},{"n":3}]""", ("x", """{"n":1}"""), ("y", """{"n":2}"""), ("z", """{"n":3}"""));

    [Fact]
    public Task Events_are_consumed_until_another_event_which_is_not_part_of_the_output() => ListenAsync(
        "any: [ { with: { type: tick } } ], until: { one: { with: { type: stop } } }", """[{"n":1},{"n":2}]""",
        ("tick", """{"n":1}"""), ("other", """{"n":9}"""), ("tick", """{"n":2}"""), ("stop", "{}"));

    [Fact]
    public Task A_type_may_be_a_regular_expression() => ListenAsync("one: { with: { type: 'order\\.(paid|sent)' } }", """[{"n":2}]""", ("order.open", """{"n":1}"""), ("order.sent", """{"n":2}"""));

    [Fact]
    public async Task Each_event_can_be_worked_on_before_the_next()
    {
        var world = Sending(("tick", """{"n":1}"""), ("tick", """{"n":2}"""));
        Assert.Equal("[10,20]", (await OutputAsync("""
            do:
              - hear:
                  listen: { to: { any: [ { with: { type: tick } } ], until: '(. | length) == 2' } }
                  foreach:
                    item: tick
                    do: [ { pause: { wait: PT1H } }, { scale: { set: { n: '${ $tick.n * 10 }' } } } ]
                    output: { as: .n }
            """, world: world)).ToJson());
    }

    [Theory]
    [InlineData("envelope", """[["tick",{"n":1}]]""")]
    [InlineData("raw", """["{\"n\":1}"]""")]
    public async Task An_event_is_read_as_it_is_asked_for(string read, string expected)
    {
        var shape = read == "envelope" ? "[.[] | [.type, .data]]" : ".";
        var output = await OutputAsync($"do: [ {{ hear: {{ listen: {{ to: {{ one: {{ with: {{ type: tick }} }} }}, read: {read} }}, output: {{ as: '{shape}' }} }} }} ]", world: Sending(("tick", """{"n":1}""")));
        Assert.Equal(expected, output.ToJson());
    }

    [Fact]
    public void A_schedule_of_events_collects_what_an_all_strategy_needs()
    {
        var schedule = WorkflowDefinition.Parse(Header + "schedule: { on: { all: [ { with: { type: a } }, { with: { type: b } } ] } }\ndo: [ { x: { set: { y: 1 } } } ]", new FakeEffects()).Schedule!;
        var (kept, input) = schedule.Collect(JqValue.EmptyArray, Event("a", "1"));
        Assert.Null(input);
        (kept, input) = schedule.Collect(kept, Event("a", "2"));
        Assert.Null(input);
        (kept, input) = schedule.Collect(kept, Event("b", "3"));
        Assert.Equal(["1", "3"], input!.Value.AsArray().Select(e => e["data"].AsString()));
        Assert.Equal(JqValue.EmptyArray, kept);
    }

    private static JqValue Event(string type, string data) => JqValue.Object(("specversion", "1.0"), ("id", "1"), ("type", type), ("source", "here"), ("data", data));

    private static async Task ListenAsync(string strategy, string expected, params (string Type, string Data)[] events) =>
        Assert.Equal(expected, (await OutputAsync($"do: [ {{ hear: {{ listen: {{ to: {{ {strategy} }} }} }} }} ]", world: Sending(events))).ToJson());

    private static World Sending(params (string Type, string Data)[] events)
    {
        var world = new World();
        var queue = new Queue<(string Type, string Data)>(events);
        world.WhenWaiting = _ =>
        {
            if (!queue.TryDequeue(out var next)) return false;
            world.Journal.Publish(next.Type, "here", Utf8($$"""{"specversion":"1.0","id":"{{queue.Count}}","type":"{{next.Type}}","source":"here","data":{{next.Data}}}"""));
            return true;
        };
        return world;
    }
}
