using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Stores a new run, unless its idempotency key was used.</summary>
internal sealed class StartRunRequest(TenantId tenant, NewRun run, string? owner, RunWrites writes) : WriteRequest<StartResult>(inline: false)
{
    private readonly long nowMs = writes.Time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly Notices notices = writes.NewNotices();

    public override IEnumerable<string>? Broadcast => notices.Broadcast;

    public override BulkWrite? Bulk => run.Idempotency is null && run.Labels.Count == 0 && run.Input.Length <= Body.MaxInline ? StartBulk.Instance : null;

    public override bool IsQuiet => owner is not null;

    public TenantId Tenant => tenant;

    public NewRun Run => run;

    public string? Owner => owner;

    public EngineBehaviour Behaviour => writes.Behaviour;

    public long NowMs => nowMs;

    /// <summary>The run was stored, by a bulk write.</summary>
    public void Started()
    {
        if (owner is null) notices.Queued();
        Result = new StartResult.Started(run.Id, owner is null ? null : new RunLease(tenant, run.Id, StoredEffects.FirstFencing(owner)), DateTimeOffset.FromUnixTimeMilliseconds(nowMs));
    }

    public override void Execute(SqlStatements statements)
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
        new StoredEffects(statements, writes, notices, tenant, nowMs).Start(run, owner);
        Started();
    }

    public override void Complete()
    {
        base.Complete();
        notices.Send();
    }
}
