using System.Collections.Immutable;
using Baton.Client;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway.Limits;

/// <summary>Who may call when: at once, later, or not at all.</summary>
public sealed class LimiterTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly Limiter limiter;

    public LimiterTests() => limiter = new Limiter(time, static () => 1, 100);

    public void Dispose() => limiter.Dispose();

    [Fact]
    public async Task All_limits_of_a_call_are_taken_together_or_none()
    {
        LimitOwner[] both = [Owner("key", "a", new KeyLimit(Requests: 5)), Owner("tenant", "t", new KeyLimit(Requests: 1))];
        await AdmittedAsync(both);
        var refused = await RefusedAsync(both);
        Assert.Equal("Tenant 't' has reached its limit of 1 requests per 60 s", refused.Limit);
        Assert.Equal(4, Remaining(await AdmittedAsync(both[..1])) + 1);   // the refused call took nothing of the key's

        static long Remaining(Admission admission)
        {
            var headers = new Microsoft.AspNetCore.Http.HeaderDictionary();
            admission.Explain(headers);
            return long.Parse(headers["x-ratelimit-remaining-requests"].ToString());
        }
    }

    [Fact]
    public async Task A_limit_may_be_for_some_models_alone()
    {
        LimitOwner[] owner = [Owner("key", "a", new KeyLimit(Requests: 1, Model: "big-*"))];
        await AdmittedAsync(owner, "big-one");
        Assert.Contains("for models 'big-*'", (await RefusedAsync(owner, "BIG-two")).Limit, StringComparison.Ordinal);
        await AdmittedAsync(owner, "small");
    }

    [Fact]
    public async Task Tokens_are_reserved_and_settled()
    {
        LimitOwner[] owner = [Owner("key", "a", new KeyLimit(Tokens: 100))];
        var first = await AdmittedAsync(owner, tokens: 80);
        await RefusedAsync(owner, tokens: 30);
        first.Settle(5, 5);
        first.Settle(1000, 1000);
        var second = await AdmittedAsync(owner, tokens: 90);
        second.Settle(100, 50);   // more than it said: the next ones wait for that
        await RefusedAsync(owner, tokens: 1);
        var never = await RefusedAsync(owner, tokens: 101);
        Assert.Null(never.RetryAfter);
        time.Advance(TimeSpan.FromSeconds(61));
        await AdmittedAsync(owner, tokens: 100);
    }

    [Fact]
    public async Task A_refusal_says_when_there_is_room()
    {
        LimitOwner[] owner = [Owner("key", "a", new KeyLimit(Requests: 1, WindowSeconds: 64))];
        await AdmittedAsync(owner);
        time.Advance(TimeSpan.FromSeconds(10));
        var wait = (await RefusedAsync(owner)).RetryAfter!.Value;
        Assert.InRange(wait, TimeSpan.FromSeconds(54), TimeSpan.FromSeconds(55));
        time.Advance(wait);
        await AdmittedAsync(owner);
    }

    [Fact]
    public async Task A_call_waits_for_a_place_and_gets_it_when_another_ends()
    {
        LimitOwner[] owner = [Owner("key", "a", new KeyLimit(Concurrency: 1, MaxWaitSeconds: 5))];
        var first = await AdmittedAsync(owner);
        var second = AskAsync(owner);
        Assert.False(second.IsCompleted);
        first.Dispose();
        first.Dispose();
        var third = AskAsync(owner);
        Assert.IsType<AdmissionResult.Admitted>(await second);
        Assert.False(third.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(5));
        var refused = Assert.IsType<AdmissionResult.Refused>(await third);
        Assert.Equal(("Key 'a' has reached its limit of 1 requests at once", TimeSpan.FromSeconds(5)), (refused.Limit, refused.Waited));
        Assert.Equal(0, limiter.Waiting);
    }

    [Fact]
    public async Task A_call_waits_for_the_clock_but_not_in_vain()
    {
        LimitOwner[] owner = [Owner("key", "a", new KeyLimit(Requests: 60, Algorithm: "token_bucket", MaxWaitSeconds: 2))];
        for (var i = 0; i < 60; i++) await AdmittedAsync(owner);
        var waits = AskAsync(owner);
        Assert.False(waits.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<AdmissionResult.Admitted>(await waits);
        LimitOwner[] slow = [Owner("key", "b", new KeyLimit(Requests: 1, MaxWaitSeconds: 2))];
        await AdmittedAsync(slow);
        await RefusedAsync(slow);   // a minute is more than it may wait
    }

    [Fact]
    public async Task Keys_take_turns_and_none_starves_another()
    {
        LimitOwner[] Of(string key) => [Owner("key", key), Owner("tenant", "t", new KeyLimit(Concurrency: 1, MaxWaitSeconds: 60))];
        var holds = await AdmittedAsync(Of("greedy"));
        var order = new List<string>();
        var waiting = new List<(string Key, Task<AdmissionResult> Task)>();
        foreach (var key in (string[])["greedy", "greedy", "greedy", "greedy", "modest", "other"]) waiting.Add((key, AskAsync(Of(key), caller: key)));
        while (waiting.Count > 0)
        {
            holds.Dispose();
            var task = await Task.WhenAny(waiting.Select(one => one.Task));
            var next = waiting.Single(one => one.Task == task);
            waiting.Remove(next);
            order.Add(next.Key);
            holds = Assert.IsType<AdmissionResult.Admitted>(await task).Admission;
            Assert.DoesNotContain(waiting, one => one.Task.IsCompleted);
        }
        Assert.Equal(["greedy", "modest", "other", "greedy", "greedy", "greedy"], order);
    }

    [Fact]
    public async Task Small_calls_of_others_do_not_keep_a_large_one_waiting_for_ever()
    {
        LimitOwner[] Of(string key) => [Owner("key", key), Owner("tenant", "t", new KeyLimit(Tokens: 100, MaxWaitSeconds: 120))];
        var small = await AdmittedAsync(Of("small"), tokens: 60, caller: "small");
        var large = AskAsync(Of("large"), tokens: 90, caller: "large");
        var late = AskAsync(Of("small"), tokens: 10, caller: "small");   // there would be room, but it is held for the large one
        Assert.False(large.IsCompleted || late.IsCompleted);
        small.Settle(0, 0);
        Assert.IsType<AdmissionResult.Admitted>(await large);
        Assert.IsType<AdmissionResult.Admitted>(await late);
    }

    [Fact]
    public async Task Who_waits_for_a_limit_of_its_own_is_in_nobodys_way()
    {
        var tenant = Owner("tenant", "t", new KeyLimit(Concurrency: 5));
        LimitOwner[] narrow = [Owner("key", "narrow", new KeyLimit(Concurrency: 1, MaxWaitSeconds: 60)), tenant];
        await AdmittedAsync(narrow, caller: "narrow");
        var waits = AskAsync(narrow, caller: "narrow");
        await AdmittedAsync([Owner("key", "wide", new KeyLimit(Concurrency: 3)), tenant], caller: "wide");
        Assert.False(waits.IsCompleted);
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_place_in_the_queue()
    {
        LimitOwner[] owner = [Owner("tenant", "t", new KeyLimit(Tokens: 100, MaxWaitSeconds: 60))];
        await AdmittedAsync(owner, tokens: 60);
        using var leaves = new CancellationTokenSource();
        var large = AskAsync(owner, tokens: 90, caller: "large", cancel: leaves.Token);
        var small = AskAsync(owner, tokens: 10, caller: "small");
        Assert.False(small.IsCompleted);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.IsType<AdmissionResult.Admitted>(await small);
        using var gone = new CancellationTokenSource();
        var last = AskAsync(owner, tokens: 90, caller: "large", cancel: gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => last);
        await AdmittedAsync(owner, tokens: 30);   // what was held for the last one is free
    }

    [Fact]
    public async Task A_call_is_woken_by_the_clock_though_one_that_waited_before_it_has_left()
    {
        LimitOwner[] owner = [Owner("key", "a", new KeyLimit(Requests: 1, MaxWaitSeconds: 100))];
        await AdmittedAsync(owner);
        using var leaves = new CancellationTokenSource();
        var gone = AskAsync(owner, cancel: leaves.Token);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        time.Advance(TimeSpan.FromSeconds(62));
        await AdmittedAsync(owner);
        var waits = AskAsync(owner);
        time.Advance(TimeSpan.FromSeconds(62));
        Assert.IsType<AdmissionResult.Admitted>(await waits.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>Random calls, ends, departures, pauses and changes of the tokens and of the nodes: after each, no limit is exceeded, and nobody waits for longer than it may; at the end every place is free again.</summary>
    [Fact]
    public void Whatever_callers_do_no_limit_is_exceeded_and_no_place_is_lost() => Property.Holds(Gen.Choose(0, 9_999).ListOf().Select(steps => steps.ToList()).ToArbitrary(), steps =>
    {
        var (clock, share, now) = (new ManualTime(), 1, 0);
        using var tested = new Limiter(clock, () => share, 20);
        ImmutableArray<KeyLimit>[] given = [Shared(300), Shared(60)];
        ImmutableArray<KeyLimit> own = [new KeyLimit(Requests: 6, WindowSeconds: 64, MaxWaitSeconds: 40)];
        var (running, waiting) = (new List<Admission>(), new List<(Task<AdmissionResult> Task, CancellationTokenSource Leaves, int Key, DateTimeOffset Since)>());
        var starts = new List<(DateTimeOffset At, int Key, long Tokens)>();
        foreach (var step in steps)
        {
            var (what, which) = (step / 100, step % 100);
            if (what < 50)
            {
                var leaves = new CancellationTokenSource();
                var key = which % 3;
                waiting.Add((tested.AdmitAsync(("t", $"{key}"), [new LimitOwner(("key", "t", $"{key}"), $"{key}", own), new LimitOwner(("tenant", "t", ""), "t", given[now])], "m", 10 + which, leaves.Token).AsTask(), leaves, key, clock.GetUtcNow()));
            }
            else if (what < 70 && running.Count > 0)
            {
                var ends = running[which % running.Count];
                running.Remove(ends);
                if (which % 2 == 0) ends.Settle(which % 10, 0);
                ends.Dispose();
            }
            else if (what < 80 && waiting.Count > 0) waiting[which % waiting.Count].Leaves.Cancel();
            else if (what < 85) (now, share) = (which % 2, 1 + (which / 2 % 2));
            else clock.Advance(TimeSpan.FromMilliseconds(which * 100));
            Assert.True(SpinWait.SpinUntil(() => waiting.Count(one => !one.Task.IsCompleted) == tested.Waiting, TimeSpan.FromSeconds(10)));   // what was decided has been told
            foreach (var one in waiting.Where(one => one.Task.IsCompleted).ToList())
            {
                waiting.Remove(one);
                one.Leaves.Dispose();
                if (!one.Task.IsCompletedSuccessfully || one.Task.Result is not AdmissionResult.Admitted(var admission)) continue;
                running.Add(admission);
                starts.Add((clock.GetUtcNow(), one.Key, admission.Tokens));
            }
            if (waiting.Any(one => clock.GetUtcNow() - one.Since > TimeSpan.FromSeconds(40))) return false;
            var since = clock.GetUtcNow() - TimeSpan.FromSeconds(54);   // a start is noted up to 10 s late: at the end of a pause
            if (running.Count > 4 || starts.Where(one => one.At > since).GroupBy(one => one.Key).Any(key => key.Count() > 6)) return false;
        }
        foreach (var one in waiting) one.Leaves.Cancel();
        foreach (var admission in running) admission.Dispose();
        // Those that were admitted at the last moment hold a place until they are ended, like all others.
        foreach (var one in waiting.Where(one => SpinWait.SpinUntil(() => one.Task.IsCompleted, TimeSpan.FromSeconds(10)) && one.Task is { IsCompletedSuccessfully: true, Result: AdmissionResult.Admitted })) ((AdmissionResult.Admitted)one.Task.Result).Admission.Dispose();
        clock.Advance(TimeSpan.FromSeconds(200));
        share = 1;
        var free = Enumerable.Range(0, 5).Select(i => tested.AdmitAsync(("t", "new"), [new LimitOwner(("tenant", "t", ""), "t", given[0])], "m", 1, CancellationToken.None).AsTask()).Count(task => task.IsCompleted && task.Result is AdmissionResult.Admitted);
        return tested.Waiting == 1 && free == 4;

        static ImmutableArray<KeyLimit> Shared(long tokens) => [new KeyLimit(Concurrency: 4, MaxWaitSeconds: 20), new KeyLimit(Tokens: tokens, WindowSeconds: 64, MaxWaitSeconds: 30)];
    });

    [Fact]
    public async Task Under_real_concurrency_with_clients_that_leave_at_any_moment_no_place_is_lost_or_given_twice()
    {
        using var real = new Limiter(TimeProvider.System, static () => 1, 10_000);
        LimitOwner[] owner = [Owner("tenant", "t", new KeyLimit(Concurrency: 3, MaxWaitSeconds: 600))];
        var (inside, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Factory.StartNew(async () =>
        {
            var random = new System.Random(worker);
            for (var i = 0; i < 300; i++)
            {
                using var leaves = new CancellationTokenSource();
                var asking = real.AdmitAsync(("t", $"{worker % 5}"), owner, "m", 0, leaves.Token).AsTask();
                if (random.Next(3) == 0) leaves.Cancel();
                try
                {
                    var admission = Assert.IsType<AdmissionResult.Admitted>(await asking).Admission;
                    InterlockedMax(ref most, Interlocked.Increment(ref inside));
                    await Task.Yield();
                    Interlocked.Decrement(ref inside);
                    admission.Dispose();
                }
                catch (OperationCanceledException)
                {
                    // It left while it waited.
                }
            }
        }, TestContext.Current.CancellationToken, TaskCreationOptions.None, TaskScheduler.Default).Unwrap()));
        Assert.InRange(most, 1, 3);
        Assert.Equal(0, real.Waiting);
        for (var i = 0; i < 3; i++) Assert.IsType<AdmissionResult.Admitted>(await real.AdmitAsync(("t", "x"), owner, "m", 0, CancellationToken.None));
    }

    private static void InterlockedMax(ref int place, int value)
    {
        for (var seen = Volatile.Read(ref place); value > seen && Interlocked.CompareExchange(ref place, value, seen) != seen; seen = Volatile.Read(ref place))
        {
        }
    }

    private static LimitOwner Owner(string kind, string name, params KeyLimit[] limits) => new((kind, "t", name), name, [.. limits]);

    private Task<AdmissionResult> AskAsync(LimitOwner[] owners, string model = "m", long tokens = 0, string caller = "c", CancellationToken cancel = default) => limiter.AdmitAsync(("t", caller), owners, model, tokens, cancel).AsTask();

    private async Task<Admission> AdmittedAsync(LimitOwner[] owners, string model = "m", long tokens = 0, string caller = "c") => Assert.IsType<AdmissionResult.Admitted>(await AskAsync(owners, model, tokens, caller)).Admission;

    private async Task<AdmissionResult.Refused> RefusedAsync(LimitOwner[] owners, string model = "m", long tokens = 0, string caller = "c") => Assert.IsType<AdmissionResult.Refused>(await AskAsync(owners, model, tokens, caller));
}
