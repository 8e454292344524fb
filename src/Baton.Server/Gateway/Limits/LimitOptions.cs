using Baton.Client;
using Baton.Server.Identity;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Limits of tenants and of their teams. Those of keys stand with the keys.</summary>
internal sealed class LimitsOptions
{
    /// <summary>Tenants by their names; <c>*</c> for each one that is not named.</summary>
    public Dictionary<string, TenantLimitOptions> Tenants { get; set; } = [];

    /// <summary>Tokens that an answer is expected to have where neither the request nor the model's settings say how many it may have, 0 to 1,000,000. Default 1,000.</summary>
    public int AssumedOutputTokens { get; set; } = 1_000;

    /// <summary>Most calls that wait for their turns at once; all others are refused; 0 to 100,000. Default 1,000.</summary>
    public int MaxWaiting { get; set; } = 1_000;
}

/// <summary>The limits of one tenant.</summary>
internal sealed class TenantLimitOptions
{
    /// <summary>For all of the tenant's calls together.</summary>
    public List<LimitOptions> Limits { get; set; } = [];

    /// <summary>For each team by its name, for the calls of all its keys together; <c>*</c> for each one that is not named.</summary>
    public Dictionary<string, List<LimitOptions>> Teams { get; set; } = [];
}

/// <summary>One limit.</summary>
internal sealed class LimitOptions
{
    /// <summary>Most requests per window.</summary>
    public long? Requests { get; set; }

    /// <summary>Most tokens per window, of prompts and answers together.</summary>
    public long? Tokens { get; set; }

    /// <summary>Whole seconds, 1 s to 31 days. Default 1 minute.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary><c>sliding_window</c> (the default) or <c>token_bucket</c>.</summary>
    public string Algorithm { get; set; } = LimitRules.SlidingWindow;

    /// <summary>Most calls at once.</summary>
    public int? Concurrency { get; set; }

    /// <summary>How long a call may wait for its turn, up to 10 minutes. Default: it is refused at once.</summary>
    public TimeSpan MaxWait { get; set; }

    /// <summary>The models that it is for, as a pattern with <c>*</c>. Default: all, together.</summary>
    public string? Model { get; set; }

    public KeyLimit ToLimit() => new(Requests, Tokens, (int)Window.TotalSeconds, Algorithm, Concurrency, MaxWait.TotalSeconds, Model);
}

/// <summary>The rules for limits that are set, checked when the server starts.</summary>
internal sealed class LimitOptionRules : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var faults = new List<string>();
        if (options.Limits.AssumedOutputTokens is < 0 or > 1_000_000) faults.Add("Gateway:Limits:AssumedOutputTokens must be from 0 to 1,000,000.");
        if (options.Limits.MaxWaiting is < 0 or > 100_000) faults.Add("Gateway:Limits:MaxWaiting must be from 0 to 100,000.");
        foreach (var (tenant, limits) in options.Limits.Tenants)
        {
            faults.AddRange(limits.Limits.SelectMany((limit, i) => Check($"Gateway:Limits:Tenants:{tenant}:Limits:{i}", limit)));
            foreach (var (team, ofTeam) in limits.Teams) faults.AddRange(ofTeam.SelectMany((limit, i) => Check($"Gateway:Limits:Tenants:{tenant}:Teams:{team}:{i}", limit)));
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Check(string path, LimitOptions limit)
    {
        if (limit.Requests < 1 || limit.Tokens < 1 || limit.Concurrency < 1) yield return $"{path}: Requests, Tokens and Concurrency are at least 1.";
        if (limit.Window < TimeSpan.FromSeconds(1) || limit.Window.TotalSeconds > LimitRules.MaxWindowSeconds || limit.Window.Ticks % TimeSpan.TicksPerSecond != 0) yield return $"{path}:Window is from 1 s to 31 days, in whole seconds.";
        if (limit.MaxWait < TimeSpan.Zero || limit.MaxWait.TotalSeconds > LimitRules.MaxWaitSeconds) yield return $"{path}:MaxWait is from 0 to {LimitRules.MaxWaitSeconds} s.";
        foreach (var (_, rule) in LimitRules.Faults(limit.ToLimit())) yield return $"{path}: {rule}";
    }
}
