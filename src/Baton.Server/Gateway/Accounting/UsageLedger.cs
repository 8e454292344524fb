namespace Baton.Server.Gateway;

/// <summary>Closes accounts: what a call used, what it cost, and how it ended goes into the metrics and to the writer. Thread-safe; waits for nothing.</summary>
internal sealed class UsageLedger(PriceTable prices, UsageWriter writer, GatewayMetrics metrics)
{
    public UsageRecord Close(CallAccount account)
    {
        var record = RecordOf(account);
        metrics.Record(record);
        writer.Record(record);
        if (account.Loser is { } loser) CloseApart(loser);
        foreach (var part in account.Earlier) CloseApart(part);
        return record;
    }

    /// <summary>Nobody made it: it is no request, and no failure.</summary>
    private void CloseApart(CallAccount part)
    {
        var record = RecordOf(part);
        metrics.RecordCost(record);
        writer.Record(record);
    }

    private UsageRecord RecordOf(CallAccount account)
    {
        var tokens = account.Used(out var isEstimated);
        var target = account.Target;
        return new UsageRecord(
            account.Id, account.At, account.Origin.Tenant, account.Origin.Caller, account.Origin.Key?.Team, account.Origin.Run, account.Origin.Step, account.Surface, account.Asked ?? "", account.Model ?? account.Asked ?? "",
            target?.Name ?? "", target?.Model ?? "", account.Attempts, tokens, isEstimated, target is null ? 0 : prices.Cost(target, tokens, account.Busy), account.FirstByte, account.Elapsed,
            account.Outcome ?? OutcomeOf(account.Status), account.Status);
    }

    private static CallOutcome OutcomeOf(int status) => status switch
    {
        >= 200 and < 400 => CallOutcome.Completed,
        >= 400 and < 500 => CallOutcome.Refused,
        _ => CallOutcome.Failed,
    };
}
