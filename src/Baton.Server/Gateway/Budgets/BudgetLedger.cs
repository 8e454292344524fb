using System.Collections.Frozen;
using Baton.Engine;
using Baton.Server.Cluster;

namespace Baton.Server.Gateway;

/// <summary>
/// The money of this process: what of each budget is reserved, spent and at hand. Only memory; the <see cref="BudgetWriter"/> fetches slices for it and tells what became of them.
/// A call is kept money for in all of its budgets or in none, and counts in the period in which it was admitted. Thread-safe: one lock, held for a few additions.
/// </summary>
/// <param name="patience">How long a call waits for a grant where what is at hand does not suffice and there may be more.</param>
internal sealed partial class BudgetLedger(TimeProvider time, TimeSpan patience)
{
    private static readonly TimeSpan LongestLead = TimeSpan.FromSeconds(30);

    /// <summary>How long nobody is asked again whether there is nothing left. Spent money may come back: where a call of another node settles for less than it was charged, or a crash is reconciled.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly List<BudgetAccount> draining = [];
    private volatile FrozenDictionary<TenantId, BudgetSeries[]> tenants = FrozenDictionary<TenantId, BudgetSeries[]>.Empty;
    private TaskCompletionSource? waiting;
    private DateTimeOffset yieldUntil;
    private bool isTold;

    /// <summary>Set when there is something to report sooner or later.</summary>
    public Signal Changed { get; } = new(time);

    /// <summary>Set when somebody waits, or soon will.</summary>
    public Signal Urgent { get; } = new(time);

    /// <summary>Keeps money for a call.</summary>
    /// <param name="least">The least that would do, in micro-dollars; at most <paramref name="wished"/>, and counted as 1 at least.</param>
    /// <param name="wished">What it may cost; 0 for what costs nothing, which no budget holds.</param>
    public async ValueTask<BudgetAdmission> AdmitAsync(TenantId tenant, string? team, string key, string model, long least, long wished, CancellationToken cancel)
    {
        if (wished == 0 || AccountsOf(tenant, team, key, model) is not { } accounts) return BudgetAdmission.Admitted.Free;
        (least, var amount) = (Math.Max(1, least), wished);
        foreach (var account in accounts)
        {
            if (account.Budget.Limit < least) return Refuse(account, least);   // no grant could pay it
            amount = Math.Min(amount, account.Budget.Limit);
        }
        var (demanded, now) = (0L, time.GetUtcNow());
        for (var since = time.GetTimestamp(); ;)
        {
            var lacking = TryReserve(accounts, amount, demanded);
            demanded = 0;
            if (lacking is null) return new BudgetAdmission.Admitted(new Reservation(this, accounts, amount));
            if (lacking.IsGone || lacking.Span.IsOver(time.GetUtcNow())) return await AdmitAsync(tenant, team, key, model, least, wished, cancel);   // other budgets, or others of their periods, are asked now
            var (left, isSure) = Left(lacking, amount, now);
            if (isSure && left < least) return Refuse(lacking, least, left);
            if (isSure)
            {
                amount = left;   // with less, then
                continue;
            }
            var rest = patience - time.GetElapsedTime(since);
            if (rest > TimeSpan.Zero) await PassAsync(accounts, demanded = amount, rest, cancel);
            else if (amount > least) amount = least;
            else return lacking.IsUnheard || lacking.Free is null ? new BudgetAdmission.Unknown(lacking.Budget) : Refuse(lacking, least);
        }
    }

    /// <summary>Whether any budget counts such a call.</summary>
    public bool Counts(TenantId tenant, string? team, string key, string model)
    {
        if (!tenants.TryGetValue(tenant, out var all)) return false;
        foreach (var series in all)
        {
            if (series.Budget.Covers(team, key, model)) return true;
        }
        return false;
    }

    /// <summary>Whether something keeps money in reserve; for tests and for the end.</summary>
    public long Reserved
    {
        get
        {
            lock (gate) return All().Sum(account => account.Reserved);
        }
    }

    /// <summary>What stands in the account of a budget now.</summary>
    public (long Spent, long Reserved, long Available)? Find(TenantId tenant, string budget)
    {
        lock (gate)
        {
            if (!tenants.TryGetValue(tenant, out var all) || all.FirstOrDefault(one => one.Budget.Name == budget) is not { } series) return null;
            var account = series.At(time.GetUtcNow(), draining);
            return (account.Spent, account.Reserved, account.Available);
        }
    }

    /// <returns>False when that is more than is kept for the call, and memory alone has no more.</returns>
    internal bool Charge(Reservation call, long total)
    {
        var isLow = false;
        lock (gate)
        {
            if (call.IsEnded || total <= call.Charged) return true;
            var added = total - call.Charged;
            var released = Math.Min(added, Math.Max(0, call.Amount - call.Charged));
            foreach (var account in call.Accounts)
            {
                account.Spend(added, released);
                isLow |= account.IsLow;
            }
            call.Charged = total;
            if (total > call.Amount && !TryExtend(call)) return false;
        }
        Wake(isLow);
        return true;
    }

    /// <summary>Waits for more money for a call that has spent more than its own.</summary>
    internal async ValueTask<bool> ExtendAsync(Reservation call, CancellationToken cancel)
    {
        var (demanded, now) = (0L, time.GetUtcNow());
        for (var since = time.GetTimestamp(); ;)
        {
            lock (gate)
            {
                foreach (var account in call.Accounts) account.Demand -= demanded;
                demanded = 0;
                if (call.IsEnded || call.Charged <= call.Amount || TryExtend(call)) return true;
                foreach (var account in call.Accounts)
                {
                    if (IsSpent(account, 0, now)) return false;
                }
            }
            var rest = patience - time.GetElapsedTime(since);
            if (rest <= TimeSpan.Zero) return false;
            await PassAsync(call.Accounts, demanded = call.Step, rest, cancel);
        }
    }

