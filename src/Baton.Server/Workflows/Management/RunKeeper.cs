using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>What is done to whole runs beside their execution: retried, forked, removed.</summary>
internal sealed class RunKeeper(Database database, RunWrites writes)
{
    private readonly ManagementSql sql = writes.Sql.Management;

    /// <summary>Lets a run that failed or was cancelled go on; durable when the task completes.</summary>
    /// <param name="from">The entry from which on failures are performed again; null for where the one that ended the run begins.</param>
    public ValueTask<RevivalResult> RetryAsync(TenantId tenant, RunId run, long? from) => writes.CommitAsync((statements, notices) => new RunRevival(statements, writes, notices, tenant).Retry(run, from));

    /// <summary>Makes a run of another one's beginning; durable when the task completes.</summary>
    public ValueTask<ForkResult> ForkAsync(TenantId tenant, ForkToMake fork) => writes.CommitAsync((statements, notices) => new RunFork(statements, writes, notices, tenant).Make(fork));

    /// <summary>Removes a run that has ended, and all that is its own.</summary>
    public async ValueTask<ControlResult> RemoveAsync(TenantId tenant, RunId run) => await database.WriteAsync<ControlResult>(statements =>
    {
        if (RunRemoval.Remove(statements, sql, tenant, run)) return new ControlResult.Done(RunState.Completed);
        return LockedRun.Find(statements, sql, tenant, run) is { } row ? new ControlResult.Refused(row.State, "delete") : new ControlResult.UnknownRun();
    });

    /// <summary>Removes those of the runs that have ended, in one commit.</summary>
    /// <returns>How many.</returns>
    public ValueTask<int> RemoveAsync(IReadOnlyList<(TenantId Tenant, RunId Run)> runs) => database.WriteAsync(statements => runs.Count(run => RunRemoval.Remove(statements, sql, run.Tenant, run.Run)));

    /// <summary>Removes payloads that nothing refers to.</summary>
    /// <returns>How many.</returns>
    public async Task<int> SweepAsync(int most, CancellationToken cancel)
    {
        List<(string Tenant, byte[] Hash)> found;
        await using (var connection = await database.ReadAsync(cancel))
        {
            found = (await connection.QueryAsync<(string, byte[])>(new CommandDefinition(sql.Unreferenced, new { Most = most }, cancellationToken: cancel))).AsList();
        }
        return found.Count == 0 ? 0 : await database.WriteAsync(statements => found.Count(payload => RunRemoval.RemovePayload(statements, sql, payload.Tenant, payload.Hash)));
    }

    /// <summary>Runs below another one that have not ended, at any depth.</summary>
    public async Task<List<RunId>> DescendantsAsync(TenantId tenant, RunId run, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return [.. (await connection.QueryAsync<string>(new CommandDefinition(sql.Descendants, new { Tenant = tenant.Value, Id = run.ToString() }, cancellationToken: cancel))).Select(id => RunId.Parse(id, null))];
    }
}
