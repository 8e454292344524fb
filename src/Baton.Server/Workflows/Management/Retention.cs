using System.Data.Common;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Gateway;
using Baton.Server.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Removes ended runs that have been kept for long enough, and those above the most that are kept, and packs the journals of those that stay: in small commits, by the node that leads.</summary>
internal sealed class Retention(Database database, RunKeeper keeper, JournalPacker packer, StepAnswers answers, WorkflowCatalog catalog, WorkflowSql sql, LeaderLease lease, IOptions<RetentionOptions> options, TimeProvider time, ILogger<Retention> log) : BackgroundService
{
    private readonly RetentionOptions settings = options.Value;
    private readonly RetentionRule server = new(options.Value.Completed, options.Value.Failed, options.Value.Cancelled);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.Interval, time);
        while (await NextAsync(timer, stoppingToken))
        {
            try
            {
                if (lease.IsHeld && await RunOnceAsync(stoppingToken) is > 0 and var removed) log.RunsRemoved(removed);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StorageUnavailableException or DbException)
            {
                log.RetentionWaits(e.Message);
            }
            catch (Exception e)   // the edge of a background loop: the next pass may fare better
            {
                log.RetentionFailed(e);
            }
        }
    }

    /// <summary>One pass over all that is overdue.</summary>
    /// <returns>How many runs were removed.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        while (await answers.SweepAsync(settings.BatchSize) == settings.BatchSize) cancel.ThrowIfCancellationRequested();
        var removed = await RemoveOverdueAsync(cancel);
        await packer.RunOnceAsync(cancel);
        return removed;
    }

    private async Task<int> RemoveOverdueAsync(CancellationToken cancel)
    {
        var rules = await RulesAsync(cancel);
        if (rules.Count == 0 && server is { Completed: null, Failed: null, Cancelled: null } && settings.MaxEndedRuns is null) return 0;
        var removed = 0;
        foreach (var state in RetentionRule.States)
        {
            foreach (var ((tenant, space, workflow), rule) in rules)
            {
                if (rule.Of(state) is { } age) removed += await RemoveAsync(sql.Management.OverdueOf, new { Tenant = tenant, Namespace = space, Workflow = workflow, State = state.ToName(), BeforeMs = Before(age) }, _ => true, cancel);
            }
            if (server.Of(state) is { } kept) removed += await RemoveAsync(sql.Management.Overdue, new { State = state.ToName(), BeforeMs = Before(kept) }, run => !rules.ContainsKey((run.TenantId, run.Namespace, run.Workflow)), cancel);
        }
        if (settings.MaxEndedRuns is { } most) removed += await RemoveExcessAsync(most, cancel);
        while (await keeper.SweepAsync(settings.BatchSize, cancel) == settings.BatchSize) { }
        return removed;
    }

    private async Task<int> RemoveExcessAsync(int most, CancellationToken cancel)
    {
        List<(string Tenant, long Excess)> tenants;
        await using (var connection = await database.ReadAsync(cancel))
        {
            tenants = (await connection.QueryAsync<(string, long)>(new CommandDefinition(sql.Management.Excess, new { Keep = most }, cancellationToken: cancel))).AsList();
        }
        var removed = 0;
        foreach (var (tenant, excess) in tenants) removed += await RemoveAsync(sql.Management.OldestEnded, new { Tenant = tenant }, _ => true, cancel, excess);
        return removed;
    }

    /// <summary>Removes what a statement finds, batch by batch, until it finds no more.</summary>
    /// <param name="isMeant">False for runs that another rule speaks for: they are passed over.</param>
    private async Task<int> RemoveAsync(string find, object arguments, Func<OverdueRun, bool> isMeant, CancellationToken cancel, long most = long.MaxValue)
    {
        var (removed, skip) = (0, 0);
        while (removed < most)
        {
            var parameters = new DynamicParameters(arguments);
            parameters.Add("Most", Math.Min(settings.BatchSize, most - removed));
            parameters.Add("Skip", skip);
            List<OverdueRun> found;
            await using (var connection = await database.ReadAsync(cancel))
            {
                found = (await connection.QueryAsync<OverdueRun>(new CommandDefinition(find, parameters, cancellationToken: cancel))).AsList();
            }
            if (found.Count == 0) break;
            var meant = found.Where(isMeant).Select(run => (new TenantId(run.TenantId), RunId.Parse(run.Id, null))).ToList();
            var gone = meant.Count == 0 ? 0 : await keeper.RemoveAsync(meant);
            removed += gone;
            skip += found.Count - gone;
        }
        return removed;
    }

    /// <summary>The rules that documents have of their own: the newest version's.</summary>
    private async Task<Dictionary<(string Tenant, string Namespace, string Workflow), RetentionRule>> RulesAsync(CancellationToken cancel)
    {
        List<(string Tenant, string Namespace, string Name, string Version)> stored;
        await using (var connection = await database.ReadAsync(cancel))
        {
            stored = (await connection.QueryAsync<(string, string, string, string)>(new CommandDefinition(sql.Management.DocumentsWithRules, cancellationToken: cancel))).AsList();
        }
        var rules = new Dictionary<(string, string, string), RetentionRule>();
        foreach (var (tenant, space, name, version) in stored)   // oldest first: the newest stays
        {
            var (definition, _) = await catalog.ReadAsync(new TenantId(tenant), new WorkflowRef(space, name, version), cancel);
            if (definition is not null && RetentionRule.Read(definition.Source, server) is { } rule) rules[(tenant, space, name)] = rule;
        }
        return rules;
    }

    private long Before(TimeSpan age) => (time.GetUtcNow() - age).ToUnixTimeMilliseconds();

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private sealed record OverdueRun(string TenantId, string Id, string Namespace, string Workflow);
}
