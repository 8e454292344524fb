using System.Collections.Immutable;
using System.Text;

namespace Baton.Server.Gateway;

/// <summary>Gives each key an order of the targets that depends on nothing but the key and their names: one that comes or goes moves only what is its own.</summary>
/// <remarks>
/// Weighted rendezvous hashing: C. Schindelhauer and G. Schomaker, "Weighted Distributed Hash Tables", 2005; the bound of <see cref="Most"/>: V. Mirrokni, M. Thorup and
/// M. Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018.
/// </remarks>
internal sealed class Rendezvous
{
    /// <summary>So many requests at once are never too many: engines batch them.</summary>
    public const int NeverTooMany = 4;

    private readonly ulong[] seeds;

    public Rendezvous(ImmutableArray<ModelTarget> targets)
    {
        seeds = new ulong[targets.Length];
        var seen = new Dictionary<string, ulong>(StringComparer.Ordinal);
        for (var i = 0; i < targets.Length; i++)
        {
            var name = $"{targets[i].Name}\n{targets[i].Options.BaseUrl}\n{targets[i].Model}";
            var twins = seen[name] = seen.GetValueOrDefault(name) + 1;
            seeds[i] = Conversations.Hash(twins, Encoding.UTF8.GetBytes(name));
        }
    }

    /// <summary>The higher, the sooner.</summary>
    public double Score(ulong key, int target, double weight)
    {
        var chance = ((Conversations.Mix(key ^ seeds[target]) >> 11) + 0.5) * (1.0 / (1UL << 53));   // in (0, 1)
        return -weight / Math.Log(chance);
    }

    /// <summary>As many requests as a target may have under way once one more is.</summary>
    /// <param name="bound">How many times its fair share, from 1 on.</param>
    /// <param name="underWay">At all of the targets.</param>
    /// <param name="share">The target's part of all weights.</param>
    public static int Most(double bound, int underWay, double share) => Math.Max(NeverTooMany, (int)Math.Ceiling(bound * (underWay + 1) * share));
}
