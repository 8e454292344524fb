using Baton.Engine;
using Baton.Jq;
using Baton.Server.Notifications;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>What journal entries and requests bring about in other tables, inside the writer's transaction.</summary>
internal sealed class StoredEffects(SqlStatements statements, RunWrites writes, Notices notices, TenantId tenant, long nowMs)
{
    private readonly WorkflowSql sql = writes.Sql;

    private string Tenant => tenant.Value;

    /// <summary>Stores a new run with its first entry. It is queued, or belongs to <paramref name="owner"/> from the start.</summary>
    public void Start(NewRun run, string? owner)
    {
        var fencing = FirstFencing(owner);
        var id = run.Id.ToString();
        var insert = statements[sql.Runs.Insert];
        insert.Bind(1, Tenant).Bind(2, id).Bind(3, run.Workflow.Namespace).Bind(4, run.Workflow.Name).Bind(5, run.Workflow.Version)
            .Bind(6, owner is null ? "queued" : "running").Bind(7, run.Priority).Bind(8, RunLabels.ToJson(run.Labels)).Bind(9, run.Parent?.ToString()).Bind(10, run.ParentKey)
            .Bind(11, owner).Bind(12, fencing).Bind(13, nowMs).Bind(14, owner is null ? null : nowMs).Step();
        var no = insert.Long(0);
        insert.Reset();
        RunLabels.Add(statements, sql.Runs, tenant, no, run.Labels);
        var first = JournalRows.ToRow(new JournalEntry.RunStarted(0, DateTimeOffset.FromUnixTimeMilliseconds(nowMs), run.Input, writes.Behaviour));
        var append = statements[sql.Journal.AppendFirst];
        append.Bind(1, Tenant).Bind(2, no).Bind(3, (long)first.Kind).Bind(4, nowMs);
        Body.Bind(statements, sql.Journal, tenant, first.Body, append, 5);
        append.Bind(7, first.Meta).Execute();
        if (owner is null) notices.Queued();
    }

    /// <summary>A run that belongs to somebody from the start was claimed once.</summary>
    public static long FirstFencing(string? owner) => owner is null ? 0 : 1;

    /// <summary>Stores an entry of a run that nobody has in memory, without a body.</summary>
    public void Record(long runNo, JournalEntry entry)
    {
        var row = JournalRows.ToRow(entry);
        statements[sql.Management.AddEntry].Bind(1, Tenant).Bind(2, runNo).Bind(3, row.Seq).Bind(4, (long)row.Kind).Bind(5, row.AtMs).Bind(6, row.Meta).Execute();
    }

    public void StartChild(RunLease parent, JournalEntry.ChildStarted child) => Start(new NewRun(child.Child, child.Workflow, child.Input)
    {
        Parent = parent.Run,
        ParentKey = child.Detached ? null : child.Key,
    }, owner: null);

    public long RunNo(RunLease lease)
    {
        var find = statements[sql.Journal.RunNo].Bind(1, Tenant).Bind(2, lease.Run.ToString()).Bind(3, lease.Fencing);
        if (!find.Step()) throw new InvalidOperationException($"{lease.Run} lost its lease inside a transaction that checked it.");
        var no = find.Long(0);
        find.Reset();
        return no;
    }

    public void RemoveMessage(long runNo, long no) => statements[sql.Journal.RemoveMessage].Bind(1, Tenant).Bind(2, runNo).Bind(3, no).Execute();

    public void Listen(long runNo, string key, IReadOnlyList<EventSubscription> subscriptions)
    {
        for (var i = 0; i < subscriptions.Count; i++)
        {
            statements[sql.Journal.AddListener].Bind(1, Tenant).Bind(2, runNo).Bind(3, key).Bind(4, i).Bind(5, subscriptions[i].Type).Bind(6, subscriptions[i].Source).Execute();
        }
    }

    public void StopListening(long runNo, string key) => statements[sql.Journal.RemoveListener].Bind(1, Tenant).Bind(2, runNo).Bind(3, key).Execute();

