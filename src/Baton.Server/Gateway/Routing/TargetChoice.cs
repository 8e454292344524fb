using System.Collections.Immutable;
using System.Numerics;

namespace Baton.Server.Gateway;

/// <summary>Which of several targets that stand alike is asked first: the strategies. Thread-safe.</summary>
internal sealed class TargetChoice(ImmutableArray<ModelTarget> targets, ModelOptions options)
{
    private readonly Rendezvous rendezvous = new(targets);
    private uint turn = uint.MaxValue;

    /// <param name="candidates">A bit for each, at least one.</param>
    /// <param name="most">As many requests may be under way at it, this one included.</param>
    /// <param name="ahead">0 to take a turn; above, to look that many turns ahead and take none.</param>
    public int Next(ulong candidates, RoutingFacts? facts, out int most, uint ahead = 0)
    {
        most = int.MaxValue;
        var count = BitOperations.PopCount(candidates);
        if (count == 1) return BitOperations.TrailingZeroCount(candidates);
        return options.Strategy switch
        {
            "priority" => BitOperations.TrailingZeroCount(candidates),
            "random" => At(candidates, Random.Shared.Next(count)),
            "weighted" => Weighted(candidates),
            "least_loaded" => Least(candidates, Load),
            "latency" => Sooner(candidates, count),
            "prefix_affine" => facts is { Conversation: not 0 } ? Affine(candidates, facts.Conversation, out most) : Least(candidates, Load),
            _ => InTurn(candidates, ahead == 0 ? Interlocked.Increment(ref turn) : unchecked(Volatile.Read(ref turn) + ahead)),
        };
    }

    /// <summary>With which chance each target would be the next, 0 to 1. Changes nothing.</summary>
    public double[] Chances(ulong candidates, RoutingFacts? facts)
    {
        var chances = new double[targets.Length];
        var count = BitOperations.PopCount(candidates);
        if (count == 0) return chances;
        switch (options.Strategy)
        {
            case "random":
                foreach (var index in Indexes(candidates)) chances[index] = 1.0 / count;
                break;
            case "weighted":
                var total = Indexes(candidates).Sum(index => targets[index].Options.Weight);
                foreach (var index in Indexes(candidates)) chances[index] = targets[index].Options.Weight / total;
                break;
            case "latency" when count > 1:   // of the pairs in which it is, how often it is the better one
                var pairs = count * (count - 1) / 2.0;
                foreach (var one in Indexes(candidates))
                {
                    foreach (var other in Indexes(candidates).Where(other => other != one)) chances[one] += (Expected(targets[one]) < Expected(targets[other]) ? 1 : Expected(targets[one]) > Expected(targets[other]) ? 0 : 0.5) / pairs;
                }
                break;
            case "least_loaded":
            case "prefix_affine" when facts is not { Conversation: not 0 }:
                var least = Indexes(candidates).Min(index => Load(targets[index]));
                var alike = Indexes(candidates).Where(index => Load(targets[index]) <= least).ToList();
                foreach (var index in alike) chances[index] = 1.0 / alike.Count;
                break;
            case "prefix_affine":
                chances[Affine(candidates, facts.Conversation, out _)] = 1;
                break;
            case "round_robin":
                chances[InTurn(candidates, unchecked(Volatile.Read(ref turn) + 1))] = 1;
                break;
            default:
                chances[BitOperations.TrailingZeroCount(candidates)] = 1;
                break;
        }
        return chances;
    }

    private static double Load(ModelTarget target) => (target.Health.Load + 1) / target.Options.Weight;

    /// <summary>The time to the first byte, times the requests that would share it. One of which nothing is known counts as the quickest, so that it is tried, and by no more than its share.</summary>
    private double Expected(ModelTarget target) => (target.Health.ExpectedMs is > 0 and var ms ? ms : Quickest()) * (target.Health.UnderWay + 1);

    private double Quickest()
    {
        var least = double.MaxValue;
        foreach (var target in targets)
        {
            if (target.Health.ExpectedMs is > 0 and var ms && ms < least) least = ms;
        }
        return least < double.MaxValue ? least : 1;
    }

    /// <summary>The conversation's first target that has not more than its bound; a target above it passes the request on.</summary>
    private int Affine(ulong candidates, ulong conversation, out int most)
    {
        var (underWay, weights) = (0, 0.0);
        for (var rest = candidates; rest != 0; rest &= rest - 1)
        {
            var target = targets[BitOperations.TrailingZeroCount(rest)];
            underWay += target.Health.UnderWay;
            weights += target.Options.Weight;
        }
        var (best, highest) = (-1, double.MinValue);
        most = int.MaxValue;
        for (var rest = candidates; rest != 0; rest &= rest - 1)
        {
            var index = BitOperations.TrailingZeroCount(rest);
            var weight = targets[index].Options.Weight;
            var bound = Rendezvous.Most(options.LoadBound, underWay, weight / weights);
            if (targets[index].Health.UnderWay >= bound || rendezvous.Score(conversation, index, weight) is var score && score <= highest) continue;
            (best, highest, most) = (index, score, bound);
        }
        return best >= 0 ? best : Least(candidates, Load);   // loads that changed while they were counted
    }

    /// <summary>The next in the order of all targets: one that is missing for a while leaves its turn to the next, not a hole.</summary>
    private int InTurn(ulong candidates, uint at)
    {
        var start = (int)(at % (uint)targets.Length);
        var from = candidates >> start << start;
        return BitOperations.TrailingZeroCount(from != 0 ? from : candidates);
    }

    private int Weighted(ulong candidates)
    {
        var total = 0.0;
        for (var rest = candidates; rest != 0; rest &= rest - 1) total += targets[BitOperations.TrailingZeroCount(rest)].Options.Weight;
        var at = Random.Shared.NextDouble() * total;
        var index = 0;
        for (var rest = candidates; rest != 0; rest &= rest - 1)
        {
            index = BitOperations.TrailingZeroCount(rest);
            if ((at -= targets[index].Options.Weight) < 0) break;
        }
        return index;
    }

    /// <summary>The least by a measure; of several alike, one by chance: else the first of them would get every request that comes alone.</summary>
    private int Least(ulong candidates, Func<ModelTarget, double> measure)
    {
        var (best, least, alike) = (0, double.MaxValue, 0);
        for (var rest = candidates; rest != 0; rest &= rest - 1)
        {
            var index = BitOperations.TrailingZeroCount(rest);
            var measured = measure(targets[index]);
            if (measured > least) continue;
            alike = measured < least ? 1 : alike + 1;
            if (alike == 1 || Random.Shared.Next(alike) == 0) best = index;
            least = measured;
        }
        return best;
    }

    /// <summary>The better of two by chance (Mitzenmacher, "The Power of Two Choices", 2001).</summary>
    private int Sooner(ulong candidates, int count)
    {
        var first = Random.Shared.Next(count);
        var (one, other) = (At(candidates, first), At(candidates, (first + 1 + Random.Shared.Next(count - 1)) % count));
        return Expected(targets[one]) <= Expected(targets[other]) ? one : other;   // of equals the one that was drawn first
    }

    private static int At(ulong candidates, int skip)
    {
        for (; skip > 0; skip--) candidates &= candidates - 1;
        return BitOperations.TrailingZeroCount(candidates);
    }

    private IEnumerable<int> Indexes(ulong candidates) => Enumerable.Range(0, targets.Length).Where(index => (candidates & (1UL << index)) != 0);
}
