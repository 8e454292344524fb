using Baton.Engine;
using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway.Budgets;

/// <summary>Lends to ledgers as the database does, in memory: for what is to be known of ledgers alone.</summary>
internal sealed class Bank
{
    public static readonly TenantId Tenant = new("t");

    private readonly Lock gate = new();
    private readonly Dictionary<(string Budget, DateTimeOffset Start), Dictionary<BudgetLedger, (long Reported, long Ceiling)>> slices = [];
    private readonly Dictionary<string, long> limits = [];

    public static Budget Budget(string name, long limit, BudgetPeriod period = BudgetPeriod.Total, string? key = null, string? model = null) => new($"bud_{name}", Tenant, name, null, key, model, period, limit);

    /// <summary>What ledgers have said that was spent of a budget, in all its periods.</summary>
    public long Spent(string name)
    {
        lock (gate) return slices.Where(one => one.Key.Budget == $"bud_{name}").Sum(one => one.Value.Values.Sum(slice => slice.Reported));
    }

    public void Open(BudgetLedger ledger, params Budget[] budgets)
    {
        foreach (var budget in budgets) limits[budget.Id] = budget.Limit;
        ledger.Replace(budgets);
        Serve(ledger);
        Serve(ledger);
    }

    /// <summary>One pass of the writer.</summary>
    /// <returns>Whether a call waits for more than there is.</returns>
    public bool Serve(BudgetLedger ledger, bool isLast = false)
    {
        var reports = ledger.Gather(isLast, out var waiters);
        ledger.Take(reports, [.. reports.Select(report => Lend(ledger, report))]);
        waiters?.SetResult();
        return ledger.IsShort;
    }

    /// <summary>Serves until cancelled, whenever there is something to tell.</summary>
    /// <param name="others">Asked to give back what they have at hand, when this one has too little.</param>
    public async Task RunAsync(BudgetLedger ledger, CancellationToken stop, params BudgetLedger[] others)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await ledger.Changed.WaitAsync(TimeSpan.FromHours(1), stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            if (Serve(ledger)) Array.ForEach(others, other => other.Yield());
        }
    }

    private SliceGrant Lend(BudgetLedger ledger, SliceReport report)
    {
        lock (gate)
        {
            var (budget, start) = (report.Account.Budget.Id, report.Account.Span.Start);
            if (!slices.TryGetValue((budget, start), out var all)) slices.Add((budget, start), all = []);
            var ceiling = all.GetValueOrDefault(ledger).Ceiling;
            var others = all.Where(one => one.Key != ledger).Select(one => one.Value).ToList();
            var lent = others.Sum(one => one.Ceiling - one.Reported);
            var free = limits[budget] - report.Spent - others.Sum(one => one.Reported) - lent;
            var granted = Math.Max(report.Spent, report.Wanted <= ceiling ? report.Wanted : Math.Max(ceiling, Math.Min(report.Wanted, report.Spent + Math.Max(0, free))));
            all[ledger] = (report.Spent, granted);
            return new SliceGrant(granted, free - (granted - report.Spent), lent, limits[budget]);
        }
    }
}
