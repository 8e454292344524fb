using System.Text;
using Baton.Engine.Runs;
using Baton.Engine.Tests.Support;

namespace Baton.Engine.Tests;

/// <summary>How a run behaves towards its host and towards wrong code.</summary>
public sealed class RunTests
{
    private readonly World world = new();

    [Fact]
    public async Task A_run_is_cancelled_at_once_and_its_effects_are_told()
    {
        var (told, begun) = (new TaskCompletionSource(), new TaskCompletionSource());
        var execution = Start(World.Body<object?, int>((run, _) => run.StepAsync<int>("endless", async step =>
        {
            using var registration = step.Cancel.Register(() => told.SetResult());
            begun.SetResult();
            await new TaskCompletionSource().Task;
            return 0;
        })));
        await begun.Task;
        execution.RequestCancel("not needed");
        var settled = Assert.IsType<RunOutcome.Settled>(await EndOf(execution));
        Assert.Equal((RunState.Cancelled, "not needed"), (settled.State, settled.Error!.Detail));
        await told.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task An_effect_to_which_storage_refuses_a_read_waits_and_is_one_attempt()
    {
        var asked = 0;
        var execution = Start(World.Body<object?, int>((run, _) => run.StepAsync("read", _ => ++asked < 3 ? throw new StorageUnavailableException("gone for a while") : Task.FromResult(asked))));
        while (!execution.Completion.IsCompleted)
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        var settled = Assert.IsType<RunOutcome.Settled>(await EndOf(execution));
        Assert.Equal(RunState.Completed, settled.State);
        Assert.Equal(3, asked);
        Assert.Equal(1, Assert.Single(world.Journal.Entries(run).OfType<JournalEntry.StepCompleted>()).Attempt);
    }

    [Fact]
    public async Task A_map_whose_start_storage_refuses_records_no_item_before_it()
    {
        var body = World.Body<object?, int>(async (run, _) => (await run.MapAsync("all", [1, 2, 3], (int item, StepContext step) => world.EffectAsync(step, item))).Outputs.Sum());
        run = world.Create();
        var choosy = new ChoosyJournal(world.Journal, entry => entry is JournalEntry.MapStarted);
        var execution = RunExecution.Start(world.Journal.Claim(run), new RunHistory(world.Journal.Entries(run), []), body, choosy, World.Options(world.Time));
        while (choosy.Refused < 3)
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.Single(world.Journal.Entries(run));
        execution.Abandon();   // and another life begins
        await execution.Completion;
        var settled = await world.DriveAsync(run, body);
        Assert.Equal((RunState.Completed, "6"), (settled.State, Encoding.UTF8.GetString(settled.Output.Span)));
    }

    [Theory]
    [InlineData(RunState.Cancelled)]
    [InlineData(RunState.Paused)]
    public async Task A_run_that_was_to_end_before_it_began_performs_nothing(RunState asked)
    {
        var body = World.Body<object?, int>((run, _) => run.StepAsync("charge", step => world.EffectAsync(step, 1)));
        run = world.Create();
        var execution = RunExecution.Start(world.Journal.Claim(run), new RunHistory(world.Journal.Entries(run), []), body, world.Journal, World.Options(world.Time), asked, "a mistake");
        var settled = Assert.IsType<RunOutcome.Settled>(await EndOf(execution));
        Assert.Equal((asked, "a mistake"), (settled.State, settled.Error!.Detail));
        Assert.Empty(world.Effects);
    }

    [Fact]
    public async Task What_breaks_outside_the_awaited_flow_fails_the_run_and_does_not_hang_it()
    {
        var execution = Start(World.Body<object?, int>(async (run, _) =>
        {
            SynchronizationContext.Current!.Post(_ => throw new InvalidOperationException("nobody awaits this"), null);   // as an async void does
            return await run.WaitForSignalAsync<int>("never");
        }));
        var settled = Assert.IsType<RunOutcome.Settled>(await EndOf(execution));
        Assert.Equal(RunState.Failed, settled.State);
        Assert.Contains("nobody awaits this", settled.Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_effect_that_breaks_when_it_is_told_does_not_keep_its_run_from_ending()
    {
        var execution = Start(World.Body<object?, int>(async (run, _) =>
        {
            var part = run.Part("part");
            var lost = part.Context.StepAsync<int>("lost", async step =>
            {
                step.Cancel.Register(() => throw new InvalidOperationException("no time"));
                await new TaskCompletionSource().Task;
                return 0;
            });
            part.Cancel();
            await Assert.ThrowsAsync<TaskCanceledException>(() => lost);
            return await run.StepAsync("left", step =>
            {
                step.Cancel.Register(() => throw new InvalidOperationException("no time"));
                return Task.FromResult(1);
            });
        }));
        Assert.Equal(RunState.Completed, Assert.IsType<RunOutcome.Settled>(await EndOf(execution)).State);
    }

    [Fact]
    public async Task A_paused_run_finishes_its_steps_starts_no_new_ones_and_goes_on_where_it_was()
    {
        var gate = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var body = World.Body<object?, string>(async (run, _) =>
        {
            var first = await run.StepAsync("first", async step =>
            {
                await world.EffectAsync(step, 0);
                begun.TrySetResult();
                await gate.Task;
                return "a";
            });
            return first + await run.StepAsync("second", step => world.EffectAsync(step, "b"));
        });
        var execution = Start(body);
        await begun.Task;
        execution.RequestPause("lunch");
        gate.SetResult();
        Assert.Equal(RunState.Paused, Assert.IsType<RunOutcome.Settled>(await EndOf(execution)).State);
        Assert.False(world.Effects.ContainsKey("second"));
        var resumed = await world.DriveAsync(run, body);
        Assert.Equal("\"ab\"", Encoding.UTF8.GetString(resumed.Output.Span));
        Assert.Equal(1, world.Effects["first"]);
    }

    [Fact]
    public async Task A_signal_that_comes_as_its_time_runs_out_is_kept_for_whoever_waits_next()
    {
        var body = World.Body<object?, string>(async (run, _) =>
        {
            for (var turn = 0; ; turn++)
            {
                var part = run.Part($"turn/{turn}");
                var signal = part.Context.WaitForSignalAsync<string>("go");
                if (turn > 0) return $"{turn}: {await signal}";
                if (await Task.WhenAny(signal, part.Context.SleepAsync("limit", TimeSpan.FromMinutes(1))) == signal) return $"{turn}: {await signal}";
                part.Cancel();
            }
        });
        var held = new HoldingJournal(world.Journal, entry => entry is JournalEntry.TimerFired);
        run = world.Create();
        var execution = RunExecution.Start(world.Journal.Claim(run), new RunHistory(world.Journal.Entries(run), []), body, held, World.Options(world.Time) with { ParkAfter = TimeSpan.FromHours(1) });
        while (!held.Holds)   // until the time is up, and that is not acknowledged yet
        {
            world.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
        world.Journal.Send(run, InboxKind.Signal, "go", "\"here\""u8.ToArray());
        execution.Notify();
        while (!world.Journal.Entries(run).Any(entry => entry is JournalEntry.SignalReceived)) await Task.Yield();
        held.Release();
        var settled = Assert.IsType<RunOutcome.Settled>(await EndOf(execution));
        Assert.Equal("\"1: here\"", Encoding.UTF8.GetString(settled.Output.Span));
        Assert.Equal(settled.Output.ToArray(), (await world.ReplayAsync(run, body)).ToArray());
        // A life that ends between the two finds the signal again.
        var entries = world.Journal.Entries(run).TakeWhile(entry => entry is not JournalEntry.SignalReceived { Key: "turn/1/signal/go/0" }).ToList();
        var copy = new MemoryJournal();
        copy.Create(run, "null"u8.ToArray(), entries[0].At);
        copy.Send(run, InboxKind.Signal, "go", "null"u8.ToArray());   // consumed by the entry that this copy does not hold
        var next = RunExecution.Start(copy.Claim(run), new RunHistory(entries, []), body, new HoldingJournal(copy, _ => false), World.Options(world.Time));
        Assert.Equal("\"1: here\"", Encoding.UTF8.GetString(Assert.IsType<RunOutcome.Settled>(await EndOf(next)).Output.Span));
    }

    [Fact]
    public async Task A_run_that_is_told_to_stop_gives_itself_back_with_its_steps_recorded()
    {
        var gate = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var execution = Start(World.Body<object?, int>(async (run, _) =>
        {
            await run.StepAsync("first", async step =>
            {
                begun.TrySetResult();
                await gate.Task;
                return 1;
            });
            return await run.StepAsync("second", step => world.EffectAsync(step, 2));
        }));
        await begun.Task;
        execution.RequestStop();
        gate.SetResult();
        Assert.IsType<RunOutcome.Released>(await EndOf(execution));
        Assert.True(world.Journal.HasOutcome(run, "first"));
        Assert.False(world.Effects.ContainsKey("second"));
    }

    [Fact]
    public async Task An_owner_that_lost_its_lease_records_nothing_more()
    {
        var gate = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var execution = Start(World.Body<object?, int>((run, _) => run.StepAsync("slow", async step =>
        {
            begun.SetResult();
            await gate.Task;
            return 1;
        })));
        await begun.Task;
        world.Journal.Claim(run);
        gate.SetResult();
        Assert.IsType<RunOutcome.LeaseLost>(await EndOf(execution));
        Assert.False(world.Journal.HasOutcome(run, "slow"));
    }

    [Fact]
    public async Task A_history_that_no_longer_fits_pauses_the_run_and_says_why_and_what_to_do()
    {
        await world.RunAsync(World.Body<object?, int>(async (run, _) => await run.StepAsync("charge", step => world.EffectAsync(step, 1)) + await run.StepAsync("ship", step => world.EffectAsync(step, 1))));
        var entries = world.Journal.Entries(world.Current).Where(entry => entry is not JournalEntry.StateChanged).ToList();
        foreach (var (changed, expected) in new (WorkflowBody, string[])[]
        {
            (World.Body<object?, int>((run, _) => run.StepAsync("charge-card", step => world.EffectAsync(step, 1))), ["Recorded next: step 'charge'", "asks for step 'charge-card'"]),
            (World.Body<object?, int>(async (run, _) =>
            {
                await run.SleepAsync("charge", TimeSpan.FromSeconds(1));
                return 1;
            }), ["At 'charge': recorded as step", "asked for now as timer"]),
            (World.Body<object?, int>((run, _) => run.StepAsync("charge", step => world.EffectAsync(step, 1))), ["Recorded next: step 'ship'", "nothing more: it returned"]),
        })
        {
            var journal = new MemoryJournal();
            var copy = RunId.New(world.Time);
            journal.Create(copy, "null"u8.ToArray(), world.Time.GetUtcNow());
            var execution = RunExecution.Start(journal.Claim(copy), new RunHistory(entries, []), changed, journal, World.Options(world.Time));
            var settled = Assert.IsType<RunOutcome.Settled>(await EndOf(execution));
            Assert.Equal(RunState.Paused, settled.State);
            foreach (var part in expected) Assert.Contains(part, settled.Error!.Detail, StringComparison.Ordinal);
            Assert.Contains("resume", settled.Error!.Detail, StringComparison.Ordinal);
        }
        Assert.Equal(1, world.Effects["charge"]);
        Assert.False(world.Effects.ContainsKey("charge-card"));
    }

    [Fact]
    public async Task A_key_that_is_used_twice_fails_the_run_and_says_so()
    {
        var settled = await world.RunAsync(World.Body<object?, int>(async (run, _) => await run.StepAsync("same", step => world.EffectAsync(step, 1)) + await run.StepAsync("same", step => world.EffectAsync(step, 1))));
        Assert.Equal(RunState.Failed, settled.State);
        Assert.Contains("'same' is used twice", settled.Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workflow_code_that_leaves_its_flow_is_told_so()
    {
        var settled = await world.RunAsync(World.Body<object?, int>(async (run, _) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System).ConfigureAwait(false);
            return await run.StepAsync("late", step => world.EffectAsync(step, 1));
        }));
        Assert.Equal(RunState.Failed, settled.State);
        Assert.Contains("ConfigureAwait(false)", settled.Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_storage_that_fails_for_a_while_is_a_pause_and_not_a_loss()
    {
        var journal = new StubbornJournal(world.Journal, failures: 3);
        run = world.Create();
        var lease = world.Journal.Claim(run);
        var execution = RunExecution.Start(lease, (await world.Journal.ReadAsync(lease, default))!, World.Body<object?, int>((context, _) => context.StepAsync("once", step => world.EffectAsync(step, 1))), journal, World.Options(TimeProvider.System));
        Assert.Equal(RunState.Completed, Assert.IsType<RunOutcome.Settled>(await EndOf(execution)).State);
        Assert.Equal(1, world.Effects["once"]);
    }

    [Fact]
    public async Task A_step_past_its_time_fails_as_a_timeout()
    {
        var settled = await new World().RunAsync(World.Body<object?, int>((context, _) => context.StepAsync<int>("slow", async step =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, step.Cancel);
            return 1;
        }, new StepOptions { Timeout = TimeSpan.Zero })));
        Assert.Equal((RunState.Failed, 408), (settled.State, settled.Error!.Status));
    }

    private RunId run;

    private RunExecution Start(WorkflowBody body)
    {
        run = world.Create();
        var lease = world.Journal.Claim(run);
        return RunExecution.Start(lease, new RunHistory(world.Journal.Entries(run), []), body, world.Journal, World.Options(world.Time));
    }

    private static Task<RunOutcome> EndOf(RunExecution execution) => execution.Completion.WaitAsync(TimeSpan.FromSeconds(10));

    /// <summary>Stores everything at once, and holds back the acknowledgement of some.</summary>
    private sealed class HoldingJournal(IJournal inner, Func<JournalEntry, bool> isHeld) : IJournal
    {
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Holds { get; private set; }

        public void Release() => released.SetResult();

        public ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel) => inner.ReadAsync(lease, cancel);

        public ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel) => inner.ReadInboxAsync(lease, after, cancel);

        public ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request) => inner.ParkAsync(lease, request);

        public async ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry)
        {
            var appended = await inner.AppendAsync(lease, entry);
            if (!isHeld(entry)) return appended;
            Holds = true;
            await released.Task;
            return appended;
        }
    }

    /// <summary>Refuses entries of a kind: the batch that held them broke, and those behind it did not.</summary>
    private sealed class ChoosyJournal(IJournal inner, Func<JournalEntry, bool> isRefused) : IJournal
    {
        public int Refused { get; private set; }

        public ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel) => inner.ReadAsync(lease, cancel);

        public ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel) => inner.ReadInboxAsync(lease, after, cancel);

        public async ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry)
        {
            await Task.Yield();
            if (!isRefused(entry)) return await inner.AppendAsync(lease, entry);
            Refused++;
            throw new StorageUnavailableException("the connection broke");
        }

        public ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request) => inner.ParkAsync(lease, request);
    }

    /// <summary>Refuses its first appends, as a full disk does.</summary>
    private sealed class StubbornJournal(IJournal inner, int failures) : IJournal
    {
        private int left = failures;

        public ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel) => inner.ReadAsync(lease, cancel);

        public ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel) => inner.ReadInboxAsync(lease, after, cancel);

        public async ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry)
        {
            await Task.Yield();
            return Interlocked.Decrement(ref left) >= 0 ? throw new StorageUnavailableException("full") : await inner.AppendAsync(lease, entry);
        }

        public ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request) => inner.ParkAsync(lease, request);
    }
}
