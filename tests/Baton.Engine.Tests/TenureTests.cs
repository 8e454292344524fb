using Baton.Engine.Runs;
using Baton.Engine.Tests.Support;

namespace Baton.Engine.Tests;

/// <summary>An attempt waits until its host may act under the run's lease.</summary>
public sealed class TenureTests
{
    private readonly MemoryJournal journal = new();
    private readonly ManualTime time = new();
    private int performed;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_performed_before_and_everything_after(bool isAsynchronous)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (execution, asked) = Start(ready, isAsynchronous);
        await asked;
        Assert.Equal(0, performed);
        ready.SetResult();
        Assert.Equal(RunState.Completed, Assert.IsType<RunOutcome.Settled>(await execution.Completion).State);
        Assert.Equal(1, performed);
    }

    [Fact]
    public async Task A_run_that_is_given_up_meanwhile_performs_nothing()
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (execution, asked) = Start(ready, isAsynchronous: true);
        await asked;
        execution.Abandon();
        Assert.IsType<RunOutcome.LeaseLost>(await execution.Completion);
        ready.SetResult();
        Assert.Equal(0, performed);
    }

    private (RunExecution Execution, Task Asked) Start(TaskCompletionSource ready, bool isAsynchronous)
    {
        var run = RunId.New(time);
        journal.Create(run, "null"u8.ToArray(), time.GetUtcNow());
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = World.Options(time) with
        {
            BeforeAttempt = cancel =>
            {
                asked.TrySetResult();
                return new ValueTask(ready.Task.WaitAsync(cancel));
            },
        };
        var body = World.Body<object?, int>((context, _) => context.StepAsync("s", async _ =>
        {
            if (isAsynchronous) await Task.Yield();
            return Interlocked.Increment(ref performed);
        }));
        var lease = journal.Claim(run);
        return (RunExecution.Start(lease, new RunHistory(journal.Entries(run), []), body, journal, options), asked.Task);
    }
}
