using Baton.Server.Cluster;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Baton.Server.Workflows;

/// <summary>Whether this process takes runs.</summary>
internal sealed class WorkerHealth(RunWorker worker, Node node) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        worker.IsDraining ? HealthCheckResult.Unhealthy("The server is stopping.")
        : !node.Is(NodeRoles.Worker) ? HealthCheckResult.Healthy("This node does not execute runs.")
        : !worker.IsFull ? HealthCheckResult.Healthy($"{worker.Count:N0} runs in memory")
        : HealthCheckResult.Degraded($"{worker.Count:N0} runs in memory, the most that Workflows:MaxRunsInMemory allows: more wait in the queue."));
}
