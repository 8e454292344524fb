using System.Collections.Frozen;

namespace Baton.Server.Gateway;

/// <summary>What the ledger tells the database, and takes from it.</summary>
internal sealed partial class BudgetLedger
{
    /// <summary>The budgets from now on. Those that are known keep their money; what was spent of those that are gone is nobody's, and calls of theirs go on.</summary>
    public void Replace(IReadOnlyCollection<Budget> budgets)
    {
        lock (gate)
        {
            var known = tenants.Values.SelectMany(all => all).ToDictionary(one => one.Budget.Id, StringComparer.Ordinal);
            var now = time.GetUtcNow();
            var ids = budgets.Select(budget => budget.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var account in All()) account.IsGone = !ids.Contains(account.Budget.Id);
            draining.RemoveAll(static account => account.IsGone);
            tenants = budgets.GroupBy(budget => budget.Tenant).ToFrozenDictionary(group => group.Key, group => group.Select(budget => Series(known.GetValueOrDefault(budget.Id), budget, now)).ToArray());
        }
        Wake(urgent: true);
    }

    /// <summary>Whether calls waited for the last answer of the database, and there was not enough.</summary>
    public bool IsShort { get; private set; }

    /// <summary>When the next period has to be prepared; null for never.</summary>
    public DateTimeOffset? NextRoll
    {
        get
        {
            lock (gate) return tenants.Values.SelectMany(all => all).Min(series => series.Roll);
        }
    }

    /// <summary>Gives back what is not in use, and takes nothing ahead for a while: another process has calls that wait.</summary>
    public void Yield()
    {
        lock (gate) yieldUntil = time.GetUtcNow() + TimeSpan.FromSeconds(1);
        Wake(urgent: true);
    }

    /// <summary>The rows of the slices may have been changed by others: they are told anew.</summary>
    public void Retell()
    {
        lock (gate)
        {
            foreach (var account in All()) account.IsUntold = true;
        }
        Wake(urgent: true);
    }

    /// <summary>What is to be told to the database, and asked of it. What is given back is out of reach from here on.</summary>
    /// <param name="isLast">True at the end: everything that is not in use is given back.</param>
    /// <param name="waiters">To be completed when it has answered.</param>
    public List<SliceReport> Gather(bool isLast, out TaskCompletionSource? waiters)
    {
        var reports = new List<SliceReport>();
        lock (gate)
        {
            (waiters, waiting, isTold) = (waiting, null, false);
            var now = time.GetUtcNow();
            foreach (var series in tenants.Values.SelectMany(all => all))
            {
                series.Prepare(now, draining);
                foreach (var account in series.Accounts) Add(account, isLast || now < yieldUntil);
            }
            draining.RemoveAll(account => account.IsIdle);
            foreach (var account in draining) Add(account, yields: true);
        }
        return reports;

        void Add(BudgetAccount account, bool yields)
        {
            if (account.Report(yields) is { } report) reports.Add(report);
        }
    }

    /// <summary>The database has answered. Null for a budget that is gone.</summary>
    public void Take(List<SliceReport> sent, IReadOnlyList<SliceGrant?> grants)
    {
        lock (gate)
        {
            IsShort = false;
            var now = time.GetUtcNow();
            for (var i = 0; i < sent.Count; i++)
            {
                IsShort |= sent[i].Demand > 0 && grants[i] is { } given && given.Ceiling < sent[i].Wanted;
                if (grants[i] is { } grant) sent[i].Account.Take(sent[i], grant, now);
                else sent[i].Account.Abandon();
            }
        }
    }

    /// <summary>It has not: what was asked for and told is asked for and told again.</summary>
    public void Failed(List<SliceReport> sent)
    {
        lock (gate)
        {
            foreach (var one in sent) one.Account.Fail();
        }
    }

    private static BudgetSeries Series(BudgetSeries? known, Budget budget, DateTimeOffset now)
    {
        if (known is null) return new BudgetSeries(budget, now, LongestLead);
        known.Change(budget);
        return known;
    }
}
