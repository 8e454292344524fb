namespace Baton.Server.Gateway;

/// <summary>What a call spends while its answer passes, and what it came to. One thread at a time.</summary>
internal sealed class CallSpending(Reservation reservation, PriceTable prices, CallCeiling ceiling, CallAccount account) : IDisposable
{
    private (ModelTarget? Target, ModelPrice Price) priced;   // looked up once, not for each chunk

    /// <summary>Most tokens that the answer may have, where the budget pays for fewer than were asked for; null for no such limit.</summary>
    public int? Affordable { get; set; }

    /// <summary>Whether all money for the call is used up: its answer ends here.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>The budget that has the least left.</summary>
    public Budget Budget => reservation.Tightest;

    /// <summary>Some more of a stream has been handed on, and is in the account.</summary>
    /// <returns>False when the money is used up.</returns>
    public async ValueTask<bool> SeeAsync(CancellationToken cancel)
    {
        var (target, tap) = (account.Target!, account.Tap!);
        var usage = tap.Usage(ceiling.Prompt, out var isEstimated);
        if (!ReferenceEquals(priced.Target, target)) priced = (target, prices.Of(target));
        var price = priced.Price;
        var ofTokens = price.Cost(usage, TimeSpan.Zero);
        var cost = price.GpuSecond == 0 ? ofTokens : price.Cost(usage, account.Elapsed / Math.Max(1, target.Health.UnderWay));
        if (isEstimated && ceiling.Explains(usage.Output)) cost -= Math.Max(0, ofTokens - reservation.Step);   // seconds are no estimate
        cost += EarlierCost();
        var isPaid = await reservation.ChargeAsync(cost, cancel);
        IsSpent = !isPaid && !tap.IsTold;   // an answer that has told what it used is over
        return !IsSpent;
    }

    /// <summary>The call is over, however it ended: what was seen of an answer is paid for, as it is accounted for; the rest is free again.</summary>
    public void Dispose()
    {
        if (account.Tap is null) reservation.Release();
        else reservation.Settle(Cost(account) + EarlierCost());
    }

    /// <summary>Money for a second target beside the first, as much as for that one.</summary>
    /// <returns>Null where there is not so much at hand.</returns>
    public Reservation? Another() => reservation.Another();

    /// <summary>What a call came to.</summary>
    public long Cost(CallAccount call) => prices.Cost(call.Target!, call.Used(out _), call.Busy);

    private long EarlierCost() => account.Earlier.IsEmpty ? 0 : account.Earlier.Sum(Cost);
}
