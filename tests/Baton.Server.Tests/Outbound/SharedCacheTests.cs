using Baton.Server.Outbound;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Outbound;

public sealed class SharedCacheTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task When_everybody_has_left_the_fetch_is_cancelled_and_the_next_one_begins_anew()
    {
        for (var round = 0; round < 50; round++)
        {
            var cache = new SharedCache<string>(TimeProvider.System, 10);
            var cancelled = new TaskCompletionSource();
            using var leave = new CancellationTokenSource();
            var waiting = Enumerable.Range(0, 5).Select(_ => cache.GetAsync("k", async (_, token) =>
            {
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                    return new("never", Minute);
                }
                finally
                {
                    cancelled.SetResult();
                }
            }, leave.Token)).ToArray();
            await leave.CancelAsync();
            foreach (var one in waiting) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
            await cancelled.Task;
            Assert.Equal("v", await cache.GetAsync("k", (_, _) => Task.FromResult(new Fetched<string>("v", Minute)), CancellationToken.None));
        }
    }

    [Fact]
    public async Task Whatever_comes_at_once_never_are_two_fetches_of_a_key_under_way()
    {
        var cache = new SharedCache<string>(TimeProvider.System, 3);
        var flying = new int[5];
        var asks = Enumerable.Range(0, 500).Select(async i =>
        {
            await Task.Yield();
            var key = i % flying.Length;
            var value = await cache.GetAsync($"{key}", async (_, _) =>
            {
                Assert.Equal(1, Interlocked.Increment(ref flying[key]));
                await Task.Yield();
                Interlocked.Decrement(ref flying[key]);
                return new($"value {key}", TimeSpan.Zero);
            }, CancellationToken.None);
            Assert.Equal($"value {key}", value);
        });
        await Task.WhenAll(asks);
    }

    [Fact]
    public async Task The_value_that_was_not_used_for_longest_makes_room()
    {
        var time = new ManualTime();
        var cache = new SharedCache<string>(time, 2);
        var fetched = new List<string>();
        foreach (var key in "abacbab".Select(c => $"{c}"))
        {
            await cache.GetAsync(key, (_, _) =>
            {
                fetched.Add(key);
                return Task.FromResult(new Fetched<string>(key, TimeSpan.FromHours(1)));
            }, CancellationToken.None);
            time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal("a b c b a", string.Join(' ', fetched));
    }

    [Fact]
    public async Task A_fetch_is_shown_the_value_whose_time_is_over()
    {
        var time = new ManualTime();
        var cache = new SharedCache<string>(time, 2);
        Assert.Equal("new after ", await GetAsync());
        Assert.Equal("new after ", await GetAsync());
        Assert.True(cache.Expire("k", await GetAsync()));
        Assert.False(cache.Expire("k", "something else"));
        Assert.Equal("new after new after ", await GetAsync());
        time.Advance(Minute);
        Assert.Equal("new after new after new after ", await GetAsync());

        Task<string> GetAsync() => cache.GetAsync("k", (old, _) => Task.FromResult(new Fetched<string>($"new after {old}", Minute)), CancellationToken.None);
    }
}
