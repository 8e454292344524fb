using System.Collections.Immutable;

namespace Baton.Chaos.Faults;

/// <summary>What will be done, decided before anything begins: a pure function of its arguments, so that a failure can be replayed.</summary>
internal static class FaultPlan
{
    /// <summary>At the beginning nothing has run yet, at the end everything must get the chance to come back.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(4), After = TimeSpan.FromSeconds(2);

    /// <summary>After a failover a new standby copies the database; until it has, the next would lose what only one of them knows.</summary>
    private static readonly TimeSpan BetweenFailovers = TimeSpan.FromSeconds(60);

    /// <param name="lapse">How long a node may be silent before it loses its runs; null where there is nobody to take them.</param>
    /// <param name="database">Whether there is a database apart from the nodes, which can be broken, too.</param>
    public static ImmutableArray<Fault> Make(int seed, TimeSpan duration, int nodes, TimeSpan? lapse, bool database)
    {
        var random = new Random(seed);
        var faults = ImmutableArray.CreateBuilder<Fault>();
        var free = new TimeSpan[nodes + 1];   // when a node is whole again
        var failover = duration / 2;          // one at least, in the middle
        for (var at = Before; at < duration - After; at += Between(random, 0.8, 3.5))
        {
            var node = random.Next(1, nodes + 1);
            var kind = random.Next(100);
            var length = Between(random, 0.2, 3);
            if (database && at >= failover)
            {
                faults.Add(new Fault.Failover(at));
                failover = at + BetweenFailovers + (Between(random, 0, 60));
                at += TimeSpan.FromSeconds(2);
                continue;
            }
            if (free[node] > at) continue;
            Fault fault = kind switch
            {
                < 40 => new Fault.Kill(at, node, length),
                < 60 => new Fault.Pause(at, node, lapse is { } limit && random.Next(4) > 0 ? limit + length : length / 2),
                < 66 => new Fault.Stop(at, node, length / 2),
                _ when !database => new Fault.Kill(at, node, TimeSpan.Zero),
                < 78 => new Fault.Cut(at, node),
                < 85 => new Fault.Isolate(at, node, length * 2),
                < 92 => new Fault.Stall(at, node, length * 2),
                _ => new Fault.RestartDatabase(at),
            };
            faults.Add(fault);
            free[node] = at + TimeSpan.FromSeconds(2) + (fault switch
            {
                Fault.Kill kill => kill.For,
                Fault.Pause pause => pause.For,
                Fault.Stop stop => stop.For,
                Fault.Isolate isolate => isolate.For,
                Fault.Stall stall => stall.For,
                _ => TimeSpan.Zero,
            });
        }
        if (nodes > 1) faults.Add(new Fault.Lose(duration - After, random.Next(1, nodes + 1)));
        return faults.ToImmutable();
    }

    /// <summary>A disk that is full now and then, and a node that dies while it is.</summary>
    public static ImmutableArray<Fault> FullDisk(int seed, TimeSpan duration)
    {
        var random = new Random(seed);
        var faults = ImmutableArray.CreateBuilder<Fault>();
        for (var at = Before; at < duration - After; at += TimeSpan.FromSeconds(4))
        {
            var length = Between(random, 4, 8);
            faults.Add(new Fault.FillDisk(at, length));
            if (random.Next(2) == 0) faults.Add(new Fault.Kill(at + (length / 2), 1, Between(random, 0.1, 3)));
            at += length;
        }
        return faults.ToImmutable();
    }

    /// <param name="database">Whether it is the database's log that is torn, or the node's own file.</param>
    public static ImmutableArray<Fault> TornWrites(int seed, TimeSpan duration, bool database)
    {
        var random = new Random(seed);
        var faults = ImmutableArray.CreateBuilder<Fault>();
        for (var at = Before; at < duration - After; at += Between(random, 2, 5)) faults.Add(database ? new Fault.TearDatabase(at, random.Next()) : new Fault.TearFile(at, 1, random.Next()));
        return faults.ToImmutable();
    }

    private static TimeSpan Between(Random random, double from, double to) => TimeSpan.FromMilliseconds(Math.Round((from + (random.NextDouble() * (to - from))) * 1_000));
}
