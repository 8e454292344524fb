namespace Baton.Server.Gateway;

/// <summary>Closes accounts: what a call used, what it cost, and how it ended goes into the metrics and to the writer. Thread-safe; waits for nothing.</summary>
internal sealed class UsageLedger(PriceTable prices, UsageWriter writer, GatewayMetrics metrics)
{
    public UsageRecord Close(CallAccount account)
    {
        var tokens = account.Usage(out var isEstimated);
        var target = account.Target;
        var record = new UsageRecord(
            account.Id, account.At, account.Origin.Tenant, account.Origin.Caller, account.Origin.Key?.Team, account.Origin.Run, account.Origin.Step, account.Surface, account.Asked ?? "", account.Model ?? account.Asked ?? "",
            target?.Name ?? "", target?.Model ?? "", account.Attempts, tokens, isEstimated && tokens != default, account.Cost(prices), account.FirstByte, account.Elapsed,
            account.Outcome ?? OutcomeOf(account.Status), account.Status);
        metrics.Record(record);
        writer.Record(record);
        return record;
    }

    private static CallOutcome OutcomeOf(int status) => status switch
    {
        >= 200 and < 400 => CallOutcome.Completed,
        >= 400 and < 500 => CallOutcome.Refused,
        _ => CallOutcome.Failed,
    };
}