    /// <summary>Keeps as much for another call in the same budgets, without waiting for it.</summary>
    internal Reservation? TryReserve(Reservation call)
    {
        var accounts = Array.FindAll(call.Accounts, static account => !account.IsGone);
        return TryReserve(accounts, call.Step, demanded: 0) is null ? new Reservation(this, accounts, call.Step) : null;
    }

    internal Budget Tightest(BudgetAccount[] accounts)
    {
        lock (gate) return accounts.MinBy(static account => (account.IsGone, account.Available))!.Budget;
    }

    internal void End(Reservation call, long? actual)
    {
        lock (gate)
        {
            if (call.IsEnded) return;
            call.IsEnded = true;
            var (added, released) = ((actual ?? call.Charged) - call.Charged, Math.Max(0, call.Amount - call.Charged));
            foreach (var account in call.Accounts) account.End(added, released);
            call.Charged += added;
        }
        Wake(urgent: false);
    }

    /// <summary>Keeps more for a call whose own is spent: as much as at first, or whatever there is. None at all is enough for one that has spent the last of it, and no more.</summary>
    private static bool TryExtend(Reservation call)
    {
        var more = call.Step;
        foreach (var account in call.Accounts)
        {
            if (account.IsGone) continue;
            if (account.IsOverdrawn) return false;
            more = Math.Min(more, account.Available);
        }
        foreach (var account in call.Accounts) account.Reserve(more);
        call.Amount = call.Charged + more;
        return true;
    }

    /// <param name="left">As it was when that was decided: a report may be under way since; null for now.</param>
    private BudgetAdmission.Refused Refuse(BudgetAccount account, long asked, long? left = null)
    {
        lock (gate) return new BudgetAdmission.Refused(account.Budget, asked, left ?? Math.Max(0, account.Available + Math.Max(0, account.Free ?? 0)), account.Span.End);
    }

    /// <returns>Null when it is done; else the first account with too little, or that is gone, and nothing is kept.</returns>
    /// <param name="demanded">What was asked for by <see cref="PassAsync"/> before.</param>
    private BudgetAccount? TryReserve(BudgetAccount[] accounts, long amount, long demanded)
    {
        var isLow = false;
        lock (gate)
        {
            foreach (var account in accounts) account.Demand -= demanded;
            foreach (var account in accounts)
            {
                if (account.IsGone || account.Available < amount) return account;
            }
            foreach (var account in accounts)
            {
                account.Begin(amount);
                isLow |= account.IsLow;
            }
        }
        Wake(isLow);
        return null;
    }

    /// <summary>What an account can pay, with what it could be lent; and whether that is sure.</summary>
    private (long Left, bool IsSure) Left(BudgetAccount account, long amount, DateTimeOffset asked)
    {
        lock (gate) return (Math.Max(0, account.Available + Math.Max(0, account.Free ?? 0)), IsSpent(account, amount, asked));
    }

    /// <summary>Whether it is sure that there is less.</summary>
    private static bool IsSpent(BudgetAccount account, long amount, DateTimeOffset asked) => IsSure(account, asked) && account.Available + Math.Max(0, account.Free!.Value) < amount;

    /// <summary>Whether the database has said what is free, at most a moment before the call, and no other process holds anything that it could give back.</summary>
    private static bool IsSure(BudgetAccount account, DateTimeOffset asked) => account is { Free: not null, Lent: 0, IsAsked: false, IsUnheard: false, IsUntold: false, IsGone: false } && account.HeardAt > asked - Believed;

    /// <summary>Waits until the database has been asked, after this moment, for so much. The caller takes the demand back when it looks again; here, where it is cancelled.</summary>
    private async ValueTask PassAsync(BudgetAccount[] accounts, long amount, TimeSpan most, CancellationToken cancel)
    {
        Task pass;
        lock (gate)
        {
            foreach (var account in accounts) account.Demand += amount;
            pass = (waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        Wake(urgent: true);
        try
        {
            await pass.WaitAsync(most, time, cancel);
        }
        catch (TimeoutException)
        {
            // The caller looks at the clock.
        }
        catch
        {
            lock (gate)
            {
                foreach (var account in accounts) account.Demand -= amount;
            }
            throw;
        }
    }

    private BudgetAccount[]? AccountsOf(TenantId tenant, string? team, string key, string model)
    {
        lock (gate)
        {
            if (!tenants.TryGetValue(tenant, out var all)) return null;
            var count = 0;
            foreach (var series in all)
            {
                if (series.Budget.Covers(team, key, model)) count++;
            }
            if (count == 0) return null;
            var (accounts, at, now) = (new BudgetAccount[count], 0, time.GetUtcNow());
            foreach (var series in all)
            {
                if (series.Budget.Covers(team, key, model)) accounts[at++] = series.At(now, draining);
            }
            return accounts;
        }
    }

    private IEnumerable<BudgetAccount> All() => tenants.Values.SelectMany(all => all).SelectMany(series => series.Accounts).Concat(draining);

    private void Wake(bool urgent)
    {
        if (!Volatile.Read(ref isTold))
        {
            Volatile.Write(ref isTold, true);
            Changed.Set();
        }
        if (urgent)
        {
            Changed.Set();
            Urgent.Set();
        }
    }
}
