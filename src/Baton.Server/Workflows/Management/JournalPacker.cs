using Baton.Engine;
using Baton.Server.Storage;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>
/// Packs the journals of runs that ended a while ago into a row for each run, on PostgreSQL, where each entry's row and key cost as much as half of a short step. What reads a journal finds it
/// in either place (the view <c>entries</c>); a run that is retried gets its own back.
/// </summary>
internal sealed class JournalPacker(Database database, WorkflowSql sql, IOptions<RetentionOptions> options, TimeProvider time)
{
    /// <summary>Entries of a run that is packed: a page of a packed journal is cut out of the whole of it.</summary>
    public const int MaxEntries = 1_000;

    /// <summary>How much longer than for a commit it rests after it: others write too.</summary>
    private const int Rests = 4;

    private readonly RetentionOptions settings = options.Value;

    /// <summary>One pass over all that ended long enough ago, in small commits.</summary>
    /// <returns>How many runs were looked at.</returns>
    public async Task<long> RunOnceAsync(CancellationToken cancel)
    {
        if (sql.Management.Pack is not { } pack) return 0;
        var before = (time.GetUtcNow() - settings.PackAfter).ToUnixTimeMilliseconds();
        var packed = 0L;
        foreach (var state in RetentionRule.States)
        {
            for (var some = (long)settings.BatchSize; some == settings.BatchSize;)
            {
                var began = time.GetTimestamp();
                some = await database.WriteAsync(statements => Pack(statements, pack, state, before));
                packed += some;
                if (some == settings.BatchSize) await Task.Delay(time.GetElapsedTime(began) * Rests, time, cancel);
            }
        }
        return packed;
    }

    /// <summary>Puts the journal of a run that goes on back in its place.</summary>
    public static void Unpack(SqlStatements statements, ManagementSql sql, TenantId tenant, long run)
    {
        if (sql.Unpack is { } unpack) statements[unpack].Bind(1, tenant.Value).Bind(2, run).Execute();
    }

    private long Pack(SqlStatements statements, string pack, RunState state, long before)
    {
        var statement = statements[pack].Bind(1, state.ToName()).Bind(2, before).Bind(3, settings.BatchSize).Bind(4, MaxEntries);
        statement.Step();
        var some = statement.Long(0);
        statement.Reset();
        return some;
    }
}
