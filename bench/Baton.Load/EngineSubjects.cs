using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Workflows;

namespace Baton.Load;

/// <summary>The same work twice: as workflows in C#, and as documents that the interpreter runs.</summary>
internal static class EngineSubjects
{
    public const int Steps = 10, Items = 10_000;

    /// <summary>What each step returns, in characters, about what a model's short answer is: 200 bytes of JSON with its quotes.</summary>
    public const int PayloadLength = 198;

    public const string Ten = "ten-steps", One = "one-step", Map = "map";

    private static readonly string[] texts = [.. Enumerable.Range(0, 1_000).Select(seed => new string(new Random(seed).GetItems<char>("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", PayloadLength)))];
    private static uint answers;

    /// <summary>What the next step returns: letters at random, others than the step before, so that there is nothing to be compressed.</summary>
    public static string Payload => texts[Interlocked.Increment(ref answers) % texts.Length];

    /// <summary>In C#: steps that return at once, so that what is measured is the journal and not the work.</summary>
    public static IReadOnlyCollection<CodeWorkflow> Code { get; } =
    [
        new(Ref("csharp", Ten), async (run, input) =>
        {
            for (var i = 0; i < Steps; i++) await run.StepAsync($"step/{i}", _ => Task.FromResult(Payload));
            return input;
        }),
        new(Ref("csharp", One), async (run, input) =>
        {
            await run.StepAsync("step", _ => Task.FromResult(Payload));
            return input;
        }),
        new(Ref("csharp", Map), async (run, input) =>
        {
            await run.MapAsync("items", Enumerable.Range(0, Items).ToList(), (int _, StepContext _) => Task.FromResult(Payload), new MapOptions { Parallel = 256 });
            return input;
        }),
    ];

    /// <summary>The same as documents, which call the function below.</summary>
    public static IReadOnlyCollection<string> Documents { get; } =
    [
        Document(Ten, string.Join('\n', Enumerable.Range(0, Steps).Select(i => $"  - step{i}: {{ call: answer }}"))),
        Document(One, "  - step: { call: answer }"),
        Document(Map, $$"""
              - items:
                  call: map
                  with: { in: "${ [range({{Items}})] }", parallel: 256, do: [ { step: { call: answer } } ] }
                  output: { as: "${ length }" }
            """),
    ];

    public static HostedFunctions Functions { get; } = new([new HostedFunction(new WorkflowFunction("answer", "Returns a fixed text.", []), (_, _) => Task.FromResult<JqValue>(Payload))]);

    public static WorkflowName Name(string subject, string workflow) => new(subject, workflow, "1.0.0");

    private static WorkflowRef Ref(string subject, string workflow) => new(subject, workflow, "1.0.0");

    private static string Document(string name, string tasks) => $"document: {{ dsl: 1.0.3, namespace: document, name: {name}, version: 1.0.0 }}\ndo:\n{tasks}\n";
}
