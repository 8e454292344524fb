namespace Baton.Server.Gateway;

/// <summary>
/// A budget in one period, as this process knows it: its slice of the money, and what came of it. All numbers are micro-dollars and count from the beginning of the slice on, so that to
/// report the same twice changes nothing. Belongs to the <see cref="BudgetLedger"/>, and is touched under its lock.
/// </summary>
/// <remarks>
/// The slice is lent by the database: what is spent and reserved stays below <see cref="Ceiling"/>, and the database counts all of it as gone until it is told otherwise. So the sum over
/// all processes cannot exceed the limit, and a process that dies has spent no more than is counted.
/// </remarks>
internal sealed class BudgetAccount(Budget budget, BudgetSpan span)
{
    /// <summary>What is lent ahead of need: this part of the limit at least, where so much is left, and never more than this part of what is left.</summary>
    private const long AheadOfLimit = 100, AheadOfLeft = 4;

    private long lastUse;

    public Budget Budget { get; set; } = budget;

    public BudgetSpan Span => span;

    /// <summary>Durably granted: spent and reserved may come up to here.</summary>
    public long Ceiling { get; private set; }

    public long Spent { get; private set; }

    /// <summary>Of calls under way: what they may still spend.</summary>
    public long Reserved { get; private set; }

    /// <summary>Calls under way, also those that have spent all that was kept for them and will tell more.</summary>
    public int Calls { get; private set; }

    /// <summary>Of <see cref="Spent"/>: what the database knows.</summary>
    public long Reported { get; private set; }

    /// <summary>Asked for by calls that wait for a grant, until each has looked whether it is there: before that it is not idle.</summary>
    public long Demand { get; set; }

    /// <summary>What nobody holds and nobody has spent, as the database said last; null before it was asked.</summary>
    public long? Free { get; private set; }

    /// <summary>What other living processes hold, as it said then: they may give some of it back.</summary>
    public long Lent { get; private set; }

    /// <summary>When it said that, on the ledger's clock.</summary>
    public DateTimeOffset HeardAt { get; private set; }

    /// <summary>Whether a report is under way: what it gives back is neither at hand nor free until it is answered.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>Whether the last attempt to ask it failed.</summary>
    public bool IsUnheard { get; private set; }

    /// <summary>Whether the row of the slice may say something else than what is known here.</summary>
    public bool IsUntold { get; set; } = true;

    /// <summary>Whether the budget was removed, or is another since its period was changed: it holds nobody up any more.</summary>
    public bool IsGone { get; set; }

    /// <summary>What may still be spent. A slice is never below what was spent from it: where that was more than the limit, or the limit was lowered, what is beyond it is not at hand.</summary>
    public long Available => Ceiling + Math.Min(0, Free ?? 0) - Spent - Reserved;

    /// <summary>Whether more was spent than is paid for.</summary>
    public bool IsOverdrawn => Available < 0;

    /// <summary>Whether so little is at hand that more is to be lent before it is needed.</summary>
    public bool IsLow => !IsGone && Free > 0 && Available < Ahead(0) / 2;

    public bool IsIdle => Calls == 0 && !IsUntold && Spent == Reported && Ceiling == Spent;

    public void Begin(long amount) => (Calls, Reserved) = (Calls + 1, Reserved + amount);

    public void End(long spent, long released)
    {
        Calls--;
        Spend(spent, released);
    }

    public void Reserve(long more) => Reserved += more;

    /// <summary>Turns reserved money into spent money, the other way with numbers below zero.</summary>
    public void Spend(long spent, long released) => (Spent, Reserved) = (Spent + spent, Reserved - released);

    /// <summary>What the database is to be told and asked for; null for nothing.</summary>
    /// <param name="yields">True to give back all that is not in use.</param>
    public SliceReport? Report(bool yields)
    {
        var inUse = Spent + Reserved;
        var recent = Math.Max(0, inUse - lastUse);
        lastUse = inUse;
        var (demand, idle) = (Demand, Ceiling - inUse);
        var ahead = yields || Free < 0 ? 0 : Ahead(recent);   // the limit was lowered: the rest is not this process's to spend
        var wanted = inUse + demand + ahead;
        // Small differences are not worth a statement.
        if (demand == 0 && ahead > 0 && idle >= ahead / 2 && idle <= ahead * 2) wanted = Ceiling;
        if (demand == 0 && wanted > Ceiling && Free <= 0) wanted = Math.Max(Ceiling, inUse);
        if (Spent == Reported && wanted == Ceiling && !IsUntold) return null;
        IsAsked = true;
        if (wanted < Ceiling) Ceiling = wanted;   // given back before the database hears of it
        return new SliceReport(this, Spent, wanted) { Demand = demand };
    }

    public void Take(SliceReport sent, SliceGrant grant, DateTimeOffset now)
    {
        (Reported, Ceiling, Free, Lent, HeardAt) = (sent.Spent, grant.Ceiling, grant.Free, grant.Lent, now);
        if (Budget.Limit != grant.Limit) Budget = Budget with { Limit = grant.Limit };
        (IsAsked, IsUnheard, IsUntold) = (false, false, false);
    }

    /// <summary>The database did not answer: it is told again.</summary>
    public void Fail() => (IsAsked, IsUnheard, IsUntold) = (false, true, true);

    /// <summary>The budget is gone: nobody asks any more what was spent.</summary>
    public void Abandon() => (Reported, IsAsked, IsUnheard, IsUntold) = (Spent, false, false, false);

    /// <summary>Twice what was used since the last report, so that it lasts until the next one, or a part of the limit; less towards the end, so that nobody sits on the last cents.</summary>
    private long Ahead(long recent)
    {
        var left = Free is { } free ? Math.Max(0, free) + Math.Max(0, Available) : Budget.Limit;
        return Math.Min(Math.Max(Budget.Limit / AheadOfLimit, 2 * recent), left / AheadOfLeft);
    }
}

/// <summary>What a process tells of its slice, and how far it would like to go.</summary>
/// <param name="Spent">All in all from this slice.</param>
/// <param name="Wanted">The ceiling that it asks for; below the one that it has, it gives back.</param>
internal sealed record SliceReport(BudgetAccount Account, long Spent, long Wanted)
{
    /// <summary>Of <see cref="Wanted"/>: what calls wait for.</summary>
    public long Demand { get; init; }
}

/// <summary>What the database says to that.</summary>
/// <param name="Ceiling">How far the slice goes now.</param>
/// <param name="Free">What is left of the limit beside all slices; below zero after the limit was lowered.</param>
/// <param name="Lent">What other living processes hold and have not spent, as far as is known.</param>
internal sealed record SliceGrant(long Ceiling, long Free, long Lent, long Limit);
