using System.Collections.Immutable;
using System.Numerics;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>A model as callers name it: its targets, and in which order they are asked. Thread-safe.</summary>
internal sealed class ModelRoute(string name, ModelOptions options, ImmutableArray<ModelTarget> targets)
{
    /// <summary>As many as the bits that remember which were tried.</summary>
    public const int MaxTargets = 64;

    /// <summary>What has to be mended by people is asked for again after so long.</summary>
    private static readonly TimeSpan WhenMended = TimeSpan.FromSeconds(30);

    private uint turn = uint.MaxValue;

    public string Name => name;

    public ModelOptions Options => options;

    public ImmutableArray<ModelTarget> Targets => targets;

    public RouteSource Source { get; init; }

    /// <summary>Whose it is; null for one that serves all tenants.</summary>
    public TenantId? Tenant { get; init; }

    /// <summary>Why it cannot be used as it is stored, and so has no targets; null for nothing.</summary>
    public string? Fault { get; init; }

    /// <summary>This route, then those that stand in for it.</summary>
    public ImmutableArray<ModelRoute> Chain { get; internal set; } = [];

    /// <summary>The target to be asked next, begun: to be ended by <see cref="TargetHealth.End"/>.</summary>
    /// <param name="tried">A bit for each target that was returned before; kept by the caller, 0 at first.</param>
    /// <returns>Null when none is left that may be asked.</returns>
    public ModelTarget? Begin(Surface surface, ref ulong tried)
    {
        while (true)
        {
            // Those that wait for a trial, or have asked to be left alone, come after all others.
            var (ready, others) = Candidates(surface, tried);
            var best = ready != 0 ? ready : others;
            if (best == 0) return null;
            var index = Choose(best);
            tried |= 1UL << index;
            if (targets[index].Health.TryBegin()) return targets[index];
        }
    }

    /// <summary>The targets of this route and of those that stand in for it, to be asked one after the other until one answers; each is begun, and ended with its turn.</summary>
    public IEnumerable<(ModelRoute Route, ModelTarget Target)> InTurn(Surface surface)
    {
        foreach (var route in Chain)
        {
            var tried = 0UL;
            while (route.Begin(surface, ref tried) is { } target)
            {
                try
                {
                    yield return (route, target);
                }
                finally
                {
                    target.Health.End();
                }
            }
        }
    }

    /// <summary>In which order the targets of this route would be asked now, should each one fail. Nothing is asked and nothing changed; where chance decides, it is one draw.</summary>
    public IEnumerable<ModelTarget> Preview(Surface surface)
    {
        var (tried, turns) = (0UL, 0u);
        while (Candidates(surface, tried) is var (ready, others) && (ready | others) != 0)
        {
            var best = ready != 0 ? ready : others;
            var index = Choose(best, BitOperations.PopCount(best) > 1 ? ++turns : turns);
            tried |= 1UL << index;
            yield return targets[index];
        }
    }

    /// <summary>How long until one of them may be asked; null when none can be, in its own dialect or by a translation.</summary>
    public TimeSpan? WaitFor(Surface surface) => Fault is not null ? WhenMended
        : Chain.SelectMany(route => route.Targets).Where(target => target.SurfaceFor(surface) is not null).Min(target => (TimeSpan?)(target.IsDraining ? WhenMended : target.Health.Wait));

    /// <summary>Why no target may be asked.</summary>
    public string WhyNone() => Fault is not null ? $"The route of model '{name}' cannot be used: {Fault}"
        : $"No target of model '{name}' may be asked now: {string.Join(", ", Chain.SelectMany(route => route.Targets).Select(target => $"{target.Name} ({(target.IsDraining ? "draining" : target.Health.LastFailure ?? "busy")})"))}.";

    private (ulong Ready, ulong Others) Candidates(Surface surface, ulong tried)
    {
        var (ready, others) = (0UL, 0UL);
        for (var i = 0; i < targets.Length; i++)
        {
            var bit = 1UL << i;
            if ((tried & bit) != 0 || targets[i].SurfaceFor(surface) is null || targets[i].IsDraining) continue;
            var health = targets[i].Health;
            var state = health.State;
            if (state == BreakerState.Closed && !health.IsCooling) ready |= bit;
            else if (state != BreakerState.Open) others |= bit;
        }
        return (ready, others);
    }

    /// <param name="ahead">0 to take a turn; above, to look that many turns ahead and take none.</param>
    private int Choose(ulong candidates, uint ahead = 0)
    {
        var count = BitOperations.PopCount(candidates);
        if (count == 1) return BitOperations.TrailingZeroCount(candidates);
        return options.Strategy switch
        {
            "priority" => BitOperations.TrailingZeroCount(candidates),
            "random" => At(candidates, Random.Shared.Next(count)),
            "weighted" => Weighted(candidates),
            "least_loaded" => Least(candidates, static target => (target.Health.UnderWay + 1) / target.Options.Weight),
            "latency" => Sooner(candidates, count),
            _ => InTurn(candidates, ahead),
        };
    }

    /// <summary>The next in the order of all targets: one that is missing for a while leaves its turn to the next, not a hole.</summary>
    private int InTurn(ulong candidates, uint ahead)
    {
        var start = (int)((ahead == 0 ? Interlocked.Increment(ref turn) : Volatile.Read(ref turn) + ahead) % (uint)targets.Length);
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

    /// <summary>The better of two by chance (Mitzenmacher, "The Power of Two Choices", 2001): the time to the first byte, times the requests that would share it.</summary>
    private int Sooner(ulong candidates, int count)
    {
        var first = Random.Shared.Next(count);
        var second = (first + 1 + Random.Shared.Next(count - 1)) % count;
        return Least((1UL << At(candidates, first)) | (1UL << At(candidates, second)), static target => target.Health.FirstByteMs * (target.Health.UnderWay + 1));
    }

    private static int At(ulong candidates, int skip)
    {
        for (; skip > 0; skip--) candidates &= candidates - 1;
        return BitOperations.TrailingZeroCount(candidates);
    }
}
