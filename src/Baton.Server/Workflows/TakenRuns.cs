using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Runs that are this node's in the database and not in memory yet. Thread-safe.</summary>
internal sealed class TakenRuns(RunStore runs, Node node, IOptions<WorkflowOptions> options)
{
    private readonly ConcurrentQueue<Claim> queue = new();

    public bool IsEmpty => queue.IsEmpty;

    public void Add(Claim claim) => queue.Enqueue(claim);

    public bool TryTake([NotNullWhen(true)] out Claim? claim) => queue.TryDequeue(out claim);

    /// <summary>What an earlier life of this node had is its own again, as far as it has room; the rest is queued. Inside the writer's transaction.</summary>
    /// <param name="earlier">As which node it had them; null for whatever any node had.</param>
    public TakenBack TakeBack(SqlStatements statements, string? earlier)
    {
        var (claims, queued) = runs.TakeBack(statements, node.Id, earlier, node.Is(NodeRoles.Worker) ? options.Value.MaxRunsInMemory : 0);
        return new TakenBack(claims.Count + queued, () =>
        {
            foreach (var claim in claims) Add(claim);
        });
    }
}
