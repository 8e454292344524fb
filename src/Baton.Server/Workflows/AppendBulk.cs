using System.Data.Common;
using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Journal entries that bring about nothing but their row.</summary>
internal sealed class AppendBulk : BulkWrite
{
    public static readonly AppendBulk Instance = new();

    public override bool HasRows => false;

    // Refused when a lease is not its run's: who was left out would have to be asked for, and that would copy every row once more. A fencing number is raised by
    // every release, so that no state is asked for: that would invite plans over all that is running. Looked up one by one (LATERAL, LIMIT) by the id, whatever
    // the planner takes the table for: IS NOT DISTINCT FROM is compared, never searched.
    public override string Sql => """
        INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, meta)
        SELECT e.tenant_id, coalesce(r.no, 1 / (e.seq - e.seq)), e.seq, e.kind, e.at_ms, e.key, e.attempt, e.took_ms, e.body, e.meta
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bytea[], $11::text[])
            AS e (tenant_id, id, fencing, seq, kind, at_ms, key, attempt, took_ms, body, meta)
        LEFT JOIN LATERAL (SELECT r.no FROM runs r WHERE r.id = e.id AND r.tenant_id IS NOT DISTINCT FROM e.tenant_id AND r.fencing = e.fencing LIMIT 1) r ON true
        """;

    public override void Bind(IReadOnlyList<WriteRequest> requests, bool isWhole, BulkParameters parameters) => JournalArrays.Bind(requests, parameters);

    public override void Done(IReadOnlyList<WriteRequest> requests)
    {
        foreach (var request in requests) ((AppendRequest)request).IsStored = true;
    }
}

/// <summary>The ends of runs.</summary>
internal sealed class EndBulk : BulkWrite
{
    private const string FindEnd = "SELECT 1 FROM runs WHERE tenant_id = $1 AND id = $2 AND fencing = $3 + 1 AND state = $4";

    public static readonly EndBulk Instance = new();

    public override bool IsLast => true;

    // Whole ($14): refused when an end has something to follow. A division that could be computed beforehand would be, and would always fail.
    public override string Sql => """
        WITH e AS MATERIALIZED (
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bytea[], $11::text[], $12::text[], $13::text[])
                WITH ORDINALITY AS e (tenant_id, id, fencing, seq, kind, at_ms, key, attempt, took_ms, body, meta, state, error, ordinality)),
        ended AS (
            UPDATE runs r SET state = e.state, request = NULL, error = e.error, owner = NULL, fencing = r.fencing + 1, updated_at_ms = e.at_ms, ended_at_ms = e.at_ms, wake_at_ms = NULL, turn = NULL
            FROM e WHERE r.id = e.id AND r.tenant_id IS NOT DISTINCT FROM e.tenant_id AND r.fencing = e.fencing
            RETURNING r.tenant_id, r.no, r.id, r.parent_id, r.parent_key, r.namespace, r.workflow, r.turn_key, r.inbox_no, e.seq, e.kind, e.at_ms, e.key, e.body, e.meta, e.ordinality),
        stored AS (INSERT INTO journal (tenant_id, run_no, seq, kind, at_ms, key, body, meta) SELECT tenant_id, no, seq, kind, at_ms, key, body, meta FROM ended)
        SELECT ordinality, no, parent_id, parent_key, namespace, workflow, children, turn_key, inbox_no > 0, listening,
            CASE WHEN $14 AND (children OR listening OR inbox_no > 0 OR parent_key IS NOT NULL OR turn_key IS NOT NULL) THEN 1 / (no - no) END
        FROM ended CROSS JOIN LATERAL (SELECT
            EXISTS (SELECT 1 FROM runs c WHERE c.tenant_id = ended.tenant_id AND c.parent_id = ended.id AND c.parent_key IS NOT NULL AND c.state NOT IN ('completed', 'failed', 'cancelled')) AS children,
            EXISTS (SELECT 1 FROM listeners l WHERE l.tenant_id = ended.tenant_id AND l.run_no = ended.no) AS listening) found
        """;

