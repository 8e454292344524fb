using System.Runtime.InteropServices;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>What a roll-up tells apart.</summary>
/// <param name="HourMs">The hour, in Unix milliseconds.</param>
internal sealed record RollUpKey(TenantId Tenant, long HourMs, string Model, string Key, string Team, string Target);

/// <summary>What sums by one thing tell apart.</summary>
/// <param name="PeriodMs">An hour or a day.</param>
/// <param name="Dimension"><c>model</c>, <c>key</c>, <c>team</c>, <c>target</c>, or <see cref="RollUp.All"/>.</param>
/// <param name="AtMs">When the period begins, in Unix milliseconds.</param>
/// <param name="Name">Of the model, the key, …; empty for all.</param>
internal sealed record SideKey(TenantId Tenant, long PeriodMs, string Dimension, long AtMs, string Name);

/// <summary>Sums over calls.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct RollUpSums
{
    public long Requests, Completed, Refused, Failed, Cancelled, Broken, Cached, Estimated, Input, CachedInput, CacheWriteInput, Output, Reasoning, CostMicros, FirstByteMs, FirstBytes, DurationMs;

    public void Add(UsageRecord call)
    {
        Requests++;
        switch (call.Outcome)
        {
            case CallOutcome.Completed: Completed++; break;
            case CallOutcome.Refused: Refused++; break;
            case CallOutcome.Failed: Failed++; break;
            case CallOutcome.Cancelled: Cancelled++; break;
            case CallOutcome.Broken: Broken++; break;
            default: Cached++; break;
        }
        if (call.IsEstimated) Estimated++;
        Input += call.Tokens.Input;
        CachedInput += call.Tokens.CachedInput;
        CacheWriteInput += call.Tokens.CacheWriteInput;
        Output += call.Tokens.Output;
        Reasoning += call.Tokens.Reasoning;
        CostMicros += call.CostMicros;
        DurationMs += (long)call.Duration.TotalMilliseconds;
        if (call.FirstByte is not { } first) return;
        FirstBytes++;
        FirstByteMs += (long)first.TotalMilliseconds;
    }

    public void Add(in RollUpSums other)
    {
        Requests += other.Requests;
        Completed += other.Completed;
        Refused += other.Refused;
        Failed += other.Failed;
        Cancelled += other.Cancelled;
        Broken += other.Broken;
        Cached += other.Cached;
        Estimated += other.Estimated;
        Input += other.Input;
        CachedInput += other.CachedInput;
        CacheWriteInput += other.CacheWriteInput;
        Output += other.Output;
        Reasoning += other.Reasoning;
        CostMicros += other.CostMicros;
        FirstByteMs += other.FirstByteMs;
        FirstBytes += other.FirstBytes;
        DurationMs += other.DurationMs;
    }
}

/// <summary>Sums of calls by hour, model, key, team and target, until they are written. One thread at a time.</summary>
internal sealed class RollUp
{
    public const long HourMs = 3_600_000, DayMs = 24 * HourMs;

    /// <summary>Rows that are told apart in memory; beyond them keys, teams and targets are not any more, so that an outage of any length has room. Money and tokens stay whole.</summary>
    public const int MaxRows = 10_000;

    /// <summary>The dimension of sums that tell nothing apart but the time.</summary>
    public const string All = "all";

    private const string Other = "(other)";

    private readonly Dictionary<RollUpKey, RollUpSums> rows = [];

    public IReadOnlyDictionary<RollUpKey, RollUpSums> Rows => rows;

    public void Add(UsageRecord call)
    {
        var hour = call.At.ToUnixTimeMilliseconds() / HourMs * HourMs;
        At(new RollUpKey(call.Tenant, hour, call.Model, call.Key, call.Team ?? "", call.Target)).Add(call);
    }

    public void Add(RollUp other)
    {
        foreach (var (key, sums) in other.rows) At(key).Add(sums);
    }

    /// <summary>The same by days.</summary>
    public Dictionary<RollUpKey, RollUpSums> ByDay()
    {
        var days = new Dictionary<RollUpKey, RollUpSums>();
        foreach (var (key, sums) in rows) Add(days, key with { HourMs = key.HourMs / DayMs * DayMs }, sums);
        return days;
    }

    /// <summary>The same by one thing at a time, by hours and by days.</summary>
    public Dictionary<SideKey, RollUpSums> Sides()
    {
        var sides = new Dictionary<SideKey, RollUpSums>();
        foreach (var (key, sums) in rows)
        {
            foreach (var period in (ReadOnlySpan<long>)[HourMs, DayMs])
            {
                foreach (var (dimension, name) in (ReadOnlySpan<(string, string)>)[(All, ""), ("model", key.Model), ("key", key.Key), ("team", key.Team), ("target", key.Target)]) Add(sides, new SideKey(key.Tenant, period, dimension, key.HourMs / period * period, name), sums);
            }
        }
        return sides;
    }

    private static void Add<T>(Dictionary<T, RollUpSums> to, T key, in RollUpSums sums)
        where T : notnull => CollectionsMarshal.GetValueRefOrAddDefault(to, key, out _).Add(sums);

    private ref RollUpSums At(RollUpKey key)
    {
        if (rows.Count >= MaxRows && !rows.ContainsKey(key)) key = key with { Key = Other, Team = "", Target = Other };
        return ref CollectionsMarshal.GetValueRefOrAddDefault(rows, key, out _);
    }
}
