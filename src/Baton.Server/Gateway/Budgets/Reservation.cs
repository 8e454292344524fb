namespace Baton.Server.Gateway;

/// <summary>
/// Money that is kept for one call in every budget that the call counts in. Ended once, by <see cref="Settle"/> or <see cref="Release"/>; whatever is done after that changes nothing. For
/// one call at a time; what happens at the same moment on another thread is in order too.
/// </summary>
internal sealed class Reservation
{
    private readonly BudgetLedger ledger;

    internal Reservation(BudgetLedger ledger, BudgetAccount[] accounts, long amount)
    {
        (this.ledger, Accounts, Amount, Step) = (ledger, accounts, amount, Math.Max(1, amount));
    }

    internal BudgetAccount[] Accounts { get; }

    /// <summary>What was kept at first, at least 1; by so much it is extended.</summary>
    internal long Step { get; }

    /// <summary>The budget that has the least left.</summary>
    public Budget Tightest => ledger.Tightest(Accounts);

    /// <summary>What the call may spend, in micro-dollars. Grows while it is extended.</summary>
    public long Amount { get; internal set; }

    /// <summary>What it has spent.</summary>
    public long Charged { get; internal set; }

    public bool IsEnded { get; internal set; }

    /// <summary>Takes note of what has been spent so far, and keeps as much again as was kept at first where that is used up.</summary>
    /// <param name="total">Of the whole call until now, in micro-dollars. What is less than said before is passed over.</param>
    /// <returns>False when the money is used up: every budget is charged with what was said, but nothing more may be spent.</returns>
    public ValueTask<bool> ChargeAsync(long total, CancellationToken cancel) => ledger.Charge(this, total) ? new(true) : ledger.ExtendAsync(this, cancel);

    /// <summary>As much as was kept at first, once more, for another call that counts in the same budgets.</summary>
    /// <returns>Null where there is not so much at hand.</returns>
    public Reservation? Another() => ledger.TryReserve(this);

    /// <summary>Ends the call with what it came to; the rest is free again.</summary>
    public void Settle(long actual) => ledger.End(this, actual);

    /// <summary>Ends the call with what has been charged until now, which is nothing for a call that failed.</summary>
    public void Release() => ledger.End(this, null);
}

/// <summary>Whether a call may spend money.</summary>
internal abstract record BudgetAdmission
{
    private BudgetAdmission()
    {
    }

    /// <param name="Reservation">Null where no budget counts the call.</param>
    public sealed record Admitted(Reservation? Reservation) : BudgetAdmission
    {
        public static Admitted Free { get; } = new((Reservation?)null);
    }

    /// <param name="Budget">The one that cannot pay.</param>
    /// <param name="Left">What it can.</param>
    /// <param name="ResetsAt">When it begins anew; null for never.</param>
    public sealed record Refused(Budget Budget, long Asked, long Left, DateTimeOffset? ResetsAt) : BudgetAdmission
    {
        /// <summary>Whether no period could pay it.</summary>
        public bool IsForGood => Asked > Budget.Limit;
    }

    /// <summary>This process has no money in hand, and the database did not say whether there is more.</summary>
    public sealed record Unknown(Budget Budget) : BudgetAdmission;
}
