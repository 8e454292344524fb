using Baton.Server.Storage;

namespace Baton.Server.Tests.Storage;

public sealed class GatheringTests
{
    private readonly Gathering gathering = new();

    [Fact]
    public void A_commit_waits_until_half_of_those_whom_the_last_one_answered_are_back() => Assert.Equal(20, gathering.Wanted(answered: 40));

    [Fact]
    public void The_first_commit_and_one_after_nothing_wait_for_nobody() => Assert.Equal(0, gathering.Wanted(answered: 0));

    [Fact]
    public void Few_are_not_waited_for() => Assert.Equal(0, gathering.Wanted(answered: 7));

    [Fact]
    public void Where_they_do_not_come_the_next_commits_wait_for_nobody_twice_as_many_each_time_up_to_64()
    {
        foreach (var passes in (int[])[2, 4, 8, 16, 32, 64, 64])
        {
            Assert.Equal(20, gathering.Wanted(answered: 40));
            gathering.Waited(cameInTime: false);

            for (var i = 0; i < passes; i++) Assert.Equal(0, gathering.Wanted(answered: 40));
        }
    }

    [Fact]
    public void Once_they_come_again_they_are_waited_for_again()
    {
        for (var i = 0; i < 3; i++) gathering.Waited(cameInTime: false);
        gathering.Waited(cameInTime: true);

        Assert.Equal(20, gathering.Wanted(answered: 40));
    }

    [Fact]
    public async Task What_is_queued_by_many_at_once_is_committed_once_each_and_in_the_order_of_each()
    {
        const int Callers = 40, Calls = 200;
        var committed = new List<Numbered>();
        using (var loop = new CommitLoop("test-writer", "a test", batch =>
        {
            committed.AddRange(batch.Cast<Numbered>());
            foreach (var request in batch) request.Complete();
        }, gathering))
        {
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
            {
                for (var call = 0; call < Calls; call++)
                {
                    var request = new Numbered(caller, call);
                    loop.Enqueue(request);
                    await request.Task;
                    if (call % 50 == caller) await Task.Yield();   // not all come back at once
                }
            }));
        }

        Assert.Equal(Callers * Calls, committed.Count);
        Assert.All(committed.GroupBy(request => request.Caller), calls => Assert.Equal(Enumerable.Range(0, Calls), calls.Select(call => call.Call)));
    }

    [Fact]
    public void A_loop_that_waits_for_others_commits_what_it_has_before_it_stops()
    {
        var committed = 0;
        using var first = new ManualResetEventSlim();
        var loop = new CommitLoop("test-writer", "a test", batch =>
        {
            first.Wait();
            committed += batch.Count;
            foreach (var request in batch) request.Complete();
        }, gathering);
        for (var i = 0; i < 20; i++) loop.Enqueue(new Numbered(0, i));
        first.Set();
        loop.Enqueue(new Numbered(0, 20));   // nobody else comes

        loop.Dispose();

        Assert.Equal(21, committed);
    }

    private sealed class Numbered(int caller, int call) : WriteRequest<bool>(inline: false)
    {
        public int Caller => caller;

        public int Call => call;

        public override void Execute(SqlStatements statements)
        {
        }
    }
}
