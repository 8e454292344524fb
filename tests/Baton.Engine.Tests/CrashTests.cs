using System.Text;
using Baton.Engine.Tests.Support;

namespace Baton.Engine.Tests;

/// <summary>Every workflow here is killed before and after each call that it makes to its journal.</summary>
public sealed class CrashTests
{
    private static readonly WorkflowRef Child = new("test", "child", "1.0.0");

    [Fact]
    public Task A_sequence_of_steps_survives_death_at_every_journal_call() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        var trace = new StringBuilder();
        for (var i = 0; i < n; i++) trace.Append(await run.StepAsync($"step/{i}", step => world.EffectAsync(step, $"{i};")));
        return trace.ToString();
    }), 5);

    [Fact]
    public Task Sleeps_survive_death_at_every_journal_call() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        var before = run.Now;
        await run.SleepAsync("nap", TimeSpan.FromMinutes(10));
        var middle = run.Now;
        await run.StepAsync("work", step => world.EffectAsync(step, 1));
        await run.SleepAsync("night", TimeSpan.FromDays(300));
        return $"{middle - before} {run.Now - middle}";
    }), 0);

    [Fact]
    public Task Retries_keep_their_count_over_death() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        var attempts = await run.StepAsync("flaky", async step =>
        {
            await world.EffectAsync(step, 0);
            return step.Attempt < 3 ? throw new HttpRequestException("busy", null, System.Net.HttpStatusCode.ServiceUnavailable) : step.Attempt;
        }, new StepOptions { Retry = RetryPolicy.Transient });
        return $"{attempts}";
    }), 0);

    [Fact]
    public Task A_final_failure_is_recorded_once_and_thrown_again_in_every_replay() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        try
        {
            await run.StepAsync<int>("charge", async step =>
            {
                await world.EffectAsync(step, 0);
                throw new InvalidOperationException("declined");
            });
            return "not reached";
        }
        catch (WorkflowException e)
        {
            return await run.StepAsync("refund", step => world.EffectAsync(step, e.Error.Detail!));
        }
    }), 0);

    [Fact]
    public Task Parallel_branches_survive_death_at_every_journal_call() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        var order = new StringBuilder();
        async Task Branch(string name)
        {
            for (var i = 0; i < 3; i++) order.Append(await run.StepAsync($"{name}/{i}", step => world.EffectAsync(step, $"{name}{i} ", asynchronous: true)));
        }
        await Task.WhenAll(Branch("a"), Branch("b"), Branch("c"));
        return order.ToString();
    }), 0, sameOrder: false);

    [Fact]
    public Task A_map_survives_death_at_every_journal_call() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        var result = await run.MapAsync("items", Enumerable.Range(0, n).ToList(), async (int item, StepContext step) =>
        {
            await world.EffectAsync(step, 0);
            return item % 4 == 3 ? throw new InvalidOperationException($"bad {item}") : item * 10;
        }, new MapOptions { Parallel = 3, OnError = MapErrors.Collect });
        return string.Join(",", result.Items.Select(item => item.IsOk ? $"{item.Output}" : item.Error!.Detail)) + $" {result.Failed}";
    }), 9);

    [Fact]
    public Task A_map_of_many_steps_each_survives_death_at_every_journal_call() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        var result = await run.MapAsync("items", Enumerable.Range(0, n).ToList(), async (int item, RunContext part) =>
        {
            var first = await part.StepAsync("first", step => world.EffectAsync(step, item));
            if (item % 2 == 1) await part.SleepAsync("pause", TimeSpan.FromHours(1));
            return first + await part.StepAsync("second", step => world.EffectAsync(step, 100));
        }, new MapOptions { Parallel = 2 });
        return string.Join(",", result.Outputs);
    }), 5);

    [Fact]
    public Task A_signal_is_consumed_exactly_once_over_death() => Deaths.EverywhereAsync(world =>
    {
        world.WhenWaiting = run =>
        {
            world.Journal.Send(run, InboxKind.Signal, "go", "\"now\""u8.ToArray());
            return true;
        };
        return World.Body<int, string>(async (run, n) =>
        {
            var first = await run.WaitForSignalAsync<string>("go");
            var done = await run.StepAsync("work", step => world.EffectAsync(step, "worked"));
            return $"{first} {done} {await run.WaitForSignalAsync<string>("go")}";
        });
    }, 0);

    [Fact]
    public Task A_child_run_is_started_once_over_death() => Deaths.EverywhereAsync(world =>
    {
        world.Register("child", World.Body<int, int>(async (run, n) => n + await run.StepAsync("double", step => world.EffectAsync(step, n))));
        return World.Body<int, string>(async (run, n) => $"{await run.ChildAsync<int, int>("child", Child, n)} {await run.StepAsync("after", step => world.EffectAsync(step, 1))}");
    }, 21);

    [Fact]
    public Task A_race_has_the_same_winner_in_every_replay() => Deaths.EverywhereAsync(world => World.Body<int, string>(async (run, n) =>
    {
        var fast = run.Part("fast");
        var slow = run.Part("slow");
        async Task<string> Slow()
        {
            await slow.Context.SleepAsync("nap", TimeSpan.FromMinutes(5));
            return await slow.Context.StepAsync("work", step => world.EffectAsync(step, "slow"));
        }
        var winner = await Task.WhenAny(Slow(), fast.Context.StepAsync("work", step => world.EffectAsync(step, "fast")));
        var text = await winner;
        (text == "slow" ? fast : slow).Cancel();
        return await run.StepAsync("after", step => world.EffectAsync(step, text));
    }), 0);

    [Fact]
    public Task Events_are_read_in_order_and_once_over_death() => Deaths.EverywhereAsync(world =>
    {
        var sent = 0;
        world.WhenWaiting = _ =>
        {
            world.Journal.Publish("noise", "here", "\"noise\""u8.ToArray());
            world.Journal.Publish("tick", "here", Encoding.UTF8.GetBytes($"\"{sent++}\""));
            return true;
        };
        return World.Body<int, string>(async (run, n) =>
        {
            var trace = new StringBuilder();
            var listener = await run.ListenAsync("ticks", [new EventSubscription("tick", null)]);
            for (var i = 0; i < 3; i++) trace.Append(Encoding.UTF8.GetString((await listener.NextAsync(_ => true)).Span));
            await listener.CloseAsync();
            return trace.ToString();
        });
    }, 0, sameOrder: false);
}
