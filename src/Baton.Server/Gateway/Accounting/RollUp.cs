using System.Runtime.InteropServices;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>What a roll-up tells apart.</summary>
/// <param name="HourMs">The hour, in Unix milliseconds.</param>
internal sealed record RollUpKey(TenantId Tenant, long HourMs, string Model, string Key, string Team, string Target);

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

    private ref RollUpSums At(RollUpKey key)
    {
        if (rows.Count >= MaxRows && !rows.ContainsKey(key)) key = key with { Key = Other, Team = "", Target = Other };
        return ref CollectionsMarshal.GetValueRefOrAddDefault(rows, key, out _);
    }
}