    /// <summary>Gives an event to every run that listens for it, and starts the runs that it triggers.</summary>
    /// <returns>How many runs it reached.</returns>
    public int Publish(CloudEvent published)
    {
        var listeners = new List<(RunId Run, string Key)>();
        var find = statements[sql.Journal.FindListeners].Bind(1, Tenant).Bind(2, published.Type).Bind(3, published.Source);
        while (find.Step()) listeners.Add((RunId.Parse(find.Text(0), null), find.Text(1)));
        foreach (var (run, key) in listeners) Send(run, new InboxMessage(0, InboxKind.Event, key, published.Json));
        return listeners.Count + writes.Triggers.Fire(tenant, published, statements, run => Start(run, owner: null));
    }

    /// <summary>Puts a message into a run's inbox and wakes it.</summary>
    /// <returns>False when the run has ended or does not exist.</returns>
    public bool Send(RunId run, InboxMessage message)
    {
        var call = statements[sql.Journal.CallRun].Bind(1, Tenant).Bind(2, run.ToString()).Bind(3, nowMs);
        if (!call.Step()) return false;
        var (runNo, no, state, owner) = (call.Long(0), call.Long(1), call.Text(2), call.TextOrNull(3));
        call.Reset();
        var add = statements[sql.Journal.AddMessage].Bind(1, Tenant).Bind(2, runNo).Bind(3, no).Bind(4, KindOf(message.Kind)).Bind(5, message.Name);
        Body.Bind(statements, sql.Journal, tenant, message.Body, add, 6);
        add.Bind(8, message.ChildState?.ToName()).Bind(9, message.ChildError is null ? null : JournalRows.Error(message.ChildError)).Execute();
        if (state == "queued") notices.Queued();
        if (state == "running") notices.Called(run, owner);
        notices.Changed(run);
        return true;
    }

    /// <summary>Ends or pauses a run: tells its parent, ends the children that it awaited, and forgets what it listened for.</summary>
    public void SetState(RunLease lease, JournalEntry.StateChanged change)
    {
        var isEnd = change.State.IsTerminal();
        var set = statements[sql.Journal.SetState];
        set.Bind(1, Tenant).Bind(2, lease.Run.ToString()).Bind(3, lease.Fencing).Bind(4, change.State.ToName())
            .Bind(5, change.Error is null ? null : JournalRows.Error(change.Error)).Bind(6, nowMs).Bind(7, isEnd ? nowMs : null);
        if (!set.Step()) return;   // the run has another owner
        var ended = new EndedRun(set.Long(0), lease.Run, set.TextOrNull(1), set.TextOrNull(2), set.Text(3), set.Text(4)) { TurnKey = set.TextOrNull(6) };
        var state = set.Text(5);
        set.Reset();
        if (state == "queued") notices.Queued();
        if (!isEnd) return;
        ClearInbox(ended.No);
        ClearListeners(ended.No);
        CancelChildren(lease.Run);
        TellEnd(ended, change);
        FreeTurn(ended);
        if (change.Decision is { } decision) Notify(new Notification("run.failed", $"{ended.Namespace}/{ended.Workflow}: run {ended.Id} failed ({decision.Class}, {decision.Move.ToName()})", ended.Id, decision.Notify, Details(ended, change.Error, decision)));
    }

    /// <summary>A request to cancel is heard: the run ends by itself now, and may wait meanwhile.</summary>
    public void Hear(RunLease lease) => statements[sql.Runs.Hear].Bind(1, Tenant).Bind(2, lease.Run.ToString()).Execute();

    /// <summary>Stores an open approval and tells of it.</summary>
    public void Ask(RunId run, JournalEntry.ApprovalAsked entry)
    {
        var asked = entry.Approval;
        statements[sql.Approvals.Add].Bind(1, Tenant).Bind(2, asked.Id).Bind(3, run.ToString()).Bind(4, entry.Key).Bind(5, asked.Assignee).Bind(6, asked.Title).Bind(7, asked.Message)
            .Bind(8, JqValue.Array([.. asked.Choices.Select(choice => (JqValue)choice)]).ToJson()).Bind(9, asked.Data.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(asked.Data.Span))
            .Bind(10, nowMs).Bind(11, asked.Deadline?.ToUnixTimeMilliseconds()).Execute();
        Notify(new Notification("approval.asked", $"{asked.Id} asks {asked.Assignee ?? "anybody"} about run {run}", run, [], JqValue.Object(("approval", asked.Id), ("assignee", asked.Assignee is { } to ? to : JqValue.Null), ("title", asked.Title), ("deadline", asked.Deadline is { } at ? at.ToString("O") : JqValue.Null))));
    }

