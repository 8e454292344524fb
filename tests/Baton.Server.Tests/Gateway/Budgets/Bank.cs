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

    /// <param name="id">Another for each that takes the name of one that is gone.</param>
    public static Budget Budget(string name, long limit, BudgetPeriod period = BudgetPeriod.Total, string? key = null, string? model = null, string? id = null) => new(id ?? $"bud_{name}", Tenant, name, null, key, model, period, limit);

    /// <summary>What ledgers have said that was spent of a budget, in all its periods.</summary>
    public long Spent(string name)
    {
        lock (gate) return slices.Where(one => one.Key.Budget == $"bud_{name}").Sum(one => one.Value.Values.Sum(slice => slice.Reported));
    }

    public void Open(BudgetLedger ledger, params Budget[] budgets)
    {
        Change([ledger], budgets);
        Serve(ledger);
        Serve(ledger);
    }

    /// <summary>These budgets and no others from now on.</summary>
    public void Change(BudgetLedger[] ledgers, params Budget[] budgets)
    {
        lock (gate)
        {
            limits.Clear();
            foreach (var budget in budgets) limits[budget.Id] = budget.Limit;
        }
        foreach (var ledger in ledgers) ledger.Replace(budgets);
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

    /// <summary>Serves whoever waits until he does not: once for each time that he waits, and not meanwhile, so that nothing depends on which thread is sooner.</summary>
    public async Task<T> FinishAsync<T>(BudgetLedger ledger, ValueTask<T> asked)
    {
        var task = asked.AsTask();
        using var over = new CancellationTokenSource();
        while (!task.IsCompleted)
        {
            var wanted = ledger.Urgent.WaitAsync(TimeSpan.FromMinutes(1), over.Token);
            if (await Task.WhenAny(task, wanted) == wanted && await wanted) Serve(ledger);
        }
        await over.CancelAsync();
        return await task;
    }

    private SliceGrant? Lend(BudgetLedger ledger, SliceReport report)
    {
        lock (gate)
        {
            var (budget, start) = (report.Account.Budget.Id, report.Account.Span.Start);
            if (!limits.TryGetValue(budget, out var limit)) return null;
            if (!slices.TryGetValue((budget, start), out var all)) slices.Add((budget, start), all = []);
            var ceiling = all.GetValueOrDefault(ledger).Ceiling;
            var others = all.Where(one => one.Key != ledger).Select(one => one.Value).ToList();
            var lent = others.Sum(one => one.Ceiling - one.Reported);
            var free = limit - report.Spent - others.Sum(one => one.Reported) - lent;
            var granted = Math.Max(report.Spent, report.Wanted <= ceiling ? report.Wanted : Math.Max(ceiling, Math.Min(report.Wanted, report.Spent + Math.Max(0, free))));
            all[ledger] = (report.Spent, granted);
            return new SliceGrant(granted, free - (granted - report.Spent), lent, limit);
        }
    }
}
