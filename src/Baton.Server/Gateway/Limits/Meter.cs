using Baton.Client;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>What of a limit is missing.</summary>
internal enum Shortage
{
    None,
    Requests,
    Tokens,
    Concurrency,
}

/// <summary>One limit of somebody, and what is used of it. Not thread-safe.</summary>
internal sealed class Meter(KeyLimit rule)
{
    /// <summary>In the place of when tokens were taken: of a call that began before there was a limit of them.</summary>
    public const long Unlimited = -1;

    private const int DefaultWindowSeconds = 60;

    private int nodes = 1;
    private int underWay;

    /// <summary>Whose it is, for messages: <c>key 'ci'</c>.</summary>
    public string Owner { get; set; } = "";

    public KeyLimit Rule { get; private set; } = rule;

    public TimeSpan Window { get; } = TimeSpan.FromSeconds(rule.WindowSeconds ?? DefaultWindowSeconds);

    public TimeSpan MaxWait => TimeSpan.FromSeconds(Rule.MaxWaitSeconds ?? 0);

    public Allowance? Requests { get; private set; } = Make(rule.Requests, rule);

    public Allowance? Tokens { get; private set; } = Make(rule.Tokens, rule);

    /// <summary>The pass in which somebody waits for it: who comes later does not overtake.</summary>
    public long ClaimedIn { get; set; }

    /// <summary>Calls that have begun and not ended.</summary>
    public int UnderWay => underWay;

    /// <summary>How many nodes share the limit.</summary>
    public int Nodes => nodes;

    public bool IsFor(string model) => Rule.Model is not { } pattern || ModelPattern.Matches(pattern, model);

    /// <summary>Whether a changed rule can go on counting where this one is.</summary>
    /// <param name="exactly">Only where it counts neither more nor less than this one.</param>
    public bool Continues(KeyLimit other, bool exactly) =>
        Rule.Model == other.Model && Window.TotalSeconds == (other.WindowSeconds ?? DefaultWindowSeconds) && IsBucket(Rule) == IsBucket(other)
        && (!exactly || (Rule.Requests is null, Rule.Tokens is null, Rule.Concurrency is null) == (other.Requests is null, other.Tokens is null, other.Concurrency is null));

    /// <summary>Takes another rule and another number of nodes, each of which grants an equal part: at least one, and the whole rest is nobody's.</summary>
    public void Change(KeyLimit rule, int nodes, long now)
    {
        if (ReferenceEquals(rule, Rule) && nodes == this.nodes) return;
        (Rule, this.nodes) = (rule, nodes);
        Requests = Changed(Requests, rule.Requests, now);
        Tokens = Changed(Tokens, rule.Tokens, now);
    }

    public Shortage Check(long tokens, long now) =>
        Rule.Concurrency is { } most && underWay >= Share(most) ? Shortage.Concurrency
        : Requests is { } requests && requests.Room(now) < 1 ? Shortage.Requests
        : Tokens is { } allowed && allowed.Room(now) < tokens ? Shortage.Tokens
        : Shortage.None;

    /// <summary>Whether a call could pass at some time: if nobody else called.</summary>
    public bool CanEverHold(long tokens) => Tokens is not { } allowed || tokens <= allowed.Limit;

    /// <summary>How long until the shortage is over by itself; null where that depends on other calls.</summary>
    public TimeSpan? Wait(Shortage shortage, long tokens, long now) => shortage switch
    {
        Shortage.Requests => Requests!.Wait(1, now),
        Shortage.Tokens => Tokens!.Wait(tokens, now),
        _ => null,
    };

    /// <returns>When the tokens count as taken; <see cref="Unlimited"/> where none were.</returns>
    public long Begin(long tokens, long now)
    {
        underWay++;
        Requests?.Take(1, now);
        return Tokens?.Take(tokens, now) ?? Unlimited;
    }

    public void End() => underWay--;

    public bool IsIdle(long now) => underWay == 0 && (Requests is null || Requests.Room(now) >= Requests.Limit) && (Tokens is null || Tokens.Room(now) >= Tokens.Limit);

    /// <summary>The limit in words.</summary>
    public string Describe(Shortage shortage)
    {
        var whole = shortage switch { Shortage.Requests => Rule.Requests, Shortage.Tokens => Rule.Tokens, _ => Rule.Concurrency };
        var text = shortage == Shortage.Concurrency ? $"{whole} requests at once" : $"{whole} {(shortage == Shortage.Requests ? "requests" : "tokens")} per {Window.TotalSeconds:0} s";
        return $"{text}{(Rule.Model is { } model ? $" for models '{model}'" : "")}{(nodes > 1 ? $" ({Share(whole!.Value)} on each of {nodes} nodes)" : "")}";
    }

    private Allowance? Changed(Allowance? now, long? limit, long at)
    {
        if (limit is not { } whole) return null;
        if (now is null) return Make(Share(whole), Rule);
        now.Change(Share(whole), at);
        return now;
    }

    private long Share(long whole) => Math.Max(1, whole / nodes);

    private static Allowance? Make(long? limit, KeyLimit rule) => limit is not { } most ? null
        : IsBucket(rule) ? new TokenBucket(most, TimeSpan.FromSeconds(rule.WindowSeconds ?? DefaultWindowSeconds)) : new SlidingWindow(most, TimeSpan.FromSeconds(rule.WindowSeconds ?? DefaultWindowSeconds));

    private static bool IsBucket(KeyLimit rule) => rule.Algorithm == LimitRules.TokenBucket;
}