    /// <summary>Closes an approval whose time is over, unless an answer came first: the run is told of one of the two.</summary>
    public void Lapse(RunId run, JournalEntry.ApprovalLapsed entry)
    {
        if (statements[sql.Approvals.Expire].Bind(1, Tenant).Bind(2, entry.Approval).Bind(3, nowMs).Execute() == 0) return;
        Send(run, new InboxMessage(0, InboxKind.Event, entry.Key, "{\"expired\":true}"u8.ToArray()));
        Notify(new Notification("approval.expired", $"{entry.Approval} about run {run} was not answered in time", run, [], JqValue.Object(("approval", entry.Approval))));
    }

    private void Notify(Notification notification)
    {
        writes.Outbox?.Add(statements, tenant, notification, nowMs);
        notices.Notified();
    }

    private static JqValue Details(EndedRun run, WorkflowError? error, PolicyDecision decision) => JqValue.Object(
        ("workflow", $"{run.Namespace}/{run.Workflow}"), ("class", decision.Class), ("rule", decision.Rule), ("move", decision.Move.ToName()),
        ("error", error is null ? JqValue.Null : JqValue.Object(("type", error.Type), ("status", error.Status), ("title", error.Title), ("detail", error.Detail ?? ""), ("instance", error.Instance ?? ""))));

    /// <summary>Tells whoever waits for the end of a run.</summary>
    public void TellEnd(EndedRun run, JournalEntry.StateChanged change)
    {
        if (run.ParentKey is not null) Send(RunId.Parse(run.Parent!, null), new InboxMessage(0, InboxKind.ChildEnded, run.ParentKey, change.Output, change.State, change.Error));
        notices.Ended(tenant, run.Id, run.Namespace, run.Workflow, writes.Triggers.IsFollowed(tenant, run.Namespace, run.Workflow));
    }

    public void ClearInbox(long runNo) => statements[sql.Journal.ClearInbox].Bind(1, Tenant).Bind(2, runNo).Execute();

    public void ClearListeners(long runNo) => statements[sql.Journal.ClearListeners].Bind(1, Tenant).Bind(2, runNo).Execute();

    /// <summary>Lets the next run of a limited workflow begin.</summary>
    public void FreeTurn(EndedRun run)
    {
        if (run.TurnKey is { } key) new Turns(statements, writes, notices, tenant, run.Namespace, run.Workflow, nowMs).Free(key);
    }

    /// <summary>Ends the children that a run awaited.</summary>
    public void CancelChildren(RunId run)
    {
        var cancel = statements[sql.Journal.CancelChildren].Bind(1, Tenant).Bind(2, run.ToString()).Bind(3, nowMs);
        while (cancel.Step())
        {
            if (cancel.Text(1) == "queued") notices.Queued();
            else notices.Called(RunId.Parse(cancel.Text(0), null), cancel.TextOrNull(2), "cancel", "The run that started it ended.");
        }
    }

    public static string KindOf(InboxKind kind) => kind switch
    {
        InboxKind.Signal => "signal",
        InboxKind.Event => "event",
        _ => "child_ended",
    };
}

/// <param name="ParentKey">The step of the parent that awaits it; null when nobody does.</param>
internal sealed record EndedRun(long No, RunId Id, string? Parent, string? ParentKey, string Namespace, string Workflow)
{
    /// <summary>True when it awaited children that have not ended.</summary>
    public bool HasChildren { get; init; }

    public bool HadMail { get; init; }

    public bool Listens { get; init; }

    /// <summary>The key under which it took its turn; null where its workflow is not limited, or it never got so far.</summary>
    public string? TurnKey { get; init; }
}
