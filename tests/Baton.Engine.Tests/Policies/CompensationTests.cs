using Baton.Engine.Dsl;
using Baton.Engine.Tests.Dsl;
using Baton.Engine.Tests.Support;
using Baton.Jq;

namespace Baton.Engine.Tests.Policies;

/// <summary>What finished tasks did is undone in reverse order, whatever is killed and when.</summary>
public sealed class CompensationTests
{
    private const string Trip = """
        do:
          - flight: { call: work, with: { value: 1 }, metadata: { baton: { compensate: { do: [ { undo: { call: work, with: { value: '${ $completed.output }' } } } ] } } } }
          - hotel: { call: work, with: { value: 2 }, metadata: { baton: { compensate: { do: [ { undo: { call: broken } } ] } } } }
          - car: { call: work, with: { value: 3 }, metadata: { baton: { compensate: { do: [ { undo: { call: flaky } }, { then: { call: work, with: { value: 4 } } } ] } } } }
        """;

    [Fact]
    public Task Every_compensation_of_a_failed_run_runs_once_its_outcome_is_recorded_wherever_it_dies() =>
        Die($"{Trip}\n  - pay: {{ call: broken, metadata: {{ baton: {{ on_error: {{ rules: [ {{ compensate: {{}} }} ] }} }} }} }}", RunState.Failed);

    [Fact]
    public Task Every_compensation_of_a_cancelled_run_runs_wherever_it_dies() => Die($"{Trip}\n  - pay: {{ call: cancel }}", RunState.Cancelled, cancels: true);

    [Fact]
    public async Task A_failure_under_another_policy_undoes_nothing()
    {
        var world = new World();
        var (state, _, _) = await Documents.RunAsync($"{Trip}\n  - pay: {{ call: broken }}", null, Effects(world), world);
        Assert.Equal(RunState.Failed, state);
        Assert.DoesNotContain(world.Journal.Entries(world.Current), entry => entry is JournalEntry.CompensationStarted);
    }

    [Fact]
    public async Task A_cancelled_run_undoes_nothing_unless_it_asks_for_it()
    {
        var world = new World();
        var (state, _, _) = await Documents.RunAsync($"{Trip}\n  - pay: {{ call: cancel }}", null, Effects(world), world);
        Assert.Equal(RunState.Cancelled, state);
        Assert.DoesNotContain(world.Journal.Entries(world.Current), entry => entry is JournalEntry.CompensationStarted);
    }

    [Fact]
    public void What_undoes_the_items_of_a_map_stands_at_the_map() =>
        Assert.Contains(Documents.Problems($"{Documents.Header}do: [ {{ m: {{ call: map, with: {{ in: .x, do: [ {{ w: {{ set: {{ x: 1 }}, metadata: {{ baton: {{ compensate: {{ do: [] }} }} }} }} }} ] }} }} }} ]"),
            problem => problem.Mend.Contains("$completed.output", StringComparison.Ordinal));

    [Fact]
    public Task A_workflow_in_code_undoes_what_it_registered_wherever_it_dies() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        for (var i = 0; i < n; i++)
        {
            var number = i;
            await run.StepAsync($"book/{i}", step => world.EffectAsync(step, i));
            run.CompensateWith($"book/{i}", undo => undo.StepAsync("cancel", async step =>
            {
                await world.EffectAsync(step, 0, asynchronous: true);
                return number == 1 ? throw new InvalidOperationException("gone") : 0;
            }));
        }
        await run.SleepAsync("night", TimeSpan.FromHours(8));
        throw new InvalidOperationException("no money");
    }), 3, ends: RunState.Failed, check: world => Assert.Equal(["book/2", "book/1!", "book/0"], Undone(world)));

    [Fact]
    public Task Branches_are_undone_in_reverse_order_of_their_completion() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, _) =>
    {
        async Task BookAsync(string name, int minutes)
        {
            await run.SleepAsync($"{name}/wait", TimeSpan.FromMinutes(minutes));
            await run.StepAsync(name, step => world.EffectAsync(step, 0));
            run.CompensateWith(name, undo => undo.StepAsync("cancel", step => world.EffectAsync(step, 0)));
        }
        await Task.WhenAll(BookAsync("slow", 30), BookAsync("fast", 10));
        throw new InvalidOperationException("no money");
    }), 0, ends: RunState.Failed, check: world => Assert.Equal(["slow", "fast"], Undone(world)));

    private static Task Die(string tasks, RunState ends, bool cancels = false) => Deaths.EverywhereAsync(
        world => WorkflowDefinition.Parse(Documents.Header + tasks, Effects(world)).Body, JqValue.EmptyObject, ends: ends, compensatesOnCancel: cancels, check: world =>
        {
            Assert.Equal(["/do/2/car", "/do/1/hotel!", "/do/0/flight"], Undone(world));
            Assert.Equal(1, world.Journal.Entries(world.Current).Count(entry => entry.Key == "~compensate/0/do/0/undo" && entry.IsOutcome));
        });

    /// <summary>What was undone, in order; with ! where that failed.</summary>
    private static IEnumerable<string> Undone(World world) => world.Journal.Entries(world.Current).OfType<JournalEntry.Compensated>().Select(entry => entry.Error is null ? entry.Task : $"{entry.Task}!");

    private static FakeEffects Effects(World world) => new FakeEffects()
        .With("work", (arguments, step) => world.EffectAsync(step, arguments["value"]))
        .With("flaky", async (_, step) => await world.EffectAsync(step, step.Attempt) < 3 ? throw new TimeoutException() : JqValue.Null)
        .With("broken", async (_, step) => await world.EffectAsync(step, 0) == 0 ? throw new InvalidOperationException("broken") : JqValue.Null)
        .With("cancel", async (_, step) =>
        {
            await world.EffectAsync(step, 0);
            world.Cancel();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, step.Cancel);
            return JqValue.Null;
        });
}
