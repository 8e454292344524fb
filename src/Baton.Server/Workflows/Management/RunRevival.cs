using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Lets a run that failed or was cancelled go on: what completed stays, what failed is performed again. Its failed children go on with it.</summary>
internal sealed class RunRevival(SqlStatements statements, RunWrites writes, Notices notices, TenantId tenant)
{
    private readonly ManagementSql sql = writes.Sql.Management;
    private readonly long nowMs = writes.Time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly List<Plan> plans = [];

    private sealed record Plan(long No, RunId Run, long Seq, long AtMs, long From, RunTurns Turns, List<(string Key, LockedRun Child, RunId Id)> Completed);

    /// <param name="from">The entry from which on failures count no longer; null for where the failure that ended the run begins.</param>
    public RevivalResult Retry(RunId run, long? from)
    {
        if (LockedRun.Find(statements, sql, tenant, run) is not { } row) return new RevivalResult.UnknownRun();
        if (row.State is not (RunState.Failed or RunState.Cancelled)) return new RevivalResult.IllegalState(row.State);
        if (Prepare(run, row, from) is { } refusal) return new RevivalResult.Refused(refusal);
        foreach (var plan in plans) Carry(plan);   // parents first, as others who tell several runs do
        notices.Queued();
        return new RevivalResult.Revived();
    }

    /// <summary>Looks through a run and the children that it awaits before anything is written.</summary>
    /// <returns>Why it cannot be done, or null.</returns>
    private string? Prepare(RunId run, LockedRun row, long? from)
    {
        var last = statements[sql.LastEntry].Bind(1, tenant.Value).Bind(2, row.No);
        if (!last.Step()) return $"The journal of {run} is not stored.";
        var (seq, atMs) = (last.Long(0), last.Long(1));
        last.Reset();
        if (statements[sql.HasCompensated] is var undone && undone.Bind(1, tenant.Value).Bind(2, row.No).Step())
        {
            undone.Reset();
            return $"{run} has undone what it had done (its journal holds compensations): what is recorded of its steps holds no longer. Start it anew, or fork it from a step before those.";
        }
        if (from is < 1 || from > seq) return $"The journal of {run} has entries 1 to {seq}: there is none at {from}.";
        var turns = RunTurns.Read(statements, sql, tenant, row.No, seq + 1);
        var first = from ?? turns.FailureOf(row.State == RunState.Failed ? row.Error : null) ?? seq + 1;
        var plan = new Plan(row.No, run, seq + 1, Math.Max(atMs, nowMs), first, turns, []);
        plans.Add(plan);
        foreach (var (_, key, child) in turns.AwaitedChildren(first))
        {
            var found = LockedRun.Find(statements, sql, tenant, child);
            var refusal = found switch
            {
                null => $"Its child run {child} (at '{key}') is not stored any more. Fork the run from '{key}' instead.",
                { State: RunState.Completed } => Note(),
                { State: RunState.Failed or RunState.Cancelled } => Prepare(child, found, null),
                { Request: "cancel" } => $"Its child run {child} (at '{key}') is still being cancelled. Try again once it has ended.",
                _ => null,
            };
            if (refusal is not null) return refusal;

            string? Note()
            {
                plan.Completed.Add((key, found, child));
                return null;
            }
        }
        return null;
    }

    private void Carry(Plan plan)
    {
        var effects = new StoredEffects(statements, writes, notices, tenant, nowMs);
        JournalPacker.Unpack(statements, sql, tenant, plan.No);
        statements[sql.Revive].Bind(1, tenant.Value).Bind(2, plan.No).Bind(3, nowMs).Execute();
        statements[sql.RemoveAnswers].Bind(1, tenant.Value).Bind(2, plan.No).Execute();
        effects.Record(plan.No, new JournalEntry.RunRetried(plan.Seq, DateTimeOffset.FromUnixTimeMilliseconds(plan.AtMs), plan.From));
        foreach (var (key, subscriptions) in plan.Turns.OpenListeners()) effects.Listen(plan.No, key, subscriptions);
        foreach (var (key, child, _) in plan.Completed) effects.Send(plan.Run, new InboxMessage(0, InboxKind.ChildEnded, key, Output(child.No), RunState.Completed));
        notices.Changed(plan.Run);
    }

    private byte[] Output(long no)
    {
        var find = statements[sql.Output].Bind(1, tenant.Value).Bind(2, no);
        if (!find.Step()) return [];
        var body = find.Blob(0);
        find.Reset();
        return body;
    }
}

/// <summary>A run's row, which nobody else changes before the transaction has ended.</summary>
internal sealed record LockedRun(long No, RunState State, WorkflowError? Error, string? Request, string Namespace, string Workflow, string Version, string Labels, long Priority)
{
    public static LockedRun? Find(SqlStatements statements, ManagementSql sql, TenantId tenant, RunId run)
    {
        var find = statements[sql.Lock].Bind(1, tenant.Value).Bind(2, run.ToString());
        if (!find.Step()) return null;
        var row = new LockedRun(find.Long(0), RunStates.Parse(find.Text(1)), JournalRows.Error(find.TextOrNull(2)), find.TextOrNull(3), find.Text(4), find.Text(5), find.Text(6), find.Text(7), find.Long(8));
        find.Reset();
        return row;
    }
}

/// <summary>What became of a request to retry a run.</summary>
internal abstract record RevivalResult
{
    private RevivalResult() { }

    public sealed record Revived : RevivalResult;

    public sealed record UnknownRun : RevivalResult;

    public sealed record IllegalState(RunState State) : RevivalResult;

    public sealed record Refused(string Reason) : RevivalResult;
}
