using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway.Budgets;

/// <summary>The arithmetic of reserving, charging and settling, over a bank in memory.</summary>
public sealed class LedgerTests
{
    private readonly Bank bank = new();

    [Fact]
    public async Task A_call_is_kept_money_for_in_all_of_its_budgets_or_in_none()
    {
        var ledger = Open(Bank.Budget("all", 1_000), Bank.Budget("one", 100, key: "k"), Bank.Budget("other", 1, key: "x"));
        var first = await AdmittedAsync(ledger, 80);
        var refused = Assert.IsType<BudgetAdmission.Refused>(await AskAsync(ledger, 30));
        Assert.Equal(("one", 30, 20), (refused.Budget.Name, refused.Asked, refused.Left));
        Assert.Equal((0, 80), (ledger.Find(Bank.Tenant, "all")!.Value.Spent, ledger.Find(Bank.Tenant, "all")!.Value.Reserved));
        first.Settle(5);
        Assert.Equal([5, 5, 0], new[] { "all", "one", "other" }.Select(name => ledger.Find(Bank.Tenant, name)!.Value.Spent));
        Assert.Equal(0, ledger.Reserved);
    }

    [Fact]
    public async Task Whatever_is_done_after_the_end_of_a_call_changes_nothing()
    {
        var ledger = Open(Bank.Budget("b", 100));
        var call = await AdmittedAsync(ledger, 50);
        Assert.True(await call.ChargeAsync(20, default));
        Assert.True(await call.ChargeAsync(20, default));   // the sum until now, not what is added
        call.Settle(30);
        call.Settle(40);
        call.Release();
        Assert.True(await call.ChargeAsync(90, default));
        Assert.Equal((30, 0), (ledger.Find(Bank.Tenant, "b")!.Value.Spent, ledger.Reserved));
        bank.Serve(ledger);
        bank.Serve(ledger);
        Assert.Equal(30, bank.Spent("b"));
    }

    [Fact]
    public async Task A_call_that_fails_costs_nothing_and_one_that_breaks_off_what_was_seen()
    {
        var ledger = Open(Bank.Budget("b", 100));
        (await AdmittedAsync(ledger, 50)).Release();
        var broken = await AdmittedAsync(ledger, 50);
        await broken.ChargeAsync(7, default);
        broken.Release();
        Assert.Equal((7, 0), (ledger.Find(Bank.Tenant, "b")!.Value.Spent, ledger.Reserved));
    }

    [Fact]
    public async Task What_a_call_was_estimated_too_high_is_given_back()
    {
        var ledger = Open(Bank.Budget("b", 100));
        var call = await AdmittedAsync(ledger, 50);
        await call.ChargeAsync(50, default);
        bank.Serve(ledger);
        Assert.Equal(50, bank.Spent("b"));
        call.Settle(10);
        bank.Serve(ledger);
        Assert.Equal(10, bank.Spent("b"));
        (await AdmittedAsync(ledger, 90)).Settle(90);
        Assert.IsType<BudgetAdmission.Refused>(await AskAsync(ledger, 1));
    }

    [Fact]
    public async Task The_last_cent_can_be_spent_and_a_stream_goes_on_until_it_is()
    {
        var ledger = Open(Bank.Budget("b", 100));
        var stream = await AdmittedAsync(ledger, 10);
        for (var spent = 1; spent <= 100; spent++) Assert.True(await bank.FinishAsync(ledger, stream.ChargeAsync(spent, default)), $"after {spent}");
        Assert.False(await bank.FinishAsync(ledger, stream.ChargeAsync(101, default)));
        stream.Release();
        Assert.Equal(101, ledger.Find(Bank.Tenant, "b")!.Value.Spent);
        Assert.IsType<BudgetAdmission.Refused>(await AskAsync(ledger, 1));
    }

    [Fact]
    public async Task A_stream_may_spend_the_last_of_what_others_have_left_and_nothing_beyond_it()
    {
        var ledger = Open(Bank.Budget("b", 20));
        var stream = await AdmittedAsync(ledger, 10);
        await AdmittedAsync(ledger, 9);
        Assert.True(await bank.FinishAsync(ledger, stream.ChargeAsync(11, default)));
        Assert.False(await bank.FinishAsync(ledger, stream.ChargeAsync(12, default)));
    }

