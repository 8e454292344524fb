namespace Baton.Server.Gateway;

/// <summary>A budget's account of this period, and shortly before the next begins, that of the next. Touched under the ledger's lock.</summary>
/// <param name="longestLead">How long before its beginning a period is prepared at most; a tenth of the period at most.</param>
internal sealed class BudgetSeries(Budget budget, DateTimeOffset now, TimeSpan longestLead)
{
    private BudgetAccount current = new(budget, BudgetSpan.Of(budget.Period, now));
    private BudgetAccount? next;

    public Budget Budget { get; private set; } = budget;

    public IEnumerable<BudgetAccount> Accounts => next is null ? [current] : [current, next];

    /// <summary>When the next period is to be prepared, or, once it is, begins; null for never.</summary>
    public DateTimeOffset? Roll => current.Span.End - (next is null ? Lead : TimeSpan.Zero);

    private TimeSpan Lead
    {
        get
        {
            var tenth = (current.Span.End - current.Span.Start) / 10 ?? longestLead;
            return tenth < longestLead ? tenth : longestLead;
        }
    }

    public void Change(Budget changed)
    {
        Budget = changed;
        foreach (var account in Accounts) (account.Budget, account.IsUntold) = (changed, true);
    }

    /// <summary>The account of the period in which a moment lies.</summary>
    /// <param name="over">Takes what has ended: calls of it may be under way.</param>
    public BudgetAccount At(DateTimeOffset moment, List<BudgetAccount> over)
    {
        if (!current.Span.IsOver(moment)) return current;
        over.Add(current);
        var span = BudgetSpan.Of(Budget.Period, moment);
        if (next is not null && next.Span != span) over.Add(next);   // nothing happened for a whole period
        (current, next) = (next is not null && next.Span == span ? next : new BudgetAccount(Budget, span), null);
        return current;
    }

    /// <summary>Opens the next account when it is time.</summary>
    public void Prepare(DateTimeOffset moment, List<BudgetAccount> over)
    {
        if (At(moment, over).Span.End is not { } end || moment < end - Lead) return;
        next ??= new BudgetAccount(Budget, BudgetSpan.Of(Budget.Period, end));
    }
}
