using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway;

/// <summary>What is concluded of a target, whatever happens at it at once.</summary>
public sealed class TargetHealthTests
{
    private const int FailuresToOpen = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5), Longest = TimeSpan.FromMinutes(2);

    /// <summary>Random requests, many at once, that end well or badly in any order, with pauses and answers to being asked for little between them.</summary>
    [Fact]
    public void It_is_left_alone_for_as_long_as_its_failures_explain_and_then_asked_by_one() => Property.Holds(Gen.Choose(0, 9_999).ListOf().Select(steps => steps.ToList()).ToArbitrary(), steps =>
    {
        var clock = new ManualTime();
        var health = new TargetHealth(FailuresToOpen, Pause, clock);
        var running = new List<int>();   // the eras in which they were begun
        var (failures, isProbed, left) = (0, false, Pause);
        foreach (var step in steps)
        {
            var (what, which) = (step / 100, step % 100);
            var (state, era, wait) = (health.State, health.Era, health.Wait);
            if (what < 40)
            {
                if (health.TryBegin() == (state == BreakerState.Open)) return false;
                if (state != BreakerState.Open) running.Add(era);
                if (state == BreakerState.HalfOpen && (health.State != BreakerState.Open || health.Wait != left)) return false;   // while one tries, others wait
            }
            else if (what < 75 && running.Count > 0)
            {
                var begunIn = running[which % running.Count];
                running.Remove(begunIn);
                health.End();
                if (what < 50)
                {
                    health.Answered(TimeSpan.FromMilliseconds(which));
                    if (health.State != BreakerState.Closed) return false;
                    (failures, isProbed) = (0, false);
                    continue;
                }
                health.Failed("x", begunIn);
                if (begunIn != era)
                {
                    if ((health.State, health.Era, health.Wait) != (state, era, wait)) return false;   // that is known
                    continue;
                }
                failures++;
                if (state != BreakerState.Closed || isProbed) left = left * 2 < Longest ? left * 2 : Longest;   // a trial
                else if (failures < FailuresToOpen)
                {
                    if (health.State != BreakerState.Closed) return false;
                    continue;
                }
                else left = Pause;
                isProbed = false;
                if (health.State != BreakerState.Open || health.Wait != left || health.Era == era) return false;
            }
            else if (what < 80)
            {
                health.Probed();
                if (health.State != BreakerState.Closed) return false;
                isProbed |= state != BreakerState.Closed;
            }
            else clock.Advance(TimeSpan.FromMilliseconds(which * 200));
        }
        clock.Advance(Longest);
        return health.UnderWay == running.Count && health.TryBegin();
    });
}
