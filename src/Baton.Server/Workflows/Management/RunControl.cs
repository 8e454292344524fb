using System.Diagnostics;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Http;

namespace Baton.Server.Workflows;

/// <summary>Every way to steer a run, by its name: one run, a tree of runs, or all that a filter finds.</summary>
internal sealed class RunControl(RunStore runs, RunKeeper keeper, RunQueries queries)
{
    /// <summary>Runs that are steered at the same time: their writes share a commit.</summary>
    private const int AtOnce = 100;

    /// <summary>Refusals that an answer lists; the others are counted.</summary>
    private const int MaxRefusals = 100;

    /// <summary>How often a tree is gone over for children that were started meanwhile.</summary>
    private const int MaxPasses = 20;

    public static readonly IReadOnlyList<string> Actions = ["cancel", "pause", "resume", "retry", "delete", "signal"];

    /// <returns>Why it was refused; null when it was done.</returns>
    public async ValueTask<ProblemResult?> ApplyAsync(TenantId tenant, RunId run, RunAction action)
    {
        if (action.Verb == "retry")
        {
            return await keeper.RetryAsync(tenant, run, action.From) switch
            {
                RevivalResult.Revived => null,
                RevivalResult.IllegalState(var state) => Problems.IllegalTransition("retry", state.ToName()),
                RevivalResult.Refused(var reason) => Problems.NotRetryable(reason),
                _ => Problems.UnknownRun(run.ToString()),
            };
        }
        var result = action.Verb switch
        {
            "resume" => await runs.ResumeAsync(tenant, run),
            "delete" => await keeper.RemoveAsync(tenant, run),
            "signal" => await runs.SignalAsync(tenant, run, action.Signal!, action.Payload),
            "cancel" or "pause" => await runs.RequestAsync(tenant, run, action.Verb, action.Reason),
            _ => throw new UnreachableException(),
        };
        return result switch
        {
            ControlResult.Done => null,
            ControlResult.Refused(var state, var verb) => Problems.IllegalTransition(verb, state.ToName()),
            _ => Problems.UnknownRun(run.ToString()),
        };
    }

    /// <summary>Steers what stands below a run. Children that are started meanwhile are found by going over the tree again.</summary>
    public async Task<TreeView> ApplyBelowAsync(TenantId tenant, RunId root, RunAction action, CancellationToken cancel)
    {
        var seen = new HashSet<RunId>();
        var (done, refused) = (0, new List<RefusalView>());
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var fresh = (await keeper.DescendantsAsync(tenant, root, cancel)).Where(seen.Add).ToList();
            if (fresh.Count == 0) break;
            foreach (var part in fresh.Chunk(AtOnce)) done += await ApplyAsync(tenant, part, action, refused);
        }
        return new TreeView(done, [.. refused.Take(MaxRefusals)]);
    }

    /// <summary>Steers the runs that a filter finds, the newest first: up to its limit, from its cursor on.</summary>
    public async Task<BulkView> ApplyToAllAsync(TenantId tenant, RunFilter filter, RunAction action, bool isDryRun, CancellationToken cancel)
    {
        var (matched, done, refusals) = (0, 0, new List<RefusalView>());
        var left = filter.Limit;
        var before = filter.Before;
        while (left > 0)
        {
            var page = await queries.FindAllAsync(tenant, filter with { Before = before, Limit = Math.Min(left, AtOnce) }, cancel);
            matched += page.Rows.Count;
            left -= page.Rows.Count;
            before = page.Next;
            if (!isDryRun) done += await ApplyAsync(tenant, [.. page.Rows.Select(row => RunId.Parse(row.Id, null))], action, refusals);
            if (before is null) break;
        }
        return new BulkView(action.Verb, isDryRun, matched, done, refusals.Count, [.. refusals.Take(MaxRefusals)], before is { } next ? RunQueries.Cursor(next) : null);
    }

    private async Task<int> ApplyAsync(TenantId tenant, IReadOnlyList<RunId> some, RunAction action, List<RefusalView> refusals)
    {
        var results = await Task.WhenAll(some.Select(async run => (Run: run, Problem: await ApplyAsync(tenant, run, action))));
        refusals.AddRange(results.Where(one => one.Problem is not null).Select(one => new RefusalView(one.Run.ToString(), one.Problem!.Problem.Detail ?? one.Problem.Problem.Title)));
        return results.Count(one => one.Problem is null);
    }
}

/// <summary>What is to be done to a run.</summary>
/// <param name="From">For a retry: the entry from which on failures are performed again.</param>
/// <param name="Signal">The name of the signal that is sent.</param>
internal sealed record RunAction(string Verb, string? Reason = null, long? From = null, string? Signal = null, ReadOnlyMemory<byte> Payload = default);
