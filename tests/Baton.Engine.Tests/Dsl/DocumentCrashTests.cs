using Baton.Engine.Dsl;
using Baton.Engine.Tests.Support;
using Baton.Jq;

namespace Baton.Engine.Tests.Dsl;

/// <summary>Documents, too, are killed before and after each journal call.</summary>
public sealed class DocumentCrashTests
{
    [Fact]
    public Task Calls_waits_and_conditions_survive_death_everywhere() => Die("""
        do:
          - first: { call: work, with: { value: 1 } }
          - nap: { wait: PT1H }
          - choose: { switch: [ { big: { when: '$steps.first > 0', then: last } } ] }
          - never: { raise: { error: { type: 'urn:x', status: 500 } } }
          - last: { call: work, with: { value: '${ $steps.first + 1 }' }, export: { as: '{ seen: $output }' } }
          - show: { set: { first: '${ $steps.first }', context: '${ $context }' } }
        """);

    [Fact]
    public Task Retries_of_a_try_survive_death_everywhere() => Die("""
        do:
          - attempt:
              try: [ { before: { call: work, with: { value: 0 } } }, { flaky: { call: flaky, with: { value: '${ $steps.before }' } } } ]
              catch: { retry: { delay: PT5S, backoff: { linear: {} }, limit: { attempt: { count: 5 } } } }
        """);

    [Fact]
    public Task Forks_and_deadlines_survive_death_everywhere() => Die("""
        do:
          - both:
              timeout: { after: PT2H }
              fork:
                branches:
                  - a: { do: [ { nap: { wait: PT1H } }, { w: { call: work, with: { value: 10 } } } ] }
                  - b: { do: [ { w: { call: work, with: { value: 20 } } }, { nap: { wait: PT30M } } ] }
          - race: { fork: { compete: true, branches: [ { slow: { wait: PT1H } }, { fast: { call: work, with: { value: 30 } } } ] } }
        """, sameOrder: false);

    [Fact]
    public Task A_map_of_single_effects_survives_death_everywhere() => Die("""
        do:
          - many: { call: map, with: { in: '[range(7)]', parallel: 3, on_error: collect, do: [ { w: { call: odd, with: { value: '${ $item }' } } }, { x: { set: '${ [$index, .] }' } } ] } }
        """);

    [Fact]
    public Task A_map_of_whole_flows_survives_death_everywhere() => Die("""
        do:
          - many:
              call: map
              with:
                in: '[range(4)]'
                parallel: 2
                do:
                  - one: { call: work, with: { value: '${ $item }' } }
                  - nap: { if: '$item % 2 == 1', wait: PT1H }
                  - two: { call: work, with: { value: '${ $steps.one * 10 }' } }
        """);

    [Fact]
    public Task Loops_and_children_survive_death_everywhere() => Die("""
        do:
          - loop: { for: { in: '[1, 2, 3]', each: n }, do: [ { w: { call: work, with: { value: '${ $n + (.sum // 0) }' }, output: { as: '{ sum: . }' } } } ] }
          - child: { call: workflow, with: { name: child, input: { n: '${ .sum }' } } }
        """);

    [Fact]
    public Task Error_policies_survive_death_everywhere() => Die("""
        do:
          - rescued:
              call: odd
              with: { value: 2 }
              metadata:
                baton:
                  on_error:
                    rules: [ { retry: { max_retries: 1, delay: PT1M }, fallback: [ { reduced_concurrency: { retry: { max_retries: 1 } } }, { do: [ { w: { call: work, with: { value: 5 } } }, { x: { call: odd, with: { value: 5 } } } ] }, { value: 7 } ] } ]
          - whole:
              do: [ { w: { call: work, with: { value: '${ . }' } } }, { x: { call: odd, with: { value: 2 } } } ]
              metadata: { baton: { on_error: { rules: [ { retry: { max_retries: 2, delay: PT1H }, skip: { output: 9 } } ] } } }
          - last: { call: work, with: { value: '${ . + $steps.rescued }' } }
        """);

    private static Task Die(string tasks, bool sameOrder = true) => Deaths.EverywhereAsync(world =>
    {
        var effects = new FakeEffects()
            .With("work", (arguments, step) => world.EffectAsync(step, arguments["value"].AsDouble() is var n ? (JqValue)(n + 1) : default))
            .With("odd", async (arguments, step) => (await world.EffectAsync(step, arguments["value"])).AsDouble() % 3 == 2 ? throw new InvalidOperationException("no") : arguments["value"])
            .With("flaky", async (arguments, step) => (await world.EffectAsync(step, arguments["value"])) is var value && step.Key.Contains("try~3", StringComparison.Ordinal) ? value : throw new InvalidOperationException("again"));
        world.Register("child", WorkflowDefinition.Parse("document: { dsl: '1.0.3', namespace: test, name: child, version: '1.0.0' }\ndo: [ { w: { call: work, with: { value: '${ .n }' } } } ]", effects).Body);
        return WorkflowDefinition.Parse(Documents.Header + tasks, effects).Body;
    }, JqValue.EmptyObject, sameOrder);
}
