using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>What became of a run that was about to begin.</summary>
internal enum TurnResult
{
    /// <summary>It may.</summary>
    Begins,

    /// <summary>It was given back, and is queued when its turn comes.</summary>
    Waits,

    LeaseLost,
}

/// <summary>
/// Turns of one workflow's runs, inside the writer's transaction. A run first gets its key, then its turn: those with one key keep their order, and a key
/// that is taken holds nobody else up. Whoever ends gives what it had to the next in the same transaction, so that nobody waits where there is room.
/// </summary>
internal sealed class Turns(SqlStatements statements, RunWrites writes, Notices notices, TenantId tenant, string space, string workflow, long nowMs)
{
    private const long WaitsForKey = 0, HasKey = 1, IsOpen = 2;

    private readonly TurnSql sql = writes.Sql.Turns;

    /// <summary>Lets an owned run begin, or gives it back to wait.</summary>
    public TurnResult Take(RunLease lease, ConcurrencyLimits limits, string key)
    {
        Lock();
        var run = lease.Run.ToString();
        var turn = IsAwaited(run) ? IsOpen
            : !HasRoom(limits.LimitPerKey, () => Count(OfKey(run, key))) ? WaitsForKey
            : !HasRoom(limits.Limit, () => Count(Open(run))) ? HasKey : IsOpen;
        if (turn == IsOpen) return Bind(statements[sql.Open], lease, limits, key).Execute() == 1 ? TurnResult.Begins : TurnResult.LeaseLost;
        var wait = Bind(statements[sql.Wait], lease, limits, key).Bind(7, turn).Bind(8, nowMs);
        if (!wait.Step()) return TurnResult.LeaseLost;
        var state = wait.Text(0);
        wait.Reset();
        if (state == "queued") notices.Queued();
        notices.Changed(lease.Run);
        return TurnResult.Waits;
    }

    /// <summary>A run has ended: what it had is the next one's.</summary>
    /// <param name="key">The run's.</param>
    public void Free(string key)
    {
        Lock();
        while (Next(statements[sql.NextOfKey].Bind(1, tenant.Value).Bind(2, space).Bind(3, workflow).Bind(4, key)) is { } next && HasRoom(next.Limit, () => Count(OfKey(null, key))))
            statements[sql.GiveKey].Bind(1, tenant.Value).Bind(2, next.Run).Execute();
        while (Next(statements[sql.Next].Bind(1, tenant.Value).Bind(2, space).Bind(3, workflow)) is { } next && HasRoom(next.Limit, () => Count(Open(null))))
        {
            statements[sql.Begin].Bind(1, tenant.Value).Bind(2, next.Run).Bind(3, nowMs).Execute();
            notices.Queued();
            notices.Changed(RunId.Parse(next.Run, null));
        }
    }

    /// <summary>Two transactions that both saw room for one would let two begin.</summary>
    private void Lock()
    {
        if (sql.Lock is not null) statements[sql.Lock].Bind(1, tenant.Value).Bind(2, space).Bind(3, workflow).Query();
    }

    /// <summary>A run that an open one waits for must not wait for that one's end.</summary>
    private bool IsAwaited(string run)
    {
        var find = statements[sql.IsAwaited].Bind(1, tenant.Value).Bind(2, space).Bind(3, workflow).Bind(4, run);
        if (!find.Step()) return false;
        find.Reset();
        return true;
    }

    private SqlStatement Open(string? but) => statements[sql.CountOpen].Bind(1, tenant.Value).Bind(2, space).Bind(3, workflow).Bind(4, but);

    private SqlStatement OfKey(string? but, string key) => statements[sql.CountOfKey].Bind(1, tenant.Value).Bind(2, space).Bind(3, workflow).Bind(4, but).Bind(5, key);

    private static bool HasRoom(long? limit, Func<long> taken) => limit is not { } most || taken() < most;

    private static long Count(SqlStatement bound)
    {
        bound.Step();
        var count = bound.Long(0);
        bound.Reset();
        return count;
    }

    private static (string Run, long? Limit)? Next(SqlStatement bound)
    {
        if (!bound.Step()) return null;
        var next = (bound.Text(0), bound.IsNull(1) ? (long?)null : bound.Long(1));
        bound.Reset();
        return next;
    }

    private SqlStatement Bind(SqlStatement statement, RunLease lease, ConcurrencyLimits limits, string key) =>
        statement.Bind(1, tenant.Value).Bind(2, lease.Run.ToString()).Bind(3, lease.Fencing).Bind(4, key).Bind(5, (long?)limits.Limit).Bind(6, (long?)limits.LimitPerKey);
}
