using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>A model as callers name it: its targets, and in which order they are asked. Thread-safe.</summary>
internal sealed class ModelRoute(string name, ModelOptions options, ImmutableArray<ModelTarget> targets)
{
    /// <summary>As many as the bits that remember which were tried.</summary>
    public const int MaxTargets = 64;

    /// <summary>With so many requests under way at each target that has the model loaded, another one may load it.</summary>
    private const int WarmIsBusy = 4;

    /// <summary>What has to be mended by people is asked for again after so long.</summary>
    private static readonly TimeSpan WhenMended = TimeSpan.FromSeconds(30);

    /// <summary>A place is asked for again after so long.</summary>
    private static readonly TimeSpan WhenFree = TimeSpan.FromSeconds(1);

    private readonly TargetChoice choice = new(targets, options);
    private readonly Condition? routeCondition = Condition.Of(options.When);
    private readonly ImmutableArray<Condition?> conditions = [.. targets.Select(target => ReferenceEquals(target.Options, options) ? null : Condition.Of(target.Options.When))];

    public string Name => name;

    public ModelOptions Options => options;

    public ImmutableArray<ModelTarget> Targets => targets;

    public RouteSource Source { get; init; }

    /// <summary>Whose it is; null for one that serves all tenants.</summary>
    public TenantId? Tenant { get; init; }

    /// <summary>Why it cannot be used as it is stored, and so has no targets; null for nothing.</summary>
    public string? Fault { get; init; }

    /// <summary>Allows calls of targets that have all been asked before.</summary>
    public CallShare Retries { get; } = new(share: 0.2, perSecond: 2);

    /// <summary>After which wait a second target may be asked; null for never, or not by a time that is known before.</summary>
    public TimeSpan? HedgeAfter { get; } = options.HedgeAfter is { } after && TimeSpan.TryParse(after, CultureInfo.InvariantCulture, out var wait) ? wait : null;

    /// <summary>Allows second calls beside a slow one.</summary>
    public HedgeCredit Hedges { get; } = new(requests: 20);

    /// <summary>Whether it matters to it which conversation a request belongs to.</summary>
    public bool ReadsConversation { get; } = options.Strategy == "prefix_affine";

    /// <summary>Whether who asks, or how, decides by which targets it is answered.</summary>
    public bool HasConditions => options.When is not null || targets.Any(static target => target.Options.When is not null);

    /// <summary>Whether it matters to it which tags a request has.</summary>
    public bool ReadsTags { get; } = options.When?.Tag is not null || targets.Any(static target => target.Options.When?.Tag is not null);

    /// <summary>The targets that can be asked to go on with an answer that another has begun: a bit for each.</summary>
    public ulong CanGoOn { get; } = targets.Select(static (target, index) => target.Options.Prefill is null ? 0 : 1UL << index).Aggregate(0UL, static (all, bit) => all | bit);

    /// <summary>This route, then those that stand in for it.</summary>
    public ImmutableArray<ModelRoute> Chain
    {
        get;
        internal set => (field, IsMixed) = (value, value.SelectMany(static route => route.Targets).Select(static target => target.Dialect).Distinct().Count() > 1);
    } = [];

    /// <summary>Whether targets of several dialects may answer the turns of one conversation.</summary>
    public bool IsMixed { get; private set; }

    /// <summary>The target to be asked next, begun: to be ended by <see cref="TargetHealth.End"/>.</summary>
    /// <param name="tried">A bit for each target that was returned before; kept by the caller, 0 at first.</param>
    /// <param name="facts">Null for a request of which nothing is known.</param>
    /// <param name="worst">Only one that stands as well as this.</param>
    /// <returns>Null when none is left that may be asked.</returns>
    public BegunTarget? Begin(Surface surface, ref ulong tried, RoutingFacts? facts = null, Standing worst = Standing.Trial)
    {
        while (Best(surface, tried, facts, worst) is not 0 and var candidates)
        {
            var index = choice.Next(candidates, facts, out var most);
            var era = targets[index].Health.Era;
            if (!targets[index].Health.TryBegin(Math.Min(most, targets[index].Most))) continue;   // another request was sooner, so it stands otherwise now
            tried |= 1UL << index;
            return new BegunTarget(this, targets[index], era);
        }
        return null;
    }

    /// <summary>In which order the targets of this route would be asked now, should each one fail. Nothing is asked and nothing changed; where chance decides, it is one draw.</summary>
    public IEnumerable<ModelTarget> Preview(Surface surface, RoutingFacts? facts = null)
    {
        var (tried, turns) = (0UL, 0u);
        while (Best(surface, tried, facts, Standing.Trial) is not 0 and var candidates)
        {
            var index = choice.Next(candidates, facts, out _, BitOperations.PopCount(candidates) > 1 ? ++turns : turns);
            tried |= 1UL << index;
            yield return targets[index];
        }
    }

    /// <summary>How every target of the chain stands towards a request. Changes nothing, not even whose turn it is.</summary>
    public ImmutableArray<Candidate> Explain(Surface surface, RoutingFacts? facts) => [.. Chain.SelectMany(route => route.ExplainOwn(surface, facts))];

