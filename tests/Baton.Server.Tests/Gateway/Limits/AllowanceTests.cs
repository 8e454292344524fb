using Baton.Server.Gateway;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway.Limits;

/// <summary>How much may be taken in which time.</summary>
public sealed class AllowanceTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(64);

    /// <summary>Steps of a caller who takes whatever there is room for: how long it pauses, and how much it wants.</summary>
    private static FsCheck.Gen<List<(long Pause, long Amount)>> Steps => Gen.Choose(0, 279_999_999).ListOf().Select(steps => steps.Select(step => ((long)(step / 7), (long)(step % 7) + 1)).ToList());

    [Fact]
    public void A_sliding_window_never_gives_more_than_its_limit_in_any_stretch_as_long_as_the_window_and_refuses_only_when_that_and_a_64th_is_full() => Property.Holds(Steps.ToArbitrary(), steps =>
    {
        var window = new SlidingWindow(20, Window);
        var taken = new List<(long At, long Amount)>();
        var now = 0L;
        foreach (var (pause, amount) in steps)
        {
            now += pause;
            var used = Sum(taken, now - Window.Ticks, now);
            if (window.Room(now) >= amount)
            {
                window.Take(amount, now);
                taken.Add((now, amount));
                if (used + amount > 20) return false;
            }
            else if (Sum(taken, now - Window.Ticks - (Window.Ticks / 64), now) + amount <= 20) return false;
        }
        return true;
    });

    [Fact]
    public void A_bucket_gives_in_no_stretch_more_than_it_holds_and_what_flows_in_meanwhile_and_refuses_only_when_it_is_empty() => Property.Holds(Steps.ToArbitrary(), steps =>
    {
        var bucket = new TokenBucket(20, Window);
        var taken = new List<(long At, long Amount)>();
        var (now, filled) = (0L, 20m);
        foreach (var (pause, amount) in steps)
        {
            now += pause;
            filled = Math.Min(20m, filled + (pause * 20m / Window.Ticks));
            var has = bucket.Room(now) >= amount;
            if (Math.Abs(filled - amount) > 0.000001m && has != filled >= amount) return false;
            if (!has) continue;
            bucket.Take(amount, now);
            filled -= amount;
            taken.Add((now, amount));
            foreach (var (from, _) in taken)
            {
                if (Sum(taken, from - 1, now) > 20m + ((now - from) * 20m / Window.Ticks)) return false;
            }
        }
        return true;
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_the_wait_that_it_names_there_is_room_and_a_moment_before_there_is_none(bool isBucket) => Property.Holds(Steps.ToArbitrary(), steps =>
    {
        var allowance = isBucket ? (Allowance)new TokenBucket(20, Window) : new SlidingWindow(20, Window);
        var now = 0L;
        foreach (var (pause, amount) in steps)
        {
            now += pause;
            var wait = allowance.Wait(amount, now);
            if (wait > TimeSpan.Zero && allowance.Room(now + wait.Ticks - 1) >= amount) return false;
            now += wait.Ticks;
            if (allowance.Room(now) < amount) return false;
            allowance.Take(amount, now);
        }
        return allowance.Wait(21, now) == TimeSpan.MaxValue;
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_given_back_can_be_taken_again_and_never_more_than_the_limit(bool isBucket)
    {
        var allowance = isBucket ? (Allowance)new TokenBucket(20, Window) : new SlidingWindow(20, Window);
        var at = allowance.Take(15, 0);
        allowance.Return(at, 10, 0);
        Assert.Equal(15, allowance.Room(0));
        var later = 3 * Window.Ticks;
        allowance.Return(at, 5, later);   // it has come back by itself
        Assert.Equal(20, allowance.Room(later));
        allowance.Take(30, later);
        Assert.Equal(-10, allowance.Room(later));
        Assert.True(allowance.Wait(1, later) > TimeSpan.Zero);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Another_limit_leaves_what_was_taken(bool isBucket)
    {
        var allowance = isBucket ? (Allowance)new TokenBucket(20, Window) : new SlidingWindow(20, Window);
        allowance.Take(15, 0);
        allowance.Change(10, 0);
        Assert.True(allowance.Room(0) <= 5);
        allowance.Change(10, 2 * Window.Ticks);
        Assert.Equal(10, allowance.Room(2 * Window.Ticks));
    }

    private static long Sum(List<(long At, long Amount)> taken, long after, long to) => taken.Where(one => one.At > after && one.At <= to).Sum(one => one.Amount);
}
