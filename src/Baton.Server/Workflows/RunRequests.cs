using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>One journal entry and all that follows from it, under the run's lease.</summary>
internal sealed class AppendRequest(RunLease lease, JournalEntry entry, RunWrites writes) : WriteRequest<bool>(inline: true)
{
    private readonly JournalRow row = JournalRows.ToRow(entry);
    private readonly Notices notices = new(writes.Wakeups);

    /// <summary>A row alone needs none: it is there or it is not.</summary>
    public override bool NeedsSavepoint { get; } = entry is not (JournalEntry.StepCompleted or JournalEntry.StepFailed or JournalEntry.TimerSet or JournalEntry.TimerFired or JournalEntry.MapStarted);

    public override void Execute(SqliteConnectionStatements statements)
    {
        Result = AppendRow(statements);
        if (Result && NeedsSavepoint) Apply(new StoredEffects(statements, writes.Sql, writes.Triggers, notices, lease.Tenant, row.AtMs));
    }

    public override void Complete()
    {
        base.Complete();
        if (!Result) return;
        writes.Wakeups.Changed(lease.Run);
        notices.Send();
    }

    private bool AppendRow(SqliteConnectionStatements statements)
    {
        var append = statements[writes.Sql.Journal.Append];
        append.Bind(1, lease.Tenant.Value).Bind(2, lease.Run.ToString()).Bind(3, lease.Fencing)
            .Bind(4, row.Seq).Bind(5, (long)row.Kind).Bind(6, row.AtMs).Bind(7, row.Key).Bind(8, row.Attempt).Bind(9, row.TookMs);
        Body.Bind(statements, writes.Sql.Journal, lease.Tenant, row.Body, append, 10);
        return append.Bind(12, row.Meta).Execute() == 1;
    }

    private void Apply(StoredEffects effects)
    {
        switch (entry)
        {
            case JournalEntry.SignalReceived e: effects.RemoveMessage(effects.RunNo(lease), e.InboxNo); break;
            case JournalEntry.EventReceived e: effects.RemoveMessage(effects.RunNo(lease), e.InboxNo); break;
            case JournalEntry.ChildEnded e: effects.RemoveMessage(effects.RunNo(lease), e.InboxNo); break;
            case JournalEntry.ListeningStarted e: effects.Listen(effects.RunNo(lease), e.Key, e.Subscriptions); break;
            case JournalEntry.ListeningStopped e: effects.StopListening(effects.RunNo(lease), e.Listener); break;
            case JournalEntry.EventEmitted e: effects.Publish(CloudEvent.Read(e.Event)); break;
            case JournalEntry.ChildStarted e: effects.StartChild(lease, e); break;
            case JournalEntry.StateChanged e: effects.SetState(lease, e); break;
        }
    }
}

/// <summary>Gives a run back, to wait or to be claimed again.</summary>
internal sealed class ParkRunRequest(RunLease lease, ParkRequest request, RunWrites writes) : WriteRequest<ParkResult>(inline: true)
{
    private readonly long nowMs = writes.Time.GetUtcNow().ToUnixTimeMilliseconds();
    private string? asked, reason;

    public override void Execute(SqliteConnectionStatements statements)
    {
        var owned = statements[writes.Sql.Journal.RunNo].Bind(1, lease.Tenant.Value).Bind(2, lease.Run.ToString()).Bind(3, lease.Fencing);
        if (!owned.Step())
        {
            Result = ParkResult.LeaseLost;
            return;
        }
        var runNo = owned.Long(0);
        owned.Reset();
        foreach (var no in request.Discard) statements[writes.Sql.Journal.RemoveMessage].Bind(1, lease.Tenant.Value).Bind(2, runNo).Bind(3, no).Execute();
        var parked = statements[writes.Sql.Journal.Park].Bind(1, lease.Tenant.Value).Bind(2, lease.Run.ToString()).Bind(3, lease.Fencing)
            .Bind(4, request.LastInboxNo).Bind(5, request.Requeue ? 1 : 0).Bind(6, request.Requeue ? null : request.WakeAt?.ToUnixTimeMilliseconds()).Bind(7, nowMs).Execute();
        Result = parked == 1 ? ParkResult.Parked : ParkResult.HasMail;
        if (parked == 0) ReadAsked(statements);
    }

    public override void Complete()
    {
        base.Complete();
        if (asked is not null) writes.Wakeups.Called(lease.Run, asked, reason);   // what kept the run from parking, should it not have heard
        if (Result != ParkResult.Parked) return;
        writes.Wakeups.Changed(lease.Run);
        if (request.Requeue) writes.Wakeups.Queued();
        else if (request.WakeAt is { } at) writes.Wakeups.Parked(at);
    }

    private void ReadAsked(SqliteConnectionStatements statements)
    {
        var find = statements[writes.Sql.Runs.Asked].Bind(1, lease.Tenant.Value).Bind(2, lease.Run.ToString());
        if (!find.Step()) return;
        (asked, reason) = (find.TextOrNull(0), find.TextOrNull(1));
        find.Reset();
    }
}

/// <summary>Stores a new run, unless its idempotency key was used.</summary>
internal sealed class StartRunRequest(TenantId tenant, NewRun run, string? owner, RunWrites writes) : WriteRequest<StartResult>(inline: false)
{
    private readonly long nowMs = writes.Time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly Notices notices = new(writes.Wakeups);

    public override void Execute(SqliteConnectionStatements statements)
    {
        if (run.Idempotency is { } key)
        {
            var find = statements[writes.Sql.Runs.FindKey].Bind(1, tenant.Value).Bind(2, key.Key);
            if (find.Step())
            {
                var (first, hash) = (RunId.Parse(find.Text(0), null), find.Text(1));
                find.Reset();
                Result = hash == key.RequestHash ? new StartResult.AlreadyStarted(first) : new StartResult.KeyReused(first);
                return;
            }
            statements[writes.Sql.Runs.AddKey].Bind(1, tenant.Value).Bind(2, key.Key).Bind(3, key.RequestHash).Bind(4, run.Id.ToString()).Bind(5, nowMs).Execute();
        }
        var fencing = new StoredEffects(statements, writes.Sql, writes.Triggers, notices, tenant, nowMs).Start(run, owner);
        Result = new StartResult.Started(run.Id, owner is null ? null : new RunLease(tenant, run.Id, fencing), DateTimeOffset.FromUnixTimeMilliseconds(nowMs));
    }

    public override void Complete()
    {
        base.Complete();
        notices.Send();
    }
}

/// <summary>What every write of this feature needs.</summary>
internal sealed record RunWrites(WorkflowSql Sql, EventTriggers Triggers, Wakeups Wakeups, TimeProvider Time);