    /// <summary>Whether a target of the chain serves such requests when it is well.</summary>
    public bool Serves(Surface surface, RoutingFacts? facts) => Chain.Any(route => Enumerable.Range(0, route.Targets.Length).Any(index => route.StandingOf(index, surface, facts) < Standing.NotMeant));

    /// <summary>How long until one of them may be asked; null when none can be, in its own dialect or by a translation.</summary>
    public TimeSpan? WaitFor(Surface surface) => Fault is not null ? WhenMended
        : Chain.SelectMany(route => route.Targets).Where(target => target.SurfaceFor(surface) is not null).Min(target => (TimeSpan?)WaitFor(target));

    /// <summary>Why no target may be asked.</summary>
    public string WhyNone(Surface surface, RoutingFacts? facts) => Fault is not null ? $"The route of model '{name}' cannot be used: {Fault}"
        : $"No target of model '{name}' may be asked now: {string.Join(", ", Chain.SelectMany(route => route.Targets.Select((target, index) => $"{target.Name} ({route.WhyNot(index, surface, facts)})")))}.";

    private string WhyNot(int index, Surface surface, RoutingFacts? facts) => StandingOf(index, surface, facts) switch
    {
        Standing.OtherDialect => "another dialect",
        Standing.Draining => "draining",
        Standing.Full => $"{targets[index].Most} requests under way, its MaxConcurrency",
        Standing.NotMeant => "for other requests",
        _ => targets[index].Health.LastFailure ?? "busy",
    };

    private static TimeSpan WaitFor(ModelTarget target) => target.IsDraining ? WhenMended : target.Health.Wait is var wait && wait == TimeSpan.Zero && target.IsFull ? WhenFree : wait;

    /// <summary>Those that stand best of the ones that are left: a bit for each.</summary>
    private ulong Best(Surface surface, ulong tried, RoutingFacts? facts, Standing worst)
    {
        var (best, found, cold) = (worst, 0UL, 0UL);
        for (var index = 0; index < targets.Length; index++)
        {
            var bit = 1UL << index;
            if ((tried & bit) != 0) continue;
            var standing = StandingOf(index, surface, facts);
            if (standing == Standing.Cold) cold |= bit;
            if (standing > best) continue;
            if (standing < best) found = 0;
            (best, found) = (standing, found | bit);
        }
        if (cold == 0 || best != Standing.Ready) return found;
        for (var rest = found; rest != 0; rest &= rest - 1)
        {
            if (targets[BitOperations.TrailingZeroCount(rest)].Health.UnderWay < WarmIsBusy) return found;
        }
        return found | cold;
    }

    private Standing StandingOf(int index, Surface surface, RoutingFacts? facts)
    {
        var (target, own) = (targets[index], conditions[index]);
        if (target.SurfaceFor(surface) is null) return Standing.OtherDialect;
        if (target.IsDraining) return Standing.Draining;
        if (own?.Unmet(facts) is not null || routeCondition?.Unmet(facts) is not null) return Standing.NotMeant;
        var standing = target.Health.Standing;
        if (standing != Standing.Open && target.IsFull) return Standing.Full;
        if (standing != Standing.Ready) return standing;
        return own is not null ? Standing.Meant : target.Health.IsCold ? Standing.Cold : Standing.Ready;
    }

    private IEnumerable<Candidate> ExplainOwn(Surface surface, RoutingFacts? facts)
    {
        var first = Best(surface, 0, facts, Standing.Trial);
        var chances = choice.Chances(first, facts);
        for (var index = 0; index < targets.Length; index++)
        {
            var (target, standing) = (targets[index], StandingOf(index, surface, facts));
            yield return new Candidate(this, target, standing, chances[index], Why(index, standing, (first & (1UL << index)) != 0 && chances[index] == 0, facts), target.Health.Load, target.Health.FirstByteMs);
        }
    }

    private string? Why(int index, Standing standing, bool isPassedOver, RoutingFacts? facts)
    {
        var health = targets[index].Health;
        return standing switch
        {
            Standing.OtherDialect => $"speaks {targets[index].Options.Dialect}, and there is no translation",
            Standing.Draining => "drains, and gets no new requests",
            Standing.NotMeant => $"serves only requests with {conditions[index]?.Unmet(facts) ?? routeCondition?.Unmet(facts)}",
            Standing.Open => $"failed repeatedly ({health.LastFailure}); left alone for {health.Wait.TotalSeconds:0.#} s more",
            Standing.Trial => $"failed repeatedly ({health.LastFailure}); asked once there is no other",
            Standing.Cooling => $"asked to be left alone for {health.CoolsFor.TotalSeconds:0.#} s more; asked once there is no other",
            Standing.Full => $"has {targets[index].Most} requests under way, as many as it may (MaxConcurrency)",
            Standing.Cold => "does not have the model loaded, while another has",
            _ when isPassedOver => $"another comes first by {options.Strategy}",
            _ => null,
        };
    }
}
