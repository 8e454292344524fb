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

    [Fact]
    public async Task A_stream_goes_on_when_its_budget_is_removed_and_is_held_to_the_others()
    {
        var ledger = Open(Bank.Budget("all", 40), Bank.Budget("one", 30));
        var stream = await AdmittedAsync(ledger, 10);
        bank.Change([ledger], Bank.Budget("all", 40));
        for (var spent = 1; spent <= 40; spent++) Assert.True(await bank.FinishAsync(ledger, stream.ChargeAsync(spent, Cancel)), $"after {spent}");
        Assert.False(await bank.FinishAsync(ledger, stream.ChargeAsync(41, Cancel)));
        Assert.Equal("all", stream.Tightest.Name);
    }

    [Fact]
    public async Task A_stream_that_waits_for_a_grant_goes_on_when_its_budget_is_removed()
    {
        var ledger = Open(Bank.Budget("b", 40));
        var stream = await AdmittedAsync(ledger, 10);
        var waits = stream.ChargeAsync(30, Cancel).AsTask();
        Assert.False(waits.IsCompleted);
        bank.Change([ledger]);
        bank.Serve(ledger);
        Assert.True(await waits);
        Assert.NotNull(stream.Another());   // for a second target beside a slow one
        Assert.True(await bank.FinishAsync(ledger, stream.ChargeAsync(1_000, Cancel)));
    }

    [Fact]
    public async Task A_call_that_waits_while_its_budget_begins_anew_with_another_period_counts_in_that()
    {
        var (ledger, other) = (New(), New());
        bank.Open(other, Bank.Budget("b", 100));
        await AdmittedAsync(other, 100);
        bank.Open(ledger, Bank.Budget("b", 100));
        var waits = ledger.AdmitAsync(Bank.Tenant, null, "k", "m", 60, 60, Cancel);   // the other may give something back
        Assert.False(waits.IsCompleted);
        bank.Change([ledger, other], Bank.Budget("b", 80, BudgetPeriod.Day, id: "bud_new"));
        var call = Assert.IsType<BudgetAdmission.Admitted>(await bank.FinishAsync(ledger, waits)).Reservation!;
        Assert.Equal((0, 60), (ledger.Find(Bank.Tenant, "b")!.Value.Spent, ledger.Find(Bank.Tenant, "b")!.Value.Reserved));
        call.Settle(50);
        Assert.Equal((50, 0), (ledger.Find(Bank.Tenant, "b")!.Value.Spent, ledger.Reserved));
    }

    [Fact]
    public async Task A_call_that_waits_at_the_end_of_a_period_counts_in_the_next()
    {
        var (ledger, other) = (New(), New());
        bank.Open(other, Bank.Budget("b", 100, BudgetPeriod.Hour));
        await AdmittedAsync(other, 100);
        time.Advance(TimeSpan.FromSeconds(3_599));
        bank.Open(ledger, Bank.Budget("b", 100, BudgetPeriod.Hour));
        var waits = ledger.AdmitAsync(Bank.Tenant, null, "k", "m", 60, 60, Cancel);
        Assert.False(waits.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(60, Assert.IsType<BudgetAdmission.Admitted>(await bank.FinishAsync(ledger, waits)).Reservation!.Amount);
        Assert.Equal(60, ledger.Find(Bank.Tenant, "b")!.Value.Reserved);
    }

    [Fact]
    public async Task A_call_that_has_spent_all_that_is_kept_for_it_goes_on_beyond_the_end_of_its_period_and_is_counted()
    {
        var ledger = Open(Bank.Budget("b", 100, BudgetPeriod.Hour));
        var call = await AdmittedAsync(ledger, 10);
        await call.ChargeAsync(10, Cancel);
        time.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 3; i++) bank.Serve(ledger);   // the hour that is over is told, and what is not in use goes back
        call.Settle(30);
        bank.Serve(ledger);
        Assert.Equal(30, bank.Spent("b"));

        var later = await AdmittedAsync(ledger, 10);
        await later.ChargeAsync(10, Cancel);
        time.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 3; i++) bank.Serve(ledger);
        Assert.True(await bank.FinishAsync(ledger, later.ChargeAsync(90, Cancel)));
        later.Release();
        bank.Serve(ledger);
        Assert.Equal(120, bank.Spent("b"));
    }

    /// <summary>Budgets with more than enough, which are removed, made anew and begin their next hours at any moment.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_becomes_of_budgets_nobody_is_refused_or_cut_while_there_is_money(int seed)
    {
        const int Clients = 8, Limit = 1_000_000;
        using var stop = new CancellationTokenSource();
        BudgetLedger[] ledgers = [New(TimeSpan.FromDays(40)), New(TimeSpan.FromDays(40))];
        var lasting = Bank.Budget("lasting", Limit);
        foreach (var ledger in ledgers) bank.Open(ledger, lasting, Bank.Budget("hourly", Limit, BudgetPeriod.Hour));
        var serving = Task.WhenAll(bank.RunAsync(ledgers[0], stop.Token, ledgers[1]), bank.RunAsync(ledgers[1], stop.Token, ledgers[0]));
        long delivered = 0, calling = Clients;
        var asking = Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            try
            {
                var random = new Random((seed * 1_000) + client);
                for (var i = 0; i < 150; i++)
                {
                    var asked = await ledgers[client % 2].AdmitAsync(Bank.Tenant, null, "k", "m", 1, random.Next(1, 60), stop.Token);
                    var call = Assert.IsType<BudgetAdmission.Admitted>(asked).Reservation!;
                    var (said, length) = (0L, random.Next(0, 200));
                    while (said < length)
                    {
                        said += random.Next(1, 10);
                        Assert.True(await call.ChargeAsync(said, stop.Token));
                        if (random.Next(10) == 0) await Task.Yield();
                    }
                    call.Settle(said);
                    Interlocked.Add(ref delivered, said);
                }
            }
            finally
            {
                Interlocked.Decrement(ref calling);
            }
        })).ToList();
        for (var i = 0; Interlocked.Read(ref calling) > 0; i++)
        {
            bank.Change(ledgers, [.. i % 5 == 0 ? (Budget[])[] : [Bank.Budget("fleeting", Limit, id: $"bud_fleeting{i}")], lasting, Bank.Budget("hourly", Limit, BudgetPeriod.Hour)]);
            if (i < 2_000) time.Advance(TimeSpan.FromMinutes(20));
            await Task.Yield();
        }
        await Task.WhenAll(asking);
        await stop.CancelAsync();
        await serving;
        foreach (var ledger in ledgers)
        {
            Assert.Equal(0, ledger.Reserved);
            bank.Serve(ledger, isLast: true);
        }
        Assert.Equal((delivered, delivered), (bank.Spent("lasting"), bank.Spent("hourly")));   // in whichever hour
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
