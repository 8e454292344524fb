using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Notifications;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>One journal entry and all that follows from it, under the run's lease.</summary>
internal sealed class AppendRequest(RunLease lease, JournalEntry entry, RunWrites writes) : WriteRequest<bool>(inline: true)
{
    private readonly JournalRow row = JournalRows.ToRow(entry);
    private readonly Notices notices = writes.NewNotices();

    public override int Affinity => lease.Run.GetHashCode();

    public override IEnumerable<string>? Broadcast => notices.Broadcast;

    public override BulkWrite? Bulk => row.Body.Length > Body.MaxInline ? null
        : !NeedsSavepoint ? AppendBulk.Instance : entry is JournalEntry.StateChanged { State: RunState.Completed or RunState.Failed or RunState.Cancelled, Decision: null } ? EndBulk.Instance : null;

    public override bool IsQuiet => !NeedsSavepoint || !writes.Triggers.FollowsAny;

    public RunLease Lease => lease;

    public JournalRow Row => row;

    public JournalEntry.StateChanged? Change => entry as JournalEntry.StateChanged;

    /// <summary>Whether the row was stored, as a bulk write found.</summary>
    public bool IsStored { get => Result; set => Result = value; }

    /// <summary>The run whose end this is, as a bulk write found it.</summary>
    public EndedRun? Ended { get; set; }

    /// <summary>A row alone needs none: it is there or it is not.</summary>
    public override bool NeedsSavepoint { get; } = entry is not (JournalEntry.StepCompleted or JournalEntry.StepFailed or JournalEntry.TimerSet or JournalEntry.TimerFired or JournalEntry.MapStarted);

    public override void Execute(SqlStatements statements)
    {
        Result = AppendRow(statements);
        if (Result && NeedsSavepoint) Apply(Effects(statements));
    }

    public override void Complete()
    {
        base.Complete();
        if (!Result) return;
        writes.Wakeups.Changed(lease.Run);
        notices.Send();
    }

    public StoredEffects Effects(SqlStatements statements) => new(statements, writes, notices, lease.Tenant, row.AtMs);

    private bool AppendRow(SqlStatements statements)
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
            case JournalEntry.ApprovalAsked e: effects.Ask(lease.Run, e); break;
            case JournalEntry.ApprovalLapsed e: effects.Lapse(lease.Run, e); break;
            case JournalEntry.ApprovalSettled e: effects.RemoveMessage(effects.RunNo(lease), e.InboxNo); break;
            case JournalEntry.CompensationStarted { Ends: RunState.Cancelled }: effects.Hear(lease); break;
            case JournalEntry.StateChanged e: effects.SetState(lease, e); break;
        }
    }
}

/// <summary>Gives a run back, to wait or to be claimed again.</summary>
internal sealed class ParkRunRequest(RunLease lease, ParkRequest request, RunWrites writes) : WriteRequest<ParkResult>(inline: true)
{
    private readonly long nowMs = writes.Time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly Notices notices = writes.NewNotices();
    private string? asked, reason;

    public override int Affinity => lease.Run.GetHashCode();

    public override IEnumerable<string>? Broadcast => notices.Broadcast;

    public override void Execute(SqlStatements statements)
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
        else if (request.Requeue) notices.Queued();
        else if (request.WakeAt is { } at) notices.Parked(at);
    }

    public override void Complete()
    {
        base.Complete();
        if (asked is not null) writes.Wakeups.Called(lease.Run, asked, reason);   // what kept the run from parking, should it not have heard
        if (Result != ParkResult.Parked) return;
        writes.Wakeups.Changed(lease.Run);
        notices.Send();
    }

    private void ReadAsked(SqlStatements statements)
    {
        var find = statements[writes.Sql.Runs.AskedNow].Bind(1, lease.Tenant.Value).Bind(2, lease.Run.ToString());
        if (!find.Step()) return;
        (asked, reason) = (find.TextOrNull(0), find.TextOrNull(1));
        find.Reset();
    }
}

/// <summary>What every write of this feature needs.</summary>
internal sealed record RunWrites(Database Database, WorkflowSql Sql, EventTriggers Triggers, Wakeups Wakeups, Node Node, TimeProvider Time)
{
    /// <summary>What new runs are started under.</summary>
    public EngineBehaviour Behaviour { get; init; } = EngineBehaviour.Current;

    /// <summary>Where notifications are written; null where nobody is told of anything.</summary>
    public Outbox? Outbox { get; init; }

    public Notices NewNotices() => new(Wakeups, Node, Outbox);

    /// <summary>Writes in the next group commit, and tells what there is to tell: other nodes with the commit, this process once it is durable.</summary>
    public async ValueTask<T> CommitAsync<T>(Func<SqlStatements, Notices, T> write)
    {
        var notices = NewNotices();
        var result = await Database.WriteAsync(new WriteRequestOf<T>(statements => write(statements, notices), () => notices.Broadcast));
        notices.Send();
        return result;
    }
}
