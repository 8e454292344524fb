using Baton.Client;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Limits;

/// <summary>Limits that change while calls are counted, under way and waiting.</summary>
public sealed class ChangedLimitTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly Limiter limiter;
    private int nodes = 1;

    public ChangedLimitTests() => limiter = new Limiter(time, () => nodes, 100);

    public void Dispose() => limiter.Dispose();

    [Fact]
    public async Task A_changed_limit_goes_on_counting()
    {
        await AdmittedAsync(Key(new KeyLimit(Requests: 3)));
        await AdmittedAsync(Key(new KeyLimit(Requests: 3)));
        await RefusedAsync(Key(new KeyLimit(Requests: 2)));
        await AdmittedAsync(Key(new KeyLimit(Requests: 3)));
        await RefusedAsync(Key(new KeyLimit(Requests: 3)));
    }

    [Fact]
    public async Task A_limit_that_is_put_in_front_of_others_leaves_their_counts()
    {
        var (requests, tokens, both) = (new KeyLimit(Requests: 2), new KeyLimit(Tokens: 100), new KeyLimit(Requests: 2, Tokens: 100));
        for (var i = 0; i < 2; i++) await AdmittedAsync(Key(requests), tokens: 30);
        await RefusedAsync(Key(tokens, requests));
        await RefusedAsync(Key(requests, tokens));
        await RefusedAsync(Key(both));   // what counts something more goes on with what it counted before
    }

    [Fact]
    public async Task Calls_under_way_count_in_a_limit_that_has_got_another_beside_it()
    {
        var concurrency = new KeyLimit(Concurrency: 1);
        var first = await AdmittedAsync(Key(concurrency));
        await RefusedAsync(Key(new KeyLimit(Requests: 5), concurrency));
        first.Dispose();
        await AdmittedAsync(Key(new KeyLimit(Requests: 5), concurrency));
    }

    [Fact]
    public async Task A_refusal_names_a_key_as_it_is_called_now()
    {
        await AdmittedAsync(Key(new KeyLimit(Requests: 1)));
        var refused = await RefusedAsync([new LimitOwner(("key", "t", "a"), "renamed", [new KeyLimit(Requests: 1)])]);
        Assert.Equal("Key 'renamed' has reached its limit of 1 requests per 60 s", refused.Limit);
    }

    [Fact]
    public async Task Each_of_several_nodes_grants_its_share()
    {
        nodes = 3;
        var owner = Key(new KeyLimit(Requests: 10));
        for (var i = 0; i < 3; i++) await AdmittedAsync(owner);
        Assert.Contains("10 requests per 60 s (3 on each of 3 nodes)", (await RefusedAsync(owner)).Limit, StringComparison.Ordinal);
        nodes = 1;
        for (var i = 0; i < 7; i++) await AdmittedAsync(owner);
        await RefusedAsync(owner);
    }

    [Fact]
    public async Task A_call_that_waits_for_more_than_a_lowered_limit_is_refused_for_good()
    {
        var (before, after) = (Key(new KeyLimit(Tokens: 1_000, MaxWaitSeconds: 100)), Key(new KeyLimit(Tokens: 500, MaxWaitSeconds: 100)));
        var first = await AdmittedAsync(before, tokens: 600);
        var waits = AskAsync(before, tokens: 600);
        var fits = AskAsync(after, tokens: 500);
        Assert.False(waits.IsCompleted || fits.IsCompleted);
        first.Dispose();
        var refused = Assert.IsType<AdmissionResult.Refused>(await waits);
        Assert.Equal(("This request may use 600 tokens, and key 'a' has a limit of 500 tokens per 60 s", null), (refused.Limit, refused.RetryAfter));
        time.Advance(TimeSpan.FromSeconds(62));
        Assert.IsType<AdmissionResult.Admitted>(await fits);
    }

    [Fact]
    public async Task A_call_that_waits_for_more_than_a_nodes_share_is_refused_by_the_clock_when_another_node_has_come()
    {
        var owner = Key(new KeyLimit(Tokens: 1_000, MaxWaitSeconds: 100));
        await AdmittedAsync(owner, tokens: 600);
        var waits = AskAsync(owner, tokens: 600);
        nodes = 2;
        var fits = AskAsync(owner, tokens: 400);
        time.Advance(TimeSpan.FromSeconds(62));
        Assert.Null(Assert.IsType<AdmissionResult.Refused>(await waits).RetryAfter);
        Assert.IsType<AdmissionResult.Admitted>(await fits);
    }

    [Fact]
    public async Task Tokens_of_a_call_that_began_before_they_were_limited_are_not_given_back_to_the_limit()
    {
        var first = await AdmittedAsync(Key(new KeyLimit(Requests: 5)), tokens: 80);
        var limited = Key(new KeyLimit(Requests: 5, Tokens: 100, Algorithm: "sliding_window"));
        await AdmittedAsync(limited, tokens: 100);
        first.Settle(1, 0);
        await RefusedAsync(limited, tokens: 10);
    }

    private static LimitOwner[] Key(params KeyLimit[] limits) => [new LimitOwner(("key", "t", "a"), "a", [.. limits])];

    private Task<AdmissionResult> AskAsync(LimitOwner[] owners, long tokens = 0) => limiter.AdmitAsync(("t", "c"), owners, "m", tokens, TestContext.Current.CancellationToken).AsTask();

    private async Task<Admission> AdmittedAsync(LimitOwner[] owners, long tokens = 0) => Assert.IsType<AdmissionResult.Admitted>(await AskAsync(owners, tokens)).Admission;

    private async Task<AdmissionResult.Refused> RefusedAsync(LimitOwner[] owners, long tokens = 0) => Assert.IsType<AdmissionResult.Refused>(await AskAsync(owners, tokens));
}
