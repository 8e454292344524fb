using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Cluster;

/// <summary>A node acts on its runs while the others cannot have taken it for dead, and never on those of an earlier life.</summary>
public class TenureTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task It_waits_when_its_last_heartbeat_is_too_old_and_goes_on_with_the_next()
    {
        var time = new ManualTime();
        var tenure = new Tenure(time);
        Assert.False(tenure.WaitAsync(CancellationToken.None).AsTask().IsCompleted);   // it is not registered yet
        tenure.Renew(time.GetTimestamp(), Long);
        Assert.True(tenure.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        time.Advance(Long);
        var waiting = tenure.WaitAsync(CancellationToken.None).AsTask();
        tenure.Renew(time.GetTimestamp() - time.TimestampFrequency * 9, Long);   // the answer to a heartbeat that was sent long ago
        Assert.False(waiting.IsCompleted);
        tenure.Renew(time.GetTimestamp(), Long);
        await waiting;
    }

    [Fact]
    public async Task Once_it_was_taken_for_dead_it_waits_until_it_is_registered_anew()
    {
        var time = new ManualTime();
        var tenure = new Tenure(time);
        tenure.Renew(time.GetTimestamp(), Long);
        tenure.Lose();
        Assert.Equal(1, tenure.Life);
        using var gone = new CancellationTokenSource();
        var (waiting, given) = (tenure.WaitAsync(CancellationToken.None).AsTask(), tenure.WaitAsync(gone.Token).AsTask());
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.False(waiting.IsCompleted);
        tenure.Renew(time.GetTimestamp(), Long);
        await waiting;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_whose_start_was_answered_only_after_the_others_took_it_over_is_not_begun_here(bool wasTaken)
    {
        var performed = 0;
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = new CodeWorkflow(new WorkflowRef("test", "late", "1.0.0"), async (run, input) =>
        {
            await run.StepAsync("once", async _ =>
            {
                Interlocked.Increment(ref performed);
                await opened.Task;
                return 0;
            });
            return input;
        });
        await using var server = await TestServer.StartAsync(body);
        var (worker, runs, tenure, database) = (server.Get<RunWorker>(), server.Get<RunStore>(), server.Get<Tenure>(), server.Get<Database>());
        var before = worker.Now;
        var started = (StartResult.Started)await runs.StartAsync(TenantId.Default, new NewRun(RunId.New(TimeProvider.System), body.Ref, "{}"u8.ToArray()), server.Get<Node>().Id);
        tenure.Lose();
        if (wasTaken) await database.WriteAsync(statements => runs.Rescue(statements, null));
        await worker.AdoptAsync(started.Lease!, body.Ref, new RunnableWorkflow(body.Body, false, null), "{}"u8.ToArray(), started.At, before);
        Assert.Equal(0, performed);
        tenure.HoldForGood();
        server.Get<Wakeups>().Queued();
        opened.SetResult();
        Assert.Equal("completed", (await server.EndAsync(started.Id.ToString())).State);
        Assert.Equal(1, performed);
    }
}

public sealed class TenureOnPostgres : TenureTests, IOnPostgres;
