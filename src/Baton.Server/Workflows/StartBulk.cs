using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>New runs that bring neither labels nor an idempotency key.</summary>
internal sealed class StartBulk : BulkWrite
{
    public static readonly StartBulk Instance = new();

    public override bool HasRows => false;

    public override string Sql => """
        WITH e AS MATERIALIZED (
            SELECT nextval('runs_no') AS no, e.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bytea[])
                AS e (tenant_id, id, namespace, workflow, version, priority, parent_id, parent_key, owner, now_ms, input)),
        started AS (
            INSERT INTO runs (no, tenant_id, id, namespace, workflow, version, state, priority, parent_id, parent_key, owner, fencing, created_at_ms, updated_at_ms, started_at_ms)
            SELECT no, tenant_id, id, namespace, workflow, version, CASE WHEN owner IS NULL THEN 'queued' ELSE 'running' END, priority, parent_id, parent_key, owner,
                CASE WHEN owner IS NULL THEN 0 ELSE 1 END, now_ms, now_ms, CASE WHEN owner IS NOT NULL THEN now_ms END FROM e)
        INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, body, meta) SELECT tenant_id, no, 0, 1, now_ms, '', input, $12 FROM e
        """;

    public override void Bind(IReadOnlyList<WriteRequest> requests, bool isWhole, BulkParameters parameters)
    {
        var all = requests.Cast<StartRunRequest>().ToList();
        parameters.Add([.. all.Select(one => one.Tenant.Value)]);
        parameters.Add([.. all.Select(one => one.Run.Id.ToString())]);
        parameters.Add([.. all.Select(one => one.Run.Workflow.Namespace)]);
        parameters.Add([.. all.Select(one => one.Run.Workflow.Name)]);
        parameters.Add([.. all.Select(one => one.Run.Workflow.Version)]);
        parameters.Add(all.Select(one => (long)one.Run.Priority).ToArray());
        parameters.Add([.. all.Select(one => one.Run.Parent?.ToString())]);
        parameters.Add([.. all.Select(one => one.Run.ParentKey)]);
        parameters.Add([.. all.Select(one => one.Owner)]);
        parameters.Add(all.Select(one => one.NowMs).ToArray());
        parameters.Add([.. all.Select(one => Body.ToArray(one.Run.Input))]);
        parameters.Add(JournalRows.ToRow(new JournalEntry.RunStarted(0, default, default, all[0].Behaviour)).Meta ?? "");   // one server, one behaviour
    }

    public override void Done(IReadOnlyList<WriteRequest> requests)
    {
        foreach (var request in requests) ((StartRunRequest)request).Started();
    }
}
