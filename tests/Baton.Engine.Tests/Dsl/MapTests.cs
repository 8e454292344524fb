using Baton.Engine.Tests.Support;
using static Baton.Engine.Tests.Dsl.Documents;

namespace Baton.Engine.Tests.Dsl;

public sealed class MapTests
{
    [Fact]
    public async Task Each_item_with_one_effect_takes_one_row()
    {
        var world = new World();
        var effects = new FakeEffects().With("square", arguments => arguments["value"].AsDouble() * arguments["value"].AsDouble());
        Assert.Equal("[0,1,4,9]", (await OutputAsync("do: [ { m: { call: map, with: { in: '[range(4)]', do: [ { s: { call: square, with: { value: '${ $item }' } } } ] } } } ]", effects: effects, world: world)).ToJson());
        Assert.Equal(["/do/0/m", "/do/0/m[0]", "/do/0/m[1]", "/do/0/m[2]", "/do/0/m[3]"], world.Journal.Entries(world.Current).Where(entry => entry.Key.Length > 0).Select(entry => entry.Key).Order());
    }

    [Theory]
    [InlineData("collect", """[{"output":0},{"error":{"type":"urn:odd","status":422,"title":"Odd","instance":"/do/0/m/with/do/0/r","class":"data_validation"}},{"output":2}]""")]
    [InlineData("skip", "[0,2]")]
    public async Task Failed_items_are_kept_or_left_out_as_asked(string onError, string expected) => Assert.Equal(expected, (await OutputAsync($$"""
        do:
          - m: { call: map, with: { in: '[range(3)]', on_error: {{onError}}, do: [ { r: { if: '. == 1', raise: { error: { type: 'urn:odd', status: 422, title: Odd } } } }, { s: { set: '${ . }' } } ] } }
        """)).ToJson());

    [Fact]
    public async Task The_first_failure_fails_the_map_where_nothing_else_is_asked()
    {
        var (state, _, error) = await RunAsync("do: [ { m: { call: map, with: { in: '[range(100)]', do: [ { r: { if: '. == 5', raise: { error: { type: 'urn:five', status: 422 } } } } ] } } } ]");
        Assert.Equal((RunState.Failed, "urn:five"), (state, error!.Type));
    }

    [Fact]
    public async Task Items_see_the_steps_before_the_map_and_not_each_other() => Assert.Equal("[[7,null],[7,null]]", (await OutputAsync("""
        do:
          - before: { set: { n: 7 } }
          - m: { call: map, with: { in: '[1, 2]', parallel: 1, do: [ { s: { set: '${ [$steps.before.n, $steps.mine] }' } }, { mine: { set: '${ $steps.s }' } } ] } }
        """)).ToJson());

    [Fact]
    public async Task An_empty_list_maps_to_an_empty_list() => Assert.Equal("[]", (await OutputAsync("do: [ { m: { call: map, with: { in: '.nothing', do: [ { s: { set: { x: 1 } } } ] } } } ]")).ToJson());

    [Fact]
    public async Task A_map_may_run_another_workflow_for_each_item()
    {
        var world = new World();
        world.Register("double", Baton.Engine.Dsl.WorkflowDefinition.Parse("document: { dsl: '1.0.3', namespace: test, name: double, version: '1.0.0' }\ndo: [ { d: { set: '${ . * 2 }' } } ]", new FakeEffects()).Body);
        Assert.Equal("[2,4,6]", (await OutputAsync("do: [ { m: { call: map, with: { in: '[1, 2, 3]', workflow: { name: double, input: '${ $item }' } } } } ]", world: world)).ToJson());
    }

    [Fact]
    public async Task Figures_are_computed_for_all_and_by_group() => Assert.Equal(
        """{"total":4,"succeeded":3,"failed":1,"success_rate":0.75,"values":{"n":{"count":3,"sum":6,"mean":2,"min":1,"max":3,"median":2,"p95":3,"stddev":0.816496580927726}},"groups":{"a":{"total":2,"succeeded":2,"failed":0,"success_rate":1,"values":{"n":{"count":2,"sum":3,"mean":1.5,"min":1,"max":2,"median":1,"p95":2,"stddev":0.5}}},"b":{"total":2,"succeeded":1,"failed":1,"success_rate":0.5,"values":{"n":{"count":1,"sum":3,"mean":3,"min":3,"max":3,"median":3,"p95":3,"stddev":0}}}}}""",
        (await OutputAsync("do: [ { a: { call: aggregate, with: { in: .items, by: .kind, values: { n: .n } } } } ]",
            """{"items":[{"kind":"a","n":1},{"kind":"a","n":2},{"kind":"b","n":3},{"kind":"b","error":"no"}]}""")).ToJson());
}
