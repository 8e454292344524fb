using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Baton.Server.Workflows;

/// <summary>Whether this process takes runs.</summary>
internal sealed class WorkerHealth(RunWorker worker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        worker.IsDraining ? HealthCheckResult.Unhealthy("The server is stopping.")
        : worker.HasRoom ? HealthCheckResult.Healthy($"{worker.Count:N0} runs in memory")
        : HealthCheckResult.Degraded($"{worker.Count:N0} runs in memory, the most that Workflows:MaxRunsInMemory allows: more wait in the queue."));
}