    [Fact]
    public async Task A_call_that_can_do_with_less_gets_what_is_left()
    {
        var ledger = Open(Bank.Budget("b", 100));
        await AdmittedAsync(ledger, 93);
        var call = Assert.IsType<BudgetAdmission.Admitted>(await bank.FinishAsync(ledger, ledger.AdmitAsync(Bank.Tenant, null, "k", "m", 2, 50, TestContext.Current.CancellationToken))).Reservation!;
        Assert.Equal(7, call.Amount);
        Assert.IsType<BudgetAdmission.Refused>(await bank.FinishAsync(ledger, ledger.AdmitAsync(Bank.Tenant, null, "k", "m", 1, 50, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task What_another_node_turns_out_not_to_have_spent_can_be_spent_here_a_moment_later()
    {
        var time = new ManualTime();
        var (here, there) = (new BudgetLedger(time, TimeSpan.FromSeconds(2)), new BudgetLedger(time, TimeSpan.FromSeconds(2)));
        bank.Open(there, Bank.Budget("b", 100));
        var call = Assert.IsType<BudgetAdmission.Admitted>(await Ask(there, 100)).Reservation!;
        await call.ChargeAsync(100, TestContext.Current.CancellationToken);   // by an estimate
        bank.Serve(there);
        bank.Open(here, Bank.Budget("b", 100));
        Assert.IsType<BudgetAdmission.Refused>(await Ask(here, 40));
        call.Settle(60);
        bank.Serve(there, isLast: true);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<BudgetAdmission.Admitted>(await Ask(here, 40));
        Assert.IsType<BudgetAdmission.Refused>(await Ask(here, 1));

        Task<BudgetAdmission> Ask(BudgetLedger from, long amount) => bank.FinishAsync(from, from.AdmitAsync(Bank.Tenant, null, "k", "m", amount, amount, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_period_begins_anew_and_a_call_counts_where_it_was_admitted()
    {
        var time = new ManualTime();   // at 12:00
        var ledger = new BudgetLedger(time, TimeSpan.FromSeconds(2));
        bank.Open(ledger, Bank.Budget("b", 100, BudgetPeriod.Hour));
        time.Advance(TimeSpan.FromMinutes(59));
        var late = Assert.IsType<BudgetAdmission.Admitted>(await Ask(ledger, 100)).Reservation!;
        var refused = Assert.IsType<BudgetAdmission.Refused>(await Ask(ledger, 1));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 13, 0, 0, TimeSpan.Zero), refused.ResetsAt);
        time.Advance(TimeSpan.FromSeconds(40));
        bank.Serve(ledger);   // the next hour is prepared
        time.Advance(TimeSpan.FromSeconds(20));
        var next = Assert.IsType<BudgetAdmission.Admitted>(await Ask(ledger, 20)).Reservation!;
        late.Settle(99);
        next.Settle(20);
        Assert.Equal(20, ledger.Find(Bank.Tenant, "b")!.Value.Spent);
        bank.Serve(ledger);
        Assert.Equal(119, bank.Spent("b"));

        Task<BudgetAdmission> Ask(BudgetLedger from, long amount) => bank.FinishAsync(from, from.AdmitAsync(Bank.Tenant, null, "k", "m", amount, amount, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("hour", "2026-03-01T23:30:00Z", "2026-03-01T23:00:00Z", "2026-03-02T00:00:00Z")]
    [InlineData("day", "2026-02-28T23:59:59Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z")]
    [InlineData("day", "2026-03-01T01:00:00+02:00", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z")]
    [InlineData("week", "2026-03-01T12:00:00Z", "2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z")]
    [InlineData("week", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z")]
    [InlineData("month", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z")]
    [InlineData("total", "2026-03-01T12:00:00Z", "1970-01-01T00:00:00Z", null)]
    public void Periods_go_by_the_calendar_of_UTC(string period, string now, string start, string? end)
    {
        var span = BudgetSpan.Of(BudgetPeriods.Parse(period)!.Value, Time(now));
        Assert.Equal((Time(start), end is null ? null : Time(end)), (span.Start, span.End));

        static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// One client, any sequence of what calls do: the ledger says yes exactly when limit, less spent and reserved, is enough, or the call costs nothing; and a stream that has spent more than its own
    /// goes on exactly as long as the limit is not passed.
    /// </summary>
    [Fact]
    public void A_call_is_refused_only_when_less_is_left_than_it_asks_for() => Property.HoldsAsync(
        Gen.Zip(Gen.Choose(0, 60), Gen.Zip(Gen.Choose(0, 4), Gen.Choose(0, 40)).ListOf(40)).ToArbitrary(), async given =>
    {
        var (limit, steps) = given;
        var (own, time) = (new Bank(), TimeProvider.System);
        var ledger = new BudgetLedger(time, TimeSpan.FromMinutes(1));
        own.Open(ledger, Bank.Budget("b", limit));
        var calls = new List<(Reservation Call, long Amount, long Charged)>();
        var (spent, reserved) = (0L, 0L);
        foreach (var (kind, number) in steps)
        {
            if (kind < 2)
            {
                var asked = await own.FinishAsync(ledger, ledger.AdmitAsync(Bank.Tenant, null, "k", "m", number, number, default));
                if ((asked is BudgetAdmission.Refused) != (number > 0 && limit - spent - reserved < number)) return false;
                if (asked is BudgetAdmission.Admitted { Reservation: { } call })
                {
                    calls.Add((call, number, 0));
                    reserved += number;
                }
            }
            else if (calls.Count > 0)
            {
                var (call, amount, charged) = calls[number % calls.Count];
                calls.RemoveAt(number % calls.Count);
                var chunk = 1 + (number % 7);
                if (kind == 2 && charged < amount)   // a chunk
                {
                    chunk = (int)Math.Min(amount - charged, chunk);
                    if (!await own.FinishAsync(ledger, call.ChargeAsync(charged + chunk, default))) return false;
                    (spent, reserved) = (spent + chunk, reserved - chunk);
                    calls.Add((call, amount, charged + chunk));
                }
                else if (kind == 4)   // one that is more than what is left of its own
                {
                    var goesOn = await own.FinishAsync(ledger, call.ChargeAsync(amount + chunk, default));
                    (spent, reserved) = (spent + amount + chunk - charged, reserved - (amount - charged));
                    if (goesOn != (spent + reserved <= limit)) return false;
                    if (goesOn) calls.Add((call, call.Amount, call.Charged));
                    else call.Release();
                    if (goesOn) reserved += call.Amount - call.Charged;
                }
                else
                {
                    var actual = number % (int)(amount + 1);
                    call.Settle(actual);
                    (spent, reserved) = (spent + actual - charged, reserved - (amount - charged));
                }
            }
            if (number % 3 == 0) own.Serve(ledger);
            if ((ledger.Find(Bank.Tenant, "b")!.Value.Spent, ledger.Reserved) != (spent, reserved)) return false;
        }
        return true;
    });

    /// <summary>The same with everybody at once, over two processes, with aborts, cuts and streams that go on until they are stopped.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_clients_do_at_once_no_more_is_spent_than_the_limit_and_a_chunk_each(int seed)
    {
        const int Clients = 24, Limit = 20_000, MaxChunk = 9;
        using var stop = new CancellationTokenSource();
        var ledgers = new[] { New(), New() };
        foreach (var ledger in ledgers) bank.Open(ledger, Bank.Budget("b", Limit), Bank.Budget("small", Limit / 2, key: "k1"));
        var serving = Task.WhenAll(bank.RunAsync(ledgers[0], stop.Token, ledgers[1]), bank.RunAsync(ledgers[1], stop.Token, ledgers[0]));
        long delivered = 0, refusals = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random((seed * 1_000) + client);
            var ledger = ledgers[client % 2];
            for (var misses = 0; misses < 3;)
            {
                var wished = random.Next(1, 120);
                if (await ledger.AdmitAsync(Bank.Tenant, null, $"k{client % 2}", "m", 1, wished, stop.Token) is not BudgetAdmission.Admitted { Reservation: { } call })
                {
                    Interlocked.Increment(ref refusals);
                    misses++;
                    continue;
                }
                var (said, length) = (0L, random.Next(0, 300));
                while (said < length)
                {
                    said += random.Next(1, MaxChunk + 1);
                    if (!await call.ChargeAsync(said, stop.Token)) break;
                    if (random.Next(40) == 0) break;   // the client leaves
                }
                if (random.Next(2) == 0) call.Settle(said);
                else call.Release();
                if (random.Next(4) == 0) call.Release();
                Interlocked.Add(ref delivered, said);
            }
        })));
        // Some have given up while others still kept what they then did not spend.
        while (await ledgers[0].AdmitAsync(Bank.Tenant, null, "k0", "m", 1, 50, stop.Token) is BudgetAdmission.Admitted { Reservation: { } last })
        {
            delivered += last.Amount;
            last.Settle(last.Amount);
        }
        await stop.CancelAsync();
        await serving;
        foreach (var ledger in ledgers)
        {
            Assert.Equal(0, ledger.Reserved);
            bank.Serve(ledger, isLast: true);
        }
        Assert.Equal(delivered, bank.Spent("b"));
        Assert.InRange(delivered, Limit, Limit + (Clients * MaxChunk));   // all of it was usable, too
        Assert.True(bank.Spent("small") <= (Limit / 2) + (Clients / 2 * MaxChunk), $"{bank.Spent("small")}");
        Assert.Equal(3 * Clients, refusals);
    }

    private static BudgetLedger New() => new(TimeProvider.System, TimeSpan.FromSeconds(20));

    private BudgetLedger Open(params Budget[] budgets)
    {
        var ledger = New();
        bank.Open(ledger, budgets);
        return ledger;
    }

    private Task<BudgetAdmission> AskAsync(BudgetLedger ledger, long amount) => bank.FinishAsync(ledger, ledger.AdmitAsync(Bank.Tenant, null, "k", "m", amount, amount, TestContext.Current.CancellationToken));

    private async Task<Reservation> AdmittedAsync(BudgetLedger ledger, long amount) => Assert.IsType<BudgetAdmission.Admitted>(await AskAsync(ledger, amount)).Reservation!;
}
