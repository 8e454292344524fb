using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Engine.Dsl;
using Baton.Engine.Runs;
using Baton.Engine.Tests.Support;

namespace Baton.Engine.Tests;

/// <summary>
/// Journals that earlier versions recorded, replayed by this one: nothing is done again, and the result is the same.
/// A file that fails here means that runs under way at an upgrade would be paused: hide the change behind an EngineBehaviour.
/// </summary>
public sealed class HistoryTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Histories");

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.json").Select(path => Path.GetFileName(path)!).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_recorded_history_replays_without_any_effect(string file)
    {
        var recorded = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, file)))!;
        var entries = HistoryFile.Read(recorded["entries"]!.AsArray());
        var expected = (JournalEntry.StateChanged)entries[^1];
        var world = new World();
        var body = Body(recorded["document"]?.GetValue<string>(), recorded["workflow"]?.GetValue<string>(), new FakeEffects().With("work", _ => throw new InvalidOperationException("done again")), world);
        var journal = new MemoryJournal();
        var run = RunId.Parse(recorded["run"]!.GetValue<string>(), null);
        journal.Create(run, ((JournalEntry.RunStarted)entries[0]).Input.ToArray(), entries[0].At);
        var execution = RunExecution.Start(journal.Claim(run), new RunHistory(entries[..^1], []), body, journal, World.Options(world.Time));
        var settled = Assert.IsType<RunOutcome.Settled>(await execution.Completion.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(expected.State, settled.State);
        Assert.Equal(Normal(expected.Output), Normal(settled.Output));
        Assert.Empty(world.Effects);
    }

    /// <summary>Records the histories anew, beside the sources; run by hand when a new file is wanted: BATON_RECORD=folder.</summary>
    [Fact]
    public async Task Histories_can_be_recorded()
    {
        var folder = Environment.GetEnvironmentVariable("BATON_RECORD") ?? Directory.CreateTempSubdirectory("baton-histories").FullName;
        foreach (var (name, document, workflow) in Recordings)
        {
            var world = new World();
            world.WhenWaiting = run =>
            {
                if (world.Journal.Answer(run, """{"choice":"go","by":"ada"}""")) return true;
                world.Journal.Send(run, InboxKind.Signal, "go", "7"u8.ToArray());
                world.Journal.Publish("tick", "here", Encoding.UTF8.GetBytes("""{"specversion":"1.0","id":"1","type":"tick","source":"here","data":{"n":1}}"""));
                return true;
            };
            var effects = new FakeEffects().With("work", (arguments, step) => world.EffectAsync(step, arguments["value"]));
            var settled = await world.RunAsync(Body(document, workflow, effects, world), new { n = 3 }, (4, true));
            Assert.True(settled.State == RunState.Completed, settled.Error?.ToString());
            var recorded = new JsonObject { ["run"] = world.Current.ToString(), ["document"] = document, ["workflow"] = workflow, ["entries"] = HistoryFile.Write(world.Journal.Entries(world.Current)) };
            await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.json"), recorded.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }
        Assert.NotEmpty(Directory.EnumerateFiles(folder));
    }

    private static readonly (string Name, string? Document, string? Workflow)[] Recordings =
    [
        ("0.1-document", $$"""
            {{Dsl.Documents.Header}}
            do:
              - first: { call: work, with: { value: '${ .n }' } }
              - attempt: { try: [ { bad: { raise: { error: { type: 'urn:x', status: 503 } } } } ], catch: { retry: { delay: PT1S, limit: { attempt: { count: 1 } } }, do: [ { keep: { set: { n: '${ $steps.first }' } } } ] } }
              - both: { fork: { branches: [ { a: { call: work, with: { value: 1 } } }, { b: { do: [ { nap: { wait: PT1M } }, { w: { call: work, with: { value: 2 } } } ] } } ] } }
              - many: { call: map, with: { in: '[range(5)]', parallel: 2, do: [ { w: { call: work, with: { value: '${ $item }' } } } ] } }
              - hear: { listen: { to: { one: { with: { type: tick } } } } }
              - tell: { emit: { event: { with: { type: done, data: '${ . }' } } } }
              - child: { call: workflow, with: { name: child, input: { n: 1 } } }
              - end: { set: { many: '${ $steps.many }', both: '${ $steps.both }', hear: '${ $steps.hear }', tell: '${ $steps.tell.id }', child: '${ $steps.child }' } }
            """, null),
        ("0.1-code", null, "everything"),
        ("0.2-policies", $$"""
            {{Dsl.Documents.Header}}
            do:
              - whole: { do: [ { w: { call: work, with: { value: '${ .n }' } } }, { bad: { raise: { error: { type: 'urn:x', status: 503 } } } } ], metadata: { baton: { on_error: { rules: [ { status: 503, retry: { max_retries: 1, delay: PT1M, jitter: false }, fallback: [ { do: [ { again: { raise: { error: { type: 'urn:y', status: 500 } } } } ] }, { do: [ { w: { call: work, with: { value: 8 } } } ] } ], skip: {} } ] } } } }
              - skipped: { raise: { error: { type: 'urn:z', status: 400 } }, metadata: { baton: { on_error: standard } } }
              - ask: { call: approve, with: { title: Sure?, choices: [go, stop], data: { n: 1 } } }
              - decided: { raise: { error: { type: 'urn:z', status: 500 } }, metadata: { baton: { on_error: { rules: [ { escalate: { deadline: PT1H, on_expiry: { choice: skip } } } ] } } } }
              - end: { set: { whole: '${ $steps.whole }', skipped: '${ $steps.skipped }', ask: '${ $steps.ask.choice }' } }
            """, null),
    ];

    private static WorkflowBody Body(string? document, string? workflow, FakeEffects effects, World world)
    {
        world.Register("child", World.Body<JsonElement, int>((_, _) => Task.FromResult(5)));
        return document is not null ? WorkflowDefinition.Parse(document, effects).Body : workflow == "everything" ? Everything(world) : throw new InvalidDataException(workflow);
    }

    /// <summary>Never changes: the histories were recorded by it.</summary>
    private static WorkflowBody Everything(World world) => World.Body<JsonElement, string>(async (run, _) =>
    {
        var id = run.NewId();
        var one = await run.StepAsync("one", step => world.EffectAsync(step, 1));
        var flaky = await run.StepAsync("flaky", async step => step.Attempt == 1 ? throw new HttpRequestException("x") : await world.EffectAsync(step, step.Attempt), new StepOptions { Retry = RetryPolicy.Transient });
        await run.SleepAsync("nap", TimeSpan.FromMinutes(1));
        var signal = await run.WaitForSignalAsync<int>("go");
        var many = await run.MapAsync("many", [1, 2, 3], (int item, StepContext step) => world.EffectAsync(step, item * 2), new MapOptions { Parallel = 2 });
        var parts = await run.MapAsync("parts", [1, 2], async (int item, RunContext part) => await part.StepAsync("a", step => world.EffectAsync(step, item)) + await part.StepAsync("b", step => world.EffectAsync(step, item)));
        var child = await run.ChildAsync<int, int>("child", new WorkflowRef("test", "child", "1.0.0"), 1);
        return $"{id} {one} {flaky} {signal} {string.Join(',', many.Outputs)} {string.Join(',', parts.Outputs)} {child} {run.Now - run.StartedAt}";
    });

    private static string Normal(ReadOnlyMemory<byte> json) => JsonNode.Parse(json.Span)!.ToJsonString();
}
