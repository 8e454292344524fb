using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Budgets;

/// <summary>Budgets that are removed, changed and begin anew while calls wait and are under way, over a bank in memory.</summary>
public sealed class ChangedBudgetTests
{
    private readonly Bank bank = new();
    private readonly ManualTime time = new();   // at 12:00

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_costs_nothing_passes_though_a_budget_is_overdrawn()
    {
        var ledger = Open(Bank.Budget("b", 50));
        await AdmittedAsync(ledger, 20);
        var stream = await AdmittedAsync(ledger, 30);
        Assert.False(await bank.FinishAsync(ledger, stream.ChargeAsync(33, Cancel)));
        Assert.Null(Assert.IsType<BudgetAdmission.Admitted>(await AskAsync(ledger, 0)).Reservation);
        var refused = Assert.IsType<BudgetAdmission.Refused>(await bank.FinishAsync(ledger, ledger.AdmitAsync(Bank.Tenant, null, "k", "m", 0, 10, Cancel)));
        Assert.Equal((1, 0), (refused.Asked, refused.Left));   // of what has a price, a micro-dollar is the least
    }

    private BudgetLedger New(TimeSpan? patience = null) => new(time, patience ?? TimeSpan.FromSeconds(2));

    private BudgetLedger Open(params Budget[] budgets)
    {
        var ledger = New();
        bank.Open(ledger, budgets);
        return ledger;
    }

    private Task<BudgetAdmission> AskAsync(BudgetLedger ledger, long amount) => bank.FinishAsync(ledger, ledger.AdmitAsync(Bank.Tenant, null, "k", "m", amount, amount, Cancel));

    private async Task<Reservation> AdmittedAsync(BudgetLedger ledger, long amount) => Assert.IsType<BudgetAdmission.Admitted>(await AskAsync(ledger, amount)).Reservation!;
}