    public override void Bind(IReadOnlyList<WriteRequest> requests, bool isWhole, BulkParameters parameters)
    {
        JournalArrays.Bind(requests, parameters);
        parameters.Add([.. requests.Select(request => ((AppendRequest)request).Change!.State.ToName())]);
        parameters.Add([.. requests.Select(request => ((AppendRequest)request).Change!.Error is { } error ? JournalRows.Error(error) : null)]);
        parameters.Add(isWhole);
    }

    public override void Read(IReadOnlyList<WriteRequest> requests, DbDataReader rows)
    {
        foreach (var request in requests.Cast<AppendRequest>()) (request.IsStored, request.Ended) = (false, null);
        while (rows.Read())
        {
            var request = (AppendRequest)requests[(int)rows.GetInt64(0) - 1];
            request.IsStored = true;
            request.Ended = new EndedRun(rows.GetInt64(1), request.Lease.Run, rows.IsDBNull(2) ? null : rows.GetString(2), rows.IsDBNull(3) ? null : rows.GetString(3), rows.GetString(4), rows.GetString(5)) 
            {
                HasChildren = rows.GetBoolean(6),
                TurnKey = rows.IsDBNull(7) ? null : rows.GetString(7),
                HadMail = rows.GetBoolean(8),
                Listens = rows.GetBoolean(9),
            };
        }
    }

    public override void Recover(IReadOnlyList<WriteRequest> requests, SqlStatements statements)
    {
        foreach (var request in requests.Cast<AppendRequest>())
        {
            var find = statements[FindEnd].Bind(1, request.Lease.Tenant.Value).Bind(2, request.Lease.Run.ToString()).Bind(3, request.Lease.Fencing).Bind(4, request.Change!.State.ToName());
            (request.IsStored, request.Ended) = (find.Step(), null);
            find.Reset();
        }
    }

    // In the order of the parents: transactions that tell several of the same ones must not wait for each other in a circle.
    public override void Follow(IReadOnlyList<WriteRequest> requests, SqlStatements statements)
    {
        foreach (var request in requests.Cast<AppendRequest>().Where(request => request.Ended is not null).OrderBy(request => request.Ended!.Parent, StringComparer.Ordinal))
        {
            var effects = request.Effects(statements);
            if (request.Ended!.HadMail) effects.ClearInbox(request.Ended.No);
            if (request.Ended.Listens) effects.ClearListeners(request.Ended.No);
            if (request.Ended.HasChildren) effects.CancelChildren(request.Lease.Run);
            effects.TellEnd(request.Ended, request.Change!);
            effects.FreeTurn(request.Ended);
        }
    }
}

/// <summary>Rows of the journal as arrays, a column each.</summary>
internal static class JournalArrays
{
    public static void Bind(IReadOnlyList<WriteRequest> requests, BulkParameters parameters)
    {
        var count = requests.Count;
        var (tenants, runs, keys, metas) = (new string[count], new string[count], new string[count], new string[count]);
        var (fencings, seqs, kinds, times, attempts, took) = (new long[count], new long[count], new long[count], new long[count], new long[count], new long[count]);
        var bodies = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            var (lease, row) = (((AppendRequest)requests[i]).Lease, ((AppendRequest)requests[i]).Row);
            (tenants[i], runs[i], fencings[i]) = (lease.Tenant.Value, lease.Run.ToString(), lease.Fencing);
            (seqs[i], kinds[i], times[i], keys[i]) = (row.Seq, (long)row.Kind, row.AtMs, row.Key);
            (attempts[i], took[i], metas[i]) = (row.Attempt ?? 0, row.TookMs ?? -1, row.Meta ?? "");
            bodies[i] = Body.ToArray(row.Body);
        }
        parameters.Add(tenants);
        parameters.Add(runs);
        parameters.Add(fencings);
        parameters.Add(seqs);
        parameters.Add(kinds);
        parameters.Add(times);
        parameters.Add(keys);
        parameters.Add(attempts);
        parameters.Add(took);
        parameters.Add(bodies);
        parameters.Add(metas);
    }
}
