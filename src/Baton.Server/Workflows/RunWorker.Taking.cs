using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Baton.Server.Workflows;

/// <summary>How runs come from the database into memory: claimed, read, and given what they execute.</summary>
internal sealed partial class RunWorker
{
    /// <summary>Most runs that are claimed at once.</summary>
    private const int MaxClaims = 500;

    /// <summary>Journals that are read in one round trip: a node that comes back has thousands.</summary>
    private const int ReadsAtOnce = 32;

    private long callsAtClaim;

    /// <summary>One look at the database: wakes what is due and takes what is queued.</summary>
    /// <returns>True when there may be more.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken cancel)
    {
        while (!taken.IsEmpty) await TakeSomeAsync(cancel);   // what it had when it was killed, or could not be read before
        var before = Interlocked.Read(ref ends);
        var room = settings.MaxRunsInMemory - live.Count;
        Volatile.Write(ref nextWake, Unknown);   // a run may park while this is under way
        if (lease.IsHeld && (await runs.WakeAsync()).Next is { } at) Volatile.Write(ref nextWake, at.UtcTicks);
        if (!node.Is(NodeRoles.Worker)) return false;
        if (room <= 0)
        {
            behind = true;
            Interlocked.MemoryBarrier();   // whoever ends from here on calls; has one before, it did not know that it should
            return Interlocked.Read(ref ends) != before;
        }
        callsAtClaim = Now.Calls;
        var most = Math.Min(room, MaxClaims);
        var claims = await runs.ClaimAsync(node.Id, most, settings.MaxRunsPerTenant);
        foreach (var claim in claims) taken.Add(claim);
        behind = claims.Count == most;
        while (!taken.IsEmpty) await TakeSomeAsync(cancel);
        return claims.Count > 0;
    }

    /// <summary>Executes the next claimed runs; what they need is read at once. Those that cannot be read now are kept.</summary>
    private async Task TakeSomeAsync(CancellationToken cancel)
    {
        var some = new List<Claim>(ReadsAtOnce);
        while (some.Count < ReadsAtOnce && taken.TryTake(out var claim)) some.Add(claim);
        var reading = ReadAsync(some, cancel);
        var taking = some.Select((claim, i) => (Claim: claim, Done: TakeAsync(claim, i, reading, cancel))).ToList();
        var all = Task.WhenAll(taking.Select(one => one.Done));
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (claim, done) in taking)
        {
            if (!done.IsCompletedSuccessfully) taken.Add(claim);
        }
        await all;
    }

    /// <summary>Executes a claimed run, or pauses it where that is not possible. Throws only where storage may be better next time: the claim is kept until then.</summary>
    /// <param name="place">Of its run in what is <paramref name="reading"/>.</param>
    private async Task TakeAsync(Claim claim, int place, Task<(Moment Before, IReadOnlyList<StoredRun?>? Read)> reading, CancellationToken cancel)
    {
        try
        {
            var (before, read) = await reading;
            var history = read is null ? await journal.ReadAsync(claim.Lease, CancellationToken.None) : read[place]?.ToHistory();
            if (history is null) return;
            var workflow = await BodyAsync(claim, cancel);
            if (await BeginsAsync(claim, history, workflow.Concurrency)) await ExecuteAsync(claim.Lease, history, workflow, before, claim);
        }
        catch (Exception e) when (!IsPassing(e))
        {
            // A run that cannot be executed must not keep the others from it.
            log.RunHalted(claim.Lease.Run, e);
            await runs.HaltAsync(claim, new WorkflowError(ErrorTypes.Runtime, 500, "The run cannot be executed", $"{e.Message} Resume the run once that is mended."));
        }
    }

    /// <returns>What is stored of the runs; null when one of them cannot be read, and each is to be read on its own.</returns>
    private async Task<(Moment Before, IReadOnlyList<StoredRun?>? Read)> ReadAsync(List<Claim> some, CancellationToken cancel)
    {
        await tenure.WaitAsync(cancel);   // a node that may have lost its runs does not know which are its own
        var before = new Moment(callsAtClaim, tenure.Life);
        try
        {
            return (before, await journal.ReadManyAsync([.. some.Select(claim => claim.Lease)], CancellationToken.None));
        }
        catch (Exception e) when (!IsPassing(e))
        {
            return (before, null);
        }
    }

    /// <summary>False for a run that must wait for its turn. One that is asked to pause or end does so without one.</summary>
    private async ValueTask<bool> BeginsAsync(Claim claim, RunHistory history, ConcurrencyLimits? limits) =>
        limits is null || claim.IsOpen || claim.Request is not null || history.Entries is not [JournalEntry.RunStarted { Input: var input }, ..]
        || await runs.TakeTurnAsync(claim, limits, limits.Key(input)) == TurnResult.Begins;

    private static bool IsPassing(Exception e) => e is OperationCanceledException || (e is NpgsqlException server && PostgresErrors.IsStorageFailure(server)) || (e is StorageUnavailableException && !(e.InnerException is SqliteException sqlite && SqliteErrors.IsBroken(sqlite)));

    private async ValueTask<RunnableWorkflow> BodyAsync(Claim claim, CancellationToken cancel)
    {
        try
        {
            return await catalog.FindAsync(claim.Lease.Tenant, claim.Workflow, cancel) ?? Broken($"This server does not have the workflow {claim.Workflow}, by which the run was started. Register it, or start a server whose code has it, then resume the run.");
        }
        catch (InvalidWorkflowException e)
        {
            return Broken($"This server does not accept the document of {claim.Workflow}, by which the run was started. Start a server that does, then resume the run. {e.Message}");
        }
    }

    /// <summary>A workflow whose runs are paused with the reason.</summary>
    private static RunnableWorkflow Broken(string reason) => new((_, _) => throw new ReplayMismatchException(reason), CompensatesOnCancel: false, Concurrency: null);
}
