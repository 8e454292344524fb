using System.Collections.Immutable;

namespace Baton.Chaos.Work;

/// <summary>A workflow whose effects are known beforehand.</summary>
/// <param name="Tasks">The document from <c>do:</c> on.</param>
/// <param name="End">The state that its runs must end in.</param>
/// <param name="Effects">What the recorder must hear for each run, by the names that the calls give themselves; nothing else.</param>
/// <param name="Last">The effect whose outcome is the run's output.</param>
/// <param name="Order">Pairs of effects of which the second may begin only after the first was answered.</param>
internal sealed record Script(string Name, string Tasks, string End, ImmutableArray<string> Effects, string? Last, ImmutableArray<(string First, string Then)> Order)
{
    /// <summary>The event that a run of this script waits for; null if none.</summary>
    public const string Go = "baton.chaos.go";

    private const int Items = 24;

    /// <summary>How many of its runs may be open at once: from the first effect of each to the end of its last. Null for any number.</summary>
    public int? Limit { get; init; }

    /// <param name="recorder">Where effects go.</param>
    public string Document(Uri recorder) => $$"""
        document: { dsl: 1.0.3, namespace: chaos, name: {{Name}}, version: 1.0.0{{(Limit is { } limit ? $", metadata: {{ baton: {{ concurrency: {{ limit: {limit} }} }} }}" : "")}} }
        use:
          secrets: [node]
          functions:
            effect:
              call: http
              with:
                method: post
                endpoint: "{{recorder}}effect?delay_ms={delay}&fail_times={fail}"
                headers: { X-Caller: "${ $secrets.node }" }
                body: { no: "${ $workflow.input.no }", what: "${ .what }" }
        do:
        {{Tasks}}
        """;

    public static ImmutableArray<Script> All { get; } =
    [
        Make("steps", [.. Enumerable.Range(0, 6).Select(i => $"s{i}")], $$"""
            {{string.Join('\n', Enumerable.Range(0, 6).Select(i => Effect($"s{i}")))}}
            """),
        Make("items", ["before", "after"], $$"""
            {{Effect("before")}}
              - all:
                  call: map
                  with: { in: "[range({{Items}})]", parallel: 6, do: [ { one: { call: effect, with: { what: "item-${ $item }", delay: 40, fail: 0 } } } ] }
            {{Effect("after")}}
            """) with { Effects = ["before", "after", .. Enumerable.Range(0, Items).Select(i => $"item-{i}")] },
        Make("naps", ["before", "after"], $$"""
            {{Effect("before")}}
              - nap: { wait: { milliseconds: 1800 } }
            {{Effect("after")}}
            """),
        Make("hears", ["before", "after"], $$"""
            {{Effect("before")}}
              - hear: { listen: { to: { one: { with: { type: {{Go}}, subject: "${ $workflow.id }" } } } } }
            {{Effect("after")}}
            """),
        Make("family", ["before", "after"], $$"""
            {{Effect("before")}}
              - children:
                  fork:
                    branches:
                      - left: { run: { workflow: { namespace: chaos, name: child, version: 1.0.0, input: { no: "${ $workflow.input.no }", side: left } } } }
                      - right: { run: { workflow: { namespace: chaos, name: child, version: 1.0.0, input: { no: "${ $workflow.input.no }", side: right } } } }
            {{Effect("after")}}
            """) with { Effects = ["before", "after", "left-a", "left-b", "right-a", "right-b"], Order = [("before", "left-a"), ("left-a", "left-b"), ("right-a", "right-b"), ("left-b", "after"), ("right-b", "after")] },
        Make("stumbles", ["before", "hard", "after"], $$"""
            {{Effect("before")}}
              - guarded:
                  try:
                    - hard: { call: effect, with: { what: hard, delay: 10, fail: 2 } }
                  catch: { errors: { with: { status: 503 } }, retry: { delay: { milliseconds: 300 }, limit: { attempt: { count: 50 } } } }
            {{Effect("after")}}
            """),
        Make("fails", ["before"], $$"""
            {{Effect("before")}}
              - give: { raise: { error: { type: "urn:baton:chaos:meant", status: 422, title: Meant to fail } } }
            """) with { End = "failed" },
        Make("undoes", ["flight", "hotel", "undo-hotel", "undo-flight"], $$"""
            {{Undone("flight")}}
            {{Undone("hotel")}}
              - pay:
                  do: [ { no: { raise: { error: { type: "urn:baton:chaos:meant", status: 422, title: Meant to fail } } } } ]
                  metadata: { baton: { on_error: { rules: [ { compensate: {} } ] } } }
            """) with { End = "failed" },
        Make("turns", ["before", "after"], $$"""
            {{Effect("before")}}
              - nap: { wait: { milliseconds: 400 } }
            {{Effect("after")}}
            """) with { Limit = 2 },
    ];

    /// <summary>Started by <c>family</c> only.</summary>
    public static Script Child { get; } = Make("child", [], $$"""
          - a: { call: effect, with: { what: "${ $workflow.input.side + \"-a\" }", delay: 30, fail: 0 } }
          - b: { call: effect, with: { what: "${ $workflow.input.side + \"-b\" }", delay: 30, fail: 0 } }
        """);

    /// <summary>Effects in this order, each after the one before.</summary>
    private static Script Make(string name, ImmutableArray<string> effects, string tasks) =>
        new(name, tasks, "completed", effects, effects.LastOrDefault(), [.. effects.Skip(1).Select((then, before) => (effects[before], then))]);

    private static string Effect(string what) => $$"""  - {{what}}: { call: effect, with: { what: {{what}}, delay: 30, fail: 0 } }""";

    /// <summary>An effect that says how it is undone.</summary>
    private static string Undone(string what) => $$"""  - {{what}}: { call: effect, with: { what: {{what}}, delay: 30, fail: 0 }, metadata: { baton: { compensate: { do: [ { back: { call: effect, with: { what: undo-{{what}}, delay: 30, fail: 0 } } } ] } } } }""";
}
