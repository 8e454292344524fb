using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Removes a run with all that is its own: journal, labels, messages, idempotency key, and the payloads that nothing else refers to.</summary>
internal static class RunRemoval
{
    /// <returns>False when the run is not there or has not ended: nothing was removed.</returns>
    public static bool Remove(SqlStatements statements, ManagementSql sql, TenantId tenant, RunId run)
    {
        var find = statements[sql.LockEnded].Bind(1, tenant.Value).Bind(2, run.ToString());
        if (!find.Step()) return false;
        var no = find.Long(0);
        find.Reset();
        var payloads = new List<byte[]>();
        var hashes = statements[sql.PayloadsOf].Bind(1, tenant.Value).Bind(2, no);
        while (hashes.Step()) payloads.Add(hashes.Blob(0));
        statements[sql.RemoveJournal].Bind(1, tenant.Value).Bind(2, no).Execute();
        statements[sql.RemoveKeys].Bind(1, tenant.Value).Bind(2, run.ToString()).Execute();
        statements[sql.RemoveRun].Bind(1, tenant.Value).Bind(2, no).Execute();
        foreach (var hash in payloads.OrderBy(Convert.ToHexString, StringComparer.Ordinal)) RemovePayload(statements, sql, tenant.Value, hash);   // in one order, so that two that remove do not wait for each other
        return true;
    }

    /// <summary>Removes a payload, unless something refers to it: also what is being stored at this moment.</summary>
    public static bool RemovePayload(SqlStatements statements, ManagementSql sql, string tenant, byte[] hash)
    {
        var held = statements[sql.LockPayload].Bind(1, tenant).BindBlob(2, hash);
        if (!held.Step()) return false;
        held.Reset();
        return statements[sql.RemovePayload].Bind(1, tenant).BindBlob(2, hash).Execute() > 0;
    }
}
