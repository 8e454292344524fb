using System.Text;
using Baton.Engine.Tests.Support;

namespace Baton.Engine.Tests;

/// <summary>Runs that failed and go on: what failed is performed again, what completed is not, and every replay comes to the same.</summary>
public sealed class RetryTests
{
    private bool mended;

    [Fact]
    public Task The_failed_step_is_performed_again_and_nothing_else() => EverywhereAsync("c", 3, world => World.Body<object?, string>(async (run, _) =>
        $"{await WorkAsync(run, world, "a")}{await WorkAsync(run, world, "b")}{await FailAsync(run, world, "c")}{await WorkAsync(run, world, "d")}"), ["a", "b", "c", "c", "d"]);

    [Fact]
    public Task What_completed_beside_the_failed_step_stays() => EverywhereAsync("c", 3, world => World.Body<object?, string>(async (run, _) =>
        string.Concat(await Task.WhenAll(WorkAsync(run, world, "a"), FailAsync(run, world, "c"), WorkAsync(run, world, "b")))), ["a", "b", "c", "c"], inOrder: false);

    [Fact]
    public Task How_a_failure_was_handled_is_forgotten_with_it() => EverywhereAsync("c", 2, world => World.Body<object?, string>(async (run, _) =>
    {
        var first = await WorkAsync(run, world, "a");
        try
        {
            return first + await FailAsync(run, world, "c");
        }
        catch (WorkflowException)
        {
            await run.SleepAsync("breath", TimeSpan.FromMinutes(1));
            await WorkAsync(run, world, "undo");
            throw;
        }
    }), ["a", "c", "undo", "c"]);

    [Fact]
    public Task Only_the_failed_items_of_a_map_are_performed_again() => EverywhereAsync("m[3]", 2, world => World.Body<object?, string>(async (run, _) =>
    {
        var result = await run.MapAsync("m", Enumerable.Range(0, 6).ToList(), async (int item, RunContext part) =>
            await part.StepAsync("first", step => world.EffectAsync(step, $"{item}")) + (item == 3 ? await FailAsync(part, world, "second") : await WorkAsync(part, world, "second")), new MapOptions { Parallel = 1 });
        return string.Concat(result.Outputs);
    }), null);

    [Fact]
    public async Task A_step_has_all_its_attempts_again()
    {
        var world = new World();
        var attempts = new List<int>();
        var body = World.Body<object?, int>((run, _) => run.StepAsync("flaky", step =>
        {
            attempts.Add(step.Attempt);
            return attempts.Count < 5 ? throw new HttpRequestException("busy") : Task.FromResult(1);
        }, new StepOptions { Retry = RetryPolicy.Transient with { MaxAttempts = 3 } }));
        Assert.Equal(RunState.Failed, (await world.RunAsync(body)).State);
        Assert.Equal(RunState.Completed, (await world.RetryAsync(body, FailureOf(world, "flaky"))).State);
        Assert.Equal([1, 2, 3, 1, 2], attempts);
        await world.ReplayAsync(world.Current, body);
    }

    [Fact]
    public async Task A_run_may_be_retried_as_often_as_it_fails()
    {
        var world = new World();
        var body = World.Body<object?, string>(async (run, _) =>
        {
            var text = new StringBuilder();
            for (var i = 0; i < 3; i++)
            {
                text.Append(await run.StepAsync($"s{i}", async step =>
                {
                    await world.EffectAsync(step, 0);
                    return world.Journal.Entries(step.Run).Count(entry => entry is JournalEntry.StepFailed && entry.Key == step.Key) < 2 ? throw new InvalidOperationException("not yet") : "x";
                }));
            }
            return text.ToString();
        });
        var settled = await world.RunAsync(body);
        var retries = 0;
        for (; settled.State == RunState.Failed && retries < 10; retries++) settled = await world.RetryAsync(body, world.Journal.Entries(world.Current).OfType<JournalEntry.StepFailed>().Last().Seq, (2, retries % 2 == 0));
        Assert.Equal(6, retries);
        Assert.Equal("\"xxx\"", Encoding.UTF8.GetString(settled.Output.Span));
        Assert.Empty(world.Repeated);
        Assert.Equal(settled.Output.ToArray(), (await world.ReplayAsync(world.Current, body)).ToArray());
    }

    /// <summary>Lets a run fail, mends what was wrong, and retries it with deaths before and after every call to the journal.</summary>
    /// <param name="expected">The effects of the whole, each name as often as it is performed; null when only that none is repeated counts.</param>
    private async Task EverywhereAsync(string failed, int recordedBefore, Func<World, WorkflowBody> workflow, string[]? expected, bool inOrder = true)
    {
        var calls = 10;
        for (var at = 1; at <= calls; at++)
        {
            foreach (var after in new[] { false, true })
            {
                var world = new World(asynchronousJournal: at % 2 == 0);
                var body = workflow(world);
                mended = false;
                var first = await world.RunAsync(body);
                Assert.Equal(RunState.Failed, first.State);
                Assert.True(world.Journal.Entries(world.Current).Count > recordedBefore);
                mended = true;
                var retried = await world.RetryAsync(body, FailureOf(world, failed), (at, after), (1, true), (2, !after));
                calls = world.Calls;
                Assert.True(retried.State == RunState.Completed, retried.Error?.ToString());
                Assert.Empty(world.Repeated);
                Assert.Equal(retried.Output.ToArray(), (await world.ReplayAsync(world.Current, body)).ToArray());
                if (expected is null) continue;
                foreach (var name in expected.Distinct()) Assert.InRange(world.Effects[name], expected.Count(one => one == name), expected.Count(one => one == name) + 3);   // the lives that died may have begun it
                if (inOrder) Assert.Equal(expected.Distinct().Order(), world.Effects.Keys.Order());
            }
        }
    }

    /// <summary>Where the failure begins: inside a failed item, the step that failed it.</summary>
    private static long FailureOf(World world, string key) =>
        world.Journal.Entries(world.Current).OfType<JournalEntry.StepFailed>().First(entry => entry.RetryAt is null && entry.Key.StartsWith(key, StringComparison.Ordinal)).Seq;

    private static Task<string> WorkAsync(RunContext run, World world, string key) => run.StepAsync(key, step => world.EffectAsync(step, key, asynchronous: true));

    private Task<string> FailAsync(RunContext run, World world, string key) => run.StepAsync(key, async step =>
    {
        await world.EffectAsync(step, 0, asynchronous: true);
        return mended ? key : throw new InvalidOperationException("broken");
    });
}
